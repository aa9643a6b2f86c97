"""Microaneurysms, as they are seen."""

import math

import numpy as np
from scipy import ndimage
from skimage.measure import regionprops

from octa_svr_dataset.findings.facts import MicroaneurysmFinding
from octa_svr_dataset.findings.kernels import within
from octa_svr_dataset.findings.visibility import Region, View, center_px, window_around

MICROANEURYSM_LEAST_CONTRAST = (57.0, 23.0)
"""Gray levels by which a small and a large dot must outshine nine tenths of their surroundings, capillaries included.

Set so that the brightest spots of a healthy eye, of the same size, pass less than once in two pictures: large spots
that are as bright all over are rare.
"""

CONTRAST_DIAMETERS_PX = (4.5, 8.0)
"""Diameters up to which a dot is small, and from which on it is large; between them, the limit falls evenly."""

MICROANEURYSM_LEAST_DIAMETER_PX = 4.5
"""A smaller dot cannot be told from a knot of capillaries."""

SURROUNDINGS_PX = (1.5, 5.0)
"""Distances from a dot between which its surroundings lie."""

DOT_PITCH_MM = 3.0 / 304
"""These limits hold for pixels of this width or wider; finer ones show no more than the scanner saw, and count less."""


def observe_microaneurysms(view: View) -> tuple[MicroaneurysmFinding, ...]:
    """Measure every microaneurysm."""
    labels, fov = view.rendering.layers.microaneurysms, view.rendering.fov
    findings = []
    scale = max(fov.length_px(DOT_PITCH_MM), 1.0)
    nearest_px, farthest_px = (scale * limit_px for limit_px in SURROUNDINGS_PX)
    for region in regionprops(labels):
        window = window_around(region, math.ceil(farthest_px))
        inside = labels[window] == region.label
        surroundings = within(inside, farthest_px) & ~within(inside, nearest_px)
        image = view.rendering.image[window]
        contrast = float(image[inside].mean() - np.quantile(image[surroundings], 0.9))
        diameter_px = float(region.equivalent_diameter_area)
        findings.append(
            MicroaneurysmFinding(
                instance_id=int(region.label),
                is_visible=diameter_px >= scale * MICROANEURYSM_LEAST_DIAMETER_PX
                and contrast >= least_contrast(diameter_px / scale)
                and _is_whole(region),
                **view.place(region),
                center_px=center_px(region),
                diameter_um=round(diameter_px * fov.mm_per_px * 1000.0, 1),
                contrast=round(contrast, 1),
            )
        )
    return tuple(findings)


def least_contrast(diameter_px: float) -> float:
    """Gray levels by which a dot must outshine its surroundings, by its diameter in pixels of `DOT_PITCH_MM`."""
    return float(np.interp(diameter_px, CONTRAST_DIAMETERS_PX, MICROANEURYSM_LEAST_CONTRAST))


def _is_whole(region: Region) -> bool:
    """Whether a region hangs together; eye movements may cut one in two."""
    return int(ndimage.label(region.image, structure=np.ones((3, 3)))[1]) == 1
