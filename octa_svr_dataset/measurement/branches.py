"""The larger vessels of a picture alone: how wide they are and how they wind."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from octa_svr_dataset.measurement.sampling import SampledPicture
from octa_svr_dataset.measurement.vessels import VesselMap, skeleton_length_px

BLUR_MM = 0.025
"""Blur at which only larger vessels, 30 um and more, stand out."""

WINDOW_MM = 0.4
"""Width of the window with whose mean a pixel is compared."""

LEAST_SPREADS = 1.75
"""A larger vessel exceeds that mean by this many standard deviations, those of the mesh (by its median deviation)."""

LEAST_RISE = 0.2
"""The same, relative to the median of the picture over its void."""

PEAK_WINDOW_MM = 0.07
"""A vessel's brightest level is looked for in a window of this width."""

LEAST_LENGTH_MM = 0.3
"""Shorter branches are knots of capillaries; arc and chord of so short a one say nothing."""

SMOOTHING_PX = 2
"""A center line is smoothed over so many pixels on both sides: its steps are no bends."""

_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMeasures:
    """The larger vessels of a picture."""

    calibre_um: float
    """Mean apparent width, um: area over length of center line (vessel diameter index, Chu et al. 2016)."""

    tortuosity: float
    """Arc over chord of the branches between junctions, weighted by length; 1 for straight ones (Heneghan et al. 2002)."""

    length_mm: float
    """Length of the branches that count."""


def measure_branches(sampled: SampledPicture, vessels: VesselMap) -> BranchMeasures | None:
    """Calibre and tortuosity of the larger vessels; none where no branch is long enough.

    The width is that at half of the rise from the surroundings to the brightest level nearby, so the blur of optics
    adds to narrow ones.

    Parameters
    ----------
    sampled, vessels
        The picture and its vessels, S x S px each.
    """
    fov = sampled.fov
    mean = ndimage.uniform_filter(sampled.gray, _odd(fov.length_px(WINDOW_MM)))
    skeleton = skeletonize(_larger(sampled, mean, vessels))
    neighbors = ndimage.correlate(skeleton.view(np.uint8), _SQUARE, mode="constant") - 1
    branches = [
        path
        for path in _paths(skeleton & (neighbors <= 2))
        if len(path) * fov.mm_per_px >= LEAST_LENGTH_MM / 2 and _arc(path) * fov.mm_per_px >= LEAST_LENGTH_MM
    ]
    if not branches:
        return None
    arcs = np.array([_arc(path) for path in branches])
    chords = np.array([max(float(np.hypot(*(path[-1] - path[0]))), 1.0) for path in branches])
    lines = np.zeros_like(skeleton)
    lines[tuple(np.concatenate(branches).astype(int).T)] = True
    return BranchMeasures(
        calibre_um=1000 * fov.mm_per_px * _width_px(vessels.gray, mean, lines, fov.length_px(PEAK_WINDOW_MM)),
        tortuosity=float((arcs * (arcs / chords)).sum() / arcs.sum()),
        length_mm=float(arcs.sum()) * fov.mm_per_px,
    )


def _larger(sampled: SampledPicture, mean: np.ndarray, vessels: VesselMap) -> np.ndarray:
    """(S, S) bool. Pixels of vessels that stand out from the mesh."""
    rise = sampled.blurred(BLUR_MM) - mean
    spread = 1.4826 * float(np.median(np.abs(rise - np.median(rise))))
    least = max(LEAST_SPREADS * spread, LEAST_RISE * (vessels.median_gray - vessels.void_gray), 1.0)
    return np.asarray(rise > least)


def _width_px(gray: np.ndarray, mean: np.ndarray, lines: np.ndarray, window_px: float) -> float:
    """Area at half height beside the center lines, over their length."""
    peak = ndimage.maximum_filter(np.where(lines, gray, 0), _odd(window_px))
    is_vessel = (peak > 0) & (gray >= (mean + peak) / 2)
    return float(is_vessel.sum()) / max(skeleton_length_px(lines), 1.0)


def _paths(lines: np.ndarray) -> Iterator[np.ndarray]:
    """(P, 2) (row, column) of the pixels of each line without junctions, from end to end; closed loops are left out."""
    numbers, _ = ndimage.label(lines, structure=_SQUARE)
    row_col = np.argwhere(lines)
    number = numbers[lines]
    order = np.argsort(number, kind="stable")
    for pixels in np.split(row_col[order], np.flatnonzero(np.diff(number[order])) + 1):
        path = _ordered([(int(row), int(column)) for row, column in pixels])
        if len(path) > 1:
            yield np.array(path, dtype=float)


def _ordered(pixels: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pixels of a line in their order, side neighbors before slanted ones."""
    left = set(pixels)
    ends = [pixel for pixel in pixels if sum(step in left for step in _around(pixel)) <= 1]
    path = ends[:1]
    left.difference_update(path)
    while path:
        following = next((step for step in _around(path[-1]) if step in left), None)
        if following is None:
            break
        path.append(following)
        left.discard(following)
    return path


def _around(pixel: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    row, column = pixel
    side = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    return (*side, (row - 1, column - 1), (row - 1, column + 1), (row + 1, column - 1), (row + 1, column + 1))


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
