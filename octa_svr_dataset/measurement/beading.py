"""Beading: how much the width of vessels varies along their course."""

import math

import numpy as np

from octa_svr_dataset.measurement.branches import BranchMeasures, bell
from octa_svr_dataset.measurement.kernels import smoothed
from octa_svr_dataset.measurement.vessels import VesselMap

BEADS_MM = (0.12, 0.4)
"""Distances from one bead to the next between which the width varies."""

MOST_SWELLING = 1.6
"""A width beyond this multiple of the course's median is that of a junction."""


def measure_beading(
    vessels: VesselMap, branches: BranchMeasures, counts: np.ndarray, rivals: np.ndarray
) -> float | None:
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
    row, column = np.rint(branches.points_px * (len(counts) / vessels.fov.size_px)).astype(int).T
    place = np.clip(row, 0, len(counts) - 1), np.clip(column, 0, len(counts) - 1)
    starts, sizes = branches.first[:-1], np.diff(branches.first)
    majority = np.add.reduceat(counts[place].astype(int) - rivals[place], starts)
    medians = [np.median(width) for width in np.split(branches.width_um, starts[1:])]
    width = np.minimum(branches.width_um / np.repeat(medians, sizes), MOST_SWELLING)[:, None]
    step_mm = 2.0 * vessels.fov.mm_per_px
    fine, coarse = (smoothed(width, branches.first, bell(mm / step_mm / (2.0 * math.pi))) for mm in BEADS_MM)
    swelling = (fine - coarse)[np.repeat(majority > 0, sizes)]
    return float(swelling.std()) if len(swelling) else None
