"""Grow the vessels of a healthy eye: arteries and veins, the superficial plexus, then the deep one.

The model is that of Kreitner et al., "Synthetic optical coherence tomography angiographs for detailed
retinal vessel segmentation without human annotations" (IEEE TMI 2024), after Rauch and Harders,
"Interactive synthesis of 3D geometries of blood vessels" (Eurographics 2021).
"""

import math

import numpy as np

from octa_svr_dataset.config import GrowthConfig, PlexusGrowthConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.growth.bed import close_bed
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.growth.kernels.arrays import NONE, PROBES, Nodes, Rules, Sinks, Tissue
from octa_svr_dataset.growth.kernels.layers import choose_layers
from octa_svr_dataset.growth.kernels.nodes import plant
from octa_svr_dataset.growth.kernels.plexus import grow_plexus
from octa_svr_dataset.growth.macula import draw_macular_trunks
from octa_svr_dataset.growth.trunks import Trunks, draw_stumps
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind

VOXEL_MM = 0.04
"""Grid on which the published program forbids sinks at the fovea; they lie within whole layers of it."""

PUBLISHED_FIELD_MM = 3.0
"""Field for which the numbers of trees and of sink candidates are given."""

FIRST_ITERATION_SCALE = 3.0
"""The published program forgets its unit of length in the first iteration of each plexus."""

NODE_CELL_MM = 0.04
ACTIVE_CELL_MM = 0.1
LEAST_SINK_CELL_MM = 0.015
NODES_PER_MM2 = 2200
SINKS_PER_MM2 = 3200
"""Rows of the work arrays; published settings need three quarters of them."""

CANDIDATES_AT_ONCE = 1024
"""Candidates that are looked at together: few enough to stay in the processor's cache."""

TRUNK_RADIUS_MM = 0.008
"""Larger vessels lie in the superficial layer; the capillary trees that hang on them share both layers."""

ROOMS = (1, 4, 16, 64)
"""Settings that outgrow the work arrays start again, to the same end, in arrays so many times as large."""


def grow_forest(
    config: GrowthConfig, field_width_mm: float, fovea: Fovea, rng: np.random.Generator, *, nasal: float = 1.0
) -> VesselGraph:
    """Grow arteries and veins into a field of tissue.

    Parameters
    ----------
    config
        Growth settings.
    field_width_mm
        Width of the field of view, mm. The tissue is wider by `config.margin_mm`.
    fovea
        The fovea.
    rng
        Stream of the growth.
    nasal
        1 where the optic disc lies to the right of the field, -1 where it lies to the left; heeded by macular trunks.

    Returns
    -------
    VesselGraph
        Arterial nodes first, each kind in order of birth.

    Raises
    ------
    InputError
        The settings grow more than can be held.
    """
    tissue = _tissue(config, field_width_mm, fovea)
    keys = rng.integers(0, 2**64, size=3, dtype=np.uint64)
    if config.trunks == "macular":
        trunks = draw_macular_trunks(config, field_width_mm, fovea, nasal, rng)
    else:
        num_trees = max(1, round(config.trees_per_kind * field_width_mm / PUBLISHED_FIELD_MM))
        trunks = [draw_stumps(config, field_width_mm, tissue.width, num_trees, rng) for _ in VesselKind]
    for room in ROOMS:
        try:
            graph = _grow(config, tissue, trunks, keys, room)
        except OverflowError:
            continue
        return close_bed(graph, fovea.position_mm) if config.capillary_bed == "closed" else graph
    raise InputError(
        f"growth: these settings grow more than {NODES_PER_MM2 * ROOMS[-1]} vessel segments or sinks a mm2; "
        "allowed: fewer iterations or candidates_per_iteration, a larger sink_spacing_mm, a smaller tissue_growth_rate"
    )


def _grow(config: GrowthConfig, tissue: Tissue, trunks: list[Trunks], keys: np.ndarray, room: int) -> VesselGraph:
    """Grow both plexuses from the trunks, in work arrays of `room` times the usual size."""
    kinds = (_empty_nodes(tissue, room), _empty_nodes(tissue, room))
    for nodes, kind_trunks in zip(kinds, trunks, strict=True):
        plant(nodes, tissue.width, kind_trunks.position_mm, kind_trunks.parent, kind_trunks.murray_exponent)
    sinks, sources, spare = (_empty_sinks(tissue, room) for _ in range(3))
    most_nodes, most_sinks = len(kinds[0].parent), len(sinks.next)
    work = [np.empty(length, np.int32) for length in (most_nodes, most_sinks, most_sinks)]
    candidates = np.empty((CANDIDATES_AT_ONCE, 3))
    iteration = 0
    for plexus in (config.superficial, config.deep):
        schedule = _schedule(plexus, iteration, tissue)
        sinks, sources, spare = grow_plexus(*kinds, sinks, sources, spare, tissue, schedule, keys, *work, candidates)
        iteration += plexus.iterations
    for nodes, kind_trunks in zip(kinds, trunks, strict=True):
        nodes.power[: len(kind_trunks.parent)] += kind_trunks.powers_from_beyond(tissue.terminal_radius)
    return _as_graph(kinds, tissue)


def _tissue(config: GrowthConfig, field_width_mm: float, fovea: Fovea) -> Tissue:
    width_mm = field_width_mm + config.margin_mm
    num_voxels = round(width_mm / VOXEL_MM)
    return Tissue(
        width=width_mm,
        depth=config.depth_mm,
        voxel_depth=VOXEL_MM * math.ceil(config.depth_mm / VOXEL_MM),
        num_voxels=num_voxels,
        fovea_x=float(fovea.position_mm[0]),
        fovea_y=float(fovea.position_mm[1]),
        suppression_radius=fovea.suppression_radius_mm,
        hole_radius_voxels=0.5 * fovea.suppression_radius_mm / field_width_mm * num_voxels,
        rotation_radius=config.rotation_radius_mm,
        terminal_radius=config.terminal_radius_mm,
    )


def _schedule(plexus: PlexusGrowthConfig, first_iteration: int, tissue: Tissue) -> np.ndarray:
    """(I, fields of `Rules`) float64. Rules of each iteration of a plexus."""
    step = np.arange(plexus.iterations)
    growth = 1.0 + plexus.tissue_growth_rate * step
    scale = np.where(step == 0, FIRST_ITERATION_SCALE, 1.0 / growth)
    relative_area = (tissue.width / (PUBLISHED_FIELD_MM + VOXEL_MM)) ** 2
    rules = {
        "iteration": first_iteration + step,
        "num_candidates": round(plexus.candidates_per_iteration * relative_area),
        "artery_distance": plexus.artery_distance_mm * scale,
        "spacing": plexus.sink_spacing_mm * scale,
        "satisfaction": plexus.satisfaction_distance_mm * scale,
        "perception": plexus.perception_distance_mm * scale,
        "half_angle": math.radians(plexus.perception_angle_deg / 2),
        "least_spread": math.radians(plexus.bifurcation_spread_deg),
        "persistence": plexus.direction_persistence,
        "exponent": plexus.murray_exponent,
        "step": np.maximum(plexus.step_mm / growth, plexus.least_step_mm),
        "rotation_floor": plexus.rotation_floor,
    }
    return np.stack(np.broadcast_arrays(*(rules[field] for field in Rules._fields)), axis=1, dtype=np.float64)


def _empty_nodes(tissue: Tissue, room: int) -> Nodes:
    capacity = math.ceil(room * NODES_PER_MM2 * tissue.width**2)
    num_cells = max(1, int(tissue.width / NODE_CELL_MM))
    num_active_cells = max(1, int(tissue.width / ACTIVE_CELL_MM))
    return Nodes(
        size=np.zeros(1, np.int64),
        position=np.empty((capacity, 3)),
        parent=np.empty(capacity, np.int32),
        child=np.empty((capacity, 2), np.int32),
        exponent=np.empty(capacity),
        power=np.empty(capacity),
        most_reach_sq=np.empty(capacity),
        version=np.empty(capacity, np.int32),
        head=np.full((num_cells, num_cells), NONE, np.int32),
        next=np.empty(capacity, np.int32),
        active_head=np.full((num_active_cells, num_active_cells), NONE, np.int32),
        next_active=np.empty(capacity, np.int32),
    )


def _empty_sinks(tissue: Tissue, room: int) -> Sinks:
    capacity = math.ceil(room * SINKS_PER_MM2 * tissue.width**2)
    num_cells = max(1, int(tissue.width / LEAST_SINK_CELL_MM))
    return Sinks(
        size=np.array([0, 0, 1]),
        position=np.empty((capacity + PROBES, 3)),
        nearest=np.empty(capacity, np.int32),
        nearest_sq=np.empty(capacity),
        seen_version=np.empty(capacity, np.int32),
        start=np.zeros(num_cells**2 + 1, np.int32),
        head=np.full(num_cells**2, NONE, np.int32),
        next=np.empty(capacity, np.int32),
    )


def _as_graph(kinds: tuple[Nodes, Nodes], tissue: Tissue) -> VesselGraph:
    """One table of both kinds; a root takes the radius of its stump."""
    position, parent, radius, kind = [], [], [], []
    offset = 0
    for vessel_kind, nodes in zip(VesselKind, kinds, strict=True):
        count = int(nodes.size[0])
        node_parent = nodes.parent[:count]
        position.append(nodes.position[:count])
        parent.append(np.where(node_parent == NONE, NONE, node_parent.astype(np.int64) + offset))
        radius.append(tissue.terminal_radius * nodes.power[:count] ** (1.0 / nodes.exponent[:count]))
        kind.append(np.full(count, vessel_kind, np.int64))
        offset += count
    columns = [np.concatenate(column) for column in (position, parent, radius, kind)]
    return VesselGraph(
        position_mm=columns[0],
        parent=columns[1],
        radius_mm=columns[2],
        kind=columns[3],
        layer=choose_layers(*columns, trunk_radius=TRUNK_RADIUS_MM),
    )
