"""Draw the microaneurysms of a diseased eye."""

import math

import numpy as np

from octa_svr_dataset.config import MicroaneurysmConfig
from octa_svr_dataset.pathology.lesions import Dropout, Microaneurysm
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer, segment_lengths_mm

LEAST_GAP_MM = 0.03
"""Between two microaneurysms at least this much tissue shows, mm."""

SEGMENT_MM = 0.04
"""Length of a segment of the published forests, mm."""


def draw_microaneurysms(
    config: MicroaneurysmConfig,
    graph: VesselGraph,
    dropouts: tuple[Dropout, ...],
    capillary_radius_mm: float,
    field_width_mm: float,
    rng: np.random.Generator,
) -> tuple[Microaneurysm, ...]:
    """Draw microaneurysms on surviving capillaries, at the outlines of dropout and away from it, none touching another.

    Parameters
    ----------
    config
        Settings.
    graph
        Vessels that are left, N nodes.
    dropouts
        Areas of dropout.
    capillary_radius_mm
        Segments of at most this radius can carry one, mm.
    field_width_mm
        Width of the field of view, mm; all lie inside it.
    rng
        Stream of the lesions.
    """
    is_carrier = (graph.parent >= 0) & (graph.radius_mm <= capillary_radius_mm)
    is_carrier &= np.all((graph.position_mm[:, :2] > 0) & (graph.position_mm[:, :2] < field_width_mm), axis=1)
    chance = np.where(is_carrier, _chances(config, graph, is_carrier, dropouts, field_width_mm), 0.0)
    dots: list[Microaneurysm] = []
    for node in np.flatnonzero(rng.uniform(size=len(graph)) < chance):
        dot = _microaneurysm(config, graph, int(node), rng)
        if not any(_touch(dot, other) for other in dots):
            dots.append(dot)
    return tuple(dots)


def strongest_microaneurysms(
    config: MicroaneurysmConfig,
    graph: VesselGraph,
    dropouts: tuple[Dropout, ...],
    capillary_radius_mm: float,
    field_width_mm: float,
    rng: np.random.Generator,
) -> tuple[Microaneurysm, ...]:
    """Draw as many, all as large and as bright as the settings admit; parameters as in `draw_microaneurysms`."""
    largest = {name: (getattr(config, name)[1],) * 2 for name in ("radius_mm", "flow")}
    strongest = config.model_copy(update=largest)
    return draw_microaneurysms(strongest, graph, dropouts, capillary_radius_mm, field_width_mm, rng)


def _chances(
    config: MicroaneurysmConfig,
    graph: VesselGraph,
    is_carrier: np.ndarray,
    dropouts: tuple[Dropout, ...],
    field_width_mm: float,
) -> np.ndarray:
    """(N,) probability that each segment carries one, were it a carrier."""
    length_mm = segment_lengths_mm(graph)
    rate = np.where(graph.layer == VesselLayer.SUPERFICIAL, config.superficial_rate, 1.0)
    weight_mm = np.where(is_carrier, rate * length_mm, 0.0)
    is_near, is_inside = _border(graph, dropouts, config.border_band_mm)
    at_border = config.rate_per_segment * rate * length_mm / SEGMENT_MM
    away = config.rate_away_per_mm2 * field_width_mm**2 * weight_mm / max(float(weight_mm.sum()), SEGMENT_MM)
    return np.where(is_inside, 0.0, np.where(is_near, at_border, away))


def _microaneurysm(
    config: MicroaneurysmConfig, graph: VesselGraph, node: int, rng: np.random.Generator
) -> Microaneurysm:
    along_mm = graph.position_mm[node] - graph.position_mm[graph.parent[node]]
    is_fusiform = rng.uniform() < config.fusiform_share
    elongation = rng.uniform(*config.elongation)
    return Microaneurysm(
        position_mm=graph.position_mm[node],
        radius_mm=rng.uniform(*config.radius_mm),
        flow=rng.uniform(*config.flow),
        layer=VesselLayer(graph.layer[node]),
        elongation=elongation if is_fusiform else 1.0,
        angle_rad=math.atan2(along_mm[1], along_mm[0]),
    )


def _touch(first: Microaneurysm, second: Microaneurysm) -> bool:
    """Whether two microaneurysms could not be told apart in a picture."""
    distance_mm = math.dist(first.position_mm[:2], second.position_mm[:2])
    return distance_mm < first.half_length_mm + second.half_length_mm + LEAST_GAP_MM


def _border(graph: VesselGraph, dropouts: tuple[Dropout, ...], band_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """(N,) whether each node lies within the band around an outline, and (N,) whether it lies further inside."""
    is_near = np.zeros(len(graph), dtype=bool)
    is_inside = np.zeros(len(graph), dtype=bool)
    x_mm, y_mm = graph.position_mm.T[:2]
    for dropout in dropouts:
        reach_mm = dropout.reach_mm * (1.0 + band_mm / 2 / dropout.radius_mm)
        is_close = np.abs(x_mm - dropout.center_mm[0]) <= reach_mm
        node = np.flatnonzero(is_close & (np.abs(y_mm - dropout.center_mm[1]) <= reach_mm))
        level = dropout.level(x_mm[node], y_mm[node])
        half_band = band_mm / 2 / dropout.radius_mm
        is_near[node] |= np.abs(level - 1.0) <= half_band
        is_inside[node] |= level < 1.0 - half_band
    return is_near, is_inside
