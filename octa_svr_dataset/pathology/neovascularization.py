"""Draw neovascularization: tufts of new vessels above the retina, from veins at the edge of dropout."""

import math

import numpy as np

from octa_svr_dataset.config import NeovascularizationConfig
from octa_svr_dataset.pathology.lesions import Dropout, NewVessels
from octa_svr_dataset.pathology.tufts import INSIDE_MARGIN_MM, grow_tuft
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind

EDGE_MM = 0.15
"""Tufts grow from veins no farther than this from the outline of an area of dropout, mm."""

LEAST_VEIN_RADIUS_MM = 0.005
"""They grow from veins of at least this radius, mm."""


def draw_neovascularization(
    config: NeovascularizationConfig,
    graph: VesselGraph,
    dropouts: tuple[Dropout, ...],
    field_width_mm: float,
    rng: np.random.Generator,
) -> tuple[NewVessels, ...]:
    """Grow tufts from veins at the edges of areas of dropout, apart from one another.

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
    tufts: list[NewVessels] = []
    node = _veins_at_edges(graph, dropouts, field_width_mm)
    for _ in range(int(rng.integers(*config.count, endpoint=True))):
        if not len(node):
            break
        root_mm = graph.position_mm[node[rng.integers(len(node))]]
        area_mm2 = math.exp(rng.uniform(*np.log(config.area_mm2)))  # small ones are frequent
        tufts.append(grow_tuft(config, root_mm, area_mm2, field_width_mm, rng))
        offset_mm = graph.position_mm[node, :2] - tufts[-1].position_mm[:, :2].mean(axis=0)
        node = node[np.hypot(offset_mm[:, 0], offset_mm[:, 1]) > 2.0 * math.sqrt(area_mm2 / math.pi)]
    return tuple(tufts)


def _veins_at_edges(graph: VesselGraph, dropouts: tuple[Dropout, ...], field_width_mm: float) -> np.ndarray:
    """(K,) nodes of veins inside the field at the outline of an area of dropout."""
    is_vein = (graph.kind == VesselKind.VEIN) & (graph.radius_mm >= LEAST_VEIN_RADIUS_MM)
    is_vein &= np.abs(graph.position_mm[:, :2] - field_width_mm / 2).max(axis=1) < field_width_mm / 2 - INSIDE_MARGIN_MM
    node = np.flatnonzero(is_vein)
    x_mm, y_mm = graph.position_mm[node, 0], graph.position_mm[node, 1]
    is_at_edge = np.zeros(len(node), dtype=bool)
    for dropout in dropouts:
        is_at_edge |= np.abs(dropout.level(x_mm, y_mm) - 1.0) * dropout.radius_mm <= EDGE_MM
    return node[is_at_edge]
