"""What `octa-svr build` does: options to a plan, and the plan carried out with its progress on the screen."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from octa_svr_dataset.builder import OctaSvrConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.build import Engine, Outcome, build, ended, stored_plan
from octa_svr_dataset.publishing.card import CARD_NAME, write_card
from octa_svr_dataset.publishing.folder import open_built
from octa_svr_dataset.publishing.manifest import BuildPlan, plan_of
from octa_svr_dataset.publishing.processes import run_in_processes
from octa_svr_dataset.publishing.progress import RowProgress, counted
from octa_svr_dataset.publishing.sources import SOURCE_OF, open_source
from octa_svr_dataset.publishing.stages import ShardTask, make_shard
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.seeding import Split

FEWEST_ROWS, USUAL_ROWS = 25, 1000
"""A file has at least so many rows by default, and at most the second number but in very large builds."""

FILES_OF_A_BUILD, MOST_FILES = 64, 10_000
"""Small builds are divided into so many files, for as many processes; no build into more than the second number:
the Hub asks for no more in a folder."""

ENGINES = ("processes", "ray")


def plan_of_options(
    preset: str, *, rows_per_shard: int | None, content: str, overrides: Mapping[str, Any], **keywords: Any
) -> BuildPlan:
    """The plan that the options ask for; `keywords` as of `load_dataset`."""
    for name in ("include_masks", "include_graph"):
        if content == "graphs" and keywords.get(name):
            raise InputError(f"{name}: has no effect with --only graphs, whose rows are eyes; allowed: without it")
    given = {name: value for name, value in keywords.items() if value is not None}
    config = OctaSvrConfig(name=preset, overrides=overrides, **given)
    num = {split.label: config.num_examples(split) for split in Split}
    if rows_per_shard is None:
        rows_per_shard = usual_rows_per_shard(sum(num.values()))
    if rows_per_shard < 1:
        raise InputError(f"rows_per_shard: must be a whole number of at least 1, got {rows_per_shard}")
    return plan_of(
        preset,
        config.scene,
        seed=config.seed,
        num=num,
        rows_per_shard=rows_per_shard,
        include_masks=config.include_masks,
        include_graph=config.include_graph,
        content=content,
    )


def usual_rows_per_shard(num_rows: int) -> int:
    """Rows of a file where no number is given: a function of the size of the build alone."""
    usual = min(max(-(-num_rows // FILES_OF_A_BUILD), FEWEST_ROWS), USUAL_ROWS)
    return max(usual, -(-num_rows // MOST_FILES))


def source_of(only: str | None, source: str | None, out: str, plan: BuildPlan) -> str | None:
    """Folder or URL of the files that the build starts from."""
    if only not in (None, "graphs", *SOURCE_OF):
        raise InputError(f"only: unknown value {only!r}; allowed: graphs, {', '.join(SOURCE_OF)}")
    if only in SOURCE_OF and source is None:
        raise InputError(f"from: --only {only} needs the folder of {SOURCE_OF[only]} that it starts from")
    if only not in SOURCE_OF and source is not None:
        raise InputError(f"from: has no effect without --only; allowed: with --only {' or '.join(SOURCE_OF)}")
    if only is None or source is None:
        return None
    if Storage(source) == Storage(out):
        raise InputError(f"out: must be another folder than that of --from, got {out!r} for both")
    return open_source(only, source, plan)


def part_of(shard_index: int | None, num_shards: int | None) -> tuple[int, int]:
    """Which of how many jobs this is."""
    if shard_index is None and num_shards is None:
        return 0, 1
    if shard_index is None or num_shards is None or not 0 <= shard_index < num_shards:
        raise InputError(
            f"shard_index: must be given with num_shards, from 0 and below it, got {shard_index} of {num_shards}"
        )
    return shard_index, num_shards


def number_of_workers(workers: int) -> int:
    """Number of processes, -1 being one a core that this process may use."""
    if workers == -1:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers < 1:
        raise InputError(f"workers: must be a whole number of at least 1, or -1 for one a core, got {workers}")
    return workers


def engine_of(engine: str, workers: int, address: str | None) -> Engine:
    """What runs the tasks."""
    if engine not in ENGINES:
        raise InputError(f"engine: unknown value {engine!r}; allowed: {', '.join(ENGINES)}")
    if address is not None and engine != "ray":
        raise InputError("address: has no effect without --engine ray")
    num_workers = number_of_workers(workers)
    if engine == "ray":
        from octa_svr_dataset.publishing.ray_engine import run_on_ray  # the extra `ray` comes with it

        return partial(run_on_ray, address=address, workers=num_workers)
    return partial(run_in_processes, make_shard, workers=num_workers, name=name_of)


def name_of(task: ShardTask) -> str:
    """A shard in words."""
    shard = task.shard
    return f"{shard.file} ({shard.split} rows {shard.start} to {shard.stop - 1})"


def run(
    plan: BuildPlan, out: str, *, engine: Engine, source: str | None, part: tuple[int, int], overwrite: bool
) -> None:
    """Carry out a plan and say what came of it."""
    storage = Storage(out).inside(plan.preset)
    what = "eyes" if plan.content == "graphs" else "rows"
    with RowProgress("Building", what) as progress:
        outcome = build(plan, storage, engine, progress, source=source, part=part, overwrite=overwrite)
    made = counted(outcome.num_made, what[:-1])
    print(f"{made} of configuration {plan.config_hash} made now. {_state(outcome, storage, what)}")
    if outcome.manifest is not None:
        print(describe(out, plan))


def finish(preset: str, out: str) -> None:
    """Write the manifest of a build whose shards are all there.

    Raises
    ------
    InputError
        There is no build, or shards are missing.
    """
    storage = Storage(out).inside(preset)
    plan = stored_plan(storage)
    if plan is None:
        raise InputError(f"out: {out!r} holds no build of {preset}; allowed: a folder in which octa-svr build was run")
    what = "eyes" if plan.content == "graphs" else "rows"
    outcome = ended(BuildPlan(**plan.as_dict()), storage, {}, num_made=0)
    if outcome.num_missing:
        raise InputError(f"finish: {_state(outcome, storage, what)}; allowed: once all jobs have ended")
    print(_state(outcome, storage, what))
    print(describe(out, plan))


def describe(out: str, plan: BuildPlan) -> str:
    """Write the dataset card of a folder in which a build has ended; say where it is, or why there is none."""
    folder = Storage(out).local_path
    if folder is None:
        return "no dataset card: it is written into folders of this machine only"
    if plan.content != "examples":
        return "no dataset card: eyes are no examples yet; go on with --only appearance"
    try:
        write_card(folder)
    except InputError as error:
        return f"no dataset card: {error}"
    left_out = open_built(folder).left_out
    return "; ".join([f"dataset card: {out.rstrip('/')}/{CARD_NAME}", *(f"without {line}" for line in left_out)])


def _state(outcome: Outcome, storage: Storage, what: str) -> str:
    if outcome.manifest is None:
        verb = "is" if outcome.num_missing == 1 else "are"
        return f"{counted(outcome.num_missing, 'file')} {verb} still missing in {storage.url}"
    manifest = outcome.manifest
    parts = ", ".join(f"{num} {split}" for split, num in manifest.num.items() if num)
    size = f"{counted(len(manifest.shards), 'file')}, {manifest.num_bytes / 1e6:.1f} MB"
    return f"{counted(sum(manifest.num.values()), what[:-1])} ({parts}) in {size}, in {storage.url}"
