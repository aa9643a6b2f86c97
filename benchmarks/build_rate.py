"""What a whole build costs over the bare example function, and what it leaves on the disk.

    python benchmarks/build_rate.py [--preset dropout_ma] [--num 2000] [--whole] [--stages]

One process and one core, CPU times: what else the machine does hardly counts. The clock is read around each example
within the build, so that both costs are of the same calls at the same moments; what the build adds is PNG, hashes and
Parquet. Of every tenth file the examples are made alone, too: whether the function costs as much without a build around
it. Then what a cluster would need for 100 million rows.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from octa_svr_dataset.example import simulate
from octa_svr_dataset.publishing import stages
from octa_svr_dataset.publishing.build import build
from octa_svr_dataset.publishing.building import MOST_FILES, plan_of_options, source_of, usual_rows_per_shard
from octa_svr_dataset.publishing.manifest import BuildPlan
from octa_svr_dataset.publishing.progress import RowProgress
from octa_svr_dataset.publishing.stages import ShardTask, key_of, make_shard
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.resolve import config_hash, resolve_config
from octa_svr_dataset.seeding import Split

ROWS_A_FILE = 100
"""A file costs 19 ms whatever it holds; a large build has ten thousand rows in each."""

FILES_A_TURN = 10
"""Of one file among so many the examples are made alone."""

ROWS_A_LINE = 250
"""So often a line tells how far it is."""

HUNDRED_MILLION = 100_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="dropout_ma")
    parser.add_argument("--num", type=int, default=2000, help="rows")
    parser.add_argument("--whole", action="store_true", help="rows with pixel layers and graph")
    parser.add_argument("--stages", action="store_true", help="time the stages of --only over these rows, too")
    options = parser.parse_args()
    plan = plan_of_options(
        options.preset,
        num_train=options.num,
        num_validation=0,
        num_test=0,
        rows_per_shard=ROWS_A_FILE,
        include_masks=options.whole,
        include_graph=options.whole,
        content="examples",
        overrides={},
    )
    with tempfile.TemporaryDirectory() as folder:
        report(plan, Path(folder), has_stages=options.stages)


class Clock:
    """CPU time that calls of the example function take."""

    def __init__(self) -> None:
        self.total_s = 0.0

    def simulate(self, config: Any, key: Any, **keywords: Any) -> Any:
        """The example function, timed."""
        start_s = time.process_time()
        example = simulate(config, key, **keywords)
        self.total_s += time.process_time() - start_s
        return example


def report(plan: BuildPlan, folder: Path, *, has_stages: bool) -> None:
    """Measure a plan and print tables."""
    num_rows = plan.num[Split.TRAIN.label]
    config = plan.scene_config
    for index in range(3):
        simulate(config, key_of(plan, Split.VALIDATION.label, index))  # compiles
    within, alone, build_s = Clock(), Clock(), 0.0
    within_same_s = 0.0
    stages.simulate = within.simulate

    def in_turns(tasks: list[ShardTask], *, on_tick: Any) -> Iterator[Any]:
        del on_tick
        nonlocal build_s, within_same_s
        for number, task in enumerate(tasks):
            before_s, start_s = within.total_s, time.process_time()
            content = make_shard(task)
            build_s += time.process_time() - start_s
            if number % FILES_A_TURN == 0:
                within_same_s += within.total_s - before_s
                for index in range(task.shard.start, task.shard.stop):
                    alone.simulate(config, key_of(plan, task.shard.split, index))
            if task.shard.stop % ROWS_A_LINE == 0:
                print(f"{task.shard.stop} rows: {_added(build_s, within.total_s)}", flush=True)
            yield content

    outcome = build(plan, Storage(str(folder / "full")).inside(plan.preset), in_turns, RowProgress("", ""))
    stages.simulate = simulate
    manifest = outcome.manifest
    assert manifest is not None, "all shards were written"
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table = Table("what", "ms a row", "rows/s/core", title=f"{plan.preset}, {num_rows} rows, one core, CPU time")
    costs_s = {"examples": within.total_s, "build": build_s} | (stages_s(plan, folder) if has_stages else {})
    for name, cost_s in costs_s.items():
        table.add_row(name, f"{1e3 * cost_s / num_rows:.1f}", f"{num_rows / cost_s:.1f}")
    console = Console(width=100)
    table.add_row("what the build adds", f"{1e3 * (build_s - within.total_s) / num_rows:.1f}", "")
    console.print(table)
    console.print(_added(build_s, within.total_s))
    console.print(
        f"Examples of every tenth file made alone cost {alone.total_s / within_same_s:.3f} of those within it."
    )
    row_bytes = manifest.num_bytes / num_rows
    console.print(f"{row_bytes / 1024:.1f} KiB a row; resident memory at most {peak_mb:.0f} MB.")
    row_s, shard_rows = build_s / num_rows, usual_rows_per_shard(HUNDRED_MILLION)
    console.print(
        f"100 million rows: {HUNDRED_MILLION * row_s / 3600:,.0f} core hours, "
        f"{HUNDRED_MILLION * row_bytes / 1e12:.1f} TB in {MOST_FILES:,} files of {shard_rows:,} rows, "
        f"{shard_rows * row_bytes / 1e9:.2f} GB and {shard_rows * row_s / 60:.0f} min each."
    )


def _added(build_s: float, examples_s: float) -> str:
    """What a build adds to its examples, in words."""
    added_s = build_s - examples_s
    return (
        f"The build costs {100 * added_s / examples_s:.1f} % more than its examples; encoding, hashes and files are "
        f"{100 * added_s / build_s:.1f} % of its time."
    )


def stages_s(plan: BuildPlan, folder: Path) -> dict[str, float]:
    """CPU time of each stage of `--only` over the rows of a plan, of which a full build is in the folder, s."""

    def run(name: str, stage: BuildPlan, only: str | None, source: str) -> float:
        start_s = time.process_time()
        opened = source_of(only, str(folder / source), str(folder / name), stage) if only else None
        build(stage, Storage(str(folder / name)).inside(stage.preset), here, RowProgress("", ""), source=opened)
        return time.process_time() - start_s

    config = resolve_config(plan.preset, overrides={"text.form": "prose"})
    other_texts = replace(plan, config=config.model_dump(mode="json"), config_hash=config_hash(config))
    return {
        "--only graphs": run("graphs", replace(plan, content="graphs"), None, ""),
        "--only appearance": run("appearance", plan, "appearance", "graphs"),
        "--only text": run("text", other_texts, "text", "full"),
    }


def here(tasks: list[ShardTask], *, on_tick: Any) -> Iterator[Any]:
    """The engine of this process."""
    del on_tick
    yield from map(make_shard, tasks)


if __name__ == "__main__":
    main()
