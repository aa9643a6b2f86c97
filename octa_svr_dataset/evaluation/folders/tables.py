"""Tables of labels: CSV, XLSX and JSON lines as rows of text, and what their columns are called."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from octa_svr_dataset.command import encodable
from octa_svr_dataset.errors import InputError

TABLE_SUFFIXES = (".csv", ".tsv", ".xlsx", ".jsonl")
"""Endings of the files that are read as tables."""

ROLES = {
    "patient": ("patient", "patient_id", "patientid", "subject", "subject_id", "participant_id", "pid"),
    "eye": ("eye", "laterality", "os_od", "od_os"),
    "age": ("age", "age_years", "patient_age"),
    "sex": ("sex", "gender"),
    "field_of_view_mm": ("field_of_view_mm", "fov_mm", "fov", "field_of_view"),
}
"""Names of the columns that say more of a picture, the first that a table has; case and spaces do not matter."""

FILE_COLUMNS = ("file_name", "filename", "file", "image_path", "path", "image", "image_name", "img")
ID_COLUMNS = ("id", "image_id", "img_id", "scan_id", "eye_id")
LABEL_COLUMNS = (
    "label",
    "class",
    "diagnosis",
    "disease",
    "grade",
    "dr",
    "dr_grade",
    "dr_stage",
    "dr_severity",
    "dr_class",
    "dr_level",
    "stage",
    "severity",
)
"""Names of columns that are found without `--id_column` and `--label_column`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A table whose first line names its columns."""

    path: Path
    columns: tuple[str, ...]

    rows: tuple[dict[str, str], ...]
    """By column, stripped; an empty cell is an empty text, and lines without any text are left out."""

    def column(self, given: str | None, names: Sequence[str], *, option: str, thing: str) -> str | None:
        """The column that an option names, or else the one of a usual name; absent where there is none.

        Raises
        ------
        InputError
            There is no such column, or several have a usual name.
        """
        if given is not None:
            if given not in self.columns:
                raise InputError(f"{option}: {str(self.path)!r} has no column {given!r}; allowed: {self._columns()}")
            return given
        found = [column for column in self.columns if _normalized(column) in names]
        if len(found) > 1:
            raise InputError(
                f"{option}: several columns of {str(self.path)!r} could be {thing}: {', '.join(map(repr, found))}; "
                f"allowed: --{option} with one of them"
            )
        return found[0] if found else None

    def needed_column(self, given: str | None, names: Sequence[str], *, option: str, thing: str) -> str:
        """As `column`, but there has to be one."""
        column = self.column(given, names, option=option, thing=thing)
        if column is None:
            raise InputError(
                f"{option}: no column of {str(self.path)!r} is called like {thing}; allowed: --{option} with one of "
                f"{self._columns()}"
            )
        return column

    def role(self, role: str) -> str | None:
        """The column that says more of a picture (see `ROLES`); absent where there is none."""
        by_name = {_normalized(column): column for column in reversed(self.columns)}
        return next((by_name[name] for name in ROLES[role] if name in by_name), None)

    def _columns(self) -> str:
        return ", ".join(map(repr, self.columns))


def read_table(path: Path, *, field: str) -> TableFile:
    """Read a table, by its ending.

    Raises
    ------
    InputError
        The file cannot be read, is of another kind, has no row, or names a column twice.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise InputError(f"{field}: {str(path)!r} is no table; allowed: files in {', '.join(TABLE_SUFFIXES)}")
    if not path.is_file():
        raise InputError(f"{field}: there is no file {str(path)!r}")
    if suffix == ".jsonl":
        return _of_objects(path, _read_json_lines(path, field), field)
    lines = _read_xlsx(path, field) if suffix == ".xlsx" else _read_csv(path, field)
    lines = [line for line in ([cell.strip() for cell in line] for line in lines) if any(line)]
    if len(lines) < 2:
        raise InputError(f"{field}: {str(path)!r} holds no row; allowed: a line of column names, and a line a picture")
    header, width = lines[0], max(map(len, lines))
    if any(any(line[len(header) :]) for line in lines):
        raise InputError(f"{field}: {str(path)!r} has lines longer than its first; allowed: {len(header)} cells")
    columns = tuple(column for column in header if column)
    if len(set(columns)) < len(columns):
        raise InputError(f"{field}: {str(path)!r} names a column twice: {', '.join(map(repr, columns))}; allowed: once")
    padded = [line + [""] * (width - len(line)) for line in lines[1:]]
    rows = tuple({column: cell for column, cell in zip(header, line, strict=False) if column} for line in padded)
    return TableFile(path=path, columns=columns, rows=rows)


def _of_objects(path: Path, objects: list[dict[str, object]], field: str) -> TableFile:
    columns = tuple(dict.fromkeys(column for entry in objects for column in entry))
    if not columns:
        raise InputError(f"{field}: {str(path)!r} holds no row; allowed: a line of JSON a picture")
    rows = tuple({column: _text(entry.get(column)) for column in columns} for entry in objects)
    return TableFile(path=path, columns=columns, rows=rows)


def _read_json_lines(path: Path, field: str) -> list[dict[str, object]]:
    objects = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{field}: cannot read {str(path)!r}: {error}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(
                f"{field}: line {number} of {str(path)!r} is no JSON: {error}; allowed: an object a line"
            ) from None
        if not isinstance(entry, dict):
            raise InputError(f"{field}: line {number} of {str(path)!r} is no object; allowed: {{column: value}}")
        objects.append(entry)
    return objects


def _read_csv(path: Path, field: str) -> list[list[str]]:
    """Lines of cells; of comma, semicolon and tab, the one that the first line holds most of parts them."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = next((line for line in text.split("\n") if line.strip()), "")
        delimiter = max(",;\t", key=first.count)
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except UnicodeDecodeError:
        raise InputError(f"{field}: {str(path)!r} is no text in UTF-8; allowed: CSV in UTF-8, or XLSX") from None
    except (OSError, csv.Error) as error:
        raise InputError(f"{field}: cannot read {str(path)!r}: {error}") from None


def _read_xlsx(path: Path, field: str) -> list[list[str]]:
    """Lines of cells of the first sheet that holds any."""
    try:
        import openpyxl  # an extra; folders without such a table need none
    except ImportError:
        raise InputError(f"{field}: {str(path)!r} needs openpyxl; allowed: pip install openpyxl, or CSV") from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheets = [[[_text(cell) for cell in row] for row in sheet.values] for sheet in book.worksheets]
        finally:
            book.close()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException) as error:
        raise InputError(f"{field}: cannot read {str(path)!r}: {error}") from None
    return next((sheet for sheet in sheets if any(any(row) for row in sheet)), [])


def _text(value: object) -> str:
    """A cell as text; whole numbers without a decimal point, as spreadsheets keep all numbers as fractions."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return encodable(str(value))


def _normalized(column: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", column.lower()).strip("_")
