"""The tables and settings that the loops share, and the draws and grid cells that they have in common."""

from typing import NamedTuple

import numpy as np

from octa_svr_dataset.kernel import kernel

Vector = tuple[float, float, float]

NONE = -1
UNKNOWN = -2
REMOVED = -3
PROBES = 2
"""Sinks that a candidate meets in each row of cells before it is asked where the row ends."""
TWO_POW_MINUS_53 = 1.0 / 9007199254740992.0


class Nodes(NamedTuple):
    """Vessels of one kind; the first `size[0]` rows are in use."""

    size: np.ndarray
    """(1,) int64."""
    position: np.ndarray
    """(C, 3) float64, mm."""
    parent: np.ndarray
    """(C,) int32; `NONE` at a root."""
    child: np.ndarray
    """(C, 2) int32; `NONE` where there is none. With two children a node attracts no more sinks."""
    exponent: np.ndarray
    """(C,) float64. Murray's exponent, that of the plexus in which the node was born."""
    power: np.ndarray
    """(C,) float64. (radius / terminal radius) ** exponent: Murray's law is a sum of these."""
    most_reach_sq: np.ndarray
    """(C,) float64. The node oxygenates no farther, now or later; mm2."""
    version: np.ndarray
    """(C,) int32. Raised whenever the cone in which the node perceives sinks changes."""
    head: np.ndarray
    """(cells, cells) int32. First node of each cell."""
    next: np.ndarray
    """(C,) int32. Next node of the same cell."""
    active_head: np.ndarray
    """(active cells, active cells) int32. First node with fewer than two children of each cell of a coarser grid."""
    next_active: np.ndarray
    """(C,) int32. Next such node of the same cell."""


class Sinks(NamedTuple):
    """What attracts the vessels of one kind; the first `size[0]` rows are in use.

    The first `size[1]` of them are sorted by cell; later ones hang on their cell's list until they are
    sorted in, too. A removed sink keeps its row, out of reach, until then.
    """

    size: np.ndarray
    """(3,) int64. Rows in use, rows that are sorted, cells a side of the grid."""
    position: np.ndarray
    """(C + PROBES, 3) float64, mm. As many rows follow the last sorted one, out of reach or in use."""
    nearest: np.ndarray
    """(C,) int32. Nearest active node; `NONE`, `UNKNOWN` before the search, `REMOVED`."""
    nearest_sq: np.ndarray
    """(C,) float64. Squared distance to it, mm2."""
    seen_version: np.ndarray
    """(C,) int32. Version of the nearest node at which the sink lay outside its cone."""
    start: np.ndarray
    """(cells * cells + 1,) int32. First sorted row of each cell, row by row of the grid."""
    head: np.ndarray
    """(cells * cells,) int32. First unsorted sink of each cell."""
    next: np.ndarray
    """(C,) int32. Next unsorted sink of the same cell."""


class Rules(NamedTuple):
    """Settings of one plexus at one iteration; lengths in mm, already scaled to the grown tissue."""

    iteration: int
    num_candidates: int
    artery_distance: float
    spacing: float
    satisfaction: float
    perception: float
    half_angle: float
    least_spread: float
    persistence: float
    exponent: float
    step: float
    rotation_floor: float


class Tissue(NamedTuple):
    """What stays the same during the growth; lengths in mm."""

    width: float
    depth: float
    voxel_depth: float
    num_voxels: int
    fovea_x: float
    fovea_y: float
    suppression_radius: float
    hole_radius_voxels: float
    rotation_radius: float
    terminal_radius: float


@kernel(allocates=False)
def counter_uniform(key: np.uint64, counter: int) -> float:
    """Uniform number in [0, 1) that is a function of a key and a counter (SplitMix64, Steele et al. 2014)."""
    mixed = np.uint64(key) + np.uint64(counter) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return float(mixed >> np.uint64(11)) * TWO_POW_MINUS_53


@kernel(allocates=False, forceinline=True)
def cell_of(coordinate: float, cell_width: float, num_cells: int) -> int:
    """Index of the grid cell of a coordinate; what lies outside belongs to the border cells."""
    return min(max(int(coordinate / cell_width), 0), num_cells - 1)
