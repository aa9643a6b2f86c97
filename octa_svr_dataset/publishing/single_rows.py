"""Single rows by their ids: made again, or compared with what is stored."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.digests import RowDigests
from octa_svr_dataset.publishing.manifest import BuildPlan, Manifest, PlannedShard
from octa_svr_dataset.publishing.shard_files import LABELS, rows_between, schema_of, write_shard
from octa_svr_dataset.publishing.stages import ShardTask, rows_of
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.row import row_id
from octa_svr_dataset.seeding import SceneKey, Split

ROW_ID = re.compile(r"(\w+)-s(\d+)-(\w+)-(\d{8,})")
"""The form of a row's id, see `octa_svr_dataset.row.row_id`."""


def read_keys(path: Path, preset: str) -> list[SceneKey]:
    """Keys of the rows that a text file lists, one id a line.

    Raises
    ------
    InputError
        The file cannot be read, or a line is no id of the preset; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise InputError(f"ids: cannot read {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"ids: {str(path)!r} is not a text in UTF-8") from None
    keys = [_key(line.strip(), f"ids: line {number} of {path}", preset) for number, line in _filled(lines)]
    if not keys:
        raise InputError(f"ids: {str(path)!r} lists no row; allowed: one id a line, as {preset}-s0-train-00000012")
    return keys


def _filled(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _key(text: str, source: str, preset: str) -> SceneKey:
    match = ROW_ID.fullmatch(text)
    if not match or match[1] != preset or match[3] not in [split.label for split in Split]:
        raise InputError(f"{source}: must be the id of a row of {preset}, as {preset}-s0-train-00000012, got {text!r}")
    try:
        return SceneKey(seed=int(match[2]), split=Split.from_name(match[3]), scene_index=int(match[4]))
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def rebuild_rows(plan: BuildPlan, keys: Sequence[SceneKey], out: Storage) -> str:
    """Write a file of the rows of some keys, in their order; returns its name."""
    shard = PlannedShard(file=f"{plan.preset}-rows.parquet", split="rows", start=0, stop=len(keys))
    out.make()
    write_shard(plan, shard, out, (_made_again(plan, key) for key in keys))
    return shard.file


def differing_rows(manifest: Manifest, keys: Sequence[SceneKey], storage: Storage) -> Iterator[str]:
    """One line for each row that is not as stored when it is made again."""
    columns = schema_of(manifest).names
    for key in keys:
        name, label, index = row_id(manifest.preset, key), key.split.label, key.scene_index
        stored = list(rows_between(manifest, storage, label, index, index + 1, columns))
        if key.seed != manifest.seed or not stored:
            yield f"{name}: is not stored there"
            continue
        made = _made_again(manifest, key)
        made["label"] = LABELS.index(made["label"])
        digests = [_digests(row) for row in (made, stored[0])]
        if digests[0][0] != digests[1][0]:
            yield f"{name}: other pixels than stored"
        if digests[0][1] != digests[1][1]:
            yield f"{name}: other texts than stored"


def _made_again(plan: BuildPlan, key: SceneKey) -> dict[str, Any]:
    index = key.scene_index
    shard = PlannedShard(file="", split=key.split.label, start=index, stop=index + 1)
    return next(rows_of(ShardTask(plan=replace(plan, seed=key.seed), shard=shard, out="")))


def _digests(row: dict[str, Any]) -> tuple[str, str]:
    digests = RowDigests()
    digests.add(row)
    return digests.pixels_sha256, digests.texts_sha256
