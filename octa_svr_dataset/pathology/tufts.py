"""Grow a tuft of new vessels.

The growth law is simple on purpose: sprouts keep their direction but curl, start toward tissue of the tuft that no
vessel fills yet, and join in a loop, or cross, what they meet. New vessels on OCTA are irregular, tangled and looped,
and of fine calibre (Ishibazawa et al. 2016; Pan et al. 2018).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from octa_svr_dataset.config import NeovascularizationConfig
from octa_svr_dataset.pathology.lesions import NewVessels
from octa_svr_dataset.pathology.tuft_kernels import Law, Outline, count_held, grow_sprouts, nearest_other

INSIDE_MARGIN_MM = 0.02
"""They lie at least this far inside the field of view, mm."""

STEP_MM = 0.015
"""Length of a step of a sprout, mm."""

SPROUTS = 0.5
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

ARC_SHARES = np.linspace(0.0, 1.0, 7)[1:-1, None]
"""Places along these arcs at which they bend."""

CENTER_DISTANCE = 0.7
"""Distance of the middle of a tuft from where it leaves its vein, relative to its radius."""

TURN_RAD = 0.5
"""Sprouts that come to the outline of a tuft turn by as much in a step, toward its middle, rad."""

FILLED_SHARE = 0.55
"""Share of its outline that a tuft fills, with the gaps between its vessels, when it is as long as it shall be."""

NUM_PROBES = 256
"""Places by which the area inside an outline is estimated."""

NUM_TARGETS = 6
"""A new sprout starts toward the emptiest of as many places in the tuft."""

IRREGULARITY = 0.3
"""Relative amplitude of the outline's departures from an ellipse."""

STRETCHES = (0.7, 1.7)
"""Tufts are so many times as long in the direction in which they grow, and as narrow across it, as round ones: from
fans, which spread beside their vein, to fronds, which leave it."""

FEEDER_CALIBRE = 1.6
"""Calibre where a tuft leaves its vein, relative to the rest; it falls off over the radius of the tuft."""


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
    stretch = math.exp(rng.uniform(math.log(STRETCHES[0]), math.log(STRETCHES[1])))
    outline = _outline(root_mm[:2], radius_mm, stretch, field_width_mm, rng)
    inside_mm2 = _area_mm2(outline, rng)
    num_nodes = math.ceil(FILLED_SHARE * inside_mm2 / rng.uniform(*config.spacing_mm) / STEP_MM)
    network = _sprout(config, root_mm[:2], outline, max(num_nodes, FIRST_SPROUTS), rng)
    return _as_vessels(config, _closed(network), root_mm, radius_mm, rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    """A tuft of N nodes."""

    position_mm: np.ndarray
    """(N, 2) float64. Nodes, mm."""

    sprout: np.ndarray
    """(N,) int64. Number of the sprout that each node belongs to."""

    born: np.ndarray
    """(N,) int64. Step in which it has grown."""

    edges: np.ndarray
    """(M, 2) int64. Nodes that each piece joins; where it has grown, the new one is the second."""


def _outline(
    root_mm: np.ndarray, radius_mm: float, stretch: float, field_width_mm: float, rng: np.random.Generator
) -> Outline:
    """The one of some outlines at a point that lies farthest inside the field."""
    angle_rad = rng.uniform(0.0, 2.0 * math.pi, size=NUM_TARGETS)
    center_mm = root_mm + CENTER_DISTANCE * radius_mm * stretch * np.column_stack(
        (np.cos(angle_rad), np.sin(angle_rad))
    )
    inside_mm = field_width_mm / 2 - np.abs(center_mm - field_width_mm / 2).max(axis=1)
    best = int(np.argmax(np.minimum(inside_mm, radius_mm)))
    low_mm, high_mm = INSIDE_MARGIN_MM, field_width_mm - INSIDE_MARGIN_MM
    x_mm, y_mm = np.clip(center_mm[best], low_mm, high_mm).tolist()
    first, second, third = rng.uniform(0.0, 2.0 * math.pi, size=3).tolist()
    phases, wave = (first, second, third), IRREGULARITY / 3.0
    return Outline(x_mm, y_mm, radius_mm, wave, phases, low_mm, high_mm, float(angle_rad[best]), stretch)


def _places_mm(outline: Outline, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """(*shape, 2) places in the square around an outline, mm."""
    reach_mm = _reach_mm(outline)
    return np.asarray(np.array([outline.x, outline.y]) + rng.uniform(-reach_mm, reach_mm, size=(*shape, 2)))


def _area_mm2(outline: Outline, rng: np.random.Generator) -> float:
    """Area inside an outline, by chance, mm2."""
    num_inside = int(count_held(outline, _places_mm(outline, (NUM_PROBES,), rng)))
    return num_inside / NUM_PROBES * (2.0 * _reach_mm(outline)) ** 2


def _reach_mm(outline: Outline) -> float:
    """No place inside an outline lies farther from its center along x or y, mm."""
    return outline.radius * (1.0 + IRREGULARITY) * max(outline.stretch, 1.0 / outline.stretch)


def _sprout(
    config: NeovascularizationConfig, root_mm: np.ndarray, outline: Outline, num_nodes: int, rng: np.random.Generator
) -> _Network:
    """Grow the sprouts of a tuft of about so many nodes."""
    most_sprouts = max(FIRST_SPROUTS, round(SPROUTS * math.sqrt(num_nodes)))
    to_middle_rad = math.atan2(outline.y - root_mm[1], outline.x - root_mm[0])
    law = Law(
        step=STEP_MM,
        memory=math.exp(-1.0 / CURL_STEPS),
        curl=rng.uniform(*config.curl_per_mm) * STEP_MM,
        turn=TURN_RAD,
        meeting=MEETING_MM,
        own_steps=OWN_STEPS,
        loop_share=config.loop_share,
        most_sprouts=most_sprouts,
        most_new=MOST_NEW_SPROUTS,
    )
    starts = (MOST_GENERATIONS, MOST_NEW_SPROUTS, NUM_TARGETS)
    place = np.concatenate(
        (
            _places_mm(outline, starts, rng),
            rng.uniform(-ASTRAY_RAD, ASTRAY_RAD, size=(*starts, 1)),
            rng.standard_normal((*starts, 1)),
        ),
        axis=-1,
    )
    position_mm = np.zeros((num_nodes, 2))
    position_mm[0] = root_mm
    sprout, born = np.zeros((2, num_nodes), np.int64)
    edges = np.zeros((2 * num_nodes, 2), np.int64)
    count, num_edges = grow_sprouts(
        position_mm,
        sprout,
        born,
        edges,
        to_middle_rad + rng.uniform(-FIRST_SPREAD_RAD, FIRST_SPREAD_RAD, size=FIRST_SPROUTS),
        outline,
        law,
        rng.standard_normal((MOST_GENERATIONS, most_sprouts)),
        rng.uniform(size=(MOST_GENERATIONS, most_sprouts)),
        place,
    )
    return _Network(position_mm=position_mm[:count], sprout=sprout[:count], born=born[:count], edges=edges[:num_edges])


def _closed(network: _Network) -> _Network:
    """The network with its blind ends joined to what lies near them, in arcs that go on the way that they came."""
    num_nodes = len(network.sprout)
    position_mm, edges, owner = [network.position_mm], [network.edges], [np.arange(num_nodes)]
    degree = np.bincount(network.edges.ravel(), minlength=num_nodes)
    before = np.zeros(num_nodes, np.int64)
    before[network.edges[:, 1]] = network.edges[:, 0]  # unique where a node is blind
    for blind in 1 + np.flatnonzero(degree[1:] == 1):
        start_mm = network.position_mm[blind]
        nearest, square_mm2 = nearest_other(
            network.position_mm, network.sprout, network.born, num_nodes, *start_mm, blind, OWN_STEPS
        )
        if square_mm2 < CLOSING_MM**2:
            along = (start_mm - network.position_mm[before[blind]]) / STEP_MM
            bow_mm = start_mm + BOW * math.sqrt(square_mm2) * along
            node = num_nodes + len(ARC_SHARES) * (len(owner) - 1) + np.arange(len(ARC_SHARES))
            arc_mm = (1.0 - ARC_SHARES) ** 2 * start_mm + 2.0 * ARC_SHARES * (1.0 - ARC_SHARES) * bow_mm
            arc_mm += ARC_SHARES**2 * network.position_mm[nearest]
            chain = np.concatenate(([blind], node, [nearest]))
            position_mm.append(arc_mm)
            edges.append(np.stack((chain[:-1], chain[1:]), axis=1))
            owner.append(np.full(len(node), blind))
    of = np.concatenate(owner)
    return replace(
        network,
        position_mm=np.concatenate(position_mm),
        sprout=network.sprout[of],
        born=network.born[of],
        edges=np.concatenate(edges),
    )


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
    edges = np.unique(np.sort(network.edges, axis=1), axis=0)
    return NewVessels(
        position_mm=np.column_stack((network.position_mm, np.zeros(len(calibre)))),
        edges=edges,
        radius_mm=radius_mm * calibre,
        flow=rng.uniform(*config.flow),
    )
