"""The foveal avascular zone, found in a picture alone."""

import math
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.outline import NUM_RAYS, Outline, radius_to_circle
from octa_svr_dataset.measurement.sampling import SampledPicture, coarse
from octa_svr_dataset.measurement.zone import BLUR_MM, CLOSED_SHARE, Zone, find_disc, trace_zone

OUTSET_MM = 0.022
"""The border lies this far outside of half of the rise: human readers draw it along the innermost capillaries."""

LEAST_CLOSED_SHARE = 0.6
"""With less, it has no outline."""

LARGEST_OPEN_MM2 = 0.6
"""An open zone larger than healthy ones (0.257 +- 0.104 mm2, rarely above 0.57) cannot be told from what adjoins it."""

LARGEST_MM2 = 0.9
"""A dark area that is wider still may be a zone together with areas of dropout within one border."""

LEAST_AREA_MM2 = 0.02
"""A smaller gap is one of the mesh."""

LEAST_CONTRAST = 0.25
"""A zone is at least this much darker than its surroundings, relative to them."""

_SMOOTHED = (np.arange(NUM_RAYS)[:, None] + np.arange(-2, 3)) % NUM_RAYS
"""(A, 5) rays whose mean the outline is: the steps of the search would lengthen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FazMeasures:
    """The foveal avascular zone of a picture of H x H px."""

    size_px: int
    """H, px."""

    outline: Outline
    """Its border, in px of the picture."""

    area_mm2: float
    """Area, mm2."""

    center_px: tuple[float, float]
    """Centroid (row, column) where pixel (0, 0) has its center at 0.5, px."""

    circularity: float
    """4 pi A / P^2: 1 for a circle, less for a ragged outline (acircularity is its inverse root)."""

    contrast: float
    """1 less the median gray level inside over that of the tissue around: 1 for black, 0 for no zone."""

    floor_gray: float
    """Median gray level inside."""

    rim_gray: float
    """Median gray level of the tissue around."""

    closed_share: float
    """Share of the border beyond which there is tissue; elsewhere a circle stands for it."""

    @property
    def mask(self) -> np.ndarray:
        """(H, H) bool. Its pixels; drawn anew each time, in 3 ms."""
        return self.outline.mask(self.size_px)

    @property
    def radius_px(self) -> float:
        """Radius of the circle of the same area, px."""
        return math.sqrt(self.outline.area_px() / math.pi)

    @property
    def is_delimited(self) -> bool:
        """Whether its area is that of a zone alone: nothing dark adjoins it, and it is not wider than zones get."""
        return self.closed_share >= CLOSED_SHARE and self.area_mm2 <= LARGEST_MM2


def measure_faz(picture: np.ndarray, fov: FieldOfView) -> FazMeasures | None:
    """Foveal avascular zone of a picture; none where no dark area near the center has a border.

    A disc that is darker than the ring around it gives the place. From there, each ray runs to where taking in more
    would take in more tissue than void (two-phase segmentation after Chan and Vese, IEEE Trans. Image Process. 10,
    2001), held by its neighbors. Where the border is open, to capillary dropout, the circle through the rest closes it.

    Parameters
    ----------
    picture
        (H, H) uint8. The picture.
    fov
        Its field of view.
    """
    sharp = coarse(picture, fov)
    sampled = SampledPicture(gray=sharp.blurred(BLUR_MM), fov=sharp.fov)
    disc = find_disc(sampled)
    if disc is None:
        return None
    found = trace_zone(sampled, disc)
    outline = _completed(found, OUTSET_MM / sampled.fov.mm_per_px)
    area_px = outline.area_px()
    measures = FazMeasures(
        size_px=len(picture),
        outline=outline.scaled(len(picture) / sampled.fov.size_px),
        area_mm2=sampled.fov.area_mm2(area_px),
        center_px=_scaled(outline.centroid_px(), len(picture) / sampled.fov.size_px),
        circularity=4 * math.pi * area_px / outline.perimeter_px() ** 2,
        contrast=1 - found.floor_gray / max(found.rim_gray, 1e-6),
        floor_gray=found.floor_gray,
        rim_gray=found.rim_gray,
        closed_share=float(found.is_closed.mean()),
    )
    return measures if _is_zone(measures) else None


def _is_zone(measures: FazMeasures) -> bool:
    return (
        measures.contrast >= LEAST_CONTRAST
        and measures.area_mm2 >= LEAST_AREA_MM2
        and measures.closed_share >= LEAST_CLOSED_SHARE
        and (measures.closed_share >= CLOSED_SHARE or measures.area_mm2 <= LARGEST_OPEN_MM2)
    )


def _scaled(center_px: tuple[float, float], factor: float) -> tuple[float, float]:
    return center_px[0] * factor, center_px[1] * factor


def _completed(found: Zone, outset_px: float) -> Outline:
    """The outline, cut where it is open by the circle through the rest."""
    radius_px, center_px = found.outline.radius_px, found.outline.center_px
    to_circle = radius_to_circle(center_px, found.circle)
    is_cut = ~found.is_closed & (to_circle > 0) & (to_circle < radius_px)
    center_px = (center_px[0] + 0.5, center_px[1] + 0.5)
    radius_px = np.where(is_cut, to_circle, radius_px)[_SMOOTHED].mean(axis=1)
    return Outline(center_px=center_px, radius_px=radius_px + outset_px)
