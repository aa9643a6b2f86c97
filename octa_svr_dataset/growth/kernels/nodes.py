"""Loops over vessel nodes: append one, keep the radii, find the nearest, ask for oxygen."""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, Nodes, cell_of
from octa_svr_dataset.kernel import kernel

OXYGEN_RADIUS_MM = 0.0035
"""Vessel radius that oxygenates the tissue around it best (Rauch and Harders 2021)."""
OXYGEN_REACH_MM = 6.0 * 0.02 * 0.2039
"""Reach of that oxygen at that radius."""
ROUNDING = 1.0e-9
"""More than floating-point arithmetic can be off here; keeps bounds on the safe side."""


@kernel(allocates=False)
def add_node(nodes: Nodes, width: float, parent: int, x: float, y: float, z: float, exponent: float) -> int:
    """Append a terminal node and enter it in the grid."""
    node = nodes.size[0]
    if node == nodes.parent.shape[0]:
        raise OverflowError("more vessel nodes than the work arrays hold")
    nodes.size[0] += 1
    nodes.position[node, 0] = x
    nodes.position[node, 1] = y
    nodes.position[node, 2] = z
    nodes.parent[node] = parent
    nodes.child[node, 0] = NONE
    nodes.child[node, 1] = NONE
    nodes.exponent[node] = exponent
    nodes.power[node] = 1.0
    nodes.most_reach_sq[node] = OXYGEN_REACH_MM * OXYGEN_REACH_MM
    nodes.version[node] = 0
    enter(nodes.head, nodes.next, nodes.position, width, node)
    enter(nodes.active_head, nodes.next_active, nodes.position, width, node)
    if parent != NONE:
        if nodes.child[parent, 0] == NONE:
            nodes.child[parent, 0] = node
        else:
            nodes.child[parent, 1] = node
            leave(nodes.active_head, nodes.next_active, nodes.position, width, parent)
        nodes.version[parent] += 1
    return node


@kernel(allocates=False)
def plant(nodes: Nodes, width: float, position: np.ndarray, parent: np.ndarray, exponent: float) -> None:
    """Append the nodes of trunks: (T, 3) float64 positions, mm, and (T,) int64 indices of the upstream nodes."""
    for node in range(parent.shape[0]):
        add_node(nodes, width, parent[node], position[node, 0], position[node, 1], position[node, 2], exponent)


@kernel(allocates=False)
def enter(head: np.ndarray, next_node: np.ndarray, position: np.ndarray, width: float, node: int) -> None:
    """Put a node on the list of its grid cell."""
    num_cells = head.shape[0]
    column = cell_of(position[node, 0], width / num_cells, num_cells)
    row = cell_of(position[node, 1], width / num_cells, num_cells)
    next_node[node] = head[row, column]
    head[row, column] = node


@kernel(allocates=False)
def leave(head: np.ndarray, next_node: np.ndarray, position: np.ndarray, width: float, node: int) -> None:
    """Take a node off the list of its grid cell."""
    num_cells = head.shape[0]
    column = cell_of(position[node, 0], width / num_cells, num_cells)
    row = cell_of(position[node, 1], width / num_cells, num_cells)
    if head[row, column] == node:
        head[row, column] = next_node[node]
        return
    before = head[row, column]
    while next_node[before] != node:
        before = next_node[before]
    next_node[before] = next_node[node]


@kernel(allocates=False)
def propagate_radii(nodes: Nodes, node: int) -> None:
    """Murray's law from a node with a new branch up to its root."""
    while node != NONE:
        power = 0.0
        for slot in range(2):
            child = nodes.child[node, slot]
            if child != NONE:
                ratio = nodes.exponent[node] / nodes.exponent[child]
                power += nodes.power[child] if ratio == 1.0 else nodes.power[child] ** ratio
        nodes.power[node] = power
        node = nodes.parent[node]
        if node != NONE:
            nodes.version[node] += 1


@kernel(allocates=False, forceinline=True)
def has_node_within(nodes: Nodes, width: float, x: float, y: float, z: float, radius: float) -> bool:
    """Whether any node lies closer than a radius to a point."""
    num_cells = nodes.head.shape[0]
    cell_width = width / num_cells
    for row in range(cell_of(y - radius, cell_width, num_cells), cell_of(y + radius, cell_width, num_cells) + 1):
        for column in range(cell_of(x - radius, cell_width, num_cells), cell_of(x + radius, cell_width, num_cells) + 1):
            node = nodes.head[row, column]
            while node != NONE:
                dx = nodes.position[node, 0] - x
                dy = nodes.position[node, 1] - y
                dz = nodes.position[node, 2] - z
                if dx * dx + dy * dy + dz * dz < radius * radius:
                    return True
                node = nodes.next[node]
    return False


@kernel(allocates=False, forceinline=True)
def oxygen_reach(radius: float) -> float:
    """Distance to which a vessel oxygenates the tissue around it (Rauch and Harders 2021), mm."""
    relative = radius / OXYGEN_RADIUS_MM
    return OXYGEN_REACH_MM * relative * math.exp(1.0 - relative)


@kernel(allocates=False)
def measure_reach(
    power: np.ndarray, exponent: np.ndarray, most_reach_sq: np.ndarray, node: int, terminal_radius: float
) -> float:
    """Squared oxygen reach of a thick node; beyond the best radius it only shrinks from now on, which is noted."""
    radius = terminal_radius * power[node] ** (1.0 / exponent[node])
    reach = oxygen_reach(radius)
    if radius > OXYGEN_RADIUS_MM:
        most_reach_sq[node] = reach * reach * (1.0 + ROUNDING)
    return reach * reach


@kernel(allocates=False, forceinline=True)
def is_oxygenated(
    position: np.ndarray,
    power: np.ndarray,
    exponent: np.ndarray,
    most_reach_sq: np.ndarray,
    head: np.ndarray,
    next_node: np.ndarray,
    cell_width: float,
    x: float,
    y: float,
    z: float,
    reach_limit: float,
    capillary_reach_sq: float,
    terminal_radius: float,
) -> bool:
    """Whether an arterial node within a limit reaches a point with its own oxygen (Rauch and Harders).

    The point's own cell is asked first: it most often holds the answer.
    """
    limit_sq = reach_limit * reach_limit
    num_cells = head.shape[0]
    own_column = cell_of(x, cell_width, num_cells)
    own_row = cell_of(y, cell_width, num_cells)
    if oxygen_comes_from(
        position, power, exponent, most_reach_sq, head[own_row, own_column], next_node,
        x, y, z, limit_sq, capillary_reach_sq, terminal_radius,
    ):  # fmt: skip
        return True
    first_column = cell_of(x - reach_limit, cell_width, num_cells)
    last_column = cell_of(x + reach_limit, cell_width, num_cells)
    for row in range(
        cell_of(y - reach_limit, cell_width, num_cells), cell_of(y + reach_limit, cell_width, num_cells) + 1
    ):
        for column in range(first_column, last_column + 1):
            is_other = row != own_row or column != own_column
            if is_other and oxygen_comes_from(
                position, power, exponent, most_reach_sq, head[row, column], next_node,
                x, y, z, limit_sq, capillary_reach_sq, terminal_radius,
            ):  # fmt: skip
                return True
    return False


@kernel(allocates=False, forceinline=True)
def oxygen_comes_from(
    position: np.ndarray,
    power: np.ndarray,
    exponent: np.ndarray,
    most_reach_sq: np.ndarray,
    node: int,
    next_node: np.ndarray,
    x: float,
    y: float,
    z: float,
    limit_sq: float,
    capillary_reach_sq: float,
    terminal_radius: float,
) -> bool:
    """Whether any node of a cell's list, from its first node on, reaches a point with its oxygen."""
    while node != NONE:
        entry = np.uint32(node)  # a signed index would be asked each time whether it counts from the end
        dx = position[entry, 0] - x
        dy = position[entry, 1] - y
        dz = position[entry, 2] - z
        distance_sq = dx * dx + dy * dy + dz * dz
        if distance_sq <= limit_sq:
            if power[entry] == 1.0:
                if distance_sq <= capillary_reach_sq:
                    return True
            elif distance_sq <= most_reach_sq[entry] and distance_sq <= measure_reach(
                power, exponent, most_reach_sq, node, terminal_radius
            ):
                return True
        node = next_node[entry]
    return False


@kernel(allocates=False, forceinline=True)
def find_nearest_active(
    position: np.ndarray,
    head: np.ndarray,
    next_node: np.ndarray,
    cell_width: float,
    x: float,
    y: float,
    z: float,
    radius: float,
) -> tuple[int, float]:
    """Nearest node with fewer than two children within a radius, and its squared distance.

    Takes the grid of active nodes alone, and searches it in growing rings, without the cells that lie too far.
    """
    num_cells = head.shape[0]
    center_column = cell_of(x, cell_width, num_cells)
    center_row = cell_of(y, cell_width, num_cells)
    best = NONE
    best_sq = radius * radius
    ring = 0
    while True:
        for row in range(max(center_row - ring, 0), min(center_row + ring, num_cells - 1) + 1):
            on_edge = row == center_row - ring or row == center_row + ring
            stride = 1 if on_edge or ring == 0 else 2 * ring
            down = gap_to_cell(y, row, center_row, cell_width)
            for step in range(2 * ring + 1 if stride == 1 else 2):  # a range with that stride would cost a division
                column = center_column - ring + step * stride
                if column < 0 or column >= num_cells:
                    continue
                across = gap_to_cell(x, column, center_column, cell_width)
                if across * across + down * down > best_sq:
                    continue
                node = head[row, column]
                while node != NONE:
                    entry = np.uint32(node)  # as in `oxygen_comes_from`
                    dx = position[entry, 0] - x
                    dy = position[entry, 1] - y
                    dz = position[entry, 2] - z
                    distance_sq = dx * dx + dy * dy + dz * dz
                    if distance_sq < best_sq or (distance_sq == best_sq and node < best):
                        best_sq = distance_sq
                        best = node
                    node = next_node[entry]
        covered = ring * cell_width
        if covered * covered >= best_sq:
            return best, best_sq
        ring += 1


@kernel(allocates=False, forceinline=True)
def gap_to_cell(coordinate: float, cell: int, own_cell: int, cell_width: float) -> float:
    """Distance along one axis from a point to another cell, less what rounding may add."""
    if cell < own_cell:
        return max(coordinate - (cell + 1) * cell_width - ROUNDING, 0.0)
    if cell > own_cell:
        return max(cell * cell_width - coordinate - ROUNDING, 0.0)
    return 0.0
