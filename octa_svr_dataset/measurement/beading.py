"""Beading: how much the width of vessels varies along their course."""

import math

import numpy as np
from scipy import ndimage

from octa_svr_dataset.measurement.branches import BranchMeasures
from octa_svr_dataset.measurement.vessels import VesselMap

BEADS_MM = (0.12, 0.4)
"""Distances from one bead to the next between which the width varies."""

MOST_SWELLING = 1.6
"""A width beyond this multiple of the course's median is that of a junction."""


def measure_beading(vessels: VesselMap, branches: BranchMeasures, counts: np.ndarray, rivals: np.ndarray) -> float | None:
    """Standard deviation of the width at the distances of beads, relative to the median width; or none.

    Parameters
    ----------
    vessels
        The picture, S x S px.
    branches
        Its larger vessels.
    counts, rivals
        (H, H) bool, at any pitch. Pixels of the vessels that count, and of those that do not; a course counts that
        covers more of the first.
    """
    scale = len(counts) / vessels.fov.size_px
    row, column = np.clip(np.rint(branches.points_px * scale), 0, len(counts) - 1).astype(int).T
    step_mm = 2.0 * vessels.fov.mm_per_px
    fine, coarse = (distance_mm / step_mm / (2 * math.pi) for distance_mm in BEADS_MM)
    squares, weight = 0.0, 0
    for begin, end in zip(branches.first[:-1], branches.first[1:], strict=True):
        course = slice(begin, end)
        if counts[row[course], column[course]].sum() <= rivals[row[course], column[course]].sum():
            continue
        width = branches.width_um[course]
        width = np.minimum(width / np.median(width), MOST_SWELLING)
        swelling = ndimage.gaussian_filter1d(width, fine) - ndimage.gaussian_filter1d(width, coarse)
        squares += len(width) * float(swelling.var())
        weight += len(width)
    return math.sqrt(squares / weight) if weight else None
