"""Loops over sinks: append them, sort them, give each to its nearest node, satisfy them."""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import (
    NONE,
    PROBES,
    REMOVED,
    UNKNOWN,
    Nodes,
    Rules,
    Sinks,
    Tissue,
    cell_of,
)
from octa_svr_dataset.growth.kernels.nodes import find_nearest_active, has_node_within
from octa_svr_dataset.kernel import kernel

FAR_AWAY_MM = 1.0e6
"""Coordinate of a sink that is removed."""


@kernel(allocates=False)
def add_sink(sinks: Sinks, width: float, x: float, y: float, z: float) -> None:
    """Append a sink whose nearest node is not known yet."""
    sink = sinks.size[0]
    if sink == sinks.next.shape[0]:
        raise OverflowError("more oxygen sinks than the work arrays hold")
    sinks.size[0] += 1
    sinks.position[sink, 0] = x
    sinks.position[sink, 1] = y
    sinks.position[sink, 2] = z
    sinks.nearest[sink] = UNKNOWN
    num_cells = sinks.size[2]
    cell_width = width / num_cells
    cell = cell_of(y, cell_width, num_cells) * num_cells + cell_of(x, cell_width, num_cells)
    sinks.next[sink] = sinks.head[cell]
    sinks.head[cell] = sink


@kernel(allocates=False)
def remove_sink(sinks: Sinks, sink: int) -> None:
    """Put a sink out of reach of everything."""
    for axis in range(3):
        sinks.position[sink, axis] = FAR_AWAY_MM
    sinks.nearest[sink] = REMOVED
    sinks.nearest_sq[sink] = -1.0


@kernel(allocates=False)
def remove_sinks(sinks: Sinks, satisfied: np.ndarray, count: int) -> None:
    """Remove the first sinks of a list."""
    for index in range(count):
        remove_sink(sinks, satisfied[index])


@kernel(allocates=False)
def forget_nearest(sinks: Sinks) -> None:
    """Let each sink look for its nearest node anew."""
    for sink in range(sinks.size[0]):
        sinks.nearest[sink] = UNKNOWN


@kernel(allocates=False)
def sort_sinks(sinks: Sinks, target: Sinks, width: float, num_cells: int) -> None:
    """Write the sinks into other work arrays, sorted by the cells of a grid, without those that are removed."""
    cell_width = width / num_cells
    start = target.start
    for cell in range(num_cells * num_cells):
        start[cell] = 0
        target.head[cell] = NONE
    for sink in range(sinks.size[0]):
        if sinks.nearest[sink] == REMOVED:
            continue
        column = cell_of(sinks.position[sink, 0], cell_width, num_cells)
        cell = cell_of(sinks.position[sink, 1], cell_width, num_cells) * num_cells + column
        target.next[sink] = cell
        start[cell] += 1
    total = 0
    for cell in range(num_cells * num_cells):
        total += start[cell]
        start[cell] = total
    start[num_cells * num_cells] = total
    for sink in range(sinks.size[0] - 1, -1, -1):
        if sinks.nearest[sink] == REMOVED:
            continue
        cell = target.next[sink]
        start[cell] -= 1
        row = np.uint32(start[cell])
        for axis in range(3):
            target.position[row, axis] = sinks.position[sink, axis]
        target.nearest[row] = sinks.nearest[sink]
        target.nearest_sq[row] = sinks.nearest_sq[sink]
        target.seen_version[row] = sinks.seen_version[sink]
    for beyond in range(total, total + PROBES):
        for axis in range(3):
            target.position[beyond, axis] = FAR_AWAY_MM
    target.size[0] = total
    target.size[1] = total
    target.size[2] = num_cells


@kernel(allocates=False)
def assign_sinks(
    sinks: Sinks, nodes: Nodes, tissue: Tissue, rules: Rules, first_sink: np.ndarray, next_sink: np.ndarray
) -> None:
    """Give each sink to its nearest active node within perception, as one linked list a node."""
    for node in range(nodes.size[0]):
        first_sink[node] = NONE
    perception_sq = rules.perception * rules.perception
    position, nearest, nearest_sq = sinks.position, sinks.nearest, sinks.nearest_sq
    seen_version, version, child = sinks.seen_version, nodes.version, nodes.child
    node_position, node_head, next_node = nodes.position, nodes.active_head, nodes.next_active
    node_cell_width = tissue.width / node_head.shape[0]
    for sink in range(sinks.size[0]):
        node = nearest[sink]
        if node >= 0 and seen_version[sink] == version[node]:
            continue
        if node == UNKNOWN or (node >= 0 and child[node, 1] != NONE):
            node, distance_sq = find_nearest_active(
                node_position, node_head, next_node, node_cell_width,
                position[sink, 0], position[sink, 1], position[sink, 2], rules.perception,
            )  # fmt: skip
            nearest[sink] = node
            nearest_sq[sink] = distance_sq if node != NONE else math.inf
            seen_version[sink] = NONE
        if node >= 0 and nearest_sq[sink] <= perception_sq:
            next_sink[sink] = first_sink[node]
            first_sink[node] = sink


@kernel(allocates=False)
def meet_new_nodes(
    sinks: Sinks, nodes: Nodes, tissue: Tissue, rules: Rules, first_new: int, satisfied: np.ndarray
) -> int:
    """Let new nodes become the nearest of the sinks around them; list the sinks that they satisfy, count them."""
    num_cells = sinks.size[2]
    cell_width = tissue.width / num_cells
    reach = max(rules.perception, rules.satisfaction)
    satisfaction_sq = rules.satisfaction * rules.satisfaction
    start, head, next_sink, position = sinks.start, sinks.head, sinks.next, sinks.position
    nearest, nearest_sq, seen_version = sinks.nearest, sinks.nearest_sq, sinks.seen_version
    node_position = nodes.position
    count = 0
    for node in range(first_new, nodes.size[0]):
        x = node_position[node, 0]
        y = node_position[node, 1]
        z = node_position[node, 2]
        first_column = cell_of(x - reach, cell_width, num_cells)
        last_column = cell_of(x + reach, cell_width, num_cells)
        for row in range(cell_of(y - reach, cell_width, num_cells), cell_of(y + reach, cell_width, num_cells) + 1):
            first_cell = row * num_cells + first_column
            last_cell = row * num_cells + last_column
            for sink in range(start[first_cell], start[last_cell + 1]):
                if meet(position, nearest, nearest_sq, seen_version, node, x, y, z, sink, satisfaction_sq):
                    satisfied[count] = sink
                    count += 1
            for cell in range(first_cell, last_cell + 1):
                sink = head[cell]
                while sink != NONE:
                    if meet(position, nearest, nearest_sq, seen_version, node, x, y, z, sink, satisfaction_sq):
                        satisfied[count] = sink
                        count += 1
                    sink = next_sink[sink]
    return count


@kernel(allocates=False, forceinline=True)
def meet(
    position: np.ndarray,
    nearest: np.ndarray,
    nearest_sq: np.ndarray,
    seen_version: np.ndarray,
    node: int,
    x: float,
    y: float,
    z: float,
    sink: int,
    satisfaction_sq: float,
) -> bool:
    """Let a new node at a point meet a sink; whether it is the first to satisfy it."""
    entry = np.uint32(sink)  # a signed index would be asked each time whether it counts from the end
    dx = position[entry, 0] - x
    dy = position[entry, 1] - y
    dz = position[entry, 2] - z
    distance_sq = dx * dx + dy * dy + dz * dz
    if distance_sq < nearest_sq[entry]:
        nearest[entry] = node
        nearest_sq[entry] = distance_sq
        seen_version[entry] = NONE
    is_satisfied = distance_sq <= satisfaction_sq and nearest[entry] != REMOVED
    if is_satisfied:
        nearest[entry] = REMOVED
        nearest_sq[entry] = -1.0
    return is_satisfied


@kernel(allocates=False)
def turn_into_sources(
    sinks: Sinks,
    sources: Sinks,
    veins: Nodes,
    tissue: Tissue,
    rules: Rules,
    satisfied: np.ndarray,
    count: int,
) -> None:
    """Satisfied oxygen sinks vanish; where no vein is near, they become carbon dioxide sources."""
    for index in range(count):
        sink = satisfied[index]
        x = sinks.position[sink, 0]
        y = sinks.position[sink, 1]
        z = sinks.position[sink, 2]
        remove_sink(sinks, sink)
        if not has_node_within(veins, tissue.width, x, y, z, rules.satisfaction):
            add_sink(sources, tissue.width, x, y, z)
