"""Loops over candidates for oxygen sinks: draw them, drop those beside a sink, keep those that lack oxygen.

Whether a candidate passes a test is as random as its place, so a processor guesses branches on it wrong. Most are
therefore dropped by comparisons without a branch; only the rest are asked one by one.
"""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, Nodes, Rules, Sinks, Tissue, counter_uniform
from octa_svr_dataset.growth.kernels.nodes import OXYGEN_REACH_MM, is_oxygenated, oxygen_reach
from octa_svr_dataset.growth.kernels.sinks import add_sink
from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def place_sinks(
    sinks: Sinks, arteries: Nodes, tissue: Tissue, rules: Rules, key: np.uint64, candidates: np.ndarray
) -> None:
    """Draw candidates over the tissue outside the sink-free fovea and keep those that lack oxygen.

    Parameters
    ----------
    sinks
        Sinks that live; those that are kept are appended.
    arteries, tissue, rules
        What supplies the tissue, the field, and the settings of the iteration.
    key
        Key of the draws.
    candidates
        (B, 3) float64 work array: so many candidates are looked at together.
    """
    reach_limit = min(max(rules.artery_distance, rules.satisfaction), OXYGEN_REACH_MM)
    capillary_reach = oxygen_reach(tissue.terminal_radius)
    capillary_reach_sq = capillary_reach * capillary_reach
    spacing_sq = rules.spacing * rules.spacing
    num_cells = sinks.size[2]
    scale = num_cells / tissue.width
    position, start, head, next_sink = sinks.position, sinks.start, sinks.head, sinks.next
    node_position, node_power, node_exponent = arteries.position, arteries.power, arteries.exponent
    most_reach_sq = arteries.most_reach_sq
    node_head, next_node = arteries.head, arteries.next
    node_cell_width = tissue.width / node_head.shape[0]
    counter = rules.iteration << 32
    for first in range(0, rules.num_candidates, candidates.shape[0]):
        count = min(candidates.shape[0], rules.num_candidates - first)
        count, counter = draw_candidates(candidates, count, tissue, key, counter)
        count = drop_crowded(candidates, count, position, start, num_cells, scale, spacing_sq)
        for candidate in range(count):
            x, y, z = candidates[candidate, 0], candidates[candidate, 1], candidates[candidate, 2]
            if is_oxygenated(
                node_position, node_power, node_exponent, most_reach_sq, node_head, next_node, node_cell_width,
                x, y, z, reach_limit, capillary_reach_sq, tissue.terminal_radius,
            ):  # fmt: skip
                continue
            if not has_sink_within(position, start, head, next_sink, num_cells, scale, x, y, z, spacing_sq):
                add_sink(sinks, tissue.width, x, y, z)


@kernel(allocates=False)
def draw_candidates(
    candidates: np.ndarray, count: int, tissue: Tissue, key: np.uint64, counter: int
) -> tuple[int, int]:
    """Draw points over whole voxels outside the sink-free fovea; how many lie in the tissue, and the next counter."""
    voxel = tissue.width / tissue.num_voxels
    hole_column = math.floor(tissue.fovea_x / voxel + 0.5)
    hole_row = math.floor(tissue.fovea_y / voxel + 0.5)
    hole_sq = tissue.hole_radius_voxels**2
    num_kept = 0
    for _ in range(count):
        while True:
            x = counter_uniform(key, counter) * tissue.width
            y = counter_uniform(key, counter + 1) * tissue.width
            counter += 2
            across = math.floor(x / voxel) - hole_column
            down = math.floor(y / voxel) - hole_row
            if across * across + down * down > hole_sq:
                break
        z = counter_uniform(key, counter) * tissue.voxel_depth
        counter += 1
        candidates[num_kept, 0] = x
        candidates[num_kept, 1] = y
        candidates[num_kept, 2] = z
        num_kept += z < tissue.depth
    return num_kept, counter


@kernel(allocates=False)
def drop_crowded(
    candidates: np.ndarray,
    count: int,
    position: np.ndarray,
    start: np.ndarray,
    num_cells: int,
    scale: float,
    radius_sq: float,
) -> int:
    """Drop candidates that lie too close to the first sinks of the rows of cells around them; how many are left.

    Two sinks, `PROBES`, are asked in each row, whether or not they lie in it: any sink counts.
    """
    num_kept = 0
    for candidate in range(count):
        x, y, z = candidates[candidate, 0], candidates[candidate, 1], candidates[candidate, 2]
        column = max(min(int(x * scale), num_cells - 1) - 1, 0)
        row = min(int(y * scale), num_cells - 1)
        above = start[max(row - 1, 0) * num_cells + column]
        own = start[row * num_cells + column]
        below = start[min(row + 1, num_cells - 1) * num_cells + column]
        is_crowded = (
            is_close(position, above, x, y, z, radius_sq)
            | is_close(position, above + 1, x, y, z, radius_sq)
            | is_close(position, own, x, y, z, radius_sq)
            | is_close(position, own + 1, x, y, z, radius_sq)
            | is_close(position, below, x, y, z, radius_sq)
            | is_close(position, below + 1, x, y, z, radius_sq)
        )
        candidates[num_kept, 0] = x
        candidates[num_kept, 1] = y
        candidates[num_kept, 2] = z
        num_kept += not is_crowded
    return num_kept


@kernel(allocates=False, forceinline=True)
def is_close(position: np.ndarray, sink: int, x: float, y: float, z: float, radius_sq: float) -> bool:
    """Whether a sink lies closer than a radius to a point.

    A signed index would be asked each time whether it counts from the end.
    """
    entry = np.uint32(sink)
    dx = position[entry, 0] - x
    dy = position[entry, 1] - y
    dz = position[entry, 2] - z
    return dx * dx + dy * dy + dz * dz < radius_sq


@kernel(allocates=False, forceinline=True)
def has_sink_within(
    position: np.ndarray,
    start: np.ndarray,
    head: np.ndarray,
    next_sink: np.ndarray,
    num_cells: int,
    scale: float,
    x: float,
    y: float,
    z: float,
    radius_sq: float,
) -> bool:
    """Whether any sink lies closer than a radius to a point; a cell is never narrower than the radius.

    Takes the columns one by one: a tuple of arrays costs more to pass on.
    """
    center_column = min(int(x * scale), num_cells - 1)
    center_row = min(int(y * scale), num_cells - 1)
    first_column = max(center_column - 1, 0)
    last_column = min(center_column + 1, num_cells - 1)
    for row in range(max(center_row - 1, 0), min(center_row + 1, num_cells - 1) + 1):
        for sink in range(start[row * num_cells + first_column], start[row * num_cells + last_column + 1]):
            if is_close(position, sink, x, y, z, radius_sq):
                return True
    for row in range(max(center_row - 1, 0), min(center_row + 1, num_cells - 1) + 1):
        for column in range(first_column, last_column + 1):
            sink = head[row * num_cells + column]
            while sink != NONE:
                if is_close(position, sink, x, y, z, radius_sq):
                    return True
                sink = next_sink[sink]
    return False
