"""The release of OCTA-500 (Li et al. 2024, Medical Image Analysis 93, 103092, doi 10.1016/j.media.2024.103092).

`OCTA_3M` and `OCTA_6M` (or `_3mm`, `_6mm`) each hold `Projection Maps/OCTA(ILM_OPL)/10301.bmp` and, with the other two
projections, `Text labels.xlsx` with ID, Sex, OS/OD, Age, Disease; an ID is that of a patient, of whom it has one eye.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import ClassReader
from octa_svr_dataset.evaluation.folders.files import match_masks, pictures_in
from octa_svr_dataset.evaluation.folders.images import Listing, MaskKind
from octa_svr_dataset.evaluation.folders.labeled import label_images
from octa_svr_dataset.evaluation.folders.rows import match_rows
from octa_svr_dataset.evaluation.folders.tables import TableFile, read_table

PROJECTIONS_NAME = "projection maps"
SHEET_STEM = "text labels"
MASKS_NAME = "gt_faz"
"""Names of the release, in lower case."""

PROJECTIONS: Mapping[str, str] = {
    "superficial": "OCTA(ILM_OPL)",
    "full": "OCTA(FULL)",
    "deep": "OCTA(OPL_BM)",
}
"""Folder of the pictures, by the layer that they show."""

ID_COLUMN, LABEL_COLUMN = "ID", "Disease"


def find_projections(below: Sequence[Path]) -> list[Path]:
    """Those of some folders that hold projections; none where they are no release of OCTA-500."""
    return [folder for folder in below if folder.name.lower() == PROJECTIONS_NAME]


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
        pictures = folder / PROJECTIONS[layer]
        if not pictures.is_dir():
            raise InputError(
                f"layer: {str(folder)!r} has no folder {PROJECTIONS[layer]!r}; allowed: a layer whose folder is there, "
                f"of {', '.join(PROJECTIONS)}"
            )
        paths += [path.relative_to(root) for path in pictures_in(pictures, field=field)]
    if not paths:
        raise InputError(f"{field}: {str(root)!r} holds no picture of the layer {layer!r}")
    sheet = _read_sheets(root, below, field)
    matched, unmatched = match_rows(sheet, ID_COLUMN, paths, field=field)
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
    """All sheets of the release as one; each holds the pictures of one width."""
    files = [
        file
        for folder in below
        for file in sorted(folder.iterdir())
        if file.stem.lower().startswith(SHEET_STEM) and file.suffix.lower() in (".xlsx", ".csv")
    ]
    if not files:
        raise InputError(f"{field}: {str(root)!r} holds no file 'Text labels.xlsx'; allowed: with it, or with --labels")
    tables = [read_table(file, field=field) for file in files]
    for table in tables:
        for column in (ID_COLUMN, LABEL_COLUMN):
            if column not in table.columns:
                raise InputError(
                    f"{field}: {str(table.path)!r} has no column {column!r}; allowed: the sheet of the release, or "
                    "--labels with a table of your own"
                )
    rows = {tuple(row.items()): row for table in tables for row in table.rows}
    return TableFile(path=tables[0].path, columns=tables[0].columns, rows=tuple(rows.values()))


def _masks(root: Path, below: Sequence[Path], paths: Sequence[Path], field: str) -> dict[Path, dict[MaskKind, Path]]:
    """Masks of the avascular zone, where the archive of labels is unpacked below the folder, too."""
    masks: dict[Path, dict[MaskKind, Path]] = {path: {} for path in paths}
    for folder in below:
        if folder.name.lower() == MASKS_NAME:
            files = pictures_in(folder, field=field)
            for file, path in match_masks(files, paths, base=folder, field=field).items():
                masks[path]["faz"] = file.relative_to(root)
    return masks
