"""Loops that decide how vessels grow: leaves elongate or split, segments sprout, both bend around the fovea.

Rule numbers and symbols follow Kreitner et al. (2024); lengths in mm, angles in rad.
"""

import math

import numpy as np
from numba import njit

from octa_svr_dataset.growth.kernels import (
    NONE,
    Nodes,
    Rules,
    Sinks,
    Tissue,
    add_node,
    assign_sinks,
    counter_uniform,
    meet_new_nodes,
    place_sinks,
    propagate_radii,
    rebuild_sinks,
    turn_into_sources,
)

ROTATION_LENGTH_MM = 3.0
"""Unit in which the distance to the rotation radius is squared-rooted into a weight."""

ROTATION_START = 15
"""Vessels do not bend around the fovea up to this iteration."""

TANGENTIAL_PULL = 0.7
OUTWARD_PULL = 0.3


@njit(cache=True)
def normalize(vector: np.ndarray) -> None:
    """Scale a vector to length 1 in place; a zero vector stays."""
    length = math.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2])
    if length > 0.0:
        for axis in range(3):
            vector[axis] /= length


@njit(cache=True)
def direction_to(target: np.ndarray, origin: np.ndarray, out: np.ndarray) -> None:
    """Unit vector from one point to another, written to `out`."""
    for axis in range(3):
        out[axis] = target[axis] - origin[axis]
    normalize(out)


@njit(cache=True)
def dot(first: np.ndarray, second: np.ndarray) -> float:
    """Scalar product of two vectors, kept within [-1, 1] as both have length 1."""
    product = first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
    return min(max(product, -1.0), 1.0)


@njit(cache=True)
def is_free_of_fovea(position: np.ndarray, tissue: Tissue, chance: float) -> bool:
    """Whether growth at a point escapes the suppression around the fovea: always beyond twice its radius."""
    x = position[0] - tissue.fovea_x
    y = position[1] - tissue.fovea_y
    relative = math.sqrt(x * x + y * y) / (2.0 * tissue.suppression_radius)
    return relative * relative * relative * relative * relative > chance


@njit(cache=True)
def points_to_fovea(position: np.ndarray, direction: np.ndarray, tissue: Tissue) -> bool:
    """Whether a direction leads toward the fovea or across, in the plane."""
    x = tissue.fovea_x - position[0]
    y = tissue.fovea_y - position[1]
    return x * direction[0] + y * direction[1] >= 0.0


@njit(cache=True)
def main_axis(covariance: np.ndarray) -> np.ndarray:
    """Unit vector along the largest spread: the dominant column of a high power of the matrix."""
    power = covariance.copy()
    squared = np.empty((3, 3))
    for _ in range(8):
        trace = power[0, 0] + power[1, 1] + power[2, 2]
        for row in range(3):
            for column in range(3):
                total = 0.0
                for inner in range(3):
                    total += power[row, inner] / trace * (power[inner, column] / trace)
                squared[row, column] = total
        power[:, :] = squared
    best = 0
    for column in range(1, 3):
        if power[column, column] > power[best, best]:
            best = column
    axis = power[:, best].copy()
    normalize(axis)
    return axis


@njit(cache=True)
def bend_around_fovea(direction: np.ndarray, position: np.ndarray, tissue: Tissue, rules: Rules) -> None:
    """Turn an elongation along the circle around the fovea, and outward, the closer the more (in place)."""
    x = position[0] + rules.step * direction[0] - tissue.fovea_x
    y = position[1] + rules.step * direction[1] - tissue.fovea_y
    weight = math.sqrt(
        max(rules.rotation_floor, (tissue.rotation_radius - math.sqrt(x * x + y * y)) / ROTATION_LENGTH_MM)
    )
    outward_x = position[0] - tissue.fovea_x
    outward_y = position[1] - tissue.fovea_y
    distance = math.sqrt(outward_x * outward_x + outward_y * outward_y)
    if weight == 0.0 or distance == 0.0:
        return
    outward_x /= distance
    outward_y /= distance
    side = 1.0 if -outward_y * direction[0] + outward_x * direction[1] >= 0.0 else -1.0
    direction[0] = (1.0 - weight) * direction[0] + weight * (
        TANGENTIAL_PULL * side * -outward_y + OUTWARD_PULL * outward_x
    )
    direction[1] = (1.0 - weight) * direction[1] + weight * (
        TANGENTIAL_PULL * side * outward_x + OUTWARD_PULL * outward_y
    )
    direction[2] = (1.0 - weight) * direction[2]
    normalize(direction)


@njit(cache=True)
def add_along(nodes: Nodes, tissue: Tissue, rules: Rules, node: int, direction: np.ndarray) -> None:
    """New node one step from another one."""
    position = nodes.position[node]
    add_node(
        nodes,
        tissue.width,
        node,
        position[0] + rules.step * direction[0],
        position[1] + rules.step * direction[1],
        position[2] + rules.step * direction[2],
        rules.exponent,
    )


@njit(cache=True)
def split_leaf(
    nodes: Nodes, sinks: Sinks, tissue: Tissue, rules: Rules, node: int, kept: np.ndarray, num_kept: int
) -> None:
    """Symmetric bifurcation: two branches at Murray's angle to the mean of the sinks, along their main axis."""
    mean = np.zeros(3)
    for index in range(num_kept):
        for axis in range(3):
            mean[axis] += sinks.position[kept[index], axis] / num_kept
    covariance = np.zeros((3, 3))
    for index in range(num_kept):
        for row in range(3):
            for column in range(3):
                covariance[row, column] += (sinks.position[kept[index], row] - mean[row]) * (
                    sinks.position[kept[index], column] - mean[column]
                )
    across = main_axis(covariance)
    toward = np.empty(3)
    direction_to(mean, nodes.position[node], toward)
    cosine = 2.0 ** (2.0 / rules.exponent) / 2.0
    sine = math.sqrt(1.0 - cosine * cosine)
    direction = np.empty(3)
    for sign in (1.0, -1.0):
        for axis in range(3):
            direction[axis] = toward[axis] * cosine + sign * sine * across[axis]
        normalize(direction)
        add_along(nodes, tissue, rules, node, direction)
    propagate_radii(nodes, node)


@njit(cache=True)
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
    position = nodes.position[node]
    heading = np.empty(3)
    direction_to(position, nodes.position[nodes.parent[node]], heading)
    least_cosine = math.cos(rules.half_angle)
    toward = np.empty(3)
    pull = np.zeros(3)
    num_kept = 0
    angle_sum = 0.0
    angle_sq_sum = 0.0
    sink = first_sink[node]
    while sink != NONE:
        direction_to(sinks.position[sink], position, toward)
        cosine = dot(toward, heading)
        if cosine < least_cosine:
            sinks.seen_version[sink] = nodes.version[node]
        else:
            for axis in range(3):
                pull[axis] += toward[axis]
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
        and is_free_of_fovea(position, tissue, chance)
        and not points_to_fovea(position, pull, tissue)
    ):
        split_leaf(nodes, sinks, tissue, rules, node, kept, num_kept)
        return
    normalize(pull)
    for axis in range(3):
        pull[axis] = rules.persistence * heading[axis] + (1.0 - rules.persistence) * pull[axis]
    normalize(pull)
    if rules.iteration > ROTATION_START:
        bend_around_fovea(pull, position, tissue, rules)
    add_along(nodes, tissue, rules, node, pull)


@njit(cache=True)
def sprout_angles(nodes: Nodes, rules: Rules, child: int) -> tuple[float, float]:
    """Angles of Murray's law (minimum work) between a parent's direction, its child's and a new terminal branch's."""
    child_power = nodes.power[child] ** (rules.exponent / nodes.exponent[child])
    child_radius = child_power ** (1.0 / rules.exponent)
    parent_radius = (child_power + 1.0) ** (1.0 / rules.exponent)
    child_4 = child_radius**4
    parent_4 = parent_radius**4
    child_cosine = (parent_4 + child_4 - 1.0) / (2.0 * parent_radius**2 * child_radius**2)
    branch_cosine = (parent_4 + 1.0 - child_4) / (2.0 * parent_radius**2)
    return math.acos(min(max(child_cosine, -1.0), 1.0)), math.acos(min(max(branch_cosine, -1.0), 1.0))


@njit(cache=True)
def sprout_from_segment(
    nodes: Nodes,
    sinks: Sinks,
    tissue: Tissue,
    rules: Rules,
    node: int,
    first_sink: np.ndarray,
    next_sink: np.ndarray,
    chance: float,
) -> None:
    """A node with one child sprouts a side branch toward the sinks in the frustum that Murray's angles allow."""
    position = nodes.position[node]
    child = nodes.child[node, 0]
    heading = np.empty(3)
    child_heading = np.empty(3)
    direction_to(position, nodes.position[nodes.parent[node]], heading)
    direction_to(nodes.position[child], position, child_heading)
    child_angle, branch_angle = sprout_angles(nodes, rules, child)
    most_child_cosine = math.cos(max(child_angle + branch_angle - rules.half_angle, 0.0))
    least_child_cosine = math.cos(min(child_angle + branch_angle + rules.half_angle, math.pi))
    least_cosine = math.cos(min(branch_angle + rules.half_angle, math.pi))
    toward = np.empty(3)
    pull = np.zeros(3)
    is_pulled = False
    sink = first_sink[node]
    while sink != NONE:
        direction_to(sinks.position[sink], position, toward)
        child_cosine = dot(toward, child_heading)
        if least_child_cosine <= child_cosine <= most_child_cosine and dot(toward, heading) >= least_cosine:
            is_pulled = True
            for axis in range(3):
                pull[axis] += toward[axis]
        else:
            sinks.seen_version[sink] = nodes.version[node]
        sink = next_sink[sink]
    if not is_pulled:
        return
    if points_to_fovea(position, pull, tissue) and not is_free_of_fovea(position, tissue, chance):
        return
    normalize(pull)
    along = dot(pull, child_heading)
    aside = np.empty(3)
    for axis in range(3):
        aside[axis] = pull[axis] - along * child_heading[axis]
    normalize(aside)
    direction = np.empty(3)
    for axis in range(3):
        turned = math.cos(branch_angle) * child_heading[axis] + math.sin(branch_angle) * aside[axis]
        direction[axis] = rules.persistence * turned + (1.0 - rules.persistence) * pull[axis]
    normalize(direction)
    add_along(nodes, tissue, rules, node, direction)
    propagate_radii(nodes, node)


@njit(cache=True)
def grow_kind(
    nodes: Nodes,
    sinks: Sinks,
    tissue: Tissue,
    rules: Rules,
    first_sink: np.ndarray,
    next_sink: np.ndarray,
    kept: np.ndarray,
    key: np.uint64,
) -> int:
    """One step of all vessels of a kind toward the sinks as they stand; returns the index of the first new node."""
    assign_sinks(sinks, nodes, tissue, rules, first_sink, next_sink)
    num_nodes = nodes.size[0]
    for node in range(num_nodes):
        if first_sink[node] == NONE or nodes.parent[node] == NONE:
            continue
        chance = counter_uniform(key, (rules.iteration << 32) + node)
        if nodes.child[node, 0] == NONE:
            grow_leaf(nodes, sinks, tissue, rules, node, first_sink, next_sink, kept, chance)
        else:
            sprout_from_segment(nodes, sinks, tissue, rules, node, first_sink, next_sink, chance)
    return num_nodes


@njit(cache=True)
def grow_iteration(
    arteries: Nodes,
    veins: Nodes,
    sinks: Sinks,
    sources: Sinks,
    tissue: Tissue,
    rules: Rules,
    is_first: bool,
    first_sink: np.ndarray,
    next_sink: np.ndarray,
    kept: np.ndarray,
    keys: np.ndarray,
) -> None:
    """One iteration of a plexus: sinks appear, arteries grow, sinks turn into sources, veins grow."""
    num_cells = min(max(int(tissue.width / rules.spacing), 1), sinks.head.shape[0])
    rebuild_sinks(sinks, tissue.width, num_cells, is_first)
    rebuild_sinks(sources, tissue.width, num_cells, is_first)
    place_sinks(sinks, arteries, tissue, rules, num_cells, keys[0])
    first_new = grow_kind(arteries, sinks, tissue, rules, first_sink, next_sink, kept, keys[1])
    meet_new_nodes(sinks, arteries, tissue, rules, first_new, num_cells)
    turn_into_sources(sinks, sources, veins, tissue, rules, num_cells)
    first_new = grow_kind(veins, sources, tissue, rules, first_sink, next_sink, kept, keys[2])
    meet_new_nodes(sources, veins, tissue, rules, first_new, num_cells)
