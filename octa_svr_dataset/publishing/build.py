"""A build: what is there already, what is left to do, and the manifest at the end."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.differences import difference
from octa_svr_dataset.publishing.folder import PLAN_NAME
from octa_svr_dataset.publishing.manifest import (
    MANIFEST_NAME,
    BuildPlan,
    Manifest,
    PlannedShard,
    no_classes,
)
from octa_svr_dataset.publishing.progress import RowProgress
from octa_svr_dataset.publishing.shard_files import ShardContent, finished_content, intact_content
from octa_svr_dataset.publishing.stages import ShardTask
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.seeding import Split

SHARD_NAME = re.compile(rf"({'|'.join(split.label for split in Split)})-\d{{5,}}-of-\d{{5,}}\.parquet")
"""Names of the files of builds, see `BuildPlan.planned_shards`."""


class Engine(Protocol):
    """What runs tasks: processes here, or a cluster."""

    def __call__(self, tasks: Sequence[ShardTask], *, on_tick: Callable[[int], None]) -> Iterator[ShardContent]:
        """Contents of the shards as they get ready; `on_tick` is told the number of rows under way."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a build has done."""

    num_made: int
    """Rows that were made now."""

    num_missing: int
    """Shards that are left to others."""

    manifest: Manifest | None
    """The manifest; none while shards are missing."""


def build(
    plan: BuildPlan,
    out: Storage,
    engine: Engine,
    progress: RowProgress,
    *,
    source: str | None = None,
    part: tuple[int, int] = (0, 1),
    overwrite: bool = False,
) -> Outcome:
    """Write what is missing of a build, and its manifest once nothing is.

    Parameters
    ----------
    plan
        What is to be built.
    out
        Folder of the preset; what it holds of this plan is kept.
    engine
        What writes the shards.
    progress
        Told how far it is.
    source
        Folder or URL of the finished build that rows come from; none where they are made from nothing.
    part
        (k, n): of the shards, every n-th from k on is written, the others are left to other jobs.
    overwrite
        Whether to remove what the folder holds of another plan; otherwise it is refused.

    Raises
    ------
    InputError
        The folder holds another plan, a file cannot be written, or a shard cannot be made.
    """
    _begin(plan, out, overwrite=overwrite)
    index, num_parts = part
    mine = plan.planned_shards()[index::num_parts]
    contents = stored_contents(plan, mine, out, look_up=intact_content)
    missing = [shard for shard in mine if shard.file not in contents]
    tasks = [ShardTask(plan=plan, shard=shard, out=out.url, source=source) for shard in missing]
    progress.start(sum(shard.num_rows for shard in missing))
    for content in engine(tasks, on_tick=progress.under_way):
        progress.finish(content.entry.num_rows)
        contents[content.entry.file] = content
    return ended(plan, out, contents, num_made=sum(shard.num_rows for shard in missing))


def stored_contents(
    plan: BuildPlan,
    shards: Sequence[PlannedShard],
    out: Storage,
    *,
    look_up: Callable[[BuildPlan, PlannedShard, Storage], ShardContent | None],
) -> dict[str, ShardContent]:
    """The finished ones of some shards of a plan, as `look_up` finds them, by the names of their files."""
    names = out.names()
    found = {shard.file: look_up(plan, shard, out) for shard in shards if shard.file in names}
    return {file: content for file, content in found.items() if content is not None}


def stored_plan(out: Storage) -> BuildPlan | None:
    """What the folder of a preset was built, or begun to be built, as; None where it holds no build."""
    for name, kind in ((PLAN_NAME, BuildPlan), (MANIFEST_NAME, Manifest)):
        text = out.read(name)
        if text is not None:
            return kind.from_json(text, f"{out.url}/{name}")
    return None


def _begin(plan: BuildPlan, out: Storage, *, overwrite: bool) -> None:
    """Leave the plan in the folder, so that nothing else is built into it."""
    out.make()
    stored = stored_plan(out)
    other = difference(plan, stored) if stored else None
    if stored and other and not overwrite:
        raise InputError(
            f"out: {out.url!r} holds another build: {other}; allowed: the same settings, another folder, or --overwrite"
        )
    if not stored or other:
        out.write(PLAN_NAME, plan.to_json())  # first of all: if what follows is killed, the folder is this build's
    if stored and other:
        for name in [MANIFEST_NAME, *(shard.file for shard in stored.planned_shards())]:
            out.remove(name)


def ended(plan: BuildPlan, out: Storage, known: Mapping[str, ShardContent], *, num_made: int) -> Outcome:
    """Write the manifest where all is there; what it says does not depend on who writes it.

    Parameters
    ----------
    plan, out
        The build and its folder.
    known
        Contents of shards that need not be looked up.
    num_made
        Rows that were made now.
    """
    names = out.names()
    others = [shard for shard in plan.planned_shards() if shard.file not in known]
    num_missing = sum(shard.file not in names for shard in others)
    contents = dict(known)
    if not num_missing:
        contents |= stored_contents(plan, others, out, look_up=finished_content)
        num_missing = len(plan.planned_shards()) - len(contents)
    if num_missing:
        return Outcome(num_made=num_made, num_missing=num_missing, manifest=None)
    manifest = manifest_of(plan, contents)
    _remove_strays(plan, out)
    out.write(MANIFEST_NAME, manifest.to_json())
    out.remove(PLAN_NAME)
    out.remove_unfinished()
    return Outcome(num_made=num_made, num_missing=0, manifest=manifest)


def _remove_strays(plan: BuildPlan, out: Storage) -> None:
    """Remove what a killed `--overwrite` has left of another build: files named as shards that the plan has not."""
    for name in out.names() - {shard.file for shard in plan.planned_shards()}:
        if SHARD_NAME.fullmatch(name):
            out.remove(name)


def manifest_of(plan: BuildPlan, contents: Mapping[str, ShardContent]) -> Manifest:
    """The manifest of a build of which all shards are there."""
    classes: dict[str, dict[str, int]] = {}
    if plan.content == "examples":
        classes = {split.label: no_classes() for split in Split}
    for content in contents.values():
        for label, num_rows in content.classes.items():
            classes[content.entry.split][label] += num_rows
    shards = tuple(contents[shard.file].entry for shard in plan.planned_shards())
    return Manifest(**plan.as_dict(), shards=shards, classes=classes)
