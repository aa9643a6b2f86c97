"""Beading: how much the width of vessels varies along their course."""

import math

import numpy as np
from scipy import ndimage

from octa_svr_dataset.measurement.branches import BranchMeasures
from octa_svr_dataset.measurement.vessels import VesselMap

BEADS_MM = (0.1, 0.4)
"""Distances from one bead to the next between which the width varies."""

REACH_MM = 0.09
"""Width is looked for up to this distance from the center line."""

LEAST_LENGTH_MM = 0.3
"""A shorter vessel does not hold enough beads."""

LEAST_SHARE = 0.6
"""Share of its center line that must be marked."""

_STEP_PX = 0.5


def measure_beading(vessels: VesselMap, branches: BranchMeasures, marked: np.ndarray) -> float | None:
    """Standard deviation of the width at the distances of beads, relative to the mean width, by length; or none.

    Parameters
    ----------
    vessels
        The picture, S x S px.
    branches
        Its larger vessels.
    marked
        (H, H) bool. Pixels of the vessels that count, at any pitch.
    """
    fov = vessels.fov
    squares, weight = 0.0, 0.0
    for path in branches.paths_px:
        rows, columns = (np.minimum(path * len(marked) / fov.size_px, len(marked) - 1)).astype(int).T
        if marked[rows, columns].mean() < LEAST_SHARE:
            continue
        width_px = widths_px(vessels, path)
        if 2.2 * len(width_px) * fov.mm_per_px < LEAST_LENGTH_MM:
            continue
        narrow, wide = (fov.length_px(distance) / (2 * math.pi) for distance in BEADS_MM)
        swelling = ndimage.gaussian_filter1d(width_px, narrow) - ndimage.gaussian_filter1d(width_px, wide)
        squares += len(width_px) * float(swelling.var()) / float(width_px.mean()) ** 2
        weight += len(width_px)
    return math.sqrt(squares / weight) if weight else None


def widths_px(vessels: VesselMap, path: np.ndarray) -> np.ndarray:
    """(P,) width across a center line, where the gray level is at least half of that at the line, px.

    Parameters
    ----------
    vessels
        The picture.
    path
        (P, 2) points (row, column) of a center line, about 1 px apart.
    """
    smooth = ndimage.gaussian_filter1d(path, vessels.fov.length_px(0.03), axis=0)
    along = np.gradient(smooth, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.stack((-along[:, 1], along[:, 0]), axis=1)
    reach = np.arange(-vessels.fov.length_px(REACH_MM), vessels.fov.length_px(REACH_MM) + _STEP_PX / 2, _STEP_PX)
    points = smooth[:, None] + reach[None, :, None] * across[:, None]
    profile = ndimage.map_coordinates(vessels.gray, points.transpose(2, 0, 1), order=1, mode="nearest")
    middle = np.abs(reach) <= vessels.fov.length_px(0.02)
    floor = np.quantile(profile, 0.2, axis=1, keepdims=True)
    peak = profile[:, middle].max(axis=1, keepdims=True)
    height = (profile - floor) / np.maximum(peak - floor, 1.0)
    covered = np.clip(2 * height - 0.5, 0.0, 1.0)
    center = len(reach) // 2
    left = np.minimum.accumulate(covered[:, center::-1], axis=1).sum(axis=1)
    right = np.minimum.accumulate(covered[:, center:], axis=1).sum(axis=1)
    return np.asarray((left + right - covered[:, center]) * _STEP_PX)
