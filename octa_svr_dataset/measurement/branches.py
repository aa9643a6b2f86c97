"""The larger vessels of a picture alone: how wide they are and how they wind."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.kernels import (
    arcs_and_chords,
    chain_lines,
    join_lines,
    profiles,
    smoothed,
    trace_lines,
    widths_at_half_height,
)
from octa_svr_dataset.measurement.order import median
from octa_svr_dataset.measurement.sampling import blurred
from octa_svr_dataset.measurement.vessels import VesselMap

BLUR_MM = 0.022
"""Blur at which only larger vessels, 30 um and more, stand out."""

WINDOW_MM = 0.4
"""Width of the window with whose mean a pixel is compared."""

LEAST_SPREADS = 1.75
"""A larger vessel exceeds that mean by this many standard deviations, those of the mesh (by its median deviation)."""

LEAST_RISE = 0.2
"""The same, relative to the median of the picture over its void."""

WIDEST_MM = 0.2
"""Profiles across vessels are as long; venules beside the fovea reach 0.1 mm."""

LEAST_LENGTH_MM = 0.3
"""Shorter courses are knots of capillaries; arc and chord of so short a one say nothing."""

PIECE_MM = 0.4
"""Arc and chord are those of pieces of this length, a wave of a tortuous vessel: longer ones bend around the fovea."""

GAP_PX, BACK_PX, LARGEST_TURN_DEG = 3.2, 6, 50.0
"""A vessel goes on beyond a junction in the line that begins this near and turns least, by no more than this."""

SMOOTHING_PX = 1.5
"""Standard deviation by which the steps of center lines are smoothed, px of their grid."""

_OFFSET_PX = 0.5
_TOP_MM = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMeasures:
    """The larger vessels of a picture."""

    calibre_um: float
    """Mean apparent width at half height, um."""

    tortuosity: float
    """Arc over chord of pieces of 0.4 mm, summed over all; 1 for straight vessels (measure 1 of Hart et al. 1999)."""

    length_mm: float
    """Length of the courses that count."""

    points_px: np.ndarray
    """(P, 2) float64. Center lines (row, column), px of the vessel map, course after course."""

    first: np.ndarray
    """(C + 1,) int64. Where each course begins, and P."""

    width_um: np.ndarray
    """(P,) float64. Width at each point, um."""

    slope_um: np.ndarray
    """(P,) float64. Distance over which the sides fall from three quarters to a quarter of the height there, um."""


def measure_branches(vessels: VesselMap) -> BranchMeasures | None:
    """Calibre and tortuosity of the larger vessels; none where no vessel is long enough.

    Center lines are found at every other pixel, and followed across junctions. The width is that at half of the rise
    from the surroundings to the top of the profile, so the blur of optics adds to narrow ones.
    """
    gray = vessels.gray[::2, ::2]
    fov = FieldOfView(width_mm=vessels.fov.width_mm, size_px=len(gray))
    lines, first = trace_lines(skeletonize(_larger(gray, fov, vessels)))
    partner = join_lines(lines, first, GAP_PX, BACK_PX, math.cos(math.radians(LARGEST_TURN_DEG)))
    chained, first = chain_lines(lines, first, partner)
    pixels, first = _long_ones(chained, first, fov.length_px(LEAST_LENGTH_MM))
    if not len(pixels):
        return None
    points = smoothed(pixels.astype(float), first, bell(SMOOTHING_PX))
    arcs, chords = arcs_and_chords(points, first, fov.length_px(PIECE_MM))
    reach_px = vessels.fov.length_px(WIDEST_MM / 2)
    offsets = np.arange(-round(reach_px / _OFFSET_PX), round(reach_px / _OFFSET_PX) + 1) * _OFFSET_PX
    across = smoothed(profiles(vessels.sampled, 2.0 * points, first, offsets), first, bell(1.0))
    sides, slope = widths_at_half_height(across, round(vessels.fov.length_px(_TOP_MM) / _OFFSET_PX))
    width = sides[:, 0] + sides[:, 1]
    step_um = 1000.0 * vessels.fov.mm_per_px * _OFFSET_PX
    steps_px = np.hypot(*np.diff(points, axis=0).T)
    steps_px[first[1:-1] - 1] = 0.0
    return BranchMeasures(
        calibre_um=float(width.mean()) * step_um,
        tortuosity=arcs / chords,
        length_mm=float(steps_px.sum()) * fov.mm_per_px,
        points_px=2.0 * points,
        first=first,
        width_um=width * step_um,
        slope_um=slope * step_um,
    )


def _larger(gray: np.ndarray, fov: FieldOfView, vessels: VesselMap) -> np.ndarray:
    """(C, C) bool. Pixels of vessels that stand out from the mesh."""
    mean = ndimage.uniform_filter(gray, max(2 * round((fov.length_px(WINDOW_MM) - 1) / 2) + 1, 3))
    rise = blurred(gray, fov.length_px(BLUR_MM)) - mean
    least = max(LEAST_SPREADS * 1.4826 * _deviation(rise), LEAST_RISE * (vessels.median_gray - vessels.void_gray), 1.0)
    return np.asarray(rise > least)


def _deviation(values: np.ndarray) -> float:
    """Median absolute deviation."""
    return median(np.abs(values - np.asarray(median(values), values.dtype)))


def _long_ones(points: np.ndarray, first: np.ndarray, least_px: float) -> tuple[np.ndarray, np.ndarray]:
    """The courses that are long enough along their pixels."""
    steps = np.append(np.hypot(*np.diff(points, axis=0).T), 0.0) if len(points) else np.zeros(0)
    steps[first[1:] - 1] = 0.0
    lengths = np.diff(np.concatenate([[0.0], np.cumsum(steps)])[first])
    is_long = lengths >= least_px
    sizes = np.diff(first)
    return points[np.repeat(is_long, sizes)], np.concatenate([[0], np.cumsum(sizes[is_long])])


@lru_cache(maxsize=8)
def bell(deviation: float) -> np.ndarray:
    """Weights of a Gaussian up to three standard deviations."""
    reach = math.ceil(3 * deviation)
    weights = np.array([math.exp(-0.5 * (step / deviation) ** 2) for step in range(-reach, reach + 1)])
    return np.asarray(weights / weights.sum())
