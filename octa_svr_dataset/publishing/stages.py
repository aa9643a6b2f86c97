"""Where the rows of a shard come from: made from nothing, or from what an earlier build has stored."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from octa_svr_dataset.example import Example, simulate
from octa_svr_dataset.findings import Findings
from octa_svr_dataset.publishing.graphs import GRAPH_SCHEMA, graph_row, scene_of_row
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME, BuildPlan, Manifest, PlannedShard
from octa_svr_dataset.publishing.processes import count_row
from octa_svr_dataset.publishing.shard_files import ShardContent, rows_between, schema_of, write_shard
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.row import dialogue_columns, example_row
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.text.dialogue import write_dialogue
from octa_svr_dataset.vessel_graph import VesselGraph


@dataclass(frozen=True, kw_only=True, eq=False)
class ShardTask:
    """A shard to write; small enough to be sent to another process or machine."""

    plan: BuildPlan
    shard: PlannedShard

    out: str
    """Folder or URL of the preset's files."""

    source: str | None = None
    """Folder or URL of the files that the rows are made from: examples get new texts, graphs are taken pictures of.

    None for rows that are made from nothing."""


def make_shard(task: ShardTask) -> ShardContent:
    """Write the shard of a task: a function of the plan, whatever process runs it, and wherever rows come from."""
    return write_shard(task.plan, task.shard, Storage(task.out), _counted(rows_of(task)))


def _counted(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield row
        count_row()


def rows_of(task: ShardTask) -> Iterator[dict[str, Any]]:
    """The rows of a shard in order."""
    if task.plan.content == "graphs":
        return _graphs(task.plan, task.shard)
    if task.source is None:
        return _examples(task.plan, task.shard)
    storage = Storage(task.source)
    stored = Manifest.from_json(storage.read(MANIFEST_NAME) or b"", f"{task.source}/{MANIFEST_NAME}")
    if stored.content == "graphs":
        return _pictures_of_graphs(task.plan, task.shard, stored, storage)
    return _new_texts(task.plan, task.shard, stored, storage)


def key_of(plan: BuildPlan, split: str, index: int) -> SceneKey:
    """Key of a row."""
    return SceneKey(seed=plan.seed, split=Split.from_name(split), scene_index=index)


def _examples(plan: BuildPlan, shard: PlannedShard) -> Iterator[dict[str, Any]]:
    config = plan.scene_config
    for index in range(shard.start, shard.stop):
        yield _row(plan, simulate(config, key_of(plan, shard.split, index)))


def _row(plan: BuildPlan, example: Example) -> dict[str, Any]:
    """Columns of an example; those of its graph as arrays, as lists of lists take many times as long."""
    row = example_row(example, plan.preset, include_masks=plan.include_masks)
    if plan.include_graph:
        row["graph"] = {field.name: getattr(example.scene.graph, field.name) for field in fields(VesselGraph)}
    return row


def _graphs(plan: BuildPlan, shard: PlannedShard) -> Iterator[dict[str, Any]]:
    config = plan.scene_config
    for index in range(shard.start, shard.stop):
        key = key_of(plan, shard.split, index)
        yield graph_row(grow_healthy_scene(config, key), plan.preset, key)


def _pictures_of_graphs(
    plan: BuildPlan, shard: PlannedShard, stored: Manifest, storage: Storage
) -> Iterator[dict[str, Any]]:
    """Examples whose eyes have been grown before; lesions, pictures and words are made."""
    config = plan.scene_config
    views = config.imaging.views
    first, last = shard.start // views, (shard.stop - 1) // views
    rows = rows_between(stored, storage, shard.split, first, last + 1, GRAPH_SCHEMA.names)
    for scene_index, row in enumerate(rows, first):
        scene = scene_of_row(row, config)
        views_of_scene = range(scene_index * views, (scene_index + 1) * views)
        for index in range(max(views_of_scene.start, shard.start), min(views_of_scene.stop, shard.stop)):
            yield _row(plan, simulate(config, key_of(plan, shard.split, index), healthy_scene=scene))


def _new_texts(plan: BuildPlan, shard: PlannedShard, stored: Manifest, storage: Storage) -> Iterator[dict[str, Any]]:
    """Stored rows with other dialogues, written from their findings."""
    config = plan.scene_config
    rows = rows_between(stored, storage, shard.split, shard.start, shard.stop, schema_of(plan).names)
    for index, row in enumerate(rows, shard.start):
        dialogue = write_dialogue(
            Findings.from_json(row["findings"]),
            config.fov,
            row["laterality"],
            config.text,
            key_of(plan, shard.split, index).rng(Stage.TEXT),
        )
        provenance = row["provenance"] | {"config_hash": plan.config_hash}
        yield row | dialogue_columns(dialogue) | {"provenance": provenance}
