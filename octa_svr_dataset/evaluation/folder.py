"""A folder of pictures to evaluate on: which there are, what is known of each, and their pixels.

The layouts are those of laboratories (`folders/`, one module each): one subfolder a class, `metadata.csv` or
`metadata.jsonl`, a table of labels, the releases of OCTA-500 and DRAC22, or pictures without labels. Where a table or a
file `patients.csv` says whose each picture is, intervals heed it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import encodable
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import CLASS_FOLDERS, ClassReader, read_label_map
from octa_svr_dataset.evaluation.folders.drac22 import find_tasks, list_drac22
from octa_svr_dataset.evaluation.folders.files import folders_below, masks_below, pictures_below
from octa_svr_dataset.evaluation.folders.images import (
    SYNTHETIC_NOTE,
    FolderImage,
    ImageFolder,
    LeftOut,
    Listing,
    Truth,
)
from octa_svr_dataset.evaluation.folders.metadata import find_metadata, list_metadata
from octa_svr_dataset.evaluation.folders.octa500 import find_projections, list_octa500
from octa_svr_dataset.evaluation.folders.screening import screened
from octa_svr_dataset.evaluation.folders.subfolders import folder_of_classes, list_subfolders
from octa_svr_dataset.evaluation.folders.table import list_table
from octa_svr_dataset.evaluation.patients import PATIENTS_NAME, read_patients

__all__ = [
    "CLASS_FOLDERS",
    "SYNTHETIC_NOTE",
    "USUAL_LAYER",
    "FolderImage",
    "ImageFolder",
    "LeftOut",
    "Truth",
    "open_image_folder",
]

LEVELS = 4
"""How far below a folder the landmarks of a release are looked for: archives are unpacked in many ways."""

USUAL_LAYER = "superficial"
"""Layer that is taken of a release with several."""


def open_image_folder(
    path: str | Path,
    *,
    field: str = "real_dir",
    labels: Path | None = None,
    id_column: str | None = None,
    label_column: str | None = None,
    label_map: Path | None = None,
    layer: str = USUAL_LAYER,
    masks: str | None = None,
) -> ImageFolder:
    """List the pictures of a folder, whatever its layout; each is read once, to know that it can be.

    Folders of classes may lie in one that holds nothing else; that one is then the root of what is returned.

    Parameters
    ----------
    path
        The folder.
    field
        Name of the folder in messages.
    labels, id_column, label_column
        A table of labels with its columns of files or identifiers and of classes. Columns of a usual name are found
        without; the column of classes may be that of `metadata.csv`, too.
    label_map
        YAML file that says what classes of other names mean.
    layer
        Which layer to take of a release that has several: superficial, deep or full.
    masks
        What the masks outline that lie in `masks/` itself, where it has no subfolders that say it.

    Raises
    ------
    InputError
        There is no such folder, it holds no picture that can be evaluated, its pictures or tables contradict each
        other, or an option has no effect on it.
    """
    given = Path(path)
    if not str(path) or not given.is_dir():
        raise InputError(f"{field}: there is no folder {str(path)!r}")
    if encodable(str(given.resolve())) != str(given.resolve()):
        raise InputError(f"{field}: the name of {str(given.resolve())!r} is not in UTF-8; allowed: names in UTF-8")
    reader = read_label_map(label_map)
    root = given if labels is not None else folder_of_classes(given, reader, field=field)
    listing = _listing(root, reader, field, labels, id_column, label_column, layer)
    patients = _patients(root, listing, field)
    paths = [image.path for image in listing.images]
    masks_of, unused = masks_below(root, paths, kind_of_all=masks, field=field)
    images = [
        replace(
            image,
            patient=patients.get(image.path, image.patient),
            masks={**image.masks, **masks_of.get(image.path, {})},
        )
        for image in listing.images
    ]
    images, left_out = screened(root, images, field=field)
    return ImageFolder(
        root=root,
        images=tuple(images),
        options=_options(
            reader,
            labels=None if labels is None else str(labels),
            id_column=id_column,
            label_column=label_column,
            layer=layer if listing.layout == "octa500" else None,
            masks=masks,
        ),
        is_synthetic=any((folder / SYNTHETIC_NOTE).is_file() for folder in (given, root)),
        layout=listing.layout,
        left_out=tuple(
            LeftOut(name=encodable(entry.name), reason=encodable(entry.reason))
            for entry in (*listing.left_out, *unused, *left_out)
        ),
    )


def _listing(
    root: Path,
    reader: ClassReader,
    field: str,
    labels: Path | None,
    id_column: str | None,
    label_column: str | None,
    layer: str,
) -> Listing:
    """What the layout that fits makes of a folder; options that it has no use for are refused."""
    below = [] if labels is not None else folders_below(root, levels=LEVELS, field=field)
    tasks, projections = find_tasks(below, field=field), find_projections(below)
    tables = [] if labels is not None or tasks or projections else find_metadata(root, field=field)
    if id_column is not None and labels is None:
        raise InputError(f"id_column: got {id_column!r}, but no table by --labels; allowed: both")
    if label_column is not None and labels is None and not tables:
        raise InputError(
            f"label_column: got {label_column!r}, but no table by --labels, nor metadata.csv; allowed: both"
        )
    if layer != USUAL_LAYER and not projections:
        raise InputError(f"layer: got {layer!r}, but {str(root)!r} is no release of OCTA-500; allowed: {USUAL_LAYER}")
    if labels is not None:
        return list_table(root, labels, id_column, label_column, reader, field=field)
    if tasks:
        return list_drac22(root, tasks, reader, field=field)
    if projections:
        return list_octa500(root, below, layer, reader, field=field)
    if tables:
        return list_metadata(root, tables, label_column, reader, field=field)
    return list_subfolders(root, reader, field=field)


def _options(reader: ClassReader, **given: str | None) -> dict[str, Any]:
    """What a report must say of how a folder was read."""
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return options | ({"label_map": reader.as_record()} if reader.mapped else {})


def _patients(root: Path, listing: Listing, field: str) -> dict[Path, str]:
    """Whose each picture is, by `patients.csv`; empty where there is no such file."""
    if not (root / PATIENTS_NAME).exists():
        return {}
    if any(image.patient is not None for image in listing.images):
        raise InputError(
            f"{field}: both {PATIENTS_NAME} and the labels say whose the pictures are; allowed: one of them"
        )
    return read_patients(root, [path.relative_to(root) for path in pictures_below(root, field=field)], field=field)
