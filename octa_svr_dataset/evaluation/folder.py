"""A folder of pictures to evaluate on: which there are, what is known of each, and their pixels.

Either one subfolder a class (`healthy`, `npdr`, `pdr`, or a name in `CLASS_FOLDERS`), or pictures
without labels in the folder itself. Where a file `patients.csv` says whose each picture is, intervals heed it.
"""

from dataclasses import replace
from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.images import SYNTHETIC_NOTE, FolderImage, ImageFolder, LeftOut, Truth
from octa_svr_dataset.evaluation.patients import read_patients
from octa_svr_dataset.grading import Label
from octa_svr_dataset.picture_files import SUFFIXES

__all__ = ["CLASS_FOLDERS", "SYNTHETIC_NOTE", "FolderImage", "ImageFolder", "LeftOut", "Truth", "open_image_folder"]

_HEALTHY = Truth(is_diseased=False, label=Label.HEALTHY)
_NPDR = Truth(is_diseased=True, label=Label.NPDR)
_PDR = Truth(is_diseased=True, label=Label.PDR)
_DISEASED = Truth(is_diseased=True, label=None)

CLASS_FOLDERS = {
    "healthy": _HEALTHY,
    "normal": _HEALTHY,
    "control": _HEALTHY,
    "no_dr": _HEALTHY,
    "npdr": _NPDR,
    "non_proliferative": _NPDR,
    "pdr": _PDR,
    "proliferative": _PDR,
    "dr": _DISEASED,
    "diabetic_retinopathy": _DISEASED,
}
"""Names of subfolders that are understood, whatever their case; hyphens and spaces count as underscores."""


def open_image_folder(path: str | Path, *, field: str = "real_dir") -> ImageFolder:
    """List the pictures of a folder, without reading their pixels.

    Raises
    ------
    InputError
        There is no such folder, it holds no picture, a picture is no file, a subfolder with pictures names no
        class, or the table of patients does not fit.
    """
    root = Path(path)
    if not root.is_dir():
        raise InputError(f"{field}: there is no folder {str(root)!r}")
    unlabeled = tuple(FolderImage(path=file.relative_to(root), truth=None) for file in _pictures(root, field))
    labeled = tuple(
        FolderImage(path=file.relative_to(root), truth=_truth_of_folder(subfolder, field))
        for subfolder in sorted(root.iterdir())
        if subfolder.is_dir() and not subfolder.name.startswith(".")
        for file in _pictures(subfolder, field)
    )
    if unlabeled and labeled:
        raise InputError(
            f"{field}: {str(root)!r} holds pictures both in itself and in subfolders; allowed: one of the two"
        )
    if not unlabeled and not labeled:
        raise InputError(
            f"{field}: {str(root)!r} holds no picture ({', '.join(SUFFIXES)}), nor does a subfolder named after a class"
        )
    images = labeled or unlabeled
    patients = read_patients(root, [image.path for image in images], field=field)
    images = tuple(replace(image, patient=patients.get(image.path)) for image in images)
    return ImageFolder(root=root, images=images, is_synthetic=(root / SYNTHETIC_NOTE).is_file())


def _pictures(folder: Path, field: str) -> list[Path]:
    pictures = sorted(
        file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )
    for picture in pictures:
        if not picture.is_file():
            kind = "a folder" if picture.is_dir() else "a link that leads to no file"
            raise InputError(f"{field}: {str(picture)!r} is {kind}; allowed under the name of a picture: a file")
    return pictures


def _truth_of_folder(folder: Path, field: str) -> Truth:
    name = folder.name.lower().replace("-", "_").replace(" ", "_")
    if name not in CLASS_FOLDERS:
        raise InputError(
            f"{field}: the subfolder {folder.name!r} names no class; allowed: {', '.join(CLASS_FOLDERS)}, "
            "or pictures without labels in the folder itself"
        )
    return CLASS_FOLDERS[name]
