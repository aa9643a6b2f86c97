"""Grow a tuft of new vessels.

The growth law is simple on purpose: sprouts keep their direction but curl, start toward tissue of the tuft that no
vessel fills yet, and join in a loop, or cross, what they meet. New vessels on OCTA are irregular, tangled and looped,
and of fine calibre (de Carlo et al. 2015; Ishibazawa et al. 2016; Pan et al. 2018).
"""

import math
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.config import NeovascularizationConfig
from octa_svr_dataset.pathology.lesions import NewVessels

INSIDE_MARGIN_MM = 0.02
"""They lie at least this far inside the field of view, mm."""

STEP_MM = 0.015
"""Length of a step of a sprout, mm."""

SPROUTS = 0.9
"""Sprouts that grow at a time, over the square root of the number of nodes that a tuft shall have."""

MOST_GENERATIONS = 200
"""No tuft is grown in more steps; it stays smaller then."""

FIRST_SPROUTS = 4
"""A tuft begins with as many."""

MOST_NEW_SPROUTS = 2
"""No more sprouts start in a step."""

ASTRAY_RAD = 0.8
"""They start within this angle on both sides of the way to the place that they fill, rad."""

FIRST_SPREAD_RAD = 1.2
"""Sprouts leave the vein within this angle on both sides of the direction in which the tuft lies, rad."""

CURL_STEPS = 5
"""Steps after which the curl of a sprout has changed."""

MEETING_MM = 0.014
"""Sprouts that come this close to another vessel of the tuft have met it, mm."""

OWN_STEPS = 8
"""A sprout does not meet what it has grown in its last steps, nor the vessel that it has just left."""

CLOSING_MM = 0.09
"""In the end, blind ends join what lies within this distance, mm."""

BOW = 0.7
"""How far these arcs bow out, relative to the distance that they span."""

NUM_ARC_PIECES = 6
"""Pieces of which they consist."""

CENTER_DISTANCE = 0.7
"""Distance of the middle of a tuft from where it leaves its vein, relative to its radius."""

TURN_RAD = 0.5
"""Sprouts that come to the outline of a tuft turn by as much in a step, toward its middle, rad."""

FILLED_SHARE = 0.48
"""Share of its outline that a tuft fills, with the gaps between its vessels, when it is as long as it shall be."""

NUM_PROBES = 256
"""Places by which the area inside an outline is estimated."""

NUM_TARGETS = 6
"""A new sprout starts toward the emptiest of as many places in the tuft."""

IRREGULARITY = 0.25
"""Relative amplitude of the outline's departures from a circle."""

FEEDER_CALIBRE = 1.6
"""Calibre where a tuft leaves its vein, relative to the rest; it falls off over the radius of the tuft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """What a tuft fills: the inside of an irregular circle, as far as it lies in the field."""

    center_mm: np.ndarray
    """(2,) float64. Center, mm."""

    radius_mm: float
    """Mean radius, mm."""

    phase_rad: np.ndarray
    """(3,) float64. Phases of the departures from a circle, rad."""

    field_width_mm: float
    """Width of the field of view, mm."""

    def holds(self, position_mm: np.ndarray) -> np.ndarray:
        """(K,) whether (K, 2) positions lie inside."""
        x_mm, y_mm = (position_mm - self.center_mm).T
        angle_rad = np.arctan2(y_mm, x_mm)
        reach = np.ones(len(position_mm))
        for number, phase_rad in zip((2, 3, 5), self.phase_rad, strict=True):
            reach += IRREGULARITY / 3.0 * np.cos(number * angle_rad + phase_rad)
        half_mm = self.field_width_mm / 2
        is_in_field = np.abs(position_mm - half_mm).max(axis=1) <= half_mm - INSIDE_MARGIN_MM
        return np.asarray(is_in_field & (np.hypot(x_mm, y_mm) <= self.radius_mm * reach))

    def draw_places(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """(count, 2) places in the square around it, mm."""
        reach_mm = self.radius_mm * (1.0 + IRREGULARITY)
        return np.asarray(self.center_mm + rng.uniform(-reach_mm, reach_mm, size=(count, 2)))

    def area_mm2(self, rng: np.random.Generator) -> float:
        """Area inside, mm2, by chance."""
        side_mm = 2.0 * self.radius_mm * (1.0 + IRREGULARITY)
        return side_mm**2 * float(self.holds(self.draw_places(NUM_PROBES, rng)).mean())


@dataclass(slots=True)
class _Network:
    """A tuft while it grows, N nodes."""

    position_mm: np.ndarray
    """(N, 2) float64. Nodes, mm."""

    sprout: np.ndarray
    """(N,) int64. Number of the sprout that each node belongs to."""

    generation: np.ndarray
    """(N,) int64. Step in which it has grown."""

    edges: list[np.ndarray]
    """Pieces, (M, 2) each."""

    def squares_mm2(self, position_mm: np.ndarray) -> np.ndarray:
        """(K, N) float64. Squared distance of (K, 2) places to each node, mm2."""
        x_mm, y_mm = (position_mm[:, None, column] - self.position_mm[None, :, column] for column in (0, 1))
        return np.asarray(x_mm * x_mm + y_mm * y_mm)

    def others_mm2(self, position_mm: np.ndarray, tip: np.ndarray) -> np.ndarray:
        """(K, N) float64. The same, infinite for what sprouts with tips (K,) have grown in their last steps, mm2."""
        is_recent = self.generation > self.generation[tip, None] - OWN_STEPS
        is_own = self.sprout == self.sprout[tip, None]
        return np.where(is_own & is_recent, np.inf, self.squares_mm2(position_mm))

    def grow(self, tip: np.ndarray, position_mm: np.ndarray, sprout: np.ndarray, generation: int) -> np.ndarray:
        """(S,) new nodes at (S, 2) places, each joined to the tip (S,) of its sprout."""
        node = len(self.position_mm) + np.arange(len(tip))
        self.position_mm = np.concatenate((self.position_mm, position_mm))
        self.sprout = np.concatenate((self.sprout, sprout))
        self.generation = np.concatenate((self.generation, np.full(len(tip), generation)))
        self.edges.append(np.stack((tip, node), axis=1))
        return node


@dataclass(slots=True)
class _Sprouts:
    """The S sprouts that grow at a time."""

    tip: np.ndarray
    """(S,) int64. Node that each has come to."""

    number: np.ndarray
    """(S,) int64. Its number."""

    heading_rad: np.ndarray
    """(S,) float64. Its direction, rad."""

    bend_rad: np.ndarray
    """(S,) float64. Angle by which it turns in a step, rad."""

    age: np.ndarray
    """(S,) int64. Steps since it has left, or crossed, another one."""

    def select(self, chosen: np.ndarray) -> "_Sprouts":
        """Those at some places, or where a mask is true."""
        return _Sprouts(*(getattr(self, name)[chosen] for name in self.__slots__))

    def join(self, others: "_Sprouts") -> "_Sprouts":
        """Both together."""
        return _Sprouts(*(np.concatenate((getattr(self, n), getattr(others, n))) for n in self.__slots__))


def grow_tuft(
    config: NeovascularizationConfig,
    root_mm: np.ndarray,
    area_mm2: float,
    field_width_mm: float,
    rng: np.random.Generator,
) -> NewVessels:
    """Grow a tuft from a point on a vein.

    Parameters
    ----------
    config
        Settings.
    root_mm
        (3,) float64. The point (x, y, z), mm.
    area_mm2
        Area that the tuft shall fill; what would lie outside the field is left out.
    field_width_mm
        Width of the field of view, mm.
    rng
        Stream of the lesions.
    """
    radius_mm = math.sqrt(area_mm2 / FILLED_SHARE / math.pi)
    outline = _outline(root_mm[:2], radius_mm, field_width_mm, rng)
    num_nodes = math.ceil(FILLED_SHARE * outline.area_mm2(rng) / rng.uniform(*config.spacing_mm) / STEP_MM)
    curl_rad = rng.uniform(*config.curl_per_mm) * STEP_MM
    network = _Network(root_mm[None, :2].copy(), np.zeros(1, np.int64), np.zeros(1, np.int64), [])
    most_sprouts = max(FIRST_SPROUTS, round(SPROUTS * math.sqrt(num_nodes)))
    sprouts, last = _first_sprouts(root_mm[:2], outline, curl_rad, rng), FIRST_SPROUTS
    for generation in range(1, MOST_GENERATIONS):
        if len(network.position_mm) >= num_nodes:
            break
        sprouts = _step(network, sprouts, outline, generation, curl_rad, config.loop_share, rng)
        missing = min(most_sprouts - len(sprouts.tip), MOST_NEW_SPROUTS)
        if missing > 0:
            number = last + 1 + np.arange(missing)
            sprouts, last = sprouts.join(_new_sprouts(network, outline, number, curl_rad, rng)), last + missing
    _close(network)
    return _as_vessels(config, network, root_mm, radius_mm, rng)


def _outline(root_mm: np.ndarray, radius_mm: float, field_width_mm: float, rng: np.random.Generator) -> _Outline:
    """The one of some outlines at a point that lies farthest inside the field."""
    angle_rad = rng.uniform(0.0, 2.0 * math.pi, size=NUM_TARGETS)
    center_mm = root_mm + CENTER_DISTANCE * radius_mm * np.column_stack((np.cos(angle_rad), np.sin(angle_rad)))
    inside_mm = field_width_mm / 2 - np.abs(center_mm - field_width_mm / 2).max(axis=1)
    best = int(np.argmax(np.minimum(inside_mm, radius_mm)))
    return _Outline(
        center_mm=np.clip(center_mm[best], INSIDE_MARGIN_MM, field_width_mm - INSIDE_MARGIN_MM),
        radius_mm=radius_mm,
        phase_rad=rng.uniform(0.0, 2.0 * math.pi, size=3),
        field_width_mm=field_width_mm,
    )


def _first_sprouts(root_mm: np.ndarray, outline: _Outline, curl_rad: float, rng: np.random.Generator) -> _Sprouts:
    """Sprouts that leave the vein."""
    x_mm, y_mm = outline.center_mm - root_mm
    spread_rad = rng.uniform(-FIRST_SPREAD_RAD, FIRST_SPREAD_RAD, size=FIRST_SPROUTS)
    return _Sprouts(
        tip=np.zeros(FIRST_SPROUTS, np.int64),
        number=1 + np.arange(FIRST_SPROUTS),
        heading_rad=math.atan2(y_mm, x_mm) + spread_rad,
        bend_rad=curl_rad * rng.standard_normal(FIRST_SPROUTS),
        age=np.zeros(FIRST_SPROUTS, np.int64),
    )


def _new_sprouts(
    network: _Network, outline: _Outline, number: np.ndarray, curl_rad: float, rng: np.random.Generator
) -> _Sprouts:
    """Sprouts of some numbers, each from the node nearest to the emptiest of some places, and toward it."""
    count = len(number)
    place_mm = outline.draw_places(count * NUM_TARGETS, rng)
    squares_mm2 = network.squares_mm2(place_mm)
    emptiness = np.where(outline.holds(place_mm), squares_mm2.min(axis=1), 0.0).reshape(count, NUM_TARGETS)
    chosen = np.arange(count) * NUM_TARGETS + np.argmax(emptiness, axis=1)
    tip = np.argmin(squares_mm2[chosen], axis=1)
    x_mm, y_mm = (place_mm[chosen] - network.position_mm[tip]).T
    return _Sprouts(
        tip=tip,
        number=number,
        heading_rad=np.arctan2(y_mm, x_mm) + rng.uniform(-ASTRAY_RAD, ASTRAY_RAD, size=count),
        bend_rad=curl_rad * rng.standard_normal(count),
        age=np.zeros(count, np.int64),
    )


def _step(
    network: _Network,
    sprouts: _Sprouts,
    outline: _Outline,
    generation: int,
    curl_rad: float,
    loop_share: float,
    rng: np.random.Generator,
) -> _Sprouts:
    """Grow all sprouts by a step; those that come to the outline turn, and those that join another one end."""
    count = len(sprouts.tip)
    memory = math.exp(-1.0 / CURL_STEPS)
    bend_rad = memory * sprouts.bend_rad + math.sqrt(1.0 - memory**2) * curl_rad * rng.standard_normal(count)
    heading_rad = sprouts.heading_rad + bend_rad
    place_mm = network.position_mm[sprouts.tip] + STEP_MM * np.column_stack((np.cos(heading_rad), np.sin(heading_rad)))
    x_mm, y_mm = (outline.center_mm - network.position_mm[sprouts.tip]).T
    to_center_rad = np.arctan2(y_mm, x_mm) - heading_rad
    is_inside = outline.holds(place_mm)
    heading_rad = np.where(is_inside, heading_rad, heading_rad + TURN_RAD * np.sign(np.sin(to_center_rad)))
    squares_mm2 = network.others_mm2(place_mm, sprouts.tip)
    nearest = np.argmin(squares_mm2, axis=1)
    meets = is_inside & (sprouts.age >= OWN_STEPS) & (squares_mm2[np.arange(count), nearest] < MEETING_MM**2)
    joins = meets & (rng.uniform(size=count) < loop_share)
    network.edges.append(np.stack((sprouts.tip[joins], nearest[joins]), axis=1))
    tip, goes_on = sprouts.tip.copy(), is_inside & ~joins
    tip[goes_on] = network.grow(tip[goes_on], place_mm[goes_on], sprouts.number[goes_on], generation)
    age = np.where(meets, 0, sprouts.age + 1)
    return _Sprouts(tip, sprouts.number, heading_rad, bend_rad, age).select(~joins)


def _close(network: _Network) -> None:
    """Join blind ends to what lies near them, in arcs that go on the way that they came."""
    degree = np.bincount(np.concatenate(network.edges).ravel(), minlength=len(network.position_mm))
    blind = 1 + np.flatnonzero(degree[1:] == 1)
    squares_mm2 = network.others_mm2(network.position_mm[blind], blind)
    nearest = np.argmin(squares_mm2, axis=1)
    gap_mm = np.sqrt(squares_mm2[np.arange(len(blind)), nearest])
    blind, nearest, gap_mm = (column[gap_mm < CLOSING_MM] for column in (blind, nearest, gap_mm))
    arrivals = np.concatenate(network.edges)
    before = np.zeros(len(network.position_mm), np.int64)
    before[arrivals[:, 1]] = arrivals[:, 0]  # unique where a node is blind
    before = before[blind]
    start_mm, end_mm = network.position_mm[blind], network.position_mm[nearest]
    bow_mm = start_mm + BOW * gap_mm[:, None] / STEP_MM * (start_mm - network.position_mm[before])
    tip = blind
    for share in np.linspace(0.0, 1.0, NUM_ARC_PIECES + 1)[1:-1]:
        place_mm = (1 - share) ** 2 * start_mm + 2 * share * (1 - share) * bow_mm + share**2 * end_mm
        tip = network.grow(tip, place_mm, network.sprout[blind], 0)
    network.edges.append(np.stack((tip, nearest), axis=1))


def _as_vessels(
    config: NeovascularizationConfig,
    network: _Network,
    root_mm: np.ndarray,
    tuft_radius_mm: float,
    rng: np.random.Generator,
) -> NewVessels:
    """The network above the retina; it is widest where it leaves its vein."""
    x_mm, y_mm = (network.position_mm - root_mm[:2]).T
    calibre = 1.0 + (FEEDER_CALIBRE - 1.0) * np.exp(-np.hypot(x_mm, y_mm) / tuft_radius_mm)
    radius_mm = rng.uniform(*config.radius_mm, size=network.sprout.max() + 1)[network.sprout]
    edges = np.unique(np.sort(np.concatenate(network.edges), axis=1), axis=0)
    return NewVessels(
        position_mm=np.column_stack((network.position_mm, np.zeros(len(calibre)))),
        edges=edges,
        radius_mm=radius_mm * calibre,
        flow=rng.uniform(*config.flow),
    )
