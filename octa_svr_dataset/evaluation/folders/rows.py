"""From the rows of a table to pictures: which file a row means, and what it says of it."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.images import NARROWEST_MM, WIDEST_MM, Eye, LeftOut
from octa_svr_dataset.evaluation.folders.tables import TableFile
from octa_svr_dataset.picture_files import SUFFIXES

MISSING = frozenset({"", "-", "?", "na", "n/a", "nan", "none", "null", "unknown"})
"""Cells that say nothing, whatever their case."""

OLDEST_YEARS = 120

_EYES: dict[str, Eye] = {
    **dict.fromkeys(("od", "right", "r", "re", "right eye"), "od"),
    **dict.fromkeys(("os", "left", "l", "le", "left eye"), "os"),
}
_SEXES = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedRow:
    """A row of a table, and the picture that it means."""

    path: Path
    row: dict[str, str]


def match_rows(
    table: TableFile, id_column: str, paths: Sequence[Path], root: Path, *, field: str, base: Path = Path()
) -> tuple[list[MatchedRow], list[LeftOut]]:
    """The picture of each row, and the rows and pictures that are left over.

    An identifier is a path, or the name of a file with or without its ending; whole numbers are the same
    with and without zeros before them, and with those of a decimal behind, and umlauts however they are composed. A
    path may start from the folder, from `base`, from the working directory or from the root of the file system.

    Parameters
    ----------
    table
        Rows; those without an identifier are left over.
    id_column
        Column of identifiers.
    paths
        Pictures, relative to the folder.
    root
        The folder.
    field
        Option to name in messages.
    base
        Folder that identifiers start from, relative to that of the pictures.

    Raises
    ------
    InputError
        An identifier fits several pictures, two rows mean the same picture, or no row means any.
    """
    keys = _keys(paths, base)
    start = (root / base).resolve()
    matched: dict[Path, MatchedRow] = {}
    left_out = []
    for number, row in enumerate(table.rows, start=1):
        name = row[id_column]
        if not name:
            left_out.append(LeftOut(name=f"row {number} of {table.path.name}", reason=f"no {id_column}"))
            continue
        found = next((keys[key] for key in _keys_of(name, start) if key in keys), ())
        if not found:
            left_out.append(LeftOut(name=name, reason=f"{table.path.name} names it, but there is no such picture"))
            continue
        if len(found) > 1:
            raise InputError(
                f"{field}: {name!r} in {str(table.path)!r} fits {len(found)} pictures, such as {found[0].as_posix()!r} "
                f"and {found[1].as_posix()!r}; allowed: one, by a path in the folder or a name that occurs once"
            )
        if found[0] in matched:
            earlier = matched[found[0]].row[id_column]
            raise InputError(
                f"{field}: {str(table.path)!r} names {found[0].as_posix()!r} twice, as {earlier!r} and {name!r}; "
                "allowed: once"
            )
        matched[found[0]] = MatchedRow(path=found[0], row=row)
    if not matched:
        raise InputError(
            f"{field}: no {id_column} of {str(table.path)!r} fits a picture, such as {_example(table, id_column)!r} "
            f"and {paths[0].as_posix()!r}; allowed: paths in the folder, or names of files"
        )
    left_out += [
        LeftOut(name=path.as_posix(), reason=f"{table.path.name} does not name it")
        for path in paths
        if path not in matched
    ]
    return [matched[path] for path in sorted(matched)], left_out


def details(table: TableFile, row: dict[str, str], *, field: str) -> dict[str, Any]:
    """What a row says of patient, eye, age, sex and field of view, as arguments of `FolderImage`.

    Raises
    ------
    InputError
        An age or a field of view is no such number, or an eye is none.
    """
    said = {}
    for role, read in _READERS.items():
        column = table.role(role)
        text = "" if column is None else row[column]
        if text.lower() not in MISSING:
            value = read(text)
            if value is None:
                raise InputError(
                    f"{field}: the {column} {text!r} in {str(table.path)!r} is none; allowed: {_ALLOWED[role]}"
                )
            said[role] = value
    return said


def _keys(paths: Sequence[Path], base: Path) -> dict[str, list[Path]]:
    """Pictures by each key that they go by."""
    keys = defaultdict(list)
    for path in paths:
        for key in dict.fromkeys((*_path_keys(path.relative_to(base)), *_name_keys(path.name))):
            keys[key].append(path)
    return keys


def _keys_of(name: str, start: Path) -> Iterator[str]:
    """Keys of an identifier, from the most to the least exact; one with a slash is a path and nothing else.

    Where a path leads is looked up only if it is asked for, as that takes long in large tables. No path holds a NUL.
    """
    path = Path(name.replace("\\", "/"))
    yield from _path_keys(path)
    if path.parent == Path():
        yield from _name_keys(path.name)
    elif "\0" not in name:
        whole = path.parent.resolve() / path.name
        if whole.is_relative_to(start):
            yield from _path_keys(whole.relative_to(start))


def _path_keys(path: Path) -> tuple[str, ...]:
    name = unicodedata.normalize("NFC", path.as_posix())
    return f"path {name}", f"path without ending {_without_ending(name)}"


def _name_keys(name: str) -> tuple[str, ...]:
    name = unicodedata.normalize("NFC", name)
    stem = _without_ending(name)
    number = re.fullmatch(r"([0-9]+)(?:\.0+)?", stem)
    return f"name {name}", f"stem {stem}", *((f"number {int(number[1])}",) if number else ())


def _without_ending(name: str) -> str:
    """A name without the ending of a picture; another dot is part of the name."""
    return next((name[: -len(suffix)] for suffix in SUFFIXES if name.lower().endswith(suffix)), name)


def _example(table: TableFile, column: str) -> str:
    return next((row[column] for row in table.rows if row[column]), "")


def _read_age(text: str) -> float | None:
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(?:y|yr|yrs|years)?", text.lower())
    age = float(match[1].replace(",", ".")) if match else None
    return age if age is not None and age <= OLDEST_YEARS else None


def _read_field(text: str) -> float | None:
    """Width of a field, mm, also of a text such as `3 x 3 mm`."""
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(?:mm)?(?:\s*[x*\u00d7]\s*(\d+(?:[.,]\d+)?)\s*(?:mm2?)?)?", text.lower())
    if match is None or (match[2] is not None and match[2] != match[1]):
        return None
    field_mm = float(match[1].replace(",", "."))
    return field_mm if NARROWEST_MM <= field_mm <= WIDEST_MM else None


_READERS: dict[str, Callable[[str], Any]] = {
    "patient": str,
    "eye": lambda text: _EYES.get(text.lower()),
    "age": _read_age,
    "sex": lambda text: _SEXES.get(text.lower(), text.lower()),
    "field_of_view_mm": _read_field,
}
_ALLOWED = {
    "eye": "od, os, right, left or nothing",
    "age": f"years up to {OLDEST_YEARS}, or nothing",
    "field_of_view_mm": f"mm from {NARROWEST_MM:g} to {WIDEST_MM:g}, such as 3 or '3 x 3 mm', or nothing",
}
