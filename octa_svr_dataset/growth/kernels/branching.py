"""Loops that decide how vessels grow: leaves elongate or split, segments sprout, both bend around the fovea.

Rule numbers and symbols follow Kreitner et al. (2024); lengths in mm, angles in rad.
"""

import math
from typing import NamedTuple

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, Nodes, Rules, Sinks, Tissue, Vector
from octa_svr_dataset.growth.kernels.nodes import add_node, propagate_radii
from octa_svr_dataset.kernel import kernel

ROTATION_LENGTH_MM = 3.0
"""Unit in which the distance to the rotation radius is squared-rooted into a weight."""

ROTATION_START = 15
"""Vessels do not bend around the fovea up to this iteration."""

TANGENTIAL_PULL = 0.7
OUTWARD_PULL = 0.3


class Frustum(NamedTuple):
    """Where a node with one child perceives sinks, and at which angle it sprouts, by Murray's law."""

    branch_angle: float
    """Angle between the parent's direction and that of a new terminal branch, rad."""
    least_cosine: float
    """Least cosine of the angle between the parent's direction and a sink."""
    least_child_cosine: float
    """Least cosine of the angle between the child's direction and a sink."""
    most_child_cosine: float
    """Most cosine of that angle."""


@kernel(allocates=False)
def normalized(vector: Vector) -> Vector:
    """Vector of length 1 in the same direction; a zero vector stays."""
    x, y, z = vector
    length = math.sqrt(x * x + y * y + z * z)
    if length == 0.0:
        return vector
    return x / length, y / length, z / length


@kernel(allocates=False)
def product(first: Vector, second: Vector) -> float:
    """Scalar product of two vectors."""
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


@kernel(allocates=False)
def dot(first: Vector, second: Vector) -> float:
    """Scalar product of two vectors of length 1, kept within [-1, 1]."""
    return min(max(product(first, second), -1.0), 1.0)


@kernel(allocates=False)
def blend(first: Vector, weight: float, second: Vector, other_weight: float) -> Vector:
    """Weighted sum of two vectors."""
    return (
        weight * first[0] + other_weight * second[0],
        weight * first[1] + other_weight * second[1],
        weight * first[2] + other_weight * second[2],
    )


@kernel(allocates=False)
def point(position: np.ndarray, row: int) -> Vector:
    """Row of a table of positions."""
    return position[row, 0], position[row, 1], position[row, 2]


@kernel(allocates=False)
def direction_to(target: Vector, origin: Vector) -> Vector:
    """Unit vector from one point to another."""
    return normalized(blend(target, 1.0, origin, -1.0))


@kernel(allocates=False)
def is_free_of_fovea(origin: Vector, tissue: Tissue, chance: float) -> bool:
    """Whether growth at a point escapes the suppression around the fovea: always beyond twice its radius."""
    x = origin[0] - tissue.fovea_x
    y = origin[1] - tissue.fovea_y
    relative = math.sqrt(x * x + y * y) / (2.0 * tissue.suppression_radius)
    return relative * relative * relative * relative * relative > chance


@kernel(allocates=False)
def points_to_fovea(origin: Vector, direction: Vector, tissue: Tissue) -> bool:
    """Whether a direction leads toward the fovea or across, in the plane."""
    return (tissue.fovea_x - origin[0]) * direction[0] + (tissue.fovea_y - origin[1]) * direction[1] >= 0.0


@kernel(allocates=False)
def main_axis(xx: float, xy: float, xz: float, yy: float, yz: float, zz: float) -> Vector:
    """Unit vector along the largest spread of a covariance: the dominant row of a high power of that matrix."""
    for _ in range(8):
        trace = xx + yy + zz
        first = (xx / trace, xy / trace, xz / trace)
        second = (xy / trace, yy / trace, yz / trace)
        third = (xz / trace, yz / trace, zz / trace)
        xx, xy, xz = product(first, first), product(first, second), product(first, third)
        yy, yz, zz = product(second, second), product(second, third), product(third, third)
    if zz > max(xx, yy):
        return normalized((xz, yz, zz))
    if yy > xx:
        return normalized((xy, yy, yz))
    return normalized((xx, xy, xz))


@kernel(allocates=False)
def bend_around_fovea(direction: Vector, origin: Vector, tissue: Tissue, rules: Rules) -> Vector:
    """Turn an elongation along the circle around the fovea, and outward, the closer the more."""
    x = origin[0] + rules.step * direction[0] - tissue.fovea_x
    y = origin[1] + rules.step * direction[1] - tissue.fovea_y
    closeness = (tissue.rotation_radius - math.sqrt(x * x + y * y)) / ROTATION_LENGTH_MM
    weight = math.sqrt(max(rules.rotation_floor, closeness))
    outward = normalized((origin[0] - tissue.fovea_x, origin[1] - tissue.fovea_y, 0.0))
    tangent = (-outward[1], outward[0], 0.0)
    if dot(tangent, direction) < 0.0:
        tangent = (outward[1], -outward[0], 0.0)
    pull = blend(tangent, TANGENTIAL_PULL, outward, OUTWARD_PULL)
    return normalized(blend(direction, 1.0 - weight, pull, weight))


@kernel(allocates=False)
def add_along(nodes: Nodes, tissue: Tissue, rules: Rules, node: int, direction: Vector) -> None:
    """New node one step from another one."""
    x, y, z = blend(point(nodes.position, node), 1.0, direction, rules.step)
    add_node(nodes, tissue.width, node, x, y, z, rules.exponent)


@kernel(allocates=False)
def split_leaf(
    nodes: Nodes, sinks: Sinks, tissue: Tissue, rules: Rules, node: int, kept: np.ndarray, num_kept: int
) -> None:
    """Symmetric bifurcation: two branches at Murray's angle to the mean of the sinks, along their main axis."""
    mean = (0.0, 0.0, 0.0)
    for index in range(num_kept):
        mean = blend(mean, 1.0, point(sinks.position, kept[index]), 1.0 / num_kept)
    xx, xy, xz, yy, yz, zz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for index in range(num_kept):
        x, y, z = blend(point(sinks.position, kept[index]), 1.0, mean, -1.0)
        xx += x * x
        xy += x * y
        xz += x * z
        yy += y * y
        yz += y * z
        zz += z * z
    across = main_axis(xx, xy, xz, yy, yz, zz)
    toward = direction_to(mean, point(nodes.position, node))
    cosine = 2.0 ** (2.0 / rules.exponent) / 2.0
    sine = math.sqrt(1.0 - cosine * cosine)
    for side in (sine, -sine):
        add_along(nodes, tissue, rules, node, normalized(blend(toward, cosine, across, side)))
    propagate_radii(nodes, node)


@kernel(allocates=False, forceinline=True)
def grow_leaf(
    nodes: Nodes,
    sinks: Sinks,
    tissue: Tissue,
    rules: Rules,
    node: int,
    first_sink: np.ndarray,
    next_sink: np.ndarray,
    kept: np.ndarray,
    chance: float,
) -> None:
    """A leaf elongates toward the sinks in its cone, or splits where their pull spreads wide."""
    origin = point(nodes.position, node)
    heading = direction_to(origin, point(nodes.position, nodes.parent[node]))
    least_cosine = math.cos(rules.half_angle)
    pull = (0.0, 0.0, 0.0)
    num_kept = 0
    angle_sum = 0.0
    angle_sq_sum = 0.0
    sink = first_sink[node]
    while sink != NONE:
        toward = direction_to(point(sinks.position, sink), origin)
        cosine = dot(toward, heading)
        if cosine < least_cosine:
            sinks.seen_version[sink] = nodes.version[node]
        else:
            pull = blend(pull, 1.0, toward, 1.0)
            angle = math.acos(cosine)
            angle_sum += angle
            angle_sq_sum += angle * angle
            kept[num_kept] = sink
            num_kept += 1
        sink = next_sink[sink]
    if num_kept == 0:
        return
    mean_angle = angle_sum / num_kept
    spread = math.sqrt(max(angle_sq_sum / num_kept - mean_angle * mean_angle, 0.0))
    if (
        spread > rules.least_spread
        and is_free_of_fovea(origin, tissue, chance)
        and not points_to_fovea(origin, pull, tissue)
    ):
        split_leaf(nodes, sinks, tissue, rules, node, kept, num_kept)
        return
    direction = normalized(blend(heading, rules.persistence, normalized(pull), 1.0 - rules.persistence))
    if rules.iteration > ROTATION_START:
        direction = bend_around_fovea(direction, origin, tissue, rules)
    add_along(nodes, tissue, rules, node, direction)


@kernel(allocates=False)
def frustum_of(child_power: float, rules: Rules) -> Frustum:
    """The frustum of a node whose child has that power, in terms of the plexus that grows."""
    child_radius = child_power ** (1.0 / rules.exponent)
    parent_radius = (child_power + 1.0) ** (1.0 / rules.exponent)
    child_4 = child_radius**4
    parent_4 = parent_radius**4
    child_cosine = (parent_4 + child_4 - 1.0) / (2.0 * parent_radius**2 * child_radius**2)
    branch_cosine = (parent_4 + 1.0 - child_4) / (2.0 * parent_radius**2)
    child_angle = math.acos(min(max(child_cosine, -1.0), 1.0))
    branch_angle = math.acos(min(max(branch_cosine, -1.0), 1.0))
    return Frustum(
        branch_angle,
        math.cos(min(branch_angle + rules.half_angle, math.pi)),
        math.cos(min(child_angle + branch_angle + rules.half_angle, math.pi)),
        math.cos(max(child_angle + branch_angle - rules.half_angle, 0.0)),
    )


@kernel(allocates=False, forceinline=True)
def sprout_from_segment(
    nodes: Nodes,
    sinks: Sinks,
    tissue: Tissue,
    rules: Rules,
    node: int,
    first_sink: np.ndarray,
    next_sink: np.ndarray,
    capillary: Frustum,
    chance: float,
) -> None:
    """A node with one child sprouts a side branch toward the sinks in the frustum that Murray's angles allow.

    Most children are terminal capillaries, of power 1: their frustum is handed in.
    """
    child = nodes.child[node, 0]
    power = nodes.power[child]
    frustum = capillary if power == 1.0 else frustum_of(power ** (rules.exponent / nodes.exponent[child]), rules)
    origin = point(nodes.position, node)
    heading = direction_to(origin, point(nodes.position, nodes.parent[node]))
    child_heading = direction_to(point(nodes.position, child), origin)
    pull = (0.0, 0.0, 0.0)
    is_pulled = False
    sink = first_sink[node]
    while sink != NONE:
        toward = direction_to(point(sinks.position, sink), origin)
        child_cosine = dot(toward, child_heading)
        is_beside_child = frustum.least_child_cosine <= child_cosine <= frustum.most_child_cosine
        if is_beside_child and dot(toward, heading) >= frustum.least_cosine:
            is_pulled = True
            pull = blend(pull, 1.0, toward, 1.0)
        else:
            sinks.seen_version[sink] = nodes.version[node]
        sink = next_sink[sink]
    if not is_pulled:
        return
    if points_to_fovea(origin, pull, tissue) and not is_free_of_fovea(origin, tissue, chance):
        return
    pull = normalized(pull)
    aside = normalized(blend(pull, 1.0, child_heading, -dot(pull, child_heading)))
    turned = blend(child_heading, math.cos(frustum.branch_angle), aside, math.sin(frustum.branch_angle))
    direction = normalized(blend(turned, rules.persistence, pull, 1.0 - rules.persistence))
    add_along(nodes, tissue, rules, node, direction)
    propagate_radii(nodes, node)
