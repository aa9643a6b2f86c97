"""The four quadrants of a picture: how much of each is lost, and how dense its vessels are."""

import numpy as np

from octa_svr_dataset.findings.dropout import in_visible
from octa_svr_dataset.findings.facts import DiffuseLossFinding, DropoutFinding, RegionFinding
from octa_svr_dataset.findings.kernels import quadrant_sums
from octa_svr_dataset.findings.visibility import KEPT_DIGITS, View
from octa_svr_dataset.geometry import RING_LIMITS_MM
from octa_svr_dataset.measurement.vessels import VesselMap

QUADRANTS = ("superior", "nasal", "inferior", "temporal")


def observe_regions(
    view: View, dropouts: tuple[DropoutFinding, ...], diffuse_loss: DiffuseLossFinding, vessels: VesselMap
) -> tuple[RegionFinding, ...]:
    """Measure each quadrant from the end of the fovea outward, 0.5 mm from its center."""
    layers = view.rendering.layers
    is_lost = in_visible(dropouts, layers.dropout)
    if diffuse_loss.is_visible:
        is_lost |= layers.diffuse_loss > 0
    lost = _shares(view, is_lost, layers.faz > 0)
    density = _shares(view, vessels.mask, np.zeros_like(vessels.mask))
    return tuple(
        RegionFinding(
            quadrant=name, lost_share=round(lost[name], KEPT_DIGITS), density=round(density[name], KEPT_DIGITS)
        )
        for name in QUADRANTS
    )


def _shares(view: View, mask: np.ndarray, excluded: np.ndarray) -> dict[str, float]:
    """Share of each quadrant that belongs to an (S, S) mask of the field, what is excluded left out."""
    fov = view.rendering.fov
    row, column = (view.fovea_px * len(mask) / fov.size_px).tolist()
    inside, whole = quadrant_sums(mask, excluded, (row, column), RING_LIMITS_MM[0] * len(mask) / fov.width_mm)
    sides = ("nasal", "temporal") if view.laterality == "od" else ("temporal", "nasal")
    return dict(
        zip(("superior", sides[0], "inferior", sides[1]), (inside / np.maximum(whole, 1)).tolist(), strict=True)
    )
