"""The release of DRAC22 (Qian et al. 2024, Patterns 5, 100929, doi 10.1016/j.patter.2024.100929): ultra-wide pictures.

Each task has a folder with `1. Original Images` and `2. Groundtruths`. Of `C. Diabetic Retinopathy Grading`, a CSV says
the grade of each picture (0 none, 1 npdr, 2 pdr); of `A. Segmentation`, there are masks. The quality that task B asks
for is none of our questions. These pictures are a track of their own, as no scan of the macula compares with them.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import MAPPED, ClassReader
from octa_svr_dataset.evaluation.folders.files import folders_in, match_masks, pictures_in
from octa_svr_dataset.evaluation.folders.images import FolderImage, LeftOut, Listing, MaskKind
from octa_svr_dataset.evaluation.folders.labeled import counted, label_images
from octa_svr_dataset.evaluation.folders.rows import match_rows
from octa_svr_dataset.evaluation.folders.tables import FILE_COLUMNS, ID_COLUMNS, LABEL_COLUMNS, read_table

IMAGES_NAME = "1. original images"
TRUTHS_NAME = "2. groundtruths"
"""Names of the release, in lower case."""

GRADES = {"0": MAPPED["healthy"], "1": MAPPED["npdr"], "2": MAPPED["pdr"]}
"""What its grades mean; a label map may overrule it."""

_KINDS: tuple[tuple[str, MaskKind], ...] = (
    ("intraretinal", "irma"),
    ("nonperfusion", "nonperfusion"),
    ("neovascularization", "neovascularization"),
)


def find_tasks(below: Sequence[Path], *, field: str) -> list[Path]:
    """Those of some folders that are a task's; none where they are no release of DRAC22."""
    return [
        folder
        for folder in below
        if {IMAGES_NAME, TRUTHS_NAME} <= {subfolder.name.lower() for subfolder in folders_in(folder, field=field)}
    ]


def list_drac22(root: Path, tasks: Sequence[Path], reader: ClassReader, *, field: str) -> Listing:
    """Pictures of the tasks that have grades or masks; without either, pictures are left out.

    Raises
    ------
    InputError
        There is no such picture, or a table of grades does not fit.
    """
    images: list[FolderImage] = []
    left_out: list[LeftOut] = []
    for task in tasks:
        name = task.name.lower()
        if "segmentation" in name:
            found, left = _segmentation(root, task, field)
        elif "grading" in name:
            found, left = _grading(root, task, reader.extended(GRADES), field)
        else:
            found, left = [], [LeftOut(name=task.relative_to(root).as_posix(), reason="this task is not asked about")]
        images += found
        left_out += left
    if not images:
        raise InputError(
            f"{field}: no task of {str(root)!r} has pictures with grades or masks; allowed: tasks A and C of DRAC22"
        )
    images = [replace(image, is_ultra_wide=True) for image in images]
    return Listing(layout="drac22", images=tuple(images), left_out=tuple(left_out))


def _grading(root: Path, task: Path, reader: ClassReader, field: str) -> tuple[list[FolderImage], list[LeftOut]]:
    images: list[FolderImage] = []
    left_out: list[LeftOut] = []
    files = {_letter(file): file for file in sorted(_below(task, TRUTHS_NAME, field).glob("*.csv"))}
    for folder in folders_in(_below(task, IMAGES_NAME, field), field=field):
        paths = [path.relative_to(root) for path in pictures_in(folder, field=field)]
        if not paths:
            continue
        if _letter(folder) not in files:
            left_out.append(_without(folder, root, len(paths), "grades"))
            continue
        table = read_table(files[_letter(folder)], field=field)
        id_column = table.needed_column(None, (*FILE_COLUMNS, *ID_COLUMNS), option="id_column", thing="a file")
        column = table.needed_column(None, LABEL_COLUMNS, option="label_column", thing="a grade")
        matched, unmatched = match_rows(table, id_column, paths, root, field=field)
        classes = {entry.path: entry.row[column] for entry in matched}
        labeled, left = label_images(table, matched, classes, reader, field=field, what="the grade")
        images += labeled
        left_out += [*left, *unmatched]
    return images, left_out


def _segmentation(root: Path, task: Path, field: str) -> tuple[list[FolderImage], list[LeftOut]]:
    images: list[FolderImage] = []
    left_out: list[LeftOut] = []
    truths = {_letter(folder): folder for folder in folders_in(_below(task, TRUTHS_NAME, field), field=field)}
    for folder in folders_in(_below(task, IMAGES_NAME, field), field=field):
        paths = [path.relative_to(root) for path in pictures_in(folder, field=field)]
        masks = _masks(root, truths[_letter(folder)], paths, field) if _letter(folder) in truths else {}
        images += [FolderImage(path=path, truth=None, masks=masks[path]) for path in paths if path in masks]
        if len(masks) < len(paths):
            left_out.append(_without(folder, root, len(paths) - len(masks), "masks"))
    return images, left_out


def _masks(root: Path, truths: Path, paths: Sequence[Path], field: str) -> dict[Path, dict[MaskKind, Path]]:
    masks: dict[Path, dict[MaskKind, Path]] = {}
    for folder in folders_in(truths, field=field):
        kind = next((kind for word, kind in _KINDS if word in folder.name.lower()), None)
        if kind is not None:
            files = pictures_in(folder, field=field)
            for file, path in match_masks(files, paths, base=folder, field=field).items():
                masks.setdefault(path, {})[kind] = file.relative_to(root)
    return masks


def _below(task: Path, name: str, field: str) -> Path:
    return next(folder for folder in folders_in(task, field=field) if folder.name.lower() == name)


def _letter(path: Path) -> str:
    """Pictures and truths of a split go by the same letter, as in `a. Training Set`."""
    return path.name.partition(".")[0].strip().lower()


def _without(folder: Path, root: Path, number: int, missing: str) -> LeftOut:
    (entry,) = counted({folder.relative_to(root).as_posix(): [f"no {missing}"] * number})
    return entry
