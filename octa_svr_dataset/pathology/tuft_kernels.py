"""Loops of the growth of tufts."""

import math
from typing import NamedTuple

import numpy as np

from octa_svr_dataset.kernel import kernel


class Outline(NamedTuple):
    """What a tuft fills: the inside of an irregular ellipse, as far as it lies in a part of the field; all mm."""

    x: float
    y: float
    radius: float
    wave: float
    """Relative amplitude of each of the departures from a circle."""
    phases: tuple[float, float, float]
    low: float
    high: float
    """Limits of x and of y."""
    angle: float
    """Direction in which it is drawn out, rad."""
    stretch: float
    """So many times as long in that direction, and as narrow across it, as a circle."""


class Law(NamedTuple):
    """How sprouts grow; all mm and rad."""

    step: float
    memory: float
    """Share of its bend that a sprout keeps in a step."""
    curl: float
    turn: float
    """Angle by which it turns at the outline."""
    meeting: float
    own_steps: int
    loop_share: float
    most_sprouts: int
    most_new: int


@kernel(allocates=False)
def holds(outline: Outline, x: float, y: float) -> bool:
    """Whether a place lies inside an outline."""
    if min(x, y) < outline.low or max(x, y) > outline.high:
        return False
    cosine, sine = math.cos(outline.angle), math.sin(outline.angle)
    right = ((x - outline.x) * cosine + (y - outline.y) * sine) / outline.stretch
    down = ((y - outline.y) * cosine - (x - outline.x) * sine) * outline.stretch
    angle, first, second, third = math.atan2(down, right), *outline.phases
    waves = math.cos(2.0 * angle + first) + math.cos(3.0 * angle + second) + math.cos(5.0 * angle + third)
    return math.hypot(right, down) <= outline.radius * (1.0 + outline.wave * waves)


@kernel(allocates=False)
def count_held(outline: Outline, places: np.ndarray) -> int:
    """How many of the places (K, 2) lie inside an outline."""
    count = 0
    for number in range(len(places)):
        count += holds(outline, places[number, 0], places[number, 1])
    return count


@kernel(allocates=False)
def nearest_node(position: np.ndarray, size: int, x: float, y: float) -> tuple[int, float]:
    """The node nearest to a place, and its squared distance."""
    best, best_sq = 0, math.inf
    for node in range(size):
        square = (position[node, 0] - x) ** 2 + (position[node, 1] - y) ** 2
        if square < best_sq:
            best, best_sq = node, square
    return best, best_sq


@kernel(allocates=False)
def nearest_other(
    position: np.ndarray, sprout: np.ndarray, born: np.ndarray, size: int, x: float, y: float, tip: int, own_steps: int
) -> tuple[int, float]:
    """The same among nodes that the sprout of a tip has not grown in its last steps."""
    best, best_sq = 0, math.inf
    for node in range(size):
        square = (position[node, 0] - x) ** 2 + (position[node, 1] - y) ** 2
        if square < best_sq and (sprout[node] != sprout[tip] or born[node] <= born[tip] - own_steps):
            best, best_sq = node, square
    return best, best_sq


@kernel()
def grow_sprouts(
    position: np.ndarray,
    sprout: np.ndarray,
    born: np.ndarray,
    edges: np.ndarray,
    first_heading: np.ndarray,
    outline: Outline,
    law: Law,
    normal: np.ndarray,
    chance: np.ndarray,
    place: np.ndarray,
) -> tuple[int, int]:
    """Grow sprouts from the first node until the arrays are full, or the steps are over.

    Parameters
    ----------
    position
        (N, 2) float64. Takes the nodes, mm; the first one is there.
    sprout, born
        (N,) int64. Take the number of the sprout and the step in which each node has grown.
    edges
        (M, 2) int64. Takes the pieces.
    first_heading
        (F,) float64. Directions of the first sprouts, rad.
    outline, law
        Where and how they grow.
    normal, chance
        (T, S) float64. Normal and uniform numbers, one for each sprout in each step.
    place
        (T, A, B, 4) float64. For each sprout that may start in a step and each of B tries: a place (x, y), and in the
        first try the angle by which it starts astray and its bend.

    Returns
    -------
    num_nodes, num_edges : int
        How many there are.
    """
    most = normal.shape[1]
    tip, number, age = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64)
    heading, bend = np.zeros(most), np.zeros(most)
    count = last = len(first_heading)
    for index in range(count):
        number[index], heading[index], bend[index] = index + 1, first_heading[index], law.curl * normal[0, index]
    num_nodes, num_edges = 1, 0
    fresh = math.sqrt(1.0 - law.memory * law.memory) * law.curl
    for step in range(1, normal.shape[0]):
        kept = 0
        for index in range(count):
            if num_nodes == len(position) or num_edges == len(edges):
                return num_nodes, num_edges
            here = tip[index]
            turn = law.memory * bend[index] + fresh * normal[step, index]
            way = heading[index] + turn
            x, y = position[here, 0] + law.step * math.cos(way), position[here, 1] + law.step * math.sin(way)
            joins, passed = False, age[index] + 1
            if not holds(outline, x, y):
                inward = math.atan2(outline.y - position[here, 1], outline.x - position[here, 0])
                way += math.copysign(law.turn, math.sin(inward - way))
            else:
                other, square = nearest_other(position, sprout, born, num_nodes, x, y, here, law.own_steps)
                if age[index] >= law.own_steps and square < law.meeting * law.meeting:
                    joins, passed = chance[step, index] < law.loop_share, 0
                if not joins:
                    position[num_nodes, 0], position[num_nodes, 1] = x, y
                    sprout[num_nodes], born[num_nodes], other = number[index], step, num_nodes
                    num_nodes += 1
                edges[num_edges, 0], edges[num_edges, 1] = here, other
                num_edges += 1
                here = other
            if not joins:
                tip[kept], number[kept], age[kept], heading[kept], bend[kept] = here, number[index], passed, way, turn
                kept += 1
        count = kept
        for new in range(min(law.most_sprouts - count, law.most_new)):
            emptiest, start, start_x, start_y = -1.0, 0, 0.0, 0.0
            for attempt in range(place.shape[2]):
                x, y = place[step, new, attempt, 0], place[step, new, attempt, 1]
                node, square = nearest_node(position, num_nodes, x, y)
                if square > emptiest and holds(outline, x, y):
                    emptiest, start, start_x, start_y = square, node, x, y
            if emptiest > 0.0:
                last += 1
                way = math.atan2(start_y - position[start, 1], start_x - position[start, 0])
                tip[count], number[count], age[count] = start, last, 0
                heading[count], bend[count] = way + place[step, new, 0, 2], law.curl * place[step, new, 0, 3]
                count += 1
    return num_nodes, num_edges
