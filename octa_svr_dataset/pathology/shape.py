"""How vessels change their shape: they wind more, and veins widen and bead."""

import math
from dataclasses import replace

import numpy as np

from octa_svr_dataset.config import PathologyConfig
from octa_svr_dataset.pathology.course_kernels import add_up
from octa_svr_dataset.pathology.courses import Courses, between, subdivide
from octa_svr_dataset.pathology.lesions import VesselShape
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, segment_lengths_mm

REFERENCE_RADIUS_MM = 0.010
"""Vessels of this radius wind with the wavelength that is set; it grows with the square root of the radius."""

WINDING_RADII_MM = (0.004, 0.006)
"""Vessels wind from the first of these radii on, in full from the second; capillaries only follow, mm."""

PIECES_PER_WAVE = 8
"""Segments are cut into pieces of at most this share of a wave."""

OVERTONE = 1.7
"""A second wave is that much shorter than the first one, so that no course is a plain sine."""

OVERTONE_SHARE = 0.28
"""Share of the winding that it has."""

ONSET_WAVES = 0.3
"""Courses begin and end without winding, and wind in full from this share of a wave on."""

CARRIED_MM = 0.25
"""Branches are carried along by the vessel that they leave, less and less up to this distance, mm."""

LEAST_LENGTH_MM = 1e-9
"""In place of a length of 0, mm."""

CONSTRICTION = 0.35
"""Veins narrow sharply between beads, which are long: share of the overtone that shapes them."""

NARROWING = 0.75
"""They narrow by less than the beads swell, relative to that."""

UNEVEN_BEADS, UNEVEN_WAVES = 0.12, 3.3
"""Beads come closer and farther apart by that share of a wave, slowly: over so many waves."""

VEIN_RADII_MM = (0.010, 0.014)
"""Veins change from the first of these radii on, in full from the second, mm."""


def change_shape(
    graph: VesselGraph, config: PathologyConfig, severity: int, rng: np.random.Generator
) -> tuple[VesselGraph, VesselShape]:
    """The vessels of an eye of a severity, from 1 to 4, as they wind, widen and bead; and how much of each."""
    winding_rng, vein_rng = rng.spawn(2)
    shape = VesselShape()
    if winding_rng.uniform() < config.tortuosity.probability[severity - 1]:
        shape = replace(shape, tortuosity_gain=winding_rng.uniform(*config.tortuosity.gain))
        graph = wind(graph, shape.tortuosity_gain, config.tortuosity.wavelength_mm, winding_rng)
    if vein_rng.uniform() < config.veins.probability[severity - 1]:
        dilation, beading = vein_rng.uniform(*config.veins.dilation), vein_rng.uniform(*config.veins.beading)
        shape = replace(shape, vein_dilation=dilation, beading=beading)
        distance_mm = vein_rng.uniform(*config.veins.bead_distance_mm)
        graph = change_veins(graph, dilation, beading, distance_mm, vein_rng)
    return graph, shape


def wind(graph: VesselGraph, gain: float, wavelength_mm: tuple[float, float], rng: np.random.Generator) -> VesselGraph:
    """Let arterioles and venules wind smoothly across their course; what hangs together stays so.

    Each course has waves of its own, whose phase runs along it, on top of the shape that it has. Where a branch
    leaves, it moves with its vessel.

    Parameters
    ----------
    graph
        Forest of N nodes.
    gain
        Factor by which long courses get longer; at least 1.
    wavelength_mm
        Range of the wavelengths of vessels of 0.010 mm in radius, mm.
    rng
        Stream of the lesions.
    """
    wave_mm = rng.uniform(*wavelength_mm) * np.sqrt(graph.radius_mm / REFERENCE_RADIUS_MM)
    phase = rng.uniform(0.0, 2.0 * math.pi, size=(2, len(graph)))
    if gain == 1.0:
        return graph
    share = _rise((graph.radius_mm - WINDING_RADII_MM[0]) / (WINDING_RADII_MM[1] - WINDING_RADII_MM[0]))
    length_mm = segment_lengths_mm(graph)
    pieces = np.ceil(PIECES_PER_WAVE * length_mm / wave_mm).astype(np.int64)
    pieces = np.where(share > 0.0, np.maximum(pieces, 1), 1)
    fine, owner, along = subdivide(graph, pieces)
    coarse = Courses.of(graph)
    courses = coarse.cut(fine, owner, (length_mm / pieces)[owner])
    waves = _waves(courses, (length_mm / pieces / wave_mm)[owner])
    onset = _rise(waves / ONSET_WAVES) * _rise((courses.largest(waves) - waves) / ONSET_WAVES)
    slope = math.sqrt(4.0 * (gain - 1.0) * (1.0 + 0.75 * (gain - 1.0)))  # inverse of the length of a sine
    large = np.flatnonzero(share[owner] > 0.0)
    at_large = owner[large]
    sway = _sway(waves[large], phase[:, owner[courses.first[large]]])
    offset_mm = slope / (2.0 * math.pi) * (wave_mm * share)[at_large] * onset[large] * sway
    own_mm = np.zeros((len(fine), 2))
    own_mm[large] = offset_mm[:, None] * _across(graph, coarse.before, at_large, along[large])
    moved_mm = _carried(courses, own_mm)
    return replace(fine, position_mm=fine.position_mm + np.column_stack((moved_mm, np.zeros(len(fine)))))


def change_veins(
    graph: VesselGraph, dilation: float, amplitude: float, wavelength_mm: float, rng: np.random.Generator
) -> VesselGraph:
    """Widen the larger veins, and let them bead: their calibre swells and narrows along their course.

    Parameters
    ----------
    graph
        Forest of N nodes.
    dilation
        Factor on their radius.
    amplitude
        How much beads swell, relative to the radius; between them, the vein narrows by 0.75 of it.
    wavelength_mm
        Distance from one bead to the next, mm.
    rng
        Stream of the lesions.
    """
    shift = rng.uniform(size=len(graph))
    low_mm, high_mm = VEIN_RADII_MM
    is_wide = (graph.kind == VesselKind.VEIN) & (graph.radius_mm > low_mm)
    length_mm = segment_lengths_mm(graph)
    pieces = np.ceil(PIECES_PER_WAVE * length_mm / wavelength_mm).astype(np.int64)
    pieces = np.where(is_wide, np.maximum(pieces, 1), 1)
    fine, owner, _ = subdivide(graph, pieces)
    courses = Courses.of(graph).cut(fine, owner, (length_mm / pieces)[owner])
    share = np.clip((fine.radius_mm - low_mm) / (high_mm - low_mm), 0.0, 1.0) * (fine.kind == VesselKind.VEIN)
    waves = courses.distance_mm / wavelength_mm + shift[owner[courses.first]]
    angle_rad = 2.0 * math.pi * (waves + UNEVEN_BEADS * np.sin(2.0 * math.pi * waves / UNEVEN_WAVES))
    bead = np.sin(angle_rad) + CONSTRICTION / 2.0 * (np.cos(2.0 * angle_rad) + 1.0)
    bead = np.maximum(bead, NARROWING * bead)
    swelling = (1.0 + (dilation - 1.0) * share) * (1.0 + amplitude * share * bead)
    return replace(fine, radius_mm=fine.radius_mm * swelling)


def _waves(courses: Courses, waves: np.ndarray) -> np.ndarray:
    """(K,) number of waves from the beginning of the course to each node, given that of each segment."""
    total = waves[:, None].copy()
    add_up(total, courses.before, np.ones(len(waves)))
    return total[:, 0]


def _sway(waves: np.ndarray, phase_rad: np.ndarray) -> np.ndarray:
    """(K,) height of a wave and an overtone, (2, K) phases; its slope is on average that of a sine of height 1."""
    angle_rad = 2.0 * math.pi * waves
    base = math.sqrt(1.0 - OVERTONE_SHARE) * np.sin(angle_rad + phase_rad[0])
    return np.asarray(base + math.sqrt(OVERTONE_SHARE) / OVERTONE * np.sin(OVERTONE * angle_rad + phase_rad[1]))


def _rise(share: np.ndarray) -> np.ndarray:
    """From 0 at 0 smoothly to 1 from 1 on."""
    part = np.clip(share, 0.0, 1.0)
    return np.asarray(part**2 * (3.0 - 2.0 * part))


def _across(graph: VesselGraph, before: np.ndarray, owner: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(K, 2) unit vectors across the courses at any nodes of `subdivide(graph, ...)`; they turn smoothly."""
    start = np.where(graph.parent >= 0, graph.parent, np.arange(len(graph)))
    place_mm = np.ascontiguousarray(graph.position_mm[:, :2])
    along = _unit(place_mm - place_mm.take(start, axis=0))
    goes_on = np.flatnonzero(before >= 0)
    tangent = along.copy()
    tangent[before[goes_on]] += along.take(goes_on, axis=0)
    at_start = along
    at_start[goes_on] = tangent.take(start[goes_on], axis=0)
    tangent = _unit(between(at_start.take(owner, axis=0), tangent.take(owner, axis=0), share[:, None]))
    return np.column_stack((-tangent[:, 1], tangent[:, 0]))


def _unit(vector: np.ndarray) -> np.ndarray:
    """(N, 2) vectors of length 1; those of no length stay so."""
    return np.asarray(vector / np.maximum(np.hypot(vector[:, 0], vector[:, 1]), LEAST_LENGTH_MM)[:, None])


def _carried(courses: Courses, own_mm: np.ndarray) -> np.ndarray:
    """(K, 2) displacements of all nodes, given their own (K, 2), mm: branches move with what they leave."""
    moved_mm = own_mm.copy()
    add_up(moved_mm, courses.origin, 1.0 - _rise(courses.distance_mm / CARRIED_MM))
    return moved_mm
