"""Microaneurysms, as they are seen."""

import math

import numpy as np
from scipy import ndimage

from octa_svr_dataset.findings.facts import MicroaneurysmFinding
from octa_svr_dataset.findings.kernels import counts_around, quantile_of
from octa_svr_dataset.findings.visibility import GRAYS, KEPT_DIGITS, View, center_px, regions, window_around

MICROANEURYSM_LEAST_CONTRAST = (57.0, 23.0)
"""Gray levels by which a small and a large dot must outshine nine tenths of their surroundings, capillaries included.

Set so that the brightest spots of a healthy eye, of the same size, pass less than once in two pictures: large spots
that are as bright all over are rare.
"""

FINE_PIXELS_EXPONENT = 0.3
"""Finer pixels than `DOT_PITCH_MM` show spots less blurred: the limit grows with this power of how much finer."""

CONTRAST_DIAMETERS_PX = (4.5, 8.0)
"""Diameters up to which a dot is small, and from which on it is large; between them, the limit falls evenly."""

MICROANEURYSM_LEAST_DIAMETER_PX = 4.5
"""A smaller dot cannot be told from a knot of capillaries."""

SURROUNDINGS_PX = (1.5, 5.0)
"""Distances from a dot between which its surroundings lie."""

DOT_PITCH_MM = 3.0 / 304
"""These limits hold for pixels of this width or wider; finer ones show no more than the scanner saw, and count less."""

_EIGHT_NEIGHBORS = np.ones((3, 3))


def observe_microaneurysms(view: View) -> tuple[MicroaneurysmFinding, ...]:
    """Measure every microaneurysm."""
    labels, fov = view.rendering.layers.microaneurysms, view.rendering.fov
    findings = []
    scale = max(fov.length_px(DOT_PITCH_MM), 1.0)
    nearest_px, farthest_px = (scale * limit_px for limit_px in SURROUNDINGS_PX)
    for region in regions(labels):
        window = window_around(region, math.ceil(farthest_px))
        inside = labels[window] == region.label
        image = np.ascontiguousarray(view.rendering.image[window])
        brightest = quantile_of(GRAYS, counts_around(image, inside, nearest_px, farthest_px), 0.9)
        contrast = float(image[inside].mean() - brightest)
        diameter_px = region.diameter_px
        findings.append(
            MicroaneurysmFinding(
                instance_id=region.label,
                is_visible=diameter_px >= scale * MICROANEURYSM_LEAST_DIAMETER_PX
                and contrast >= least_contrast(diameter_px / scale) * scale**FINE_PIXELS_EXPONENT
                and _is_whole(inside),
                **view.place(region),
                center_px=center_px(region),
                diameter_um=round(diameter_px * fov.mm_per_px * 1000.0, KEPT_DIGITS),
                contrast=round(contrast, 1),
            )
        )
    return tuple(findings)


def least_contrast(diameter_px: float) -> float:
    """Gray levels by which a dot must outshine its surroundings, by its diameter in pixels of `DOT_PITCH_MM`."""
    (small_px, large_px), (of_small, of_large) = CONTRAST_DIAMETERS_PX, MICROANEURYSM_LEAST_CONTRAST
    beyond_px = min(max(diameter_px, small_px), large_px) - small_px
    return of_small + (of_large - of_small) / (large_px - small_px) * beyond_px


def _is_whole(inside: np.ndarray) -> bool:
    """Whether a region hangs together; eye movements may cut one in two."""
    return int(ndimage.label(inside, structure=_EIGHT_NEIGHBORS)[1]) == 1
