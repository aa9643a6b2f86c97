"""Loops of the growth model: arrays and scalars in, arrays out.

The tissue is the box [0, width] x [0, width] x [0, depth], mm. Vessels of one kind are the columns of
`Nodes`, what attracts them (oxygen sinks for arteries, carbon dioxide sources for veins) the columns
of `Sinks`. Both keep a linked list a cell of a flat grid over (x, y), since the slab is thin. The rules
are those of Rauch and Harders (2021) and Kreitner et al. (2024).

Chance comes from a counter (`counter_uniform`), keyed by iteration and node, so that no result depends
on the order of the data structures.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

NONE = -1
UNKNOWN = -2
TWO_POW_MINUS_53 = 1.0 / 9007199254740992.0
OXYGEN_RADIUS_MM = 0.0035
"""Vessel radius that oxygenates the tissue around it best (Rauch and Harders 2021)."""
OXYGEN_REACH_MM = 6.0 * 0.02 * 0.2039
"""Reach of that oxygen at that radius."""


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
    version: np.ndarray
    """(C,) int32. Raised whenever the cone in which the node perceives sinks changes."""
    head: np.ndarray
    """(cells, cells) int32. First node of each cell."""
    next: np.ndarray
    """(C,) int32. Next node of the same cell."""


class Sinks(NamedTuple):
    """What attracts the vessels of one kind; the first `size[0]` rows are in use."""

    size: np.ndarray
    """(1,) int64."""
    position: np.ndarray
    """(C, 3) float64, mm."""
    nearest: np.ndarray
    """(C,) int32. Nearest active node; `NONE` where none is perceived, `UNKNOWN` before the search."""
    nearest_sq: np.ndarray
    """(C,) float64. Squared distance to it, mm2."""
    seen_version: np.ndarray
    """(C,) int32. Version of the nearest node at which the sink lay outside its cone."""
    is_satisfied: np.ndarray
    """(C,) bool."""
    head: np.ndarray
    """(cells, cells) int32. First sink of each cell; the part in use has `num_cells` rows."""
    next: np.ndarray
    """(C,) int32. Next sink of the same cell."""


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


@njit(cache=True)
def counter_uniform(key: np.uint64, counter: int) -> float:
    """Uniform number in [0, 1) that is a function of a key and a counter (SplitMix64, Steele et al. 2014)."""
    mixed = np.uint64(key) + np.uint64(counter) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return float(mixed >> np.uint64(11)) * TWO_POW_MINUS_53


@njit(cache=True)
def cell_of(coordinate: float, cell_width: float, num_cells: int) -> int:
    """Index of the grid cell of a coordinate; what lies outside belongs to the border cells."""
    return min(max(int(coordinate / cell_width), 0), num_cells - 1)


@njit(cache=True)
def add_node(nodes: Nodes, width: float, parent: int, x: float, y: float, z: float, exponent: float) -> int:
    """Append a terminal node and enter it in the grid."""
    node = nodes.size[0]
    if node == nodes.parent.shape[0]:
        raise MemoryError("more vessel nodes than the work arrays hold")
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


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def oxygen_reach(radius: float) -> float:
    """Distance to which a vessel oxygenates the tissue around it (Rauch and Harders 2021), mm."""
    relative = radius / OXYGEN_RADIUS_MM
    return OXYGEN_REACH_MM * relative * math.exp(1.0 - relative)


@njit(cache=True)
def is_oxygenated(
    nodes: Nodes, width: float, x: float, y: float, z: float, search_radius: float, terminal_radius: float
) -> bool:
    """Whether an arterial node within the search radius reaches a point with its own oxygen (Rauch and Harders)."""
    reach_limit = min(search_radius, OXYGEN_REACH_MM)
    capillary_reach = oxygen_reach(terminal_radius)
    num_cells = nodes.head.shape[0]
    cell_width = width / num_cells
    for row in range(
        cell_of(y - reach_limit, cell_width, num_cells), cell_of(y + reach_limit, cell_width, num_cells) + 1
    ):
        for column in range(
            cell_of(x - reach_limit, cell_width, num_cells),
            cell_of(x + reach_limit, cell_width, num_cells) + 1,
        ):
            node = nodes.head[row, column]
            while node != NONE:
                dx = nodes.position[node, 0] - x
                dy = nodes.position[node, 1] - y
                dz = nodes.position[node, 2] - z
                distance_sq = dx * dx + dy * dy + dz * dz
                if distance_sq <= reach_limit * reach_limit:
                    reach = capillary_reach
                    if nodes.power[node] != 1.0:
                        radius = terminal_radius * nodes.power[node] ** (1.0 / nodes.exponent[node])
                        reach = oxygen_reach(radius)
                    if distance_sq <= reach * reach:
                        return True
                node = nodes.next[node]
    return False


@njit(cache=True)
def find_nearest_active(nodes: Nodes, width: float, x: float, y: float, z: float, radius: float) -> tuple[int, float]:
    """Nearest node with fewer than two children within a radius, and its squared distance."""
    num_cells = nodes.head.shape[0]
    cell_width = width / num_cells
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
                node = nodes.head[row, column]
                while node != NONE:
                    if nodes.child[node, 1] == NONE:
                        dx = nodes.position[node, 0] - x
                        dy = nodes.position[node, 1] - y
                        dz = nodes.position[node, 2] - z
                        distance_sq = dx * dx + dy * dy + dz * dz
                        if distance_sq < best_sq or (distance_sq == best_sq and node < best):
                            best_sq = distance_sq
                            best = node
                    node = nodes.next[node]
        covered = ring * cell_width
        if covered * covered >= best_sq:
            return best, best_sq
        ring += 1


@njit(cache=True)
def add_sink(sinks: Sinks, width: float, num_cells: int, x: float, y: float, z: float) -> None:
    """Append a sink whose nearest node is not known yet, and enter it in the grid."""
    sink = sinks.size[0]
    if sink == sinks.next.shape[0]:
        raise MemoryError("more oxygen sinks than the work arrays hold")
    sinks.size[0] += 1
    sinks.position[sink, 0] = x
    sinks.position[sink, 1] = y
    sinks.position[sink, 2] = z
    sinks.nearest[sink] = UNKNOWN
    sinks.is_satisfied[sink] = False
    column = cell_of(x, width / num_cells, num_cells)
    row = cell_of(y, width / num_cells, num_cells)
    sinks.next[sink] = sinks.head[row, column]
    sinks.head[row, column] = sink


@njit(cache=True)
def rebuild_sinks(sinks: Sinks, width: float, num_cells: int, forgets_nearest: bool) -> None:
    """Close the gaps that satisfied sinks left, and enter all sinks in a grid of `num_cells` rows."""
    sinks.head[:num_cells, :num_cells] = NONE
    kept = 0
    for sink in range(sinks.size[0]):
        if sinks.is_satisfied[sink]:
            continue
        for axis in range(3):
            sinks.position[kept, axis] = sinks.position[sink, axis]
        sinks.nearest[kept] = UNKNOWN if forgets_nearest else sinks.nearest[sink]
        sinks.nearest_sq[kept] = sinks.nearest_sq[sink]
        sinks.seen_version[kept] = sinks.seen_version[sink]
        sinks.is_satisfied[kept] = False
        column = cell_of(sinks.position[kept, 0], width / num_cells, num_cells)
        row = cell_of(sinks.position[kept, 1], width / num_cells, num_cells)
        sinks.next[kept] = sinks.head[row, column]
        sinks.head[row, column] = kept
        kept += 1
    sinks.size[0] = kept


@njit(cache=True)
def has_sink_within(sinks: Sinks, width: float, num_cells: int, x: float, y: float, z: float, radius: float) -> bool:
    """Whether any sink lies closer than a radius to a point; a cell is never narrower than the radius."""
    cell_width = width / num_cells
    center_column = cell_of(x, cell_width, num_cells)
    center_row = cell_of(y, cell_width, num_cells)
    for row in range(max(center_row - 1, 0), min(center_row + 1, num_cells - 1) + 1):
        for column in range(max(center_column - 1, 0), min(center_column + 1, num_cells - 1) + 1):
            sink = sinks.head[row, column]
            while sink != NONE:
                dx = sinks.position[sink, 0] - x
                dy = sinks.position[sink, 1] - y
                dz = sinks.position[sink, 2] - z
                if dx * dx + dy * dy + dz * dz < radius * radius:
                    return True
                sink = sinks.next[sink]
    return False


@njit(cache=True)
def place_sinks(sinks: Sinks, arteries: Nodes, tissue: Tissue, rules: Rules, num_cells: int, key: np.uint64) -> None:
    """Draw candidates over the tissue outside the sink-free fovea and keep those that lack oxygen."""
    voxel = tissue.width / tissue.num_voxels
    hole_column = math.floor(tissue.fovea_x / voxel + 0.5)
    hole_row = math.floor(tissue.fovea_y / voxel + 0.5)
    hole_sq = tissue.hole_radius_voxels**2
    counter = rules.iteration << 32
    for _ in range(rules.num_candidates):
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
        if z >= tissue.depth or has_sink_within(sinks, tissue.width, num_cells, x, y, z, rules.spacing):
            continue
        search_radius = max(rules.artery_distance, rules.satisfaction)
        if not is_oxygenated(arteries, tissue.width, x, y, z, search_radius, tissue.terminal_radius):
            add_sink(sinks, tissue.width, num_cells, x, y, z)


@njit(cache=True)
def assign_sinks(
    sinks: Sinks, nodes: Nodes, tissue: Tissue, rules: Rules, first_sink: np.ndarray, next_sink: np.ndarray
) -> None:
    """Give each sink to its nearest active node within perception, as one linked list a node."""
    first_sink[: nodes.size[0]] = NONE
    perception_sq = rules.perception * rules.perception
    for sink in range(sinks.size[0]):
        node = sinks.nearest[sink]
        if node == UNKNOWN or (node != NONE and nodes.child[node, 1] != NONE):
            node, distance_sq = find_nearest_active(
                nodes,
                tissue.width,
                sinks.position[sink, 0],
                sinks.position[sink, 1],
                sinks.position[sink, 2],
                rules.perception,
            )
            sinks.nearest[sink] = node
            sinks.nearest_sq[sink] = distance_sq
            sinks.seen_version[sink] = NONE
        if node != NONE and sinks.nearest_sq[sink] <= perception_sq:
            if sinks.seen_version[sink] == nodes.version[node]:
                continue
            next_sink[sink] = first_sink[node]
            first_sink[node] = sink


@njit(cache=True)
def meet_new_nodes(sinks: Sinks, nodes: Nodes, tissue: Tissue, rules: Rules, first_new: int, num_cells: int) -> None:
    """Let new nodes become the nearest of the sinks around them, and satisfy those that are close."""
    cell_width = tissue.width / num_cells
    reach = max(rules.perception, rules.satisfaction)
    satisfaction_sq = rules.satisfaction * rules.satisfaction
    for node in range(first_new, nodes.size[0]):
        x = nodes.position[node, 0]
        y = nodes.position[node, 1]
        z = nodes.position[node, 2]
        for row in range(cell_of(y - reach, cell_width, num_cells), cell_of(y + reach, cell_width, num_cells) + 1):
            for column in range(
                cell_of(x - reach, cell_width, num_cells), cell_of(x + reach, cell_width, num_cells) + 1
            ):
                sink = sinks.head[row, column]
                while sink != NONE:
                    dx = sinks.position[sink, 0] - x
                    dy = sinks.position[sink, 1] - y
                    dz = sinks.position[sink, 2] - z
                    distance_sq = dx * dx + dy * dy + dz * dz
                    if distance_sq <= satisfaction_sq:
                        sinks.is_satisfied[sink] = True
                    if sinks.nearest[sink] == NONE or distance_sq < sinks.nearest_sq[sink]:
                        sinks.nearest[sink] = node
                        sinks.nearest_sq[sink] = distance_sq
                        sinks.seen_version[sink] = NONE
                    sink = sinks.next[sink]


@njit(cache=True)
def turn_into_sources(sinks: Sinks, sources: Sinks, veins: Nodes, tissue: Tissue, rules: Rules, num_cells: int) -> None:
    """Satisfied oxygen sinks become carbon dioxide sources where no vein is near."""
    for sink in range(sinks.size[0]):
        if not sinks.is_satisfied[sink]:
            continue
        x = sinks.position[sink, 0]
        y = sinks.position[sink, 1]
        z = sinks.position[sink, 2]
        if not has_node_within(veins, tissue.width, x, y, z, rules.satisfaction):
            add_sink(sources, tissue.width, num_cells, x, y, z)
