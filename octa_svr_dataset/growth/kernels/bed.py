"""Loops that join the blind ends of a grown forest into a mesh; lengths in mm."""

import math
from typing import NamedTuple

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, Vector, cell_of
from octa_svr_dataset.growth.kernels.mesh import MESH_CELL, Mesh, is_blocked, join, side_of
from octa_svr_dataset.kernel import kernel

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
LONGEST_POCKET = 0.15
"""No wider pocket of the rim is cut off."""
LONGEST_RIM_JOIN = 0.3
"""Wider gaps of the rim stay open."""


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
        plexus, kind = int(mesh.layer[node]), int(mesh.kind[node])
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
    return is_outside and chord < LONGEST_POCKET and cosine > MOST_RIM_BEND


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
    for index in range(count if count > 2 else 0):
        first, second = rim[index], rim[(index + 1) % count]
        width = math.hypot(
            mesh.position[first, 0] - mesh.position[second, 0], mesh.position[first, 1] - mesh.position[second, 1]
        )
        if (
            width < LONGEST_RIM_JOIN
            and not are_family(mesh.parent, first, second)
            and not is_blocked(mesh, plexus, first, second, math.inf)
        ):
            join(mesh, first, second)
