"""Sheets that came back, as CSV or JSON; whatever is wrong with them is said in one line."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.reader_study.items import KEY_NAME, Study
from octa_svr_dataset.evaluation.reader_study.scales import SCALES

NEEDED = ("seal", "reader", "item", *(scale.name for scale in SCALES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """What all readers say."""

    values: Mapping[tuple[str, str], Mapping[str, int]]
    """By reader and item: index of the value on each scale, for those that are answered."""

    missing: tuple[str, ...]
    """Readers and items without an answer on some scale, in words."""


def read_sheets(files: Iterable[Path], study: Study) -> Ratings:
    """Ratings of all readers of a study.

    Raises
    ------
    InputError
        A sheet cannot be read, belongs to another study, holds an item that is unknown or stands twice, or a value
        that the scale does not have; or a reader's sheet is not there.
    """
    known = {item.code: reader for reader, items in study.sheets.items() for item in items}
    values: dict[tuple[str, str], dict[str, int]] = {}
    for file in files:
        for number, row in enumerate(_rows(file), start=1):
            where = f"sheets: {str(file)!r}, line {number + 1}" if file.suffix.lower() == ".csv" else (
                f"sheets: {str(file)!r}, entry {number}"
            )  # fmt: skip
            reader, code = row["reader"].strip(), row["item"].strip()
            if row["seal"].strip() != study.seal:
                raise InputError(f"{where}: is of the study {row['seal']!r}; allowed: {study.seal}, that of the key")
            if known.get(code) != reader:
                raise InputError(f"{where}: there is no item {code!r} of reader {reader!r} in the key")
            if (reader, code) in values:
                raise InputError(f"{where}: the item {code!r} stands twice; allowed: once in all sheets")
            values[reader, code] = _values(row, where)
    for reader in study.sheets:
        if not any(of == reader for of, _ in values):
            raise InputError(f"sheets: the sheet of reader {reader!r} is missing; allowed: one of each of the key")
    return Ratings(values=values, missing=tuple(_missing(values, known)))


def find_sheets(folder: Path) -> list[Path]:
    """CSV and JSON files of a folder, by name.

    Raises
    ------
    InputError
        There is no such folder, or it holds none.
    """
    if not folder.is_dir():
        raise InputError(f"sheets: there is no folder {str(folder)!r}")
    files = sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in (".csv", ".json") and file.is_file() and file.name != KEY_NAME
    )
    if not files:
        raise InputError(f"sheets: {str(folder)!r} holds no sheet; allowed: CSV and JSON files as the form saves them")
    return files


def _rows(file: Path) -> list[dict[str, str]]:
    problem = f"sheets: {str(file)!r} is no sheet"
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() == ".json":
            entries = json.loads(text)
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise InputError(f"{problem}: it is no list of objects; allowed: JSON as the form saves it")
            rows = [{name: str(value) for name, value in row.items()} for row in entries]
        else:
            rows = [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))]
    except OSError as error:
        raise InputError(f"sheets: cannot read {str(file)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(
            f"{problem}: it is no text in UTF-8; allowed: saved as CSV UTF-8, or JSON of the form"
        ) from None
    except (ValueError, csv.Error) as error:
        raise InputError(f"{problem}: {error}") from None
    if not rows:
        raise InputError(f"{problem}: it holds no item")
    for row in rows:
        absent = [name for name in NEEDED if not isinstance(row.get(name), str)]
        if absent:
            raise InputError(f"{problem}: it lacks {', '.join(absent)}; allowed: columns {', '.join(NEEDED)}")
    return rows


def _delimiter(text: str) -> str:
    """Spreadsheets of some countries save semicolons."""
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _values(row: Mapping[str, str], where: str) -> dict[str, int]:
    values = {}
    for scale in SCALES:
        said = re.sub(r"^(\d+)[.,]0+$", r"\1", row[scale.name].strip().lower())
        if said and said not in scale.values:
            raise InputError(
                f"{where}: {scale.name} of the item {row['item']!r} is {said!r}; allowed: {', '.join(scale.values)}"
            )
        if said:
            values[scale.name] = scale.values.index(said)
    return values


def _missing(values: Mapping[tuple[str, str], Mapping[str, int]], known: Mapping[str, str]) -> Iterable[str]:
    for code, reader in known.items():
        absent = [scale.name for scale in SCALES if scale.name not in values.get((reader, code), {})]
        if absent:
            yield f"{code} of reader {reader} has no {', '.join(absent)}"
