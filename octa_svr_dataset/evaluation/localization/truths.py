"""Where things truly lie in a picture, in the coordinates of the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage, ImageFolder
from octa_svr_dataset.evaluation.folders.images import MaskKind
from octa_svr_dataset.evaluation.localization.kinds import TARGET_OF_MASK, TARGETS
from octa_svr_dataset.evaluation.preprocessing import Preprocessing
from octa_svr_dataset.example import Example
from octa_svr_dataset.findings import Findings
from octa_svr_dataset.picture_files import read_image
from octa_svr_dataset.scoring.places import LAYER_OF_KIND
from octa_svr_dataset.text.answers import SCALE, Box, Point

LEAST_SIDE = 4.0
"""What is smaller than this in width and height, in thousandths of the picture, is a speck of the mask: no object."""

LESIONS: tuple[MaskKind, ...] = ("nonperfusion", "irma", "neovascularization")

DRAWS_ALL = "drac22"
"""Layout whose masks outline all lesions of a picture: where there is no mask of a kind, there is no such lesion."""

_TOUCHING = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """All objects of a kind in a picture of H x H px."""

    objects: tuple[Box | Point, ...]
    layer: np.ndarray
    """(H, H) uint16. Number of the object, from 1; 0 outside."""


def mask_kinds(folder: ImageFolder, image: FolderImage) -> tuple[str, ...]:
    """Kinds of which a folder says where they lie in a picture, or that there are none; names of `TARGETS`."""
    told = {*image.masks, *(LESIONS if image.masks and folder.layout == DRAWS_ALL else ())}
    return tuple(target for kind, target in TARGET_OF_MASK.items() if kind in told)


def places_in_folder(
    folder: ImageFolder, image: FolderImage, target: str, preprocessing: Preprocessing, size_px: tuple[int, int]
) -> Places:
    """Objects of a kind in a picture of a folder, as the model sees it.

    Parameters
    ----------
    folder, image, preprocessing
        The picture, and how it is shown.
    target
        Name in `TARGETS`.
    size_px
        Width and height of the picture in its file.

    Raises
    ------
    InputError
        The mask cannot be read, or is not of the picture's size.
    """
    path = next((path for kind, path in image.masks.items() if TARGET_OF_MASK[kind] == target), None)
    if path is None:
        return places_in_mask(np.zeros((preprocessing.size_px,) * 2, bool), target)
    mask = read_image(folder.root / path)
    if mask.size != size_px:
        raise InputError(
            f"real_dir: the mask {path.as_posix()!r} has {mask.width} x {mask.height} px, its picture "
            f"{size_px[0]} x {size_px[1]}; allowed: masks of the size of their pictures"
        )
    drawn = Image.fromarray(np.where(np.asarray(mask) > 0, 255, 0).astype(np.uint8))
    return places_in_mask(np.asarray(preprocessing.apply_to_mask(drawn, image.field_of_view_mm)) > 0, target)


def places_in_mask(mask: np.ndarray, target: str) -> Places:
    """Connected parts of a mask, (H, H) bool; of the avascular zone, of which there is one, the largest."""
    numbers, _ = ndimage.label(mask, structure=_TOUCHING)
    parts = [
        (box, number)
        for number, place in enumerate(ndimage.find_objects(numbers), start=1)
        if (box := _box(place, len(mask))) is not None
    ]
    if target == "faz" and parts:
        sizes = np.bincount(numbers.ravel())
        parts = [max(parts, key=lambda part: int(sizes[part[1]]))]
    renumbered = np.zeros(int(numbers.max()) + 1, np.uint16)
    renumbered[[number for _, number in parts]] = np.arange(1, len(parts) + 1, dtype=np.uint16)
    return Places(objects=tuple(box for box, _ in parts), layer=renumbered[numbers])


def places_in_example(example: Example) -> dict[str, Places]:
    """Visible objects of each kind in a synthetic picture, as the training texts give them."""
    layers = example.rendering.layers.as_dict()
    size_px = example.rendering.fov.size_px
    found = {}
    for target, asked in TARGETS.items():
        seen = asked.said.visible(example.findings)
        objects = said_places(example.findings, target, size_px)
        layer = layers[LAYER_OF_KIND[asked.name]]
        numbers = [getattr(finding, "instance_id", 1) for finding in seen]
        renumbered = np.zeros(max(int(layer.max()), *numbers, 0) + 1, np.uint16)
        renumbered[numbers] = np.arange(1, len(numbers) + 1, dtype=np.uint16)
        found[target] = Places(objects=objects, layer=renumbered[layer])
    return found


def said_places(findings: Findings, target: str, size_px: int) -> tuple[Box | Point, ...]:
    """Visible objects of a kind in a synthetic picture, in the order of its findings."""
    asked = TARGETS[target]
    return tuple(_said(finding, asked.is_point, size_px) for finding in asked.said.visible(findings))


def as_record(place: Box | Point) -> dict[str, list[float]]:
    """A box or a point in the convention of the answers."""
    if isinstance(place, Point):
        return {"point_2d": [place.x, place.y]}
    return {"bbox_2d": [place.x1, place.y1, place.x2, place.y2]}


def answer_json(objects: tuple[Box | Point, ...], name: str) -> list[Mapping[str, Any]]:
    """What the right answer would be, as JSON holds it."""
    return [as_record(place) | {"label": name} for place in objects]


def _said(finding: Any, is_point: bool, size_px: int) -> Box | Point:
    """A finding in whole thousandths, as in the training texts."""
    if is_point:
        row, column = (round(SCALE * place_px / size_px) for place_px in finding.center_px)
        return Point(x=column, y=row)
    row, column, row_end, column_end = (round(SCALE * edge_px / size_px) for edge_px in finding.box_px)
    return Box(x1=column, y1=row, x2=column_end, y2=row_end)


def _box(place: tuple[slice, slice], size_px: int) -> Box | None:
    """The box of a part of a mask in whole thousandths; absent where it is a speck."""
    rows, columns = place
    if max(rows.stop - rows.start, columns.stop - columns.start) * SCALE / size_px < LEAST_SIDE:
        return None
    x1, y1 = round(SCALE * columns.start / size_px), round(SCALE * rows.start / size_px)
    x2, y2 = round(SCALE * columns.stop / size_px), round(SCALE * rows.stop / size_px)
    return Box(x1=x1, y1=y1, x2=max(x2, x1 + 1), y2=max(y2, y1 + 1))
