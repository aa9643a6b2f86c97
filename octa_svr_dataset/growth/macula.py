"""Courses of the larger vessels of a macula: arcades above and below it, and branches that converge on the fovea.

Points are complex numbers in mm from the fovea: the real part toward the optic disc, the imaginary part downward in the
picture. A vessel is a tree of such points, upstream first.
"""

import cmath
import math
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.growth.kernels.arrays import NONE
from octa_svr_dataset.growth.trunks import Trunks, cut_to_field

STEP_MM = 0.08
"""Distance of the points along a course."""

DISC_X_MM, DISC_Y_MM = (4.2, 5.0), (-0.9, -0.2)
"""Where the optic disc lies: 4.76 +- 0.34 mm nasal of the fovea (Jonas et al. 2015), and a little above it."""

ARCADE_HEIGHT_MM = (1.9, 3.7)
"""Distance of the middle of an arcade from the fovea, above and below it; by eye, as all that follows."""

ARCADE_RISE = (0.5, 0.9)
"""Way from the disc over which an arcade rises to most of that height, as a share of it."""

ARCADE_DROOP = (0.0, 0.08)
"""Share by which an arcade comes down again, for the square of each mm that it runs on past the fovea."""

ARCADE_HALF_GAP_MM = (0.15, 0.75)
"""Distance of the artery and of the vein of an arcade from its middle."""

ARCADE_END_MM = -5.0
"""How far an arcade runs on past the fovea."""

NASAL_SOURCE_MM, TEMPORAL_SOURCE_MM = 3.0, (-3.4, -1.4)
"""Along an arcade, the branches for the most nasal and for the most temporal side of the fovea leave it here."""

NASAL_HALF_ANGLE = math.radians(25.0)
"""Within this angle of the direction to the disc, branches come straight from the disc."""

END_DISTANCES_MM = ((0.15, 0.30), (0.45, 0.85))
"""How far from the avascular zone branches end: pairs of an artery and a vein reach it, and stay off it, in turns."""

CLEARANCE_MM = 0.12
"""No branch comes closer to the avascular zone."""

LEAVING_ANGLE = (0.7, 1.2)
"""Between a branch and the arcade that it leaves, rad."""

SLANT = 0.6
"""Branches come to the fovea at most so far off the straight way, rad."""

FORKS = ((0.25, 0.45), (0.45, 0.65), (0.65, 0.85))
"""Along its course, a branch may fork once in each of these parts, to one side and the other in turns."""

FORK_CHANCE = 0.55
LEAST_FORK_MM = 0.3
"""No fork springs closer than that to where its branch ends, seen from the fovea."""

FORK_ANGLE = (0.4, 0.9)
"""Between a branch and its fork, rad."""

SIDE_SPACING_MM, SIDE_ANGLE = (0.4, 1.6), (0.5, 1.5)
"""Further branches of an arcade, to either side: their distance along it, and the angle between them and it, rad."""

OUTER_LENGTH_MM, INNER_LENGTH_MM = (0.8, 2.6), (0.6, 1.4)
"""Their lengths away from the fovea, and toward it."""

INNER_END_MM = 1.2
"""Those toward the fovea end at least so far from it."""

TWIG_SPACING_MM, TWIG_LENGTH_MM, TWIG_ANGLE = (0.12, 0.35), (0.15, 0.45), (0.6, 1.3)
"""Twigs of a branch, to one side and the other in turns: their distance along it, length, and angle, rad."""

MEETING_MM = 0.07
"""A fork or side branch ends where it comes so close to another vessel of its kind: arteries do not cross arteries,
nor veins veins."""

PARTED_MM = 0.15
"""So far from where it springs, a vessel is clear of the one that it leaves."""

LEAST_POINTS = 4
"""It is no shorter than this many points."""

TILT = 0.14
"""Heads and eyes are rolled by at most so much against the scanner, rad."""

BENDS = ((2.2, 0.06), (1.1, 0.04), (0.6, 0.018), (0.35, 0.004))
"""Wavelengths and amplitudes of the gentle bends of a course, mm."""

ARCADE_STRETCH = 2.5
"""Times as long are the waves of an arcade."""

ARCADE_RADIUS_MM, BRANCH_RADIUS_MM, TWIG_RADIUS_MM = (0.010, 0.030), (0.006, 0.015), (0.004, 0.006)
"""Radii with which arcades, branches and twigs leave the field."""


@dataclass
class Tree:
    """Vessels of one kind; each list has an entry a point."""

    point: list[complex] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    """Upstream point, `NONE` at the disc."""

    radius_mm: list[float] = field(default_factory=list)
    """Radius that the vessel would have, were it to leave the field here."""

    num_children: list[int] = field(default_factory=list)

    def add(self, course: np.ndarray, parent: int, radius_mm: float) -> range:
        """Append the points of a course (n,) complex128 that springs from a point of the tree, or from the disc."""
        first = len(self.point)
        nodes = range(first, first + len(course))
        self.point += course.tolist()
        self.parent += [parent, *nodes[:-1]]
        self.radius_mm += [radius_mm] * len(course)
        self.num_children += [1] * (len(course) - 1) + [0]
        if parent != NONE:
            self.num_children[parent] += 1
        return nodes

    def free_at(self, nodes: range, x_mm: float) -> int:
        """Of some points, the one nearest to a distance along the way to the disc from which no branch springs."""
        inner = nodes[1:-1]
        distances_mm = np.abs(np.array(self.point[inner.start : inner.stop]).real - x_mm)
        nearest_first = (inner.start + int(place) for place in np.argsort(distances_mm, kind="stable"))
        return next(node for node in nearest_first if self.num_children[node] < 2)

    def uncrossed(self, course: np.ndarray) -> np.ndarray:
        """The course, (n,) complex128, up to where it meets a vessel of the tree other than the one it springs from.

        At least `LEAST_POINTS` of it are left.
        """
        gap = course[:, None] - np.array(self.point)
        is_near = (gap.real**2 + gap.imag**2).min(axis=1) < MEETING_MM**2
        is_met = is_near & (np.abs(course - course[0]) > PARTED_MM)
        is_met[:LEAST_POINTS] = False
        return course[: int(np.argmax(is_met))] if is_met.any() else course

    def heading(self, node: int) -> complex:
        """Direction of the vessel at one of the points within a course."""
        along = self.point[node + 1] - self.point[node - 1]
        return along / abs(along)


def draw_macular_trunks(
    config: GrowthConfig, field_width_mm: float, fovea: Fovea, nasal: float, rng: np.random.Generator
) -> list[Trunks]:
    """Arteries, then veins, of a macula, as far as they lie in the field.

    Parameters
    ----------
    config
        Growth settings.
    field_width_mm
        Width of the field of view, mm.
    fovea
        The fovea.
    nasal
        1 where the optic disc lies to the right of the field, -1 where it lies to the left.
    rng
        Stream of the growth.
    """
    trunks = []
    reach_mm = (1.0 + TILT) * (field_width_mm / 2 + float(np.abs(fovea.position_mm - field_width_mm / 2).max()))
    roll = cmath.rect(1.0, rng.uniform(-TILT, TILT))
    for tree in draw_trees(config.trees_per_kind, fovea.avascular_radius_mm, reach_mm, rng):
        points = roll * np.array(tree.point)
        points_mm = fovea.position_mm + np.stack([nasal * points.real, points.imag], axis=1)
        position_mm, parent, beyond_mm = cut_to_field(points_mm, tree.parent, tree.radius_mm, field_width_mm)
        depth_mm = np.full((len(parent), 1), rng.uniform(0.0, config.depth_mm))
        trunks.append(
            Trunks(
                position_mm=np.concatenate([position_mm, depth_mm], axis=1),
                parent=parent,
                beyond_mm=beyond_mm,
                murray_exponent=config.superficial.murray_exponent,
            )
        )
    return trunks


def draw_trees(
    branches_per_kind: int, avascular_radius_mm: float, reach_mm: float, rng: np.random.Generator
) -> tuple[Tree, Tree]:
    """Arteries and veins: arcades, as many branches of each kind in turns around the fovea, and further ones.

    Side branches that spring farther than `reach_mm` from the fovea, to the side or up and down, are left out.
    """
    trees = (Tree(), Tree())
    disc = complex(rng.uniform(*DISC_X_MM), rng.uniform(*DISC_Y_MM))
    arcades = _draw_arcades(trees, disc, rng)
    temporal_mm = rng.uniform(*TEMPORAL_SOURCE_MM, size=2).tolist()
    first_kind = int(rng.integers(2))
    slot = math.pi / branches_per_kind
    turn = rng.uniform(-0.5, 0.5)
    for number in range(2 * branches_per_kind):
        angle = slot * (number + turn + rng.uniform(-0.3, 0.3)) - math.pi
        kind = (number + first_kind) % 2
        end_mm = avascular_radius_mm + rng.uniform(*END_DISTANCES_MM[number // 2 % 2])
        is_below = int(math.sin(angle) > 0.0)
        spring = _spring(trees[kind], arcades[is_below][kind], disc, angle, temporal_mm[is_below], rng)
        end = cmath.rect(end_mm, angle)
        _add_branch(trees[kind], spring, end, slot, avascular_radius_mm + CLEARANCE_MM, rng)
    for side, pair in zip((-1.0, 1.0), arcades, strict=True):
        for tree, arcade in zip(trees, pair, strict=True):
            _add_side_branches(tree, arcade, side, OUTER_LENGTH_MM, reach_mm, rng)
            _add_side_branches(tree, arcade, -side, INNER_LENGTH_MM, reach_mm, rng)
    for tree, (above, below) in zip(trees, zip(*arcades, strict=True), strict=True):
        is_arcade = {*above, *below}
        branches = [node for node in range(len(tree.point)) if node not in is_arcade]
        _add_twigs(tree, branches, avascular_radius_mm + CLEARANCE_MM, reach_mm, rng)
    return trees


def _draw_arcades(trees: tuple[Tree, Tree], disc: complex, rng: np.random.Generator) -> list[list[range]]:
    """Points of the arcades: above and below, of the artery and of the vein."""
    arcades = []
    for side in (-1.0, 1.0):
        height_mm = rng.uniform(*ARCADE_HEIGHT_MM)
        out = 1.0 if rng.uniform() < 0.5 else -1.0
        pair = []
        for tree, sign in zip(trees, (out, -out), strict=True):
            rise_mm, droop = height_mm * rng.uniform(*ARCADE_RISE), rng.uniform(*ARCADE_DROOP)
            farthest_mm = side * (height_mm + sign * rng.uniform(*ARCADE_HALF_GAP_MM))
            x_mm = np.arange(disc.real, ARCADE_END_MM, -STEP_MM)
            y_mm = disc.imag + (farthest_mm - disc.imag) * (1.0 - np.exp((x_mm - disc.real) / rise_mm))
            y_mm *= 1.0 - droop * np.maximum(0.0, -x_mm - 1.0) ** 2
            course = _with_bends(x_mm + 1j * y_mm, rng, stretch=ARCADE_STRETCH)
            pair.append(tree.add(course, NONE, rng.uniform(*ARCADE_RADIUS_MM)))
        arcades.append(pair)
    return arcades


def _spring(
    tree: Tree, arcade: range, disc: complex, angle: float, temporal_mm: float, rng: np.random.Generator
) -> tuple[int, complex, complex]:
    """Point of the tree, place and direction in which the branch springs that comes to the fovea from an angle."""
    away_from_disc = abs(math.remainder(angle, 2.0 * math.pi))
    if away_from_disc < NASAL_HALF_ANGLE:
        return NONE, disc + 1.5j * math.sin(angle), cmath.rect(1.0, math.pi - angle)
    share = (away_from_disc - NASAL_HALF_ANGLE) / (math.pi - NASAL_HALF_ANGLE)
    source = tree.free_at(arcade, NASAL_SOURCE_MM + share * (temporal_mm - NASAL_SOURCE_MM) + rng.uniform(-0.15, 0.15))
    heading = tree.heading(source)
    inward = -math.copysign(1.0, (heading.conjugate() * tree.point[source]).imag)
    return source, tree.point[source], heading * cmath.rect(1.0, inward * rng.uniform(*LEAVING_ANGLE))


def _add_branch(
    tree: Tree,
    spring: tuple[int, complex, complex],
    end: complex,
    slot: float,
    least_mm: float,
    rng: np.random.Generator,
) -> None:
    """A branch to a point near the fovea, with its forks, none nearer to the fovea than `least_mm`."""
    source, start, leave = spring
    end_mm = abs(end)
    course = _kept_off(_course(start, leave, end, rng), least_mm)
    nodes = tree.add(course[1:], source, rng.uniform(*BRANCH_RADIUS_MM))
    turn = 1.0 if rng.uniform() < 0.5 else -1.0
    for part in FORKS:
        turn = -turn
        node = nodes[int(rng.uniform(*part) * len(nodes))]
        distance_mm, direction = cmath.polar(tree.point[node])
        fork_end_mm = min(end_mm + rng.uniform(0.1, 0.7), 0.7 * distance_mm)
        fork_end = cmath.rect(fork_end_mm, direction + turn * slot * rng.uniform(0.35, 0.6))
        is_drawn = rng.uniform() < FORK_CHANCE and distance_mm - end_mm > LEAST_FORK_MM
        if is_drawn and nodes[0] < node < nodes[-1] and tree.num_children[node] < 2:
            heading = tree.heading(node)
            side = math.copysign(1.0, (heading.conjugate() * (fork_end - tree.point[node])).imag)
            leave = heading * cmath.rect(1.0, side * rng.uniform(*FORK_ANGLE))
            fork = tree.uncrossed(_kept_off(_course(tree.point[node], leave, fork_end, rng), least_mm))
            tree.add(fork[1:], node, rng.uniform(*BRANCH_RADIUS_MM))


def _add_side_branches(
    tree: Tree, arcade: range, side: float, length_mm: tuple[float, float], reach_mm: float, rng: np.random.Generator
) -> None:
    """Branches of an arcade, upward (-1) or downward (1), from where it is at most `reach_mm` from the fovea."""
    x_mm = NASAL_SOURCE_MM
    while x_mm > ARCADE_END_MM + 1.0:
        x_mm -= rng.uniform(*SIDE_SPACING_MM)
        source = tree.free_at(arcade, x_mm)
        start = tree.point[source]
        if max(abs(start.real), abs(start.imag)) > reach_mm:
            continue
        leaving, arriving = rng.uniform(*SIDE_ANGLE), rng.uniform(*SIDE_ANGLE)
        end = start + cmath.rect(rng.uniform(*length_mm), math.pi - side * 0.5 * (leaving + arriving))
        end *= max(1.0, INNER_END_MM / abs(end))
        course = tree.uncrossed(_course(start, cmath.rect(1.0, math.pi - side * leaving), end, rng, come_from=start))
        tree.add(course[1:], source, rng.uniform(*BRANCH_RADIUS_MM))


def _add_twigs(tree: Tree, nodes: list[int], least_mm: float, reach_mm: float, rng: np.random.Generator) -> None:
    """Short branches of the points given, none nearer to the fovea than `least_mm`, nor farther than `reach_mm`."""
    way_mm, next_mm, turn = 0.0, rng.uniform(*TWIG_SPACING_MM), 1.0
    for node in nodes:
        way_mm += STEP_MM
        start = tree.point[node]
        if way_mm < next_mm or tree.num_children[node] != 1 or max(abs(start.real), abs(start.imag)) > reach_mm:
            continue
        way_mm, next_mm, turn = 0.0, rng.uniform(*TWIG_SPACING_MM), -turn
        along = start - tree.point[tree.parent[node]]
        leave = along / abs(along) * cmath.rect(1.0, turn * rng.uniform(*TWIG_ANGLE))
        end = start + leave * cmath.rect(rng.uniform(*TWIG_LENGTH_MM), -turn * rng.uniform(0.0, 0.6))
        course = tree.uncrossed(_kept_off(_course(start, leave, end, rng, come_from=start), least_mm))
        tree.add(course[1:], node, rng.uniform(*TWIG_RADIUS_MM))


def _course(
    start: complex, leave: complex, end: complex, rng: np.random.Generator, *, come_from: complex | None = None
) -> np.ndarray:
    """(n,) complex128. A smooth course (a cubic Bezier curve) that leaves its start in a direction.

    It comes to its end from outside, as seen from the fovea, or from `come_from`, and slants a little.
    """
    outward = end if come_from is None else come_from - end
    outward *= cmath.rect(1.0, rng.uniform(-SLANT, SLANT)) / abs(outward)
    reach_mm = 0.38 * abs(end - start)
    leave /= abs(leave)
    first, second, third, last = _bezier_weights(max(4, round(1.4 * abs(end - start) / STEP_MM)))
    curve = first * start + second * (start + reach_mm * leave) + third * (end + reach_mm * outward) + last * end
    return _with_bends(curve, rng)


@cache
def _bezier_weights(count: int) -> tuple[np.ndarray, ...]:
    """Weights of the four control points of a cubic Bezier curve at so many of its points, (count,) float64 each."""
    t = np.linspace(0.0, 1.0, count)
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    for shared in weights:
        shared.setflags(write=False)
    return weights


def _kept_off(course: np.ndarray, least_mm: float) -> np.ndarray:
    """The course, led around the fovea at some distance."""
    distance_mm = np.abs(course)
    return np.asarray(course * np.maximum(distance_mm, least_mm) / np.maximum(distance_mm, STEP_MM))


def _with_bends(course: np.ndarray, rng: np.random.Generator, *, stretch: float = 1.0) -> np.ndarray:
    """The course with gentle bends; its ends stay in place."""
    way_mm = STEP_MM * np.arange(len(course))
    shift_mm = np.zeros(len(course))
    for (wavelength_mm, amplitude_mm), (first, second, third) in zip(BENDS, rng.random((len(BENDS), 3)), strict=True):
        length_mm = stretch * (0.8 + 0.45 * first) * wavelength_mm
        swing, phase = 0.3 + 0.7 * second, 2.0 * math.pi * third
        shift_mm += stretch * swing * amplitude_mm * np.sin(2.0 * math.pi / length_mm * way_mm + phase)
    near_an_end = np.minimum(1.0, np.minimum(way_mm, way_mm[-1] - way_mm) / 0.3)
    along = np.empty_like(course)
    along[1:-1], along[0], along[-1] = course[2:] - course[:-2], course[1] - course[0], course[-1] - course[-2]
    return np.asarray(course + 1j * (near_an_end * shift_mm / np.abs(along)) * along)
