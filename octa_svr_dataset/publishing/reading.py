"""What `octa-svr build` does with `--check` and `--ids`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.build import stored_plan
from octa_svr_dataset.publishing.building import number_of_workers, plan_of_options
from octa_svr_dataset.publishing.check import CheckTask, problems_of_shard
from octa_svr_dataset.publishing.manifest import Manifest
from octa_svr_dataset.publishing.processes import run_in_processes
from octa_svr_dataset.publishing.progress import RowProgress, counted
from octa_svr_dataset.publishing.single_rows import differing_rows, read_keys, rebuild_rows
from octa_svr_dataset.publishing.storage import Storage


def check_folder(preset: str, out: str, workers: int) -> int:
    """Print what is wrong with a built folder, one line a problem; returns their number."""
    manifest, storage = _finished(preset, out)
    tasks = [CheckTask(manifest=manifest, entry=entry, out=storage.url) for entry in manifest.shards]
    total, problems = sum(manifest.num.values()), 0
    with RowProgress("Checking", "rows") as progress:
        progress.start(total)
        results = run_in_processes(
            problems_of_shard,
            tasks,
            workers=number_of_workers(workers),
            name=lambda task: task.entry.file,
            on_tick=progress.under_way,
        )
        for num_rows, lines in results:
            progress.finish(num_rows)
            problems += len(lines)
            for line in lines:
                print(line)
    strays = sorted(name for name in storage.names() - {entry.file for entry in manifest.shards} if is_parquet(name))
    for name in strays:
        print(f"{name}: is no file of this build")
    problems += len(strays)
    files = counted(len(tasks), "file")
    print(f"{counted(total, 'row')} in {files} read: {counted(problems, 'problem') if problems else 'no problems'}")
    if problems:
        print("to mend it, delete the files named above and run the same octa-svr build again")
    return problems


def check_rows(preset: str, out: str, ids: Path) -> int:
    """Make single rows again and print which are not as stored; returns the number of such lines."""
    keys = read_keys(ids, preset)
    manifest, storage = _finished(preset, out)
    if manifest.content != "examples":
        raise InputError(f"ids: {storage.url!r} holds {manifest.content}; allowed: examples")
    lines = list(differing_rows(manifest, keys, storage))
    differences = counted(len(lines), "difference") if lines else "no differences"
    print(*lines, f"{counted(len(keys), 'row')} made again: {differences}", sep="\n")
    return len(lines)


def make_rows(preset: str, out: str, ids: Path, *, overrides: Mapping[str, Any], **keywords: Any) -> None:
    """Make single rows alone, into a file of their own."""
    keys = read_keys(ids, preset)
    plan = plan_of_options(preset, rows_per_shard=None, content="examples", overrides=overrides, **keywords)
    storage = Storage(out).inside(preset)
    if storage.names():
        raise InputError(f"out: {storage.url!r} holds files already; allowed with --ids: a new or empty folder")
    name = rebuild_rows(plan, keys, storage)
    print(f"{counted(len(keys), 'row')} of configuration {plan.config_hash} in {storage.url}/{name}")


def is_parquet(name: str) -> bool:
    """Whether a reader of the folder may take a file for one of its rows."""
    return name.endswith(".parquet") and not name.startswith(".")


def _finished(preset: str, out: str) -> tuple[Manifest, Storage]:
    storage = Storage(out).inside(preset)
    plan = stored_plan(storage)
    if not isinstance(plan, Manifest):
        state = "an unfinished" if plan else "no"
        raise InputError(f"out: {out!r} holds {state} build of {preset}; allowed: a finished one")
    return plan, storage
