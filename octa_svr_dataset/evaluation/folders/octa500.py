"""The release of OCTA-500 (Li et al. 2024, Medical Image Analysis 93, 103092, doi 10.1016/j.media.2024.103092).

`OCTA_3M` and `OCTA_6M` (or `_3mm`, `_6mm`) each hold `Projection Maps/OCTA(ILM_OPL)/10301.bmp` and, with the other two
projections, `Text labels.xlsx` with ID, Sex, OS/OD, Age, Disease; an ID is that of a patient, of whom it has one eye.
Archives of several years and copies of them write these names with or without spaces and underscores.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import ClassReader
from octa_svr_dataset.evaluation.folders.files import folders_in, match_masks, pictures_in
from octa_svr_dataset.evaluation.folders.images import Listing, MaskKind
from octa_svr_dataset.evaluation.folders.labeled import label_images
from octa_svr_dataset.evaluation.folders.rows import match_rows
from octa_svr_dataset.evaluation.folders.tables import TableFile, read_table

PROJECTIONS_NAME = "projectionmaps"
SHEET_STEM = "textlabel"
MASKS_NAMES = ("gtfaz", "faz")
"""Names of the release, as `_plain` makes them."""

PROJECTIONS: Mapping[str, str] = {
    "superficial": "OCTA(ILM_OPL)",
    "full": "OCTA(FULL)",
    "deep": "OCTA(OPL_BM)",
}
"""Folder of the pictures, by the layer that they show."""

ID_COLUMN, LABEL_COLUMN = "ID", "Disease"
COLUMNS = (ID_COLUMN, "Sex", "OS/OD", "Age", LABEL_COLUMN)
"""Columns of its sheets."""


def find_projections(below: Sequence[Path]) -> list[Path]:
    """Those of some folders that hold projections; none where they are no release of OCTA-500."""
    return [folder for folder in below if _plain(folder.name) == PROJECTIONS_NAME]


def list_octa500(root: Path, below: Sequence[Path], layer: str, reader: ClassReader, *, field: str) -> Listing:
    """Pictures of a layer, with what the sheets of the release say of them.

    Parameters
    ----------
    root
        The folder.
    below
        It and the folders in it, as far as projections, sheets and masks are looked for.
    layer
        Which pictures to take.
    reader
        Reads the diseases.
    field
        Name of the folder in messages.

    Raises
    ------
    InputError
        The layer or the sheet is missing, or the sheet does not fit.
    """
    if layer not in PROJECTIONS:
        raise InputError(f"layer: unknown name {layer!r}; allowed: {', '.join(PROJECTIONS)}")
    paths = []
    for folder in find_projections(below):
        pictures = _named(folders_in(folder, field=field), PROJECTIONS[layer])
        if pictures is None:
            raise InputError(
                f"layer: {str(folder)!r} has no folder {PROJECTIONS[layer]!r}; allowed: a layer whose folder is there, "
                f"of {', '.join(PROJECTIONS)}"
            )
        paths += [path.relative_to(root) for path in pictures_in(pictures, field=field)]
    if not paths:
        raise InputError(f"{field}: {str(root)!r} holds no picture of the layer {layer!r}")
    sheet = _read_sheets(root, below, field)
    matched, unmatched = match_rows(sheet, ID_COLUMN, paths, root, field=field)
    classes = {entry.path: entry.row[LABEL_COLUMN] for entry in matched}
    images, left_out = label_images(sheet, matched, classes, reader, field=field, what="the disease")
    masks = _masks(root, below, [image.path for image in images], field)
    images = [
        replace(
            image,
            patient=image.path.stem,
            field_of_view_mm=field_width_mm(root.resolve() / image.path),
            masks=masks[image.path],
        )
        for image in images
    ]
    return Listing(layout="octa500", images=tuple(images), left_out=(*left_out, *unmatched))


def field_width_mm(path: Path) -> float | None:
    """Width of the field of a picture, by the folder that it lies in, else by its number; None where neither says."""
    named = [match for part in path.parts for match in re.findall(r"(?i)octa_?([36])m{1,2}(?![a-z])", part)]
    if named:
        return float(named[-1])
    if re.fullmatch(r"10[0-5]\d\d", path.stem):
        return 6.0 if int(path.stem) <= 10300 else 3.0
    return None


def _read_sheets(root: Path, below: Sequence[Path], field: str) -> TableFile:
    """All sheets of the release as one; each holds the pictures of one width, and may spell columns its own way."""
    files = [
        file
        for folder in below
        for file in sorted(folder.iterdir())
        if _plain(file.stem).startswith(SHEET_STEM) and file.suffix.lower() in (".xlsx", ".csv")
    ]
    if not files:
        raise InputError(f"{field}: {str(root)!r} holds no file 'Text labels.xlsx'; allowed: with it, or with --labels")
    sheets = [_read_sheet(file, field) for file in files]
    spellings: dict[str, str] = {}
    for column in (*COLUMNS, *(column for sheet in sheets for column in sheet.columns)):
        spellings.setdefault(_column_key(column), column)
    rows = {tuple(row.items()): row for sheet in sheets for row in _respelled(sheet, spellings)}
    columns = tuple(dict.fromkeys(column for row in rows.values() for column in row))
    filled = tuple(dict.fromkeys(columns, "") | row for row in rows.values())
    return TableFile(path=files[0], columns=columns, rows=filled)


def _read_sheet(file: Path, field: str) -> TableFile:
    """A sheet, with the two columns that are needed."""
    table = read_table(file, field=field)
    for column in (ID_COLUMN, LABEL_COLUMN):
        if _column_key(column) not in map(_column_key, table.columns):
            raise InputError(
                f"{field}: {str(file)!r} has no column {column!r}; allowed: the sheet of the release, or --labels with "
                "a table of your own"
            )
    return table


def _respelled(sheet: TableFile, spellings: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows of a sheet, with columns as `spellings` writes them; of several that are spelled alike, the first counts."""
    names = {spellings[_column_key(column)]: column for column in reversed(sheet.columns)}
    return [{spelling: row[column] for spelling, column in names.items()} for row in sheet.rows]


def _column_key(column: str) -> str:
    """What a column goes by; one without Latin letters goes by itself."""
    return _plain(column) or column


def _masks(root: Path, below: Sequence[Path], paths: Sequence[Path], field: str) -> dict[Path, dict[MaskKind, Path]]:
    """Masks of the avascular zone, where the archive of labels is unpacked below the folder, too."""
    masks: dict[Path, dict[MaskKind, Path]] = {path: {} for path in paths}
    for folder in below:
        if _plain(folder.name) in MASKS_NAMES:
            files = pictures_in(folder, field=field)
            for file, path in match_masks(files, paths, base=folder, field=field).items():
                mask = file.relative_to(root)
                earlier = masks[path].setdefault("faz", mask)
                if earlier != mask:
                    raise InputError(
                        f"{field}: {path.as_posix()!r} has two masks of the avascular zone, {earlier.as_posix()!r} and "
                        f"{mask.as_posix()!r}; allowed: one"
                    )
    return masks


def _plain(name: str) -> str:
    """Letters and digits of a name, in lower case."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


def _named(folders: Sequence[Path], name: str) -> Path | None:
    return next((folder for folder in folders if _plain(folder.name) == _plain(name)), None)
