"""A small built folder, written by hand."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from octa_svr_dataset.builder import row_features
from octa_svr_dataset.example import simulate
from octa_svr_dataset.grading import Label
from octa_svr_dataset.publishing.manifest import Manifest, ShardEntry, plan_of
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.row import example_row
from octa_svr_dataset.seeding import SceneKey, Split


def built_rows(preset: str, num: int, *, include_masks: bool = False) -> list[dict]:
    config = resolve_config(preset)
    keys = [SceneKey(seed=7, split=Split.TRAIN, scene_index=index) for index in range(num)]
    rows = [example_row(simulate(config, key), preset, include_masks=include_masks) for key in keys]
    return [row | {"label": list(Label).index(row["label"])} for row in rows]


def write_built(out: Path, preset: str, rows: list[dict], **changed) -> Path:
    """A folder with the rows as the training split of a preset; `changed` fields of its manifest."""
    include_masks = "masks" in rows[0]
    plan = plan_of(
        preset,
        resolve_config(preset),
        seed=7,
        num={"train": len(rows), "validation": 0, "test": 0},
        rows_per_shard=len(rows),
        include_masks=include_masks,
    )
    [shard] = plan.planned_shards()
    entry = ShardEntry(
        file=shard.file, split="train", start=0, stop=len(rows), pixels_sha256="0", texts_sha256="0", bytes=1
    )
    manifest = Manifest(**(plan.as_dict() | changed), shards=(entry,), classes={})
    folder = out / preset
    folder.mkdir(parents=True)
    table = pa.Table.from_pylist(rows, schema=row_features(include_masks).arrow_schema)
    pq.write_table(table, folder / shard.file)
    (folder / "manifest.json").write_text(manifest.to_json(), encoding="utf-8")
    return out
