"""Close the capillary bed: the blind ends of a grown forest are joined into the mesh of each plexus.

Published forests (Kreitner et al. 2024) are trees whose thousands of twigs end blind; a retinal plexus
is a mesh of polygons between arteries and veins.
"""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE
from octa_svr_dataset.growth.kernels.bed import LONGEST_RING_JOIN, Demands, join_blind_ends, join_ring
from octa_svr_dataset.growth.kernels.gaps import GAP_PITCH, WIDEST, span_gaps
from octa_svr_dataset.growth.kernels.mesh import MESH_CELL, Mesh, index_segments, order_nodes
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

LARGE_RADIUS_MM = 0.008
"""No capillary joins or crosses a larger vessel, as a zone free of capillaries lies around arteries and veins; but a
ring may, and a deep tree is joined where it starts, whatever starts it."""

DEMANDS = (
    Demands(reach=0.05, least_cosine=0.0, most_side_cosine=0.9, large_radius=LARGE_RADIUS_MM),
    Demands(reach=0.08, least_cosine=-1.0, most_side_cosine=1.0, large_radius=LARGE_RADIUS_MM),
    Demands(reach=0.15, least_cosine=-1.0, most_side_cosine=1.0, large_radius=LARGE_RADIUS_MM),
)
"""Near and straight joins first; what they leave open is closed by longer and more bent ones."""

GAP_WIDTHS_MM = np.array([0.08, 0.06, 0.045])
"""Gaps of a layer are spanned from such distances between their middle and the nearest vessel on, the widest first."""

NUM_RIM_SECTORS = 40
"""Sectors around the fovea in each of which the innermost node belongs to the rim of the avascular zone."""

MOST_RIM_DISTANCE_MM = 1.0
"""No node farther from the fovea belongs to the rim."""

WIDEST_POCKET_MM = 0.15
"""No wider pocket of the rim is cut off."""

SHARPEST_POCKET_DEG = 120.0
"""No blunter pocket of the rim is cut off."""

MOST_CELLS_PER_JOIN = (math.ceil(max(DEMANDS[-1].reach, LONGEST_RING_JOIN, 2 * WIDEST) / MESH_CELL) + 1) ** 2
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
    node_start, order = order_nodes(graph.position_mm, graph.layer.astype(np.int64), num_cells)
    mesh = _mesh(graph, order, node_start, num_cells)
    rims = [_rim(mesh, plexus, fovea_mm) for plexus in VesselLayer]
    for plexus, rim in zip(VesselLayer, rims, strict=True):
        join_ring(mesh, int(plexus), rim)
    is_loose = (mesh.parent != NONE) & (mesh.layer > mesh.layer[mesh.parent])
    for demands in DEMANDS:
        join_blind_ends(mesh, demands, is_loose)
    clearance = np.empty((int(num_cells * MESH_CELL / GAP_PITCH),) * 2)
    for plexus, rim in zip(VesselLayer, rims, strict=True):
        farthest_mm = np.linalg.norm(mesh.position[rim, :2] - fovea_mm, axis=1).max(initial=0.0)
        span_gaps(mesh, int(plexus), *fovea_mm, farthest_mm, GAP_WIDTHS_MM, LARGE_RADIUS_MM, clearance)
    return graph.with_links(order[mesh.links[: mesh.size[0]]])


def _mesh(graph: VesselGraph, order: np.ndarray, node_start: np.ndarray, num_cells: int) -> Mesh:
    """The graph without joins, its nodes in a given order."""
    num_nodes = len(graph)
    most_joins = num_nodes + len(VesselLayer) * NUM_RIM_SECTORS
    rank = np.empty_like(order)
    rank[order] = np.arange(num_nodes, dtype=order.dtype)
    parent = graph.parent[order]
    parent = np.where(parent == NONE, NONE, rank[parent]).astype(np.int64)
    position = graph.position_mm[order]
    along = position - position[np.where(parent == NONE, np.arange(num_nodes), parent)]
    length = np.sqrt(np.einsum("ij,ij->i", along, along))
    limbs = graph.num_children()[order] + (parent != NONE)
    segment_start, segment = index_segments(position, parent, num_cells)
    return Mesh(
        position=position,
        heading=along / np.where(length > 0.0, length, 1.0)[:, None],
        parent=parent,
        limbs=limbs.astype(np.int64),
        radius=graph.radius_mm[order],
        kind=graph.kind[order].astype(np.int64),
        layer=graph.layer[order].astype(np.int64),
        node_start=node_start,
        segment_start=segment_start,
        segment=segment,
        size=np.zeros(2, np.int64),
        links=np.empty((most_joins, 2), np.int64),
        head=np.full(num_cells**2, NONE, np.int64),
        next=np.empty(MOST_CELLS_PER_JOIN * most_joins, np.int64),
        entry=np.empty(MOST_CELLS_PER_JOIN * most_joins, np.int64),
    )


def _rim(mesh: Mesh, plexus: VesselLayer, fovea_mm: np.ndarray) -> np.ndarray:
    """(K,) nodes of a plexus around the avascular zone in order of their direction, without narrow pockets."""
    candidates = np.flatnonzero((mesh.layer == plexus) & (mesh.parent != NONE))
    x_mm, y_mm = mesh.position[candidates, :2].T - fovea_mm[:, None]
    distance_sq = x_mm * x_mm + y_mm * y_mm
    is_near = distance_sq < MOST_RIM_DISTANCE_MM**2
    near, x_mm, y_mm, distance_sq = candidates[is_near], x_mm[is_near], y_mm[is_near], distance_sq[is_near]
    turn = np.arctan2(y_mm, x_mm) / (2.0 * np.pi) + 0.5
    sector = np.minimum((turn * NUM_RIM_SECTORS).astype(int), NUM_RIM_SECTORS - 1)
    order = np.lexsort((distance_sq, sector))
    innermost = order[np.unique(sector[order], return_index=True)[1]]
    rim = near[innermost].tolist()
    points = dict(zip(rim, mesh.position[rim, :2].tolist(), strict=True))
    index = since_change = 0
    while len(rim) > 3 and since_change < len(rim):
        index %= len(rim)
        if _is_pocket(points[rim[index - 1]], points[rim[index]], points[rim[(index + 1) % len(rim)]]):
            del rim[index]
            since_change = 0
        else:
            index += 1
            since_change += 1
    return np.array(rim if len(rim) > 2 else [], dtype=np.int64)


def _is_pocket(before: list[float], here: list[float], after: list[float]) -> bool:
    """Whether the rim, run through with growing angle around the fovea, has a narrow pocket at a point (x, y)."""
    back_x, back_y = before[0] - here[0], before[1] - here[1]
    on_x, on_y = after[0] - here[0], after[1] - here[1]
    is_outside = back_x * on_y > back_y * on_x
    cosine = (back_x * on_x + back_y * on_y) / (math.hypot(back_x, back_y) * math.hypot(on_x, on_y))
    is_sharp = cosine > math.cos(math.radians(SHARPEST_POCKET_DEG))
    return is_outside and is_sharp and math.dist(before, after) < WIDEST_POCKET_MM
