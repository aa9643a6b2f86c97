"""Draw the areas of capillary dropout of a diseased eye."""

import math

import numpy as np

from octa_svr_dataset.config import DropoutConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.lesions import Dropout
from octa_svr_dataset.pathology.outline import directions_rad, snapped
from octa_svr_dataset.vessel_graph import VesselGraph

PLACEMENT_TRIES = 60
"""An area of dropout that finds no free place in as many tries is left out; the first one always finds one."""

FOVEAL_CLEARANCE = 1.5
"""An area that stays farther from the fovea than this many avascular radii does not touch the avascular zone."""

CLEAR_SHARE, CLEAR_TRIES = 0.5, 45
"""In so many tries, only places are taken with no larger vessel within this share of the radius of the center."""

INSIDE_MARGIN_MM = 0.25
"""The center of an area lies at least this far inside the field of view."""

OUTLINE_HARMONICS = np.arange(2, 8)
"""Angular frequencies of an outline before it is moved onto vessels."""

LEAST_OUTLINE = 0.4
"""An outline comes no nearer to the center than this share of the radius."""


def draw_dropouts(
    config: DropoutConfig,
    severity: int,
    graph: VesselGraph,
    field_width_mm: float,
    fovea: Fovea,
    rng: np.random.Generator,
) -> tuple[Dropout, ...]:
    """Draw areas of dropout that lie beside one another: a large one, and small ones."""
    dropouts: list[Dropout] = []
    vessels_mm = _larger_vessels_mm(graph, config.spared_radius_mm)
    for index in range(int(rng.integers(config.count[0], config.count[1], endpoint=True))):
        radius_mm = rng.uniform(*(config.small_radius_mm if index else config.large_radius_mm))
        radius_mm *= config.extent[severity - 1]
        center_mm = _free_place(config, field_width_mm, fovea, radius_mm, dropouts, vessels_mm.mean(axis=1), rng)
        if center_mm is not None:
            dropouts.append(_dropout(config, vessels_mm, center_mm, radius_mm, rng.uniform(*config.strength), rng))
    return tuple(dropouts)


def strongest_dropout(
    config: DropoutConfig,
    severity: int,
    graph: VesselGraph,
    field_width_mm: float,
    fovea: Fovea,
    rng: np.random.Generator,
) -> tuple[Dropout, ...]:
    """The one most visible area of dropout that the settings admit, as far inside the field as it may lie."""
    to_center_mm = field_width_mm / 2 - fovea.position_mm
    length_mm = float(np.linalg.norm(to_center_mm))
    direction = to_center_mm / length_mm if length_mm > 0 else np.array([0.0, 1.0])
    center_mm = fovea.position_mm + direction * (fovea.avascular_radius_mm + config.faz_distance_mm[0])
    radius_mm = config.extent[severity - 1] * config.large_radius_mm[1]
    vessels_mm = _larger_vessels_mm(graph, config.spared_radius_mm)
    return (_dropout(config, vessels_mm, center_mm, radius_mm, config.strength[1], rng),)


def _larger_vessels_mm(graph: VesselGraph, least_radius_mm: float) -> np.ndarray:
    """(M, 2, 2) float64. Ends (x, y) of the segments of at least a radius, mm."""
    large = graph.segments[graph.radius_mm[graph.segments] >= least_radius_mm]
    return np.stack([graph.position_mm[graph.parent[large], :2], graph.position_mm[large, :2]], axis=1)


def _free_place(
    config: DropoutConfig,
    field_width_mm: float,
    fovea: Fovea,
    radius_mm: float,
    others: list[Dropout],
    vessels_mm: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Center inside the field at which an area runs together with no other one; absent where none is found."""
    longest = (1.0 + config.irregularity) * (1.0 + config.deep_excess)
    avascular_mm = fovea.avascular_radius_mm
    is_fovea_taken = any(_adjoins_fovea(other.center_mm, longest * other.radius_mm, fovea) for other in others)
    for attempt in range(PLACEMENT_TRIES):
        angle_rad = rng.uniform(0.0, 2.0 * np.pi)
        distance_mm = avascular_mm + rng.uniform(*config.faz_distance_mm)
        center_mm = fovea.position_mm + distance_mm * np.array([np.cos(angle_rad), np.sin(angle_rad)])
        low_mm, high_mm = sorted(center_mm.tolist())
        if low_mm < INSIDE_MARGIN_MM or high_mm > field_width_mm - INSIDE_MARGIN_MM:
            continue
        if attempt < CLEAR_TRIES and _is_on_vessel(vessels_mm, center_mm, CLEAR_SHARE * radius_mm):
            continue
        is_apart = all(
            math.dist(center_mm, other.center_mm) > longest * (radius_mm + other.radius_mm) for other in others
        )
        if is_apart and not (is_fovea_taken and _adjoins_fovea(center_mm, longest * radius_mm, fovea)):
            return center_mm
    return None if others else np.clip(center_mm, INSIDE_MARGIN_MM, field_width_mm - INSIDE_MARGIN_MM)


def _is_on_vessel(vessels_mm: np.ndarray, center_mm: np.ndarray, distance_mm: float) -> bool:
    """Whether any of some places (M, 2) on larger vessels lies within a distance of a center, mm."""
    x_mm, y_mm = vessels_mm[:, 0] - center_mm[0], vessels_mm[:, 1] - center_mm[1]
    return bool(np.min(x_mm * x_mm + y_mm * y_mm, initial=np.inf) < distance_mm**2)


def _adjoins_fovea(center_mm: np.ndarray, reach_mm: float, fovea: Fovea) -> bool:
    """Whether an area may touch the avascular zone; two that do would look like one."""
    distance_mm = float(np.linalg.norm(center_mm - fovea.position_mm))
    return distance_mm - reach_mm < FOVEAL_CLEARANCE * fovea.avascular_radius_mm


def _dropout(
    config: DropoutConfig,
    vessels_mm: np.ndarray,
    center_mm: np.ndarray,
    radius_mm: float,
    strength: float,
    rng: np.random.Generator,
) -> Dropout:
    """An area whose outline departs from a circle in waves, and then runs along larger vessels where any are near."""
    amplitude = rng.uniform(0.3, 1.0, size=len(OUTLINE_HARMONICS)) / OUTLINE_HARMONICS
    amplitude *= config.irregularity / amplitude.sum()
    phase_rad = rng.uniform(0.0, 2.0 * np.pi, size=len(OUTLINE_HARMONICS))
    outline = 1.0 + amplitude @ np.cos(OUTLINE_HARMONICS[:, None] * directions_rad() + phase_rad[:, None])
    outline = snapped(outline * radius_mm, center_mm, vessels_mm, config.vessel_reach) / radius_mm
    return Dropout(
        center_mm=center_mm,
        radius_mm=radius_mm,
        strength=strength,
        outline=np.clip(outline, LEAST_OUTLINE, 1.0 + config.irregularity),
        edge_softness=config.edge_softness,
        deep_excess=config.deep_excess,
        dilation=rng.uniform(*config.dilation),
        dilated_band_mm=config.dilated_band_mm,
    )
