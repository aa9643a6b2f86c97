"""Draw intraretinal microvascular abnormalities: dilated, tortuous shunts over capillary dropout."""

import math

import numpy as np

from octa_svr_dataset.config import IrmaConfig
from octa_svr_dataset.pathology.lesions import Dropout, NewVessels
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, VesselLayer

BORDER_MM = 0.12
"""The vessels that a shunt joins lie inside an area of dropout, or no farther than this from its outline, mm."""

LEAST_APART_MM = 0.1
"""No two shunts begin or end closer to each other, mm."""

PLACEMENT_TRIES = 12
"""A shunt that finds no two vessels to join in as many tries is left out."""

LEAST_RADIUS_MM = 0.004
"""Shunts run between arterioles and venules of at least this radius, mm."""

INSIDE_MARGIN_MM = 0.02
"""They lie at least this far inside the field of view, mm."""

PITCH_MM = 0.008
"""Distance of the nodes of a shunt, mm."""

FINENESS = 3
"""Places between two nodes at which the course is worked out, so that the nodes are evenly spaced."""

NUM_WAVES = 4
"""Waves of different length that make up a course."""

WAVE_SPREAD = 0.5
"""Their lengths lie within this share of the one that is drawn."""

ONSET = 3.0
"""A course begins and ends straight, and winds in full from about the inverse share of its chord, over pi, on."""

BRANCH_SPANS = (0.15, 0.5)
"""A branch joins its shunt again after this share of its course."""

BRANCH_ARCS = (1.3, 2.0)
"""Length of a branch over the distance that it spans: it bows away from its shunt."""

BRANCH_CALIBRES = (0.5, 0.9)
"""Calibre of a branch relative to that of its shunt where it leaves it."""

LEAST_BRANCH_MM = 0.06
"""Branches span at least this distance, mm."""

CALIBRE_SWING = 0.3
"""Relative amplitude with which the calibre varies along a shunt."""


def draw_irma(
    config: IrmaConfig,
    graph: VesselGraph,
    dropouts: tuple[Dropout, ...],
    field_width_mm: float,
    rng: np.random.Generator,
) -> tuple[NewVessels, ...]:
    """Draw shunts from superficial arterioles to venules across areas of dropout.

    Parameters
    ----------
    config
        Settings.
    graph
        Vessels that are left, N nodes.
    dropouts
        Areas of dropout.
    field_width_mm
        Width of the field of view, mm.
    rng
        Stream of the lesions.
    """
    if not dropouts:
        return ()
    shunts: list[NewVessels] = []
    anchors = [_anchors(graph, dropout, field_width_mm) for dropout in dropouts]
    area = np.array([dropout.radius_mm**2 for dropout in dropouts])
    for _ in range(int(rng.integers(*config.count, endpoint=True))):
        for _ in range(PLACEMENT_TRIES):
            which = int(rng.choice(len(area), p=area / area.sum()))
            pair = _pair(config, graph, dropouts[which], anchors[which], rng)
            if pair is not None and not _is_beside(shunts, graph, pair):
                start_mm, end_mm = graph.position_mm[list(pair)]
                arc_over_chord = rng.uniform(*config.arc_over_chord)
                course = _course(config, start_mm, end_mm, field_width_mm, rng, arc_over_chord)
                shunts.append(_branched(config, course, field_width_mm, rng))
                break
    return tuple(shunts)


def _anchors(graph: VesselGraph, dropout: Dropout, field_width_mm: float) -> np.ndarray:
    """(K,) superficial nodes of arterioles and venules in an area of dropout or at its outline."""
    half_mm, reach_mm = field_width_mm / 2, dropout.reach_mm + BORDER_MM
    is_anchor = (graph.layer == VesselLayer.SUPERFICIAL) & (graph.radius_mm >= LEAST_RADIUS_MM)
    for place_mm, center_mm in zip(graph.position_mm.T[:2], dropout.center_mm, strict=True):
        is_anchor &= np.abs(place_mm - half_mm) < half_mm - INSIDE_MARGIN_MM
        is_anchor &= np.abs(place_mm - center_mm) < reach_mm
    node = np.flatnonzero(is_anchor)
    level = dropout.level(graph.position_mm[node, 0], graph.position_mm[node, 1])
    return node[level <= 1.0 + BORDER_MM / dropout.radius_mm]


def _pair(
    config: IrmaConfig, graph: VesselGraph, dropout: Dropout, anchors: np.ndarray, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Nodes of an arteriole and of a venule, with dropout midway between them; none where chance finds no such."""
    arteries, veins = (anchors[graph.kind[anchors] == kind] for kind in VesselKind)
    if not len(arteries):
        return None
    start = int(arteries[rng.integers(len(arteries))])
    along_mm = graph.position_mm[veins] - graph.position_mm[start]
    chord_mm = np.hypot(along_mm[:, 0], along_mm[:, 1])
    veins = veins[(chord_mm >= config.chord_mm[0]) & (chord_mm <= config.chord_mm[1])]
    middle_mm = (graph.position_mm[start] + graph.position_mm[veins]) / 2
    veins = veins[dropout.level(middle_mm[:, 0], middle_mm[:, 1]) < 1.0]
    return (start, int(veins[rng.integers(len(veins))])) if len(veins) else None


def _is_beside(shunts: list[NewVessels], graph: VesselGraph, pair: tuple[int, int]) -> bool:
    """Whether another shunt begins or ends close to where one would."""
    ends_mm = np.array([shunt.position_mm[end, :2] for shunt in shunts for end in (0, -1)]).reshape(-1, 2)
    apart_mm = [np.abs(ends_mm - graph.position_mm[node, :2]).max(axis=1) for node in pair]
    return bool(np.min(apart_mm, initial=np.inf) < LEAST_APART_MM)


def _course(
    config: IrmaConfig,
    start_mm: np.ndarray,
    end_mm: np.ndarray,
    field_width_mm: float,
    rng: np.random.Generator,
    arc_over_chord: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (P, 3) of a winding course between two points (x, y, z), and their radii (P,), mm."""
    along_mm = end_mm[:2] - start_mm[:2]
    chord_mm = math.hypot(*along_mm)
    arc_mm = chord_mm * arc_over_chord
    share = np.linspace(0.0, 1.0, FINENESS * math.ceil(arc_mm / PITCH_MM) + 1)
    sway = _sway(share * chord_mm, rng.uniform(*config.wavelength_mm), rng)
    sway *= np.minimum(ONSET * np.sin(math.pi * share), 1.0)
    sway *= _height_mm(sway, share * chord_mm, arc_mm)
    way_mm = np.append(0.0, np.cumsum(np.hypot(np.diff(sway), np.diff(share * chord_mm))))
    place_mm = np.linspace(0.0, way_mm[-1], math.ceil(arc_mm / PITCH_MM) + 1)
    across = np.array([-along_mm[1], along_mm[0], 0.0]) / chord_mm
    position_mm = start_mm + np.interp(place_mm, way_mm, share)[:, None] * (end_mm - start_mm)
    position_mm += np.interp(place_mm, way_mm, sway)[:, None] * across
    position_mm[:, :2] = np.clip(position_mm[:, :2], 0.0, field_width_mm)
    position_mm[0], position_mm[-1] = start_mm, end_mm
    swing = np.sin(2.0 * math.pi * (place_mm / config.wavelength_mm[0] + rng.uniform()))
    radius_mm = rng.uniform(*config.radius_mm) * (1.0 + CALIBRE_SWING * swing)
    return position_mm, radius_mm


def _branched(
    config: IrmaConfig, shunt: tuple[np.ndarray, np.ndarray], width_mm: float, rng: np.random.Generator
) -> NewVessels:
    """A course with vessels that leave it and join it again; its ends stay the first node and the last one."""
    position_mm, radius_mm = shunt
    last = len(radius_mm) - 1
    chains = [np.arange(last + 1)]
    for _ in range(int(rng.integers(*config.branches, endpoint=True))):
        first, span = int(rng.uniform(0.05, 0.6) * last), int(rng.uniform(*BRANCH_SPANS) * last)
        ends = position_mm[[first, min(first + max(span, 2), last)]]
        if math.dist(ends[0, :2], ends[1, :2]) < LEAST_BRANCH_MM:
            continue
        course_mm, _ = _course(config, ends[0], ends[1], width_mm, rng, rng.uniform(*BRANCH_ARCS))
        inner = len(radius_mm) + np.arange(len(course_mm) - 2)
        chains.append(np.concatenate(([first], inner, [min(first + max(span, 2), last)])))
        position_mm = np.concatenate((position_mm, course_mm[1:-1]))
        thin_mm = rng.uniform(*BRANCH_CALIBRES) * radius_mm[first]
        radius_mm = np.concatenate((radius_mm, np.full(len(inner), thin_mm)))
    order = np.concatenate((np.arange(last), np.arange(last + 1, len(radius_mm)), [last]))
    number = np.argsort(order)
    edges = np.concatenate([np.stack((chain[:-1], chain[1:]), axis=1) for chain in chains])
    return NewVessels(position_mm=position_mm[order], edges=number[edges], radius_mm=radius_mm[order], flow=0.0)


def _sway(distance_mm: np.ndarray, wavelength_mm: float, rng: np.random.Generator) -> np.ndarray:
    """(P,) sum of waves of about a length along a course, all of one curvature."""
    lengths_mm = wavelength_mm * rng.uniform(1.0 - WAVE_SPREAD, 1.0 + WAVE_SPREAD, size=NUM_WAVES)
    phases = rng.uniform(size=NUM_WAVES)
    sway = np.zeros(len(distance_mm))
    for length_mm, phase in zip(lengths_mm, phases, strict=True):
        sway += length_mm**2 * np.sin(2.0 * math.pi * (distance_mm / length_mm + phase))
    return sway


def _height_mm(sway: np.ndarray, distance_mm: np.ndarray, arc_mm: float) -> float:
    """Factor on the waves at which the course is as long as it shall be; by halving the range that it lies in."""
    run_sq, rise_sq = np.diff(distance_mm) ** 2, np.diff(sway) ** 2
    low, high = 0.0, 1.0
    while np.sqrt(run_sq + high**2 * rise_sq).sum() < arc_mm:
        high *= 2.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if np.sqrt(run_sq + middle**2 * rise_sq).sum() > arc_mm else (middle, high)
    return high
