"""Vessels that grew in disease, as they are seen: intraretinal shunts and tufts above the retina."""

import math
from collections.abc import Callable

import numpy as np

from octa_svr_dataset.findings.facts import NewVesselsFinding
from octa_svr_dataset.findings.kernels import counts_of, quantile_of, within
from octa_svr_dataset.findings.visibility import GRAYS, KEPT_DIGITS, View, largest_first, median_gray, window_around

RIM_MM = 0.08
"""Width of the surroundings with which they are compared."""

IRMA_LEAST_CONTRAST = 32.0
"""Gray levels by which the median of a shunt must outshine that of its surroundings.

Set, as that of tufts, so that at most one in twenty regions of the same shape is as bright in the healthy twin, and in
the same eye without new vessels, whose dropout makes the surroundings dark (`tests/statistical/test_visibility.py`).
Medians tell them apart better than means: the few bright vessels that cross a region hardly count.
"""

IRMA_LEAST_BRIGHT_SHARE = 0.55
"""Share of them that must outshine three quarters of the surroundings; of a part of a healthy bed, a quarter does."""

LEAST_BARE = 0.5
"""Where tufts leave a smaller share of a shunt bare, it cannot be told from them."""

TUFT_LEAST_BRIGHT_SHARE = 0.36
"""The same share of tufts; the loops of a wide-meshed one over dropout are plain to the eye from there on."""

IRMA_LEAST_AREA_MM2 = 0.004
"""A smaller piece of a shunt cannot be told from a vessel that crosses: 0.2 mm of one that is 0.02 mm wide."""

TUFT_LEAST_CONTRAST = 18.0
"""The same of a tuft, gaps between its vessels included."""

SMALL_TUFT_MM2, SMALL_TUFT_LEAST_CONTRAST = 0.06, 36.0
"""A tuft of less than this area must outshine its surroundings by as much as that: an artery that crosses fills it."""

TUFT_LEAST_AREA_MM2 = 0.03
"""A smaller tuft cannot be told from a knot of capillaries."""


def observe_irma(view: View) -> tuple[NewVesselsFinding, ...]:
    """Measure every intraretinal microvascular abnormality."""
    labels, above = view.rendering.layers.irma, view.rendering.layers.neovascularization
    return _observe(view, labels, above, _is_shunt)


def observe_neovascularization(view: View) -> tuple[NewVesselsFinding, ...]:
    """Measure every tuft of new vessels."""
    labels = view.rendering.layers.neovascularization
    nothing = np.zeros_like(labels)
    return _observe(view, labels, nothing, _is_tuft)


def _is_shunt(area_mm2: float, contrast: float, bright_share: float) -> bool:
    """Whether what is so large and bright is seen as a shunt."""
    return (
        area_mm2 >= IRMA_LEAST_AREA_MM2 and contrast >= IRMA_LEAST_CONTRAST and bright_share >= IRMA_LEAST_BRIGHT_SHARE
    )


def _is_tuft(area_mm2: float, contrast: float, bright_share: float) -> bool:
    """The same of a tuft."""
    least_contrast = SMALL_TUFT_LEAST_CONTRAST if area_mm2 < SMALL_TUFT_MM2 else TUFT_LEAST_CONTRAST
    return area_mm2 >= TUFT_LEAST_AREA_MM2 and contrast >= least_contrast and bright_share >= TUFT_LEAST_BRIGHT_SHARE


def _observe(
    view: View,
    labels: np.ndarray,
    above: np.ndarray,
    is_seen: Callable[[float, float, float], bool],
) -> tuple[NewVesselsFinding, ...]:
    image, fov = view.rendering.image, view.rendering.fov
    reach_px = fov.length_px(RIM_MM)
    findings = []
    for region in largest_first(labels):
        window = window_around(region, math.ceil(reach_px))
        inside = labels[window] == region.label
        rim = within(inside, reach_px) & (labels[window] == 0)
        around = counts_of(np.ascontiguousarray(image[window]), rim)
        surroundings, bright = (quantile_of(GRAYS, around, share) if rim.any() else 255.0 for share in (0.5, 0.75))
        contrast = median_gray(image[window], inside) - surroundings
        bright_share = float((image[window][inside] > bright).mean())
        area_mm2 = fov.area_mm2(float(region.area))
        findings.append(
            NewVesselsFinding(
                instance_id=region.label,
                is_visible=is_seen(area_mm2, contrast, bright_share)
                and float((above[window][inside] > 0).mean()) <= 1.0 - LEAST_BARE,
                **view.place(region),
                area_mm2=round(area_mm2, KEPT_DIGITS),
                box_px=region.bbox,
                contrast=round(contrast, 1),
            )
        )
    return tuple(findings)
