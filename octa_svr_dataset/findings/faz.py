"""The foveal avascular zone, as it is seen."""

import math

import numpy as np

from octa_svr_dataset.findings.dropout import in_visible
from octa_svr_dataset.findings.facts import NO_ZONE, DropoutFinding, FazFinding
from octa_svr_dataset.findings.kernels import within
from octa_svr_dataset.findings.visibility import (
    KEPT_DIGITS,
    RIM_WIDTH_MM,
    AreaGrays,
    View,
    center_px,
    regions,
    window_around,
)
from octa_svr_dataset.geometry import direction_from_fovea

OPEN_RIM_MM = 0.02
"""Dropout this close to the avascular zone opens its border."""

MOST_COVERED = 0.2
"""With a larger share under a tuft of new vessels, the avascular zone cannot be made out."""

DELIMITED_MOST_OPEN = 0.5
"""With a larger share of its border open, the avascular zone has no place or size that can be seen."""

HEALTHY_AREA_MM2 = (0.257, 0.104)
"""Mean and standard deviation of the area in healthy eyes."""

LARGE_FROM_MM2 = HEALTHY_AREA_MM2[0] + 2.0 * HEALTHY_AREA_MM2[1]
"""A zone from this area on is large."""

SMALL_UP_TO_MM2 = HEALTHY_AREA_MM2[0] - 1.645 * HEALTHY_AREA_MM2[1]
"""A zone up to this area, the 5th percentile of that normal distribution, is small."""

CENTERED_WITHIN_MM = 0.1
"""The fovea counts as centered up to this distance from the center of the picture."""


def observe_faz(view: View, dropouts: tuple[DropoutFinding, ...]) -> FazFinding:
    """Measure the avascular zone; the areas of dropout tell where its border is open."""
    layers, fov = view.rendering.layers, view.rendering.fov
    found = next(regions(layers.faz), None)
    if found is None:
        return NO_ZONE
    centroid_px = center_px(found)
    rim_px = fov.length_px(RIM_WIDTH_MM)
    window = window_around(found, math.ceil(rim_px))
    zone, dropout = layers.faz[window] > 0, layers.dropout[window]
    border = within(zone, max(fov.length_px(OPEN_RIM_MM), 1.5)) & ~zone
    rim = within(zone, rim_px) & ~zone & (dropout == 0)
    covered_px = np.count_nonzero(zone & (layers.neovascularization[window] > 0))
    is_covered = covered_px / np.count_nonzero(zone) > MOST_COVERED
    if not border.any() or is_covered:  # no vessel delimits it, or a tuft lies over it
        return NO_ZONE
    is_open = border & in_visible(dropouts, dropout)
    share_open = float(np.count_nonzero(is_open) / np.count_nonzero(border))
    area_mm2 = fov.area_mm2(float(found.area))
    return FazFinding(
        is_visible=AreaGrays.of(view.rendering.image[window], zone, rim).is_darker,
        is_delimited=share_open <= DELIMITED_MOST_OPEN,
        area_mm2=round(area_mm2, KEPT_DIGITS),
        center_px=centroid_px,
        displacement=_displacement(fov.to_mm(np.array(centroid_px) - fov.size_px / 2)),
        borders_dropout=share_open > 0.0,
        box_px=found.bbox,
        circularity=round(_circularity(zone), KEPT_DIGITS),
        size=_size(area_mm2),
    )


def _circularity(zone: np.ndarray) -> float:
    """4 pi A / P^2 of a mask.

    Its perimeter by Crofton's formula: half pi times how often its border is crossed by lines along rows, columns and
    diagonals, by the distance of the lines; steps of pixels do not lengthen it so.
    """
    padded = np.pad(zone, 1)
    straight = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    slanted = (padded[1:, 1:] != padded[:-1, :-1]).sum() + (padded[1:, :-1] != padded[:-1, 1:]).sum()
    perimeter = math.pi / 8.0 * (float(straight) + float(slanted) / math.sqrt(2.0))
    return min(4.0 * math.pi * float(zone.sum()) / perimeter**2, 1.0)


def _size(area_mm2: float) -> str:
    if area_mm2 >= LARGE_FROM_MM2:
        return "large"
    return "small" if area_mm2 <= SMALL_UP_TO_MM2 else "usual"


def _displacement(offset_mm: np.ndarray) -> str:
    if np.linalg.norm(offset_mm) <= CENTERED_WITHIN_MM:
        return "centered"
    return direction_from_fovea(offset_mm)
