"""The larger vessels of a picture alone: how wide they are and how they wind."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.vessels import VesselMap

BLUR_MM = 0.022
"""Blur at which only larger vessels, 30 um and more, stand out."""

WINDOW_MM = 0.4
"""Width of the window with whose mean a pixel is compared."""

LEAST_SPREADS = 1.75
"""A larger vessel exceeds that mean by this many standard deviations, those of the mesh (by its median deviation)."""

LEAST_RISE = 0.2
"""The same, relative to the median of the picture over its void."""

WIDEST_MM = 0.15
"""Widest vessel whose width is told; venules beside the fovea reach 0.1 mm."""

LEAST_LENGTH_MM = 0.3
"""Shorter branches are knots of capillaries; arc and chord of so short a one say nothing."""

SMOOTHING_PX = 1
"""A center line is smoothed over so many of its pixels on both sides: its steps are no bends."""

_STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMeasures:
    """The larger vessels of a picture."""

    calibre_um: float
    """Mean apparent width, um: area over length of center line (vessel diameter index, Chu et al. 2016)."""

    tortuosity: float
    """Arc over chord of the branches between junctions, by length; 1 for straight ones (Heneghan et al. 2002)."""

    length_mm: float
    """Length of the branches that count."""

    paths_px: tuple[np.ndarray, ...]
    """(P, 2) each. Points (row, column) of their center lines, px of the vessel map, 2 or 2.8 px apart."""


def measure_branches(vessels: VesselMap) -> BranchMeasures | None:
    """Calibre and tortuosity of the larger vessels; none where no branch is long enough.

    Center lines are found at every other pixel. The width is that at half of the rise from the surroundings to the
    brightest level nearby, so the blur of optics adds to narrow ones.
    """
    gray = vessels.gray[::2, ::2]
    fov = FieldOfView(width_mm=vessels.fov.width_mm, size_px=len(gray))
    mean = ndimage.uniform_filter(gray, _odd(fov.length_px(WINDOW_MM)))
    skeleton = skeletonize(_larger(gray, mean, fov, vessels))
    least_px = fov.length_px(LEAST_LENGTH_MM)
    branches = [path for path in _paths(skeleton & (_num_neighbors(skeleton) <= 2), least_px) if _arc(path) >= least_px]
    if not branches:
        return None
    arcs = np.array([_arc(path) for path in branches])
    chords = np.array([max(float(np.hypot(*(path[-1] - path[0]))), 1.0) for path in branches])
    arcs_mm = float(arcs.sum()) * fov.mm_per_px
    area_px = _area_px(vessels, mean, 2 * np.concatenate(branches).astype(int))
    return BranchMeasures(
        calibre_um=1000 * vessels.fov.area_mm2(area_px) / arcs_mm,
        tortuosity=float((arcs * (arcs / chords)).sum() / arcs.sum()),
        length_mm=arcs_mm,
        paths_px=tuple(2.0 * path for path in branches),
    )


def _larger(gray: np.ndarray, mean: np.ndarray, fov: FieldOfView, vessels: VesselMap) -> np.ndarray:
    """(C, C) bool. Pixels of vessels that stand out from the mesh."""
    rise = ndimage.gaussian_filter(gray, fov.length_px(BLUR_MM), truncate=3.0) - mean
    least = max(LEAST_SPREADS * 1.4826 * _deviation(rise), LEAST_RISE * (vessels.median_gray - vessels.void_gray), 1.0)
    return np.asarray(rise > least)


def _deviation(values: np.ndarray) -> float:
    """Median absolute deviation."""
    return float(np.median(np.abs(values - np.median(values))))


def _area_px(vessels: VesselMap, mean: np.ndarray, row_col: np.ndarray) -> float:
    """Pixels at half height or more beside points of center lines; those between 25 and 75 % count in part.

    Parameters
    ----------
    vessels
        The picture, S x S px.
    mean
        (C, C) mean of its surroundings, at every other pixel; what exceeds it is left out of the surroundings.
    row_col
        (P, 2) points of center lines, px.
    """
    gray, width_px = vessels.gray, _odd(vessels.fov.length_px(WIDEST_MM))
    lines = np.zeros_like(gray)
    lines[tuple(row_col.T)] = gray[tuple(row_col.T)]
    peak = ndimage.maximum_filter(lines, width_px)
    is_near = peak > 0
    least = np.minimum(gray[::2, ::2], mean)
    surroundings = ndimage.uniform_filter(least, _odd(width_px / 2)).repeat(2, axis=0).repeat(2, axis=1)
    surroundings = surroundings[: len(gray), : len(gray)][is_near]
    height = (gray[is_near] - surroundings) / np.maximum(peak[is_near] - surroundings, 1.0)
    return float(np.clip(2 * height - 0.5, 0.0, 1.0).sum())


def _num_neighbors(lines: np.ndarray) -> np.ndarray:
    """(S, S) uint8. How many of the eight pixels around each belong to the lines."""
    padded = np.pad(lines.astype(np.uint8), 1)
    pairs = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return np.asarray(pairs[:-2] + pairs[1:-1] + pairs[2:] - padded[1:-1, 1:-1])


def _paths(lines: np.ndarray, least_px: float) -> Iterator[np.ndarray]:
    """(P, 2) (row, column) of the pixels of each line without junctions, from end to end.

    Closed loops are left out, and lines that are shorter than `least_px` even if all of their steps are slanted.
    """
    numbers, count = ndimage.label(lines, structure=np.ones((3, 3)))
    is_long = np.bincount(numbers.ravel(), minlength=count + 1) * math.sqrt(2) >= least_px
    is_long[0] = False
    is_end = _num_neighbors(lines) == 1
    left = {}
    for row, column in np.argwhere(is_long[numbers]).tolist():
        left[row, column] = bool(is_end[row, column])
    for end in [pixel for pixel, starts in left.items() if starts]:
        if end in left:
            yield np.array(_taken(left, end), dtype=float)


def _taken(left: dict[tuple[int, int], bool], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The pixels of a line from one of its ends, taken out of those left; side neighbors before slanted ones."""
    path, following = [], end
    while following in left:
        del left[following]
        path.append(following)
        row, column = following
        following = next(
            (step for step in ((row + down, column + right) for down, right in _STEPS) if step in left), following
        )
    return path


def _arc(path: np.ndarray) -> float:
    """Length of a line along its smoothed pixels, px; both ends stay."""
    width = 2 * SMOOTHING_PX + 1
    if len(path) <= width:
        return float(np.hypot(*(path[-1] - path[0])))
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(path, axis=0)])
    smooth = np.concatenate([path[:1], (sums[width:] - sums[:-width]) / width, path[-1:]])
    steps = np.diff(smooth, axis=0)
    return float(np.sqrt((steps * steps).sum(axis=1)).sum())


def _odd(width_px: float) -> int:
    return max(2 * round((width_px - 1) / 2) + 1, 3)
