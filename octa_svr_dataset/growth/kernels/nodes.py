"""Loops over vessel nodes: append one, keep the radii, find the nearest, ask for oxygen."""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, Nodes, cell_of
from octa_svr_dataset.kernel import kernel

OXYGEN_RADIUS_MM = 0.0035
"""Vessel radius that oxygenates the tissue around it best (Rauch and Harders 2021)."""
OXYGEN_REACH_MM = 6.0 * 0.02 * 0.2039
"""Reach of that oxygen at that radius."""


@kernel()
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
    nodes.version[node] = 0
    num_cells = nodes.head.shape[0]
    column = cell_of(x, width / num_cells, num_cells)
    row = cell_of(y, width / num_cells, num_cells)
    nodes.next[node] = nodes.head[row, column]
    nodes.head[row, column] = node
    if parent != NONE:
        slot = 0 if nodes.child[parent, 0] == NONE else 1
        nodes.child[parent, slot] = node
        nodes.version[parent] += 1
    return node


@kernel()
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


@kernel(inline="always")
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


@kernel(inline="always")
def oxygen_reach(radius: float) -> float:
    """Distance to which a vessel oxygenates the tissue around it (Rauch and Harders 2021), mm."""
    relative = radius / OXYGEN_RADIUS_MM
    return OXYGEN_REACH_MM * relative * math.exp(1.0 - relative)


@kernel(inline="always")
def is_oxygenated(
    position: np.ndarray,
    power: np.ndarray,
    exponent: np.ndarray,
    head: np.ndarray,
    next_node: np.ndarray,
    cell_width: float,
    x: float,
    y: float,
    z: float,
    search_radius: float,
    terminal_radius: float,
) -> bool:
    """Whether an arterial node within the search radius reaches a point with its own oxygen (Rauch and Harders)."""
    reach_limit = min(search_radius, OXYGEN_REACH_MM)
    capillary_reach = oxygen_reach(terminal_radius)
    num_cells = head.shape[0]
    for row in range(
        cell_of(y - reach_limit, cell_width, num_cells), cell_of(y + reach_limit, cell_width, num_cells) + 1
    ):
        for column in range(
            cell_of(x - reach_limit, cell_width, num_cells),
            cell_of(x + reach_limit, cell_width, num_cells) + 1,
        ):
            node = head[row, column]
            while node != NONE:
                dx = position[node, 0] - x
                dy = position[node, 1] - y
                dz = position[node, 2] - z
                distance_sq = dx * dx + dy * dy + dz * dz
                if distance_sq <= reach_limit * reach_limit:
                    reach = capillary_reach
                    if power[node] != 1.0:
                        radius = terminal_radius * power[node] ** (1.0 / exponent[node])
                        reach = oxygen_reach(radius)
                    if distance_sq <= reach * reach:
                        return True
                node = next_node[node]
    return False


@kernel(inline="always")
def find_nearest_active(
    position: np.ndarray,
    child: np.ndarray,
    head: np.ndarray,
    next_node: np.ndarray,
    cell_width: float,
    x: float,
    y: float,
    z: float,
    radius: float,
) -> tuple[int, float]:
    """Nearest node with fewer than two children within a radius, and its squared distance."""
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
            for column in range(center_column - ring, center_column + ring + 1, stride):
                if column < 0 or column >= num_cells:
                    continue
                node = head[row, column]
                while node != NONE:
                    if child[node, 1] == NONE:
                        dx = position[node, 0] - x
                        dy = position[node, 1] - y
                        dz = position[node, 2] - z
                        distance_sq = dx * dx + dy * dy + dz * dz
                        if distance_sq < best_sq or (distance_sq == best_sq and node < best):
                            best_sq = distance_sq
                            best = node
                    node = next_node[node]
        covered = ring * cell_width
        if covered * covered >= best_sq:
            return best, best_sq
        ring += 1
