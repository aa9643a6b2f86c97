"""Every picture is read once: those that cannot be, blank ones and copies of others are left out, and said to be."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from octa_svr_dataset.command import encodable
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.images import FolderImage, LeftOut, class_name
from octa_svr_dataset.picture_files import read_image

BLANK = "it is blank"
NOT_UTF8 = "its name is not in UTF-8"


def screened(root: Path, images: Iterable[FolderImage], *, field: str) -> tuple[list[FolderImage], list[LeftOut]]:
    """The pictures that are worth asking about, in the order of their paths, and the others.

    Copies are pictures of equal pixels, whatever their files; the first one stays, with what is known of any.

    Raises
    ------
    InputError
        Copies have labels that contradict each other, or nothing is left.
    """
    kept: dict[str, FolderImage] = {}
    left_out = []
    for image in sorted(images, key=lambda image: image.path):
        name = encodable(image.path.as_posix())
        if name != image.path.as_posix():
            left_out.append(LeftOut(name=name, reason=NOT_UTF8))
            continue
        try:
            pixels = np.asarray(read_image(root / image.path))
        except InputError as error:
            left_out.append(LeftOut(name=name, reason=str(error)))
            continue
        if pixels.min() == pixels.max():
            left_out.append(LeftOut(name=name, reason=BLANK))
            continue
        key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
        if key in kept:
            left_out.append(LeftOut(name=name, reason=f"the same pixels as {kept[key].path.as_posix()!r}"))
            kept[key] = _merged(kept[key], image, field)
        else:
            kept[key] = image
    if not kept:
        raise InputError(_nothing_left(root, left_out, field))
    return list(kept.values()), left_out


def _nothing_left(root: Path, left_out: list[LeftOut], field: str) -> str:
    if not left_out:
        return (
            f"{field}: {str(root)!r} holds no picture of a class that is asked about; allowed: healthy, npdr, pdr, dr"
        )
    first = left_out[0]
    if first.reason == BLANK:
        return f"{field}: {str(root / first.name)!r} is blank; allowed: pictures of eyes"
    if first.reason == NOT_UTF8:
        return f"{field}: {str(root / first.name)!r}: {NOT_UTF8}; allowed: names in UTF-8"
    return first.reason


def _merged(first: FolderImage, copy: FolderImage, field: str) -> FolderImage:
    """What is known of a picture by itself and by its copy."""
    if first.truth is not None and copy.truth is not None and first.truth.contradicts(copy.truth):
        raise InputError(
            f"{field}: {first.path.as_posix()!r} and {copy.path.as_posix()!r} have the same pixels, but are labeled "
            f"{class_name(first.truth)} and {class_name(copy.truth)}; allowed: one class a picture"
        )
    if first.patient is not None and copy.patient is not None and first.patient != copy.patient:
        raise InputError(
            f"{field}: {first.path.as_posix()!r} and {copy.path.as_posix()!r} have the same pixels, but are of the "
            f"patients {first.patient!r} and {copy.patient!r}; allowed: one patient a picture"
        )
    truth = copy.truth if first.truth is None or first.truth.label is None else first.truth
    return replace(
        first,
        truth=truth or first.truth,
        patient=first.patient or copy.patient,
        masks={**copy.masks, **first.masks},
    )
