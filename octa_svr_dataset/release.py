"""Reads the folder of the published dataset OCTA-100K-SVR (Li et al., MIDL 2026) into the columns of a row.

The folder holds `pairs_diversified.jsonl` or `pairs.jsonl` (where both are there, the first), the pictures under
`images/`, and perhaps `metadata.jsonl`. What it does not tell stays open: `label` and `severity` are -1 (but for a
text that concludes a class by our grammar), `laterality` and the rest of `provenance` are empty or -1, `tasks` is
empty. `findings` holds the picture's line of `metadata.jsonl` as it stands: settings of lesions, not what can be
seen, so no class is derived from them.

This is no part of `builder`, as `datasets` replaces `open` and `pathlib.Path` there.
"""

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.picture_files import read_image
from octa_svr_dataset.release_pairs import json_object, lines, metadata_keys, read_pair
from octa_svr_dataset.row import png_column
from octa_svr_dataset.scoring import read_output

NAME = "octa_100k_svr_release"
"""Second argument of `load_dataset`."""

PAIRS_NAMES = ("pairs_diversified.jsonl", "pairs.jsonl")
METADATA_NAME = "metadata.jsonl"

MOST_BROKEN = 0.05
"""If a larger share of the lines of a file is broken, the folder is refused: then a download was cut off, say."""

UNKNOWN = -1
"""Stands for a class, a severity or a number that the release does not tell."""

_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"

_log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """Where a row stands in the files of a release."""

    line: int
    """Line of the file of pairs, from 1."""

    offset: int
    """Where that line begins, bytes."""

    metadata_offset: int
    """Where its line of `metadata.jsonl` begins, bytes; -1 if there is none."""


class Release:
    """A folder of the published dataset; broken rows are logged with file and line, counted and left out."""

    def __init__(self, data_dir: str | os.PathLike[str]) -> None:
        """Check that the folder and its file of pairs are there.

        Raises
        ------
        InputError
            They are not.
        """
        self.folder = Path(data_dir).expanduser().resolve()
        if not self.folder.is_dir():
            raise InputError(f"data_dir: {str(data_dir)!r} is no folder; allowed: that of the published OCTA-100K-SVR")
        found = [self.folder / name for name in PAIRS_NAMES if (self.folder / name).is_file()]
        if not found:
            raise InputError(f"data_dir: {str(data_dir)!r} holds no {' and no '.join(PAIRS_NAMES)}")
        self.pairs = found[0]
        self.metadata = self.folder / METADATA_NAME
        self._roots = (self.folder, (self.folder / "images").resolve())
        self._problems: dict[int, str] = {}
        self._num_lines = 0
        self._metadata_problems: dict[int, str] = {}
        self._num_metadata_lines = 0

    def fingerprint(self) -> str:
        """Hash over names, sizes and times of the files, so that no cache outlives a change of them."""
        digest = hashlib.sha256(str(self.folder).encode())
        images = self.folder / "images"
        files = [self.pairs, self.metadata, *(images.rglob("*") if images.is_dir() else ())]
        for path in sorted(files):
            if path.is_file():
                state = path.stat()
                digest.update(f"{path.relative_to(self.folder)}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
        return digest.hexdigest()[:16]

    def entries(self) -> list[Entry]:
        """The rows that look whole, in the order of the file; pictures are only decoded later.

        Raises
        ------
        InputError
            More than `MOST_BROKEN` of the rows or of the lines of metadata are broken, or no row is whole.
        """
        metadata = self._metadata_offsets()
        self._problems, self._num_lines = {}, 0
        entries: list[Entry] = []
        seen: dict[str, int] = {}
        for line, offset, text in lines(self.pairs):
            self._num_lines += 1
            try:
                pair = read_pair(text)
                self._picture(pair["image"])
                if pair["id"] in seen:
                    raise InputError(f"id: {pair['id']!r} is that of line {seen[pair['id']]}, too")
            except InputError as error:
                self._report(line, error)
                continue
            seen[pair["id"]] = line
            entries.append(Entry(line, offset, _first(metadata, metadata_keys(pair))))
        self._sum_up(entries, has_metadata=bool(metadata))
        return entries

    def rows(self, entries: list[Entry]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Line and columns of each row of `entries` whose picture can be decoded.

        Raises
        ------
        InputError
            More than `MOST_BROKEN` of the rows turn out to be broken.
        """
        with self.pairs.open("rb") as pairs:
            for entry in entries:
                pairs.seek(entry.offset)
                pair = read_pair(pairs.readline())
                try:
                    image = _image_column(self._picture(pair["image"]))
                except InputError as error:
                    self._report(entry.line, error)
                    self._refuse_if_too_many()
                    continue
                yield entry.line, _row(pair, image, self._metadata_at(entry.metadata_offset), entry.line)

    def _picture(self, name: str) -> Path:
        """The path of a picture that is there, inside the folder, and a PNG from its first bytes to its last."""
        path = (self.folder / name).resolve()
        if not any(path.is_relative_to(root) for root in self._roots):
            raise InputError(f"image: {name!r} lies outside the folder")
        if not path.is_file():
            raise InputError(f"image: {name!r} does not exist")
        with path.open("rb") as file:
            start = file.read(len(_PNG_START))
            file.seek(max(path.stat().st_size - len(_PNG_END), 0))
            if start != _PNG_START or file.read() != _PNG_END:
                raise InputError(f"image: {name!r} is no whole PNG")
        return path

    def _metadata_offsets(self) -> dict[str, int]:
        """Where the line of each id and of each picture begins in `metadata.jsonl`; counts broken lines."""
        offsets: dict[str, int] = {}
        self._metadata_problems, self._num_metadata_lines = {}, 0
        for line, offset, text in lines(self.metadata) if self.metadata.is_file() else ():
            self._num_metadata_lines += 1
            try:
                record = json_object(text)
            except InputError as error:
                self._metadata_problems[line] = str(error)
                _log.warning("%s:%d: %s", self.metadata, line, error)
                continue
            for key in ("id", "image"):
                if isinstance(record.get(key), str | int):
                    offsets.setdefault(f"{key} {record[key]}", offset)
        return offsets

    def _metadata_at(self, offset: int) -> dict[str, Any]:
        if offset < 0:
            return {}
        with self.metadata.open("rb") as file:
            file.seek(offset)
            return json_object(file.readline())

    def _report(self, line: int, error: InputError) -> None:
        self._problems[line] = str(error)
        _log.warning("%s:%d: %s", self.pairs, line, error)

    def _sum_up(self, entries: list[Entry], *, has_metadata: bool) -> None:
        if not entries:
            raise InputError(f"data_dir: no row of {str(self.pairs)!r} is whole{_examples(self._problems)}")
        self._refuse_if_too_many()
        for path, problems, num_lines, what in self._counts():
            if problems:
                kinds = Counter(problem.split(":")[0] for problem in problems.values())
                _log.warning(
                    "%s: %d of %d %s are broken and left out (%s)",
                    *(path, len(problems), num_lines, what),
                    ", ".join(f"{kind} {count}" for kind, count in kinds.items()),
                )
        num_without = sum(entry.metadata_offset < 0 for entry in entries)
        if has_metadata and num_without:
            _log.warning("%s: nothing is said of %d of %d rows", self.metadata, num_without, len(entries))

    def _refuse_if_too_many(self) -> None:
        for path, problems, num_lines, what in self._counts():
            if len(problems) > MOST_BROKEN * num_lines:
                raise InputError(
                    f"data_dir: {len(problems)} of {num_lines} {what} of {str(path)!r} are broken, "
                    f"at most {MOST_BROKEN:.0%} may be{_examples(problems)}"
                )

    def _counts(self) -> list[tuple[Path, dict[int, str], int, str]]:
        """Of each file: its problems by line, how many lines it has, and what they are called."""
        return [
            (self.pairs, self._problems, self._num_lines, "rows"),
            (self.metadata, self._metadata_problems, self._num_metadata_lines, "lines"),
        ]


def _examples(problems: dict[int, str]) -> str:
    """The first problems, for a message."""
    first = [f"line {line}: {problem}" for line, problem in list(problems.items())[:3]]
    return f" ({'; '.join(first)})" if first else ""


def _first(offsets: dict[str, int], keys: list[str]) -> int:
    return next((offsets[key] for key in keys if key in offsets), -1)


def _image_column(path: Path) -> dict[str, bytes | None]:
    """A picture as PNG of 8-bit gray: the file as it is, if it is one (bit depth and color type of its header)."""
    picture = read_image(path)
    content = path.read_bytes()
    return {"bytes": content, "path": None} if content[24:26] == b"\x08\x00" else png_column(np.asarray(picture))


def _row(pair: dict[str, Any], image: dict[str, bytes | None], metadata: dict[str, Any], line: int) -> dict[str, Any]:
    label = read_output(pair["messages"][-1]["content"]).predicted
    return {
        "id": pair["id"],
        "image": image,
        "label": UNKNOWN if label is None else str(label),
        "severity": UNKNOWN,
        "laterality": "",
        "messages": pair["messages"],
        "tasks": [],
        "findings": json.dumps(metadata) if metadata else "",
        "provenance": {"version": "", "seed": UNKNOWN, "split": "train", "index": line - 1, "config_hash": ""},
    }
