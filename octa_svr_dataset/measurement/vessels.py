"""Vessels of a picture alone: how dense, how wide the gaps between them, how wide and winding the larger ones."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.kernels import local_moments
from octa_svr_dataset.measurement.order import median, quantile
from octa_svr_dataset.measurement.sampling import SampledPicture, blurred

BLUR_MM = 0.012
"""Blur that takes the speckle and leaves capillaries."""

WINDOW_MM = 0.11
"""Width of the window whose mean and spread a pixel is compared with: a capillary and its gaps."""

VESSEL_SPREADS = 0.5
"""A vessel exceeds the mean of its window by this many standard deviations (local threshold of Niblack 1986)."""

MESH_SPREADS = -0.5
"""The same, for the mesh: broken capillaries would join its gaps."""

VOID_BLUR_MM = 0.04
"""Blur at which the darkest hundredth of a picture stands for where no blood flows."""

LEAST_FLOW = 0.7
"""A vessel is this much brighter than the void, relative to the median of the picture: grain in a void is no vessel."""

SMALLEST_GAP_MM2 = 0.0004
"""Gaps below 20 um squared are grain."""

GAP_QUANTILE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselMap:
    """Which pixels of a picture show a vessel."""

    mask: np.ndarray
    """(S, S) bool. Any vessel."""

    gray: np.ndarray
    """(S, S) float32. The picture, blurred by `BLUR_MM`."""

    sampled: np.ndarray
    """(S, S) float32. The same before the blur."""

    mean: np.ndarray
    spread: np.ndarray
    """(S, S) float32. Mean and standard deviation of `gray` in the window around each pixel."""

    void_gray: float
    """Gray level where no blood flows."""

    median_gray: float
    """Median gray level."""

    fov: FieldOfView
    """The whole field in S px."""

    @property
    def mesh(self) -> np.ndarray:
        """(S, S) bool. Any vessel by a lower threshold, so that the mesh is closed."""
        return _exceeding(self.gray, self.mean, self.spread, MESH_SPREADS, self.void_gray, self.median_gray)

    @property
    def area_density(self) -> float:
        """Share of the area that shows a vessel (vessel area density, Chu et al., J. Biomed. Opt. 21, 2016)."""
        return float(np.count_nonzero(self.mask) / self.mask.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshMeasures:
    """The capillary mesh of a picture."""

    skeleton_density_per_mm: float
    """Length of the vessels' center lines by area, mm/mm2 (vessel skeleton density, Chu et al. 2016)."""

    gap_mean_mm2: float
    """Mean area of the gaps that vessels enclose, mm2 (intercapillary area, Schottenhamml et al., Retina 36, 2016).

    The avascular zone and areas of dropout count as gaps.
    """

    gap_quantile_mm2: float
    """Area below which nine tenths of the gaps lie, mm2."""


def map_vessels(sampled: SampledPicture) -> VesselMap:
    """Vessels of a picture of S x S px."""
    gray = sampled.blurred(BLUR_MM)
    width_px = max(2 * round((sampled.fov.length_px(WINDOW_MM) - 1) / 2) + 1, 3)
    mean, spread = local_moments(gray, min(width_px, 2 * ((len(gray) - 1) // 2) + 1))
    broad = blurred(gray[::2, ::2], sampled.fov.length_px(VOID_BLUR_MM) / 2)
    void_gray, median_gray = quantile(broad, 0.01), median(broad)
    return VesselMap(
        mask=_exceeding(gray, mean, spread, VESSEL_SPREADS, void_gray, median_gray),
        gray=gray,
        sampled=sampled.gray,
        mean=mean,
        spread=spread,
        void_gray=void_gray,
        median_gray=median_gray,
        fov=sampled.fov,
    )


def _exceeding(
    gray: np.ndarray, mean: np.ndarray, spread: np.ndarray, spreads: float, void_gray: float, median_gray: float
) -> np.ndarray:
    """(S, S) bool. Pixels that exceed the mean of their window by so many spreads, and the void."""
    has_flow = gray > void_gray + LEAST_FLOW * (median_gray - void_gray)
    return np.asarray(has_flow & (gray > mean + spreads * spread))


def measure_mesh(vessels: VesselMap) -> MeshMeasures:
    """Center lines of the mesh, and the gaps that they enclose; gaps that the picture's border cuts are left out."""
    skeleton = skeletonize(vessels.mesh)
    fov = vessels.fov
    numbers, count = ndimage.label(~skeleton)
    areas_px = np.bincount(numbers.ravel(), minlength=count + 1)
    is_cut = np.zeros(count + 1, bool)
    for edge in ([0], numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]):
        is_cut[edge] = True
    areas_mm2 = (np.sqrt(areas_px[~is_cut]) + 1) ** 2 * fov.mm_per_px**2  # half of the lines around belongs to a gap
    areas_mm2 = areas_mm2[areas_mm2 >= SMALLEST_GAP_MM2]
    return MeshMeasures(
        skeleton_density_per_mm=skeleton_length_px(skeleton) / (fov.size_px**2 * fov.mm_per_px),
        gap_mean_mm2=float(areas_mm2.mean()) if len(areas_mm2) else 0.0,
        gap_quantile_mm2=float(np.quantile(areas_mm2, GAP_QUANTILE)) if len(areas_mm2) else 0.0,
    )


def skeleton_length_px(skeleton: np.ndarray) -> float:
    """Length of one-pixel-wide lines, px: side steps count 0.948, slanted ones 1.343 (Proffitt and Rosen 1979)."""
    side = int((skeleton[:, 1:] & skeleton[:, :-1]).sum()) + int((skeleton[1:] & skeleton[:-1]).sum())
    upper_left, upper_right = skeleton[:-1, :-1], skeleton[:-1, 1:]
    lower_left, lower_right = skeleton[1:, :-1], skeleton[1:, 1:]
    falling = upper_left & lower_right & ~upper_right & ~lower_left
    rising = upper_right & lower_left & ~upper_left & ~lower_right
    return 0.948 * side + 1.343 * (int(falling.sum()) + int(rising.sum()))
