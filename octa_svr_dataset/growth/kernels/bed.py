"""Loops that join the blind ends of a grown forest into a mesh; lengths in mm."""

import math
from typing import NamedTuple

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, cell_of
from octa_svr_dataset.growth.kernels.mesh import MESH_CELL, Mesh, is_blocked, join
from octa_svr_dataset.kernel import kernel

SHORT_JOIN = 0.006
"""A shorter join has no direction that could be wrong."""
FAMILY_STEPS = 3
"""Vessels that branched off one another fewer segments upstream are not joined: their loop would be too small."""
MOST_LIMBS = 4
"""No more segments and joins of a layer meet at a node."""
SAME_KIND_COST = 1.5
"""A join between two arteries or two veins counts as so much longer than one between an artery and a vein."""
SIDE_COST = 1.3
"""A join with the side of a vessel counts as so much longer than one with another blind end."""
LONGEST_RING_JOIN = 0.3
"""Wider gaps of a ring stay open."""


class Demands(NamedTuple):
    """What is asked of a join."""

    reach: float
    """Longest join, mm."""
    least_cosine: float
    """Least cosine of its bend at a blind end."""
    most_side_cosine: float
    """Most cosine of the angle between it and a vessel whose side it meets."""


@kernel(allocates=False)
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


@kernel(allocates=False)
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


@kernel(allocates=False, forceinline=True)
def best_partner(mesh: Mesh, end: int, demands: Demands) -> int:
    """Node with which the join of a blind end costs least, `NONE` where none is within reach."""
    num_cells = mesh.head.shape[0]
    position, heading, limbs = mesh.position, mesh.heading, mesh.limbs
    x, y, z = position[end, 0], position[end, 1], position[end, 2]
    out_x, out_y, out_z = heading[end, 0], heading[end, 1], heading[end, 2]
    left = cell_of(x - demands.reach, MESH_CELL, num_cells)
    right = cell_of(x + demands.reach, MESH_CELL, num_cells)
    best = NONE
    best_cost = math.inf
    limit_sq = demands.reach * demands.reach
    for row in range(
        cell_of(y - demands.reach, MESH_CELL, num_cells), cell_of(y + demands.reach, MESH_CELL, num_cells) + 1
    ):
        cell = row * num_cells
        for node in range(mesh.node_start[cell + left], mesh.node_start[cell + right + 1]):
            across, down, deeper = position[node, 0] - x, position[node, 1] - y, position[node, 2] - z
            length_sq = across * across + down * down + deeper * deeper
            if length_sq > limit_sq or limbs[node] >= MOST_LIMBS or length_sq == 0.0:
                continue
            length = math.sqrt(length_sq)
            cosine = (out_x * across + out_y * down + out_z * deeper) / length
            other = (heading[node, 0] * across + heading[node, 1] * down + heading[node, 2] * deeper) / length
            cost = cost_of_join(cosine, other, limbs[node] > 1, length, demands)
            if mesh.kind[node] == mesh.kind[end]:
                cost *= SAME_KIND_COST
            if cost < best_cost and not are_family(mesh.parent, end, node) and not is_blocked(mesh, end, node):
                best = node
                best_cost = cost
                limit_sq = min(limit_sq, cost * cost)
    return best


@kernel(allocates=False)
def join_blind_ends(mesh: Mesh, demands: Demands) -> None:
    """Join blind ends with the vessels that suit them best, if any do."""
    for end in range(mesh.parent.shape[0]):
        if mesh.limbs[end] == 1:
            partner = best_partner(mesh, end, demands)
            if partner != NONE:
                join(mesh, end, partner)


@kernel(allocates=False)
def join_ring(mesh: Mesh, ring: np.ndarray) -> None:
    """Join each of the nodes (K,) of a ring with the next one, where they are not connected anyway."""
    for index in range(ring.shape[0]):
        first, second = ring[index], ring[(index + 1) % ring.shape[0]]
        across = mesh.position[first, 0] - mesh.position[second, 0]
        down = mesh.position[first, 1] - mesh.position[second, 1]
        is_near = across * across + down * down < LONGEST_RING_JOIN * LONGEST_RING_JOIN
        if is_near and not are_family(mesh.parent, first, second) and not is_blocked(mesh, first, second):
            join(mesh, first, second)
