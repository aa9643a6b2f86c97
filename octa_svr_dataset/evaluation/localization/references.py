"""What finds the avascular zone without a model: the measurement of `octa-svr measure`, and a fixed box."""

import math
from collections.abc import Callable

import numpy as np

from octa_svr_dataset.evaluation.localization.kinds import TARGETS
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.faz import measure_faz
from octa_svr_dataset.text.answers import SCALE, Box, ObjectsAnswer

USUAL_AREA_MM2 = 0.257
"""Mean area of healthy avascular zones in 3 mm scans, the one of `octa_svr_dataset.measurement.faz`."""


def measured_zone(picture: np.ndarray, width_mm: float) -> ObjectsAnswer:
    """The box of the zone that `octa-svr measure` finds in an (H, H) uint8 picture; empty where it finds none."""
    found = measure_faz(picture, FieldOfView(width_mm=width_mm, size_px=len(picture)))
    if found is None:
        return _answer(None)
    rows, columns = np.nonzero(found.mask)
    scale = SCALE / len(picture)
    corners = (columns.min() * scale, rows.min() * scale, (columns.max() + 1) * scale, (rows.max() + 1) * scale)
    return _answer(Box(**dict(zip(("x1", "y1", "x2", "y2"), map(float, corners), strict=True))))


def central_box(picture: np.ndarray, width_mm: float) -> ObjectsAnswer:
    """A box in the center, as wide as a circular zone of the usual area, whatever the (H, H) picture shows."""
    del picture
    half = min(math.sqrt(USUAL_AREA_MM2 / math.pi) / width_mm, 0.5) * SCALE
    return _answer(Box(x1=SCALE / 2 - half, y1=SCALE / 2 - half, x2=SCALE / 2 + half, y2=SCALE / 2 + half))


ZONE_REFERENCES: dict[str, Callable[[np.ndarray, float], ObjectsAnswer]] = {
    "octa-svr measure": measured_zone,
    "central box (no picture)": central_box,
}


def _answer(box: Box | None) -> ObjectsAnswer:
    return ObjectsAnswer(kind=TARGETS["faz"].name, objects=() if box is None else (box,))
