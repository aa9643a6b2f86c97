"""Loops that join the blind ends of a grown forest into a mesh; lengths in mm."""

import math
from typing import NamedTuple

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, Vector, cell_of
from octa_svr_dataset.kernel import kernel

MESH_CELL = 0.04
"""Width of the cells by which nodes, segments and joins are found."""
SHORT_JOIN = 0.006
"""A shorter join has no direction that could be wrong."""
FAMILY_STEPS = 3
"""Vessels that branched off one another fewer segments upstream are not joined: their loop would be too small."""
MOST_LIMBS = 4
"""No more segments and joins meet at a point."""
SAME_KIND_COST = 1.5
"""A join between two arteries or two veins counts as so much longer than one between an artery and a vein."""
SIDE_COST = 1.3
"""A join with the side of a vessel counts as so much longer than one with another blind end."""
NUM_RIM_SECTORS = 40
"""Sectors around the fovea in each of which the innermost node belongs to the rim."""
MOST_RIM_DISTANCE = 1.0
"""No node farther from the fovea belongs to the rim."""
MOST_RIM_BEND = -0.5
"""Cosine of the angle, as seen from the rim, at which a pocket of the rim is cut off."""
LONGEST_RIM_CHORD = 0.15
"""No pocket of the rim is cut off by a longer join."""


class Mesh(NamedTuple):
    """A forest of N nodes, the joins that close it, and where to find them by the cells of a flat grid.

    Nodes stand in order of their layers and cells, so that neighbors are read one after the other.
    """

    position: np.ndarray
    """(N, 3) float64, mm."""
    heading: np.ndarray
    """(N, 3) float64. Direction of the segment that ends at each node; 0 at a root."""
    parent: np.ndarray
    """(N,) int32; `NONE` at a root."""
    limbs: np.ndarray
    """(N,) int32. Segments and joins that meet at each node."""
    radius: np.ndarray
    """(N,) float64, mm."""
    kind: np.ndarray
    """(N,) uint8."""
    layer: np.ndarray
    """(N,) uint8."""
    node_start: np.ndarray
    """(2 * cells * cells + 1,) int32. First node of each cell, the superficial layer first."""
    segment_start: np.ndarray
    """(cells * cells + 1,) int32. Where the segments of each cell begin in `segment`."""
    segment: np.ndarray
    """(S,) int32. End nodes of the segments whose bounding boxes touch each cell."""
    size: np.ndarray
    """(2,) int64. Number of joins; number of entries of joins in cells."""
    links: np.ndarray
    """(L, 2) int32. Nodes that each join connects; it belongs to the layer of the first."""
    head: np.ndarray
    """(cells * cells,) int32. First entry of a join in each cell."""
    next: np.ndarray
    """(E,) int32. Next entry in the same cell."""
    entry: np.ndarray
    """(E,) int32. Join of each entry."""


class Demands(NamedTuple):
    """What is asked of a join."""

    reach: float
    """Longest join, mm."""
    least_cosine: float
    """Least cosine of its bend at a blind end."""
    most_side_cosine: float
    """Most cosine of the angle between it and a vessel whose side it meets."""
    large_radius: float
    """Vessels of a larger radius are neither joined nor crossed, mm."""


@kernel()
def order_nodes(position: np.ndarray, layer: np.ndarray, num_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """`Mesh.node_start`, and the (N,) int32 order of nodes that it stands for."""
    num_nodes = position.shape[0]
    start = np.zeros(2 * num_cells * num_cells + 1, np.int32)
    order = np.empty(num_nodes, np.int32)
    for node in range(num_nodes):
        start[layer[node] * num_cells * num_cells + cell_at(position, node, num_cells)] += 1
    for cell in range(2 * num_cells * num_cells):
        start[cell + 1] += start[cell]
    for node in range(num_nodes - 1, -1, -1):
        cell = layer[node] * num_cells * num_cells + cell_at(position, node, num_cells)
        start[cell] -= 1
        order[start[cell]] = node
    return start, order


@kernel()
def cell_at(position: np.ndarray, node: int, num_cells: int) -> int:
    """Number of the cell of a node."""
    row = cell_of(position[node, 1], MESH_CELL, num_cells)
    return row * num_cells + cell_of(position[node, 0], MESH_CELL, num_cells)


@kernel()
def index_segments(position: np.ndarray, parent: np.ndarray, num_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """`Mesh.segment_start` and `Mesh.segment`."""
    start = np.zeros(num_cells * num_cells + 1, np.int32)
    for node in range(parent.shape[0]):
        if parent[node] != NONE:
            top, bottom, left, right = box_of(position, parent[node], node, num_cells)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    start[row * num_cells + column] += 1
    for cell in range(num_cells * num_cells):
        start[cell + 1] += start[cell]
    segment_of = np.empty(start[num_cells * num_cells], np.int32)
    for node in range(parent.shape[0] - 1, -1, -1):
        if parent[node] != NONE:
            top, bottom, left, right = box_of(position, parent[node], node, num_cells)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    cell = row * num_cells + column
                    start[cell] -= 1
                    segment_of[start[cell]] = node
    return start, segment_of


@kernel()
def box_of(position: np.ndarray, first: int, second: int, num_cells: int) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the cells that the line between two nodes may touch."""
    return (
        cell_of(min(position[first, 1], position[second, 1]), MESH_CELL, num_cells),
        cell_of(max(position[first, 1], position[second, 1]), MESH_CELL, num_cells),
        cell_of(min(position[first, 0], position[second, 0]), MESH_CELL, num_cells),
        cell_of(max(position[first, 0], position[second, 0]), MESH_CELL, num_cells),
    )


@kernel()
def join(mesh: Mesh, first: int, second: int) -> None:
    """Join two nodes; the join belongs to the layer of the first one."""
    num_cells = int(math.sqrt(mesh.head.shape[0]))
    link = mesh.size[0]
    if link == mesh.links.shape[0]:
        raise OverflowError("more joins than the work arrays hold")
    mesh.links[link, 0] = first
    mesh.links[link, 1] = second
    mesh.size[0] += 1
    mesh.limbs[first] += 1
    mesh.limbs[second] += 1
    top, bottom, left, right = box_of(mesh.position, first, second, num_cells)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            entry = mesh.size[1]
            if entry == mesh.entry.shape[0]:
                raise OverflowError("more cells of joins than the work arrays hold")
            mesh.entry[entry] = link
            mesh.next[entry] = mesh.head[row * num_cells + column]
            mesh.head[row * num_cells + column] = entry
            mesh.size[1] += 1


@kernel()
def side_of(position: np.ndarray, first: int, second: int, third: int) -> float:
    """Positive on one side of the line through two nodes, negative on the other."""
    along_x = position[second, 0] - position[first, 0]
    along_y = position[second, 1] - position[first, 1]
    return along_x * (position[third, 1] - position[first, 1]) - along_y * (position[third, 0] - position[first, 0])


@kernel()
def cross(position: np.ndarray, first: int, second: int, third: int, fourth: int) -> bool:
    """Whether the lines between two pairs of nodes cross in the plane, other than at a node that they share."""
    if first == third or first == fourth or second == third or second == fourth:
        return False
    if side_of(position, first, second, third) * side_of(position, first, second, fourth) >= 0.0:
        return False
    return side_of(position, third, fourth, first) * side_of(position, third, fourth, second) < 0.0


@kernel()
def is_blocked(mesh: Mesh, plexus: int, first: int, second: int, large_radius: float) -> bool:
    """Whether a join of two nodes would cross a vessel or join of a layer, or a large vessel of any layer."""
    num_cells = int(math.sqrt(mesh.head.shape[0]))
    position, parent, layer, radius = mesh.position, mesh.parent, mesh.layer, mesh.radius
    top, bottom, left, right = box_of(position, first, second, num_cells)
    for row in range(top, bottom + 1):
        start = mesh.segment_start[row * num_cells + left]
        for index in range(start, mesh.segment_start[row * num_cells + right + 1]):
            node = mesh.segment[index]
            if layer[node] == plexus or radius[node] > large_radius:
                if cross(position, first, second, node, parent[node]):
                    return True
        for column in range(left, right + 1):
            entry = mesh.head[row * num_cells + column]
            while entry != NONE:
                one, other = mesh.links[mesh.entry[entry], 0], mesh.links[mesh.entry[entry], 1]
                if layer[one] == plexus and cross(position, first, second, one, other):
                    return True
                entry = mesh.next[entry]
    return False


@kernel()
def are_family(parent: np.ndarray, first: int, second: int) -> bool:
    """Whether two nodes have a common ancestor few segments upstream, or one is the other's."""
    above = first
    for _ in range(FAMILY_STEPS):
        other = second
        for _ in range(FAMILY_STEPS):
            if above == other:
                return True
            if parent[other] == NONE:
                break
            other = parent[other]
        if parent[above] == NONE:
            return False
        above = parent[above]
    return False


@kernel()
def cost_of_join(cosine: float, other_cosine: float, is_side: bool, length: float, demands: Demands) -> float:
    """Length of a join, lengthened by its bends; infinite if they are too sharp.

    Parameters
    ----------
    cosine, other_cosine
        Cosines between the join and the way out of the blind end, and between the join and the segment that ends at
        the other node.
    is_side
        Whether the other node is no blind end.
    length
        Length of the join, mm.
    demands
        What is asked of it.
    """
    if length < SHORT_JOIN:
        return length
    if cosine < demands.least_cosine:
        return math.inf
    if is_side:
        is_steep = abs(other_cosine) <= demands.most_side_cosine
        return length * (1.5 - 0.5 * cosine) * SIDE_COST if is_steep else math.inf
    return length * (1.5 - 0.25 * cosine + 0.25 * other_cosine) if -other_cosine >= demands.least_cosine else math.inf


@kernel()
def best_partner(mesh: Mesh, end: int, way_out: Vector, plexus: int, kind: int, demands: Demands) -> int:
    """Node of a plexus with which the join of a blind end costs least, `NONE` where none is within reach.

    Parameters
    ----------
    mesh
        Forest and joins.
    end
        Node at the blind end.
    way_out
        Direction in which the vessel points there.
    plexus, kind
        Layer and kind of that vessel.
    demands
        What is asked of the join.
    """
    num_cells = int(math.sqrt(mesh.head.shape[0]))
    position, heading, limbs = mesh.position, mesh.heading, mesh.limbs
    x, y, z = position[end, 0], position[end, 1], position[end, 2]
    left = cell_of(x - demands.reach, MESH_CELL, num_cells)
    right = cell_of(x + demands.reach, MESH_CELL, num_cells)
    top = cell_of(y - demands.reach, MESH_CELL, num_cells)
    bottom = cell_of(y + demands.reach, MESH_CELL, num_cells)
    best = NONE
    best_cost = math.inf
    for row in range(top, bottom + 1):
        cell = (plexus * num_cells + row) * num_cells
        for node in range(mesh.node_start[cell + left], mesh.node_start[cell + right + 1]):
            across, down, deeper = position[node, 0] - x, position[node, 1] - y, position[node, 2] - z
            length = math.sqrt(across * across + down * down + deeper * deeper)
            if length > min(demands.reach, best_cost) or limbs[node] >= MOST_LIMBS or length == 0.0:
                continue
            if mesh.parent[node] == NONE or mesh.radius[node] > demands.large_radius:
                continue
            cosine = (way_out[0] * across + way_out[1] * down + way_out[2] * deeper) / length
            other = (heading[node, 0] * across + heading[node, 1] * down + heading[node, 2] * deeper) / length
            cost = cost_of_join(cosine, other, limbs[node] > 1, length, demands)
            if mesh.kind[node] == kind:
                cost *= SAME_KIND_COST
            if cost >= best_cost or are_family(mesh.parent, end, node):
                continue
            if not is_blocked(mesh, plexus, end, node, demands.large_radius):
                best = node
                best_cost = cost
    return best


@kernel()
def join_blind_ends(mesh: Mesh, demands: Demands, is_loose: np.ndarray) -> None:
    """Join blind ends with the vessels of their layer that suit them best.

    Parameters
    ----------
    mesh
        Forest and joins; joins are added.
    demands
        What is asked of the joins.
    is_loose
        (N,) bool. Whether the start of the segment that ends at each node is a blind end of its layer: where a deep
        tree leaves the superficial layer. Changed in place.
    """
    for node in range(mesh.parent.shape[0]):
        if mesh.parent[node] == NONE:
            continue
        x, y, z = mesh.heading[node, 0], mesh.heading[node, 1], mesh.heading[node, 2]
        plexus, kind = mesh.layer[node], mesh.kind[node]
        if mesh.limbs[node] == 1:
            partner = best_partner(mesh, node, (x, y, z), plexus, kind, demands)
            if partner != NONE:
                join(mesh, node, partner)
        if is_loose[node] and mesh.limbs[mesh.parent[node]] < MOST_LIMBS:
            partner = best_partner(mesh, mesh.parent[node], (-x, -y, -z), plexus, kind, demands)
            if partner != NONE:
                join(mesh, partner, mesh.parent[node])
                is_loose[node] = False


@kernel()
def innermost_nodes(mesh: Mesh, plexus: int, fovea_x: float, fovea_y: float) -> np.ndarray:
    """(K,) int32. The node of a plexus nearest to the fovea in each sector around it, where there is one."""
    position = mesh.position
    nearest = np.full(NUM_RIM_SECTORS, NONE, np.int32)
    nearest_sq = np.full(NUM_RIM_SECTORS, math.inf)
    for node in range(position.shape[0]):
        if mesh.layer[node] != plexus or mesh.parent[node] == NONE:
            continue
        x = position[node, 0] - fovea_x
        y = position[node, 1] - fovea_y
        if x * x + y * y < MOST_RIM_DISTANCE * MOST_RIM_DISTANCE:
            turn = math.atan2(y, x) / (2.0 * math.pi)
            sector = min(int((turn + 0.5) * NUM_RIM_SECTORS), NUM_RIM_SECTORS - 1)
            if x * x + y * y < nearest_sq[sector]:
                nearest[sector] = node
                nearest_sq[sector] = x * x + y * y
    return nearest[nearest != NONE]


@kernel()
def is_pocket(position: np.ndarray, before: int, node: int, after: int) -> bool:
    """Whether the rim around the fovea, run through clockwise, has a narrow pocket at a node."""
    back_x, back_y = position[before, 0] - position[node, 0], position[before, 1] - position[node, 1]
    on_x, on_y = position[after, 0] - position[node, 0], position[after, 1] - position[node, 1]
    chord = math.hypot(on_x - back_x, on_y - back_y)
    cosine = (back_x * on_x + back_y * on_y) / (math.hypot(back_x, back_y) * math.hypot(on_x, on_y))
    is_outside = side_of(position, before, after, node) < 0.0
    return is_outside and chord < LONGEST_RIM_CHORD and cosine > MOST_RIM_BEND


@kernel()
def close_rim(mesh: Mesh, plexus: int, fovea_x: float, fovea_y: float) -> None:
    """Join the innermost vessels of a plexus around the fovea into a ring."""
    rim = innermost_nodes(mesh, plexus, fovea_x, fovea_y)
    count = rim.shape[0]
    index = 0
    since_change = 0
    while count > 3 and since_change < count:
        index %= count
        if is_pocket(mesh.position, rim[index - 1 if index else count - 1], rim[index], rim[(index + 1) % count]):
            for later in range(index, count - 1):
                rim[later] = rim[later + 1]
            count -= 1
            since_change = 0
        else:
            index += 1
            since_change += 1
    for index in range(count):
        first, second = rim[index], rim[(index + 1) % count]
        if (
            count > 2
            and not are_family(mesh.parent, first, second)
            and not is_blocked(mesh, plexus, first, second, math.inf)
        ):
            join(mesh, first, second)
