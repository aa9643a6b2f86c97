"""A built folder, opened for reading: one subfolder a preset, each with its manifest."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME, Manifest
from octa_svr_dataset.seeding import Split

PLAN_NAME = "build.json"
"""The plan of a build that is not finished, in the folder of its preset."""

ROWS_A_BATCH = 16
"""Rows that are read at once."""


@dataclass(frozen=True, kw_only=True)
class BuiltFolder:
    """Finished builds of examples."""

    path: Path

    manifests: Mapping[str, Manifest]
    """By preset, sorted by name."""

    left_out: tuple[str, ...] = ()
    """What else the folder holds that is no finished build of examples, one line each."""

    def rows(self, preset: str, split: str, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Rows in order, as plain values: a picture as {"bytes", "path"}, the label as a number.

        Parameters
        ----------
        preset, split
            Which rows.
        columns
            Names of the columns to read; all by default.

        Raises
        ------
        InputError
            A name is unknown, or a file is missing or broken.
        """
        manifest = self.manifests.get(preset)
        if manifest is None:
            raise InputError(f"preset: {str(self.path)!r} holds no {preset!r}; allowed: {', '.join(self.manifests)}")
        label = Split.from_name(split).label
        for shard in manifest.shards:
            if shard.split == label:
                yield from rows_of_file(self.path / preset / shard.file, columns)


def open_built(path: str | Path) -> BuiltFolder:
    """The finished builds of a folder; what is unfinished or holds graphs is left out, and named.

    Raises
    ------
    InputError
        There is none, or one that is broken; the message says which.
    """
    folder = Path(path)
    if (folder / MANIFEST_NAME).is_file():
        raise InputError(f"{str(folder)!r} is the folder of one preset; allowed: the folder it lies in")
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is no folder; allowed: a folder made by octa-svr build")
    manifests, left_out = {}, []
    for subfolder in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
        found = _manifest_in(subfolder)
        if isinstance(found, Manifest):
            manifests[found.preset] = found
        elif found:
            left_out.append(found)
    if not manifests:
        reason = "; ".join(left_out) or "allowed: a folder made by octa-svr build"
        raise InputError(f"{str(folder)!r} holds no finished build of examples; {reason}")
    return BuiltFolder(path=folder, manifests=manifests, left_out=tuple(left_out))


def say_left_out(built: BuiltFolder) -> None:
    """Tell on stderr what of a folder takes no part."""
    for line in built.left_out:
        print(f"left out: {line}", file=sys.stderr)


def _manifest_in(folder: Path) -> Manifest | str | None:
    """The manifest of a preset's folder; a line that says why it is to be left out; None where it is no such folder."""
    file = folder / MANIFEST_NAME
    if (folder / PLAN_NAME).exists():
        return f"{str(folder)!r} holds an unfinished build; finish it by the octa-svr build that began it"
    if not file.is_file():
        return None
    manifest = Manifest.from_json(file.read_bytes(), str(file))
    if manifest.preset != folder.name:
        raise InputError(f"{str(file)!r}: preset: must be the name of the folder, got {manifest.preset!r}")
    if manifest.content != "examples":
        return f"{str(folder)!r} holds {manifest.content} of --only graphs; go on with --only appearance"
    missing = [shard.file for shard in manifest.shards if not (folder / shard.file).is_file()]
    if missing:
        number = f"{len(missing)} of {len(manifest.shards)} files"
        raise InputError(f"{str(folder)!r}: {number} are missing: {missing[0]}; run octa-svr build again")
    return manifest


def rows_of_file(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of a Parquet file, some at a time."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        known = file.schema_arrow.names
        for column in columns or ():
            if column not in known:
                raise InputError(f"{str(path)!r} has no column {column!r}; allowed: {', '.join(known)}")
        for batch in file.iter_batches(batch_size=ROWS_A_BATCH, columns=None if columns is None else list(columns)):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{str(path)!r} cannot be read: {error}; if it is of a build, delete it and run octa-svr build again"
        ) from None
