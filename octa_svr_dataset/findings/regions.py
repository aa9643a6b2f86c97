"""The four quadrants of a picture: how much of each is lost, and how dense its vessels are."""

import numpy as np

from octa_svr_dataset.findings.facts import DiffuseLossFinding, DropoutFinding, RegionFinding
from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.geometry import RING_LIMITS_MM
from octa_svr_dataset.measurement.vessels import VesselMap

QUADRANTS = ("superior", "nasal", "inferior", "temporal")


def observe_regions(
    view: View, dropouts: tuple[DropoutFinding, ...], diffuse_loss: DiffuseLossFinding, vessels: VesselMap
) -> tuple[RegionFinding, ...]:
    """Measure each quadrant from the end of the fovea outward, 0.5 mm from its center."""
    layers, fov = view.rendering.layers, view.rendering.fov
    visible = np.zeros(256, bool)
    visible[[dropout.instance_id for dropout in dropouts if dropout.is_visible]] = True
    is_lost = visible[layers.dropout]
    if diffuse_loss.is_visible:
        is_lost |= layers.diffuse_loss > 0
    number = _quadrants(view, fov.size_px)
    number[layers.faz > 0] = len(QUADRANTS)
    lost = _shares(number, is_lost)
    density = _shares(_quadrants(view, vessels.fov.size_px), vessels.mask)
    return tuple(
        RegionFinding(quadrant=name, lost_share=round(float(lost[n]), 3), density=round(float(density[n]), 4))
        for n, name in enumerate(QUADRANTS)
    )


def _quadrants(view: View, size_px: int) -> np.ndarray:
    """(S, S) int64. Number of the quadrant of each pixel, of a picture of S x S px of the field; 4 in the fovea."""
    fov = view.rendering.fov
    row, column = view.fovea_px * size_px / fov.size_px
    down, right = (np.arange(size_px) + 0.5 - row)[:, None], (np.arange(size_px) + 0.5 - column)[None, :]
    is_vertical = np.abs(down) > np.abs(right)
    is_nasal = (right > 0) == (view.laterality == "od")
    number = np.where(is_vertical, np.where(down > 0, 2, 0), np.where(is_nasal, 1, 3))
    number[down**2 + right**2 < (RING_LIMITS_MM[0] * size_px / fov.width_mm) ** 2] = len(QUADRANTS)
    return number


def _shares(number: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(4,) share of the pixels of each quadrant that belong to a mask."""
    inside = np.bincount(number.ravel(), minlength=5)[:4]
    return np.asarray(np.bincount(number[mask], minlength=5)[:4] / np.maximum(inside, 1))
