"""Close the capillary bed: the blind ends of a grown forest are joined into the mesh of each plexus.

Published forests (Kreitner et al. 2024) are trees whose thousands of twigs end blind; a retinal plexus
is a mesh of polygons between arteries and veins.
"""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE
from octa_svr_dataset.growth.kernels.bed import (
    LONGEST_RIM_JOIN,
    NUM_RIM_SECTORS,
    Demands,
    close_rim,
    join_blind_ends,
)
from octa_svr_dataset.growth.kernels.mesh import MESH_CELL, Mesh, index_segments, order_nodes
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

LARGE_RADIUS_MM = 0.008
"""No capillary joins or crosses a larger vessel: around arteries and veins lies a zone free of capillaries."""

DEMANDS = (
    Demands(reach=0.05, least_cosine=0.2, most_side_cosine=0.8, large_radius=LARGE_RADIUS_MM),
    Demands(reach=0.05, least_cosine=-0.5, most_side_cosine=0.95, large_radius=LARGE_RADIUS_MM),
    Demands(reach=0.08, least_cosine=-1.0, most_side_cosine=1.0, large_radius=LARGE_RADIUS_MM),
    Demands(reach=0.15, least_cosine=-1.0, most_side_cosine=1.0, large_radius=LARGE_RADIUS_MM),
)
"""Near and straight joins first; what they leave open is closed by longer and more bent ones."""

MOST_CELLS_PER_JOIN = (math.ceil(max(DEMANDS[-1].reach, LONGEST_RIM_JOIN) / MESH_CELL) + 1) ** 2
"""Cells of the grid that the longest join may touch."""


def close_bed(graph: VesselGraph, fovea_mm: np.ndarray) -> VesselGraph:
    """The graph with links: a ring around the fovea in each layer, and joins of its blind ends.

    Parameters
    ----------
    graph
        Forest of N nodes.
    fovea_mm
        (2,) float64. Position (x, y) of the fovea, mm.
    """
    if not len(graph):
        return graph
    num_cells = max(1, math.ceil(float(graph.position_mm[:, :2].max()) / MESH_CELL))
    node_start, order = order_nodes(graph.position_mm, graph.layer, num_cells)
    mesh = _mesh(graph, order, node_start, num_cells)
    for plexus in VesselLayer:
        close_rim(mesh, plexus, *fovea_mm)
    is_loose = (mesh.parent != NONE) & (mesh.layer > mesh.layer[mesh.parent])
    for demands in DEMANDS:
        join_blind_ends(mesh, demands, is_loose)
    return graph.with_links(order[mesh.links[: mesh.size[0]]])


def _mesh(graph: VesselGraph, order: np.ndarray, node_start: np.ndarray, num_cells: int) -> Mesh:
    """The graph without joins, its nodes in a given order."""
    num_nodes = len(graph)
    most_joins = num_nodes + len(VesselLayer) * NUM_RIM_SECTORS
    rank = np.empty_like(order)
    rank[order] = np.arange(num_nodes, dtype=order.dtype)
    parent = graph.parent[order]
    parent = np.where(parent == NONE, NONE, rank[parent]).astype(np.int32)
    position = graph.position_mm[order]
    along = position - position[np.where(parent == NONE, np.arange(num_nodes), parent)]
    length = np.sqrt((along * along).sum(axis=1))
    limbs = graph.num_children()[order] + (parent != NONE)
    segment_start, segment = index_segments(position, parent, num_cells)
    return Mesh(
        position=position,
        heading=along / np.where(length > 0.0, length, 1.0)[:, None],
        parent=parent,
        limbs=limbs.astype(np.int32),
        radius=graph.radius_mm[order],
        kind=graph.kind[order],
        layer=graph.layer[order],
        node_start=node_start,
        segment_start=segment_start,
        segment=segment,
        size=np.zeros(2, np.int64),
        links=np.empty((most_joins, 2), np.int32),
        head=np.full(num_cells**2, NONE, np.int32),
        next=np.empty(MOST_CELLS_PER_JOIN * most_joins, np.int32),
        entry=np.empty(MOST_CELLS_PER_JOIN * most_joins, np.int32),
    )
