"""How well boxes and points agree with the true ones, matched one to one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from octa_svr_dataset.text.answers import SCALE, Box, Point

HIT_IOU = 0.5
"""Boxes that overlap by this much (intersection over union) or more show the same object, as in PASCAL VOC."""

LEAST_IOU = 0.1
"""Boxes that overlap by less have nothing to do with each other."""

MASK_TOLERANCE = 10.0
"""A point hits an instance of a pixel layer at up to this distance from it: 3 px of 304, 30 um of a 3 mm field."""

POINT_TOLERANCE = 20.0
"""A point hits a true point at up to this distance, where no layer tells how large the object is."""

LAYER_OF_KIND = {
    "capillary dropout": "dropout",
    "microaneurysm": "microaneurysms",
    "intraretinal microvascular abnormality": "irma",
    "neovascularization": "neovascularization",
    "foveal avascular zone": "faz",
}
"""Pixel layer that holds the objects of a kind."""

_SIGNS = {
    "dropout": ("dropout", "perfusion", "ischemi"),
    "microaneurysms": ("aneurysm",),
    "irma": ("irma", "intraretinal microvascular"),
    "neovascularization": ("neovascular", "new vessel"),
    "faz": ("faz", "avascular zone"),
}
"""Parts of a label by which a kind is known, by its layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How lists of objects agree."""

    num_hits: int
    """Matched objects that show the same thing."""

    f1: float
    """Harmonic mean of the share of the answered objects that hit and of the true ones that are hit."""

    mean_overlap: float
    """Overlap of the matched ones, averaged over the longer list; that of a point that hits is 1."""


def names_another_kind(label: str, kind: str) -> bool:
    """Whether a label names objects of a kind other than the one asked for; an unknown label does not."""
    named = [layer for layer, signs in _SIGNS.items() if any(sign in label.lower() for sign in signs)]
    return bool(named) and LAYER_OF_KIND.get(kind, named[0]) not in named


def agreement(answered: tuple[Box | Point, ...], true: tuple[Box | Point, ...], layer: np.ndarray | None) -> Agreement:
    """How well objects agree with the true ones.

    Parameters
    ----------
    answered, true
        Objects, at least one of each.
    layer
        (H, W). Pixel layer of the kind, 0 outside and the instance's number inside, if it is known.
    """
    found = overlaps(answered, true, layer)
    found[found < LEAST_IOU] = 0.0
    matched = found[linear_sum_assignment(found, maximize=True)]
    num_hits = int((matched >= HIT_IOU).sum())
    return Agreement(
        num_hits=num_hits,
        f1=2.0 * num_hits / (len(answered) + len(true)),
        mean_overlap=float(matched.sum()) / max(len(answered), len(true)),
    )


def overlaps(answered: tuple[Box | Point, ...], true: tuple[Box | Point, ...], layer: np.ndarray | None) -> np.ndarray:
    """(A, T) float64. Overlap of each of A objects with each of T true ones; of points, whether they hit.

    Parameters
    ----------
    answered, true, layer
        As in `agreement`.
    """
    found = np.zeros((len(answered), len(true)))
    are_boxes = all(isinstance(place, Box) for place in (*answered, *true))
    for column, truth in enumerate(true):
        instance = None if layer is None or are_boxes else _instance_at(truth, layer)
        for row, place in enumerate(answered):
            found[row, column] = _overlap(place, truth, instance)
    return found


def points_at(place: Box | Point, layer: np.ndarray) -> bool:
    """Whether a point, or a box's center, lies on a pixel layer, (H, W), or within `MASK_TOLERANCE` of it."""
    x, y = _center(place)
    height, width = layer.shape
    top, left = (max(int((at - MASK_TOLERANCE) * side / SCALE) - 1, 0) for at, side in ((y, height), (x, width)))
    bottom, right = (int((at + MASK_TOLERANCE) * side / SCALE) + 2 for at, side in ((y, height), (x, width)))
    rows, columns = np.nonzero(layer[top:bottom, left:right])  # what lies farther off is no hit
    across, down = (columns + left + 0.5) * (SCALE / width) - x, (rows + top + 0.5) * (SCALE / height) - y
    return bool((np.hypot(across, down) <= MASK_TOLERANCE).any())


def layer_of(kind: str, layers: Mapping[str, np.ndarray] | None) -> np.ndarray | None:
    """The pixel layer of a kind, if it is among those given."""
    return None if layers is None else layers.get(LAYER_OF_KIND.get(kind, ""))


def _overlap(place: Box | Point, truth: Box | Point, instance: np.ndarray | None) -> float:
    """Overlap of boxes, or whether a point, or a box's center, hits."""
    if isinstance(place, Box) and isinstance(truth, Box):
        return _iou(place, truth)
    x, y = _center(place)
    if instance is not None:
        return float(np.hypot(instance[:, 0] - x, instance[:, 1] - y).min() <= MASK_TOLERANCE)
    if isinstance(truth, Box):
        return float(truth.x1 <= x <= truth.x2 and truth.y1 <= y <= truth.y2)
    return float(np.hypot(truth.x - x, truth.y - y) <= POINT_TOLERANCE)


def _iou(one: Box, other: Box) -> float:
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (_area(one) + _area(other) - shared)


def _area(box: Box) -> float:
    return (box.x2 - box.x1) * (box.y2 - box.y1)


def _center(place: Box | Point) -> tuple[float, float]:
    return (place.x, place.y) if isinstance(place, Point) else ((place.x1 + place.x2) / 2, (place.y1 + place.y2) / 2)


def _instance_at(truth: Box | Point, layer: np.ndarray) -> np.ndarray | None:
    """(P, 2) centers (x, y) of the pixels of the instance that a true object stands for, in thousandths; or none.

    That is the one which fills most of a box, or the one nearest to a point.
    """
    rows, columns = np.nonzero(layer)
    places = (np.stack([columns, rows], axis=1) + 0.5) * (SCALE / np.array(layer.shape[::-1]))
    instances = layer[rows, columns]
    if isinstance(truth, Box):
        low, high = np.array([truth.x1, truth.y1]), np.array([truth.x2, truth.y2])
        inside = instances[((places >= low) & (places <= high)).all(axis=1)]
        if inside.size == 0:
            return None
        number = np.bincount(inside).argmax()
    else:
        distances = np.hypot(places[:, 0] - truth.x, places[:, 1] - truth.y)
        if distances.size == 0 or distances.min() > MASK_TOLERANCE:
            return None
        number = instances[distances.argmin()]
    return np.asarray(places[instances == number])
