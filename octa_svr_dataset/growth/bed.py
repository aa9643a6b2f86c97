"""Close the capillary bed: the blind ends of a grown forest are joined into the mesh of each plexus.

Published forests (Kreitner et al. 2024) are trees whose thousands of twigs end blind; a retinal plexus
is a mesh of polygons between arteries and veins.
"""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE
from octa_svr_dataset.growth.kernels.bed import LONGEST_RING_JOIN, MOST_LIMBS, Demands, join_blind_ends, join_ring
from octa_svr_dataset.growth.kernels.gaps import GAP_PITCH, WIDEST, span_gaps
from octa_svr_dataset.growth.kernels.mesh import MESH_CELL, Mesh, enter_segments
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

LARGE_RADIUS_MM = 0.008
"""No capillary joins a larger vessel: arteries and veins run in a zone free of capillaries (Arthur et al. 2019)."""

DEMANDS = (
    Demands(reach=0.05, least_cosine=0.0, most_side_cosine=0.9),
    Demands(reach=0.08, least_cosine=-1.0, most_side_cosine=1.0),
    Demands(reach=0.15, least_cosine=-1.0, most_side_cosine=1.0),
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
    return graph.with_links(np.concatenate([_joins_of_layer(graph, layer, fovea_mm) for layer in VesselLayer]))


def _joins_of_layer(graph: VesselGraph, layer: VesselLayer, fovea_mm: np.ndarray) -> np.ndarray:
    """(L, 2) nodes of a layer that are joined to close it."""
    num_cells = max(1, math.ceil(float(graph.position_mm[:, :2].max(initial=0.0)) / MESH_CELL))
    node, node_start = _nodes_of_layer(graph, layer, num_cells)
    mesh = _mesh(graph, node, node_start, num_cells)
    enter_segments(mesh)
    rim = _rim(mesh, fovea_mm)
    join_ring(mesh, rim)
    for demands in DEMANDS:
        join_blind_ends(mesh, demands)
    rim_mm = np.linalg.norm(mesh.position[rim, :2] - fovea_mm, axis=1).max(initial=0.0)
    clearance = np.empty((int(num_cells * MESH_CELL / GAP_PITCH),) * 2)
    span_gaps(mesh, *fovea_mm, rim_mm, GAP_WIDTHS_MM, clearance)
    return np.asarray(node[mesh.links[: mesh.size[0]]])


def _nodes_of_layer(graph: VesselGraph, layer: VesselLayer, num_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """(K,) nodes of a layer in order of their cells, and `Mesh.node_start`."""
    node = np.flatnonzero(graph.layer == layer)
    column, row = (
        np.clip((coordinate_mm[node] / MESH_CELL).astype(np.int64), 0, num_cells - 1)
        for coordinate_mm in graph.position_mm.T[:2]
    )
    cell = row * num_cells + column
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=num_cells**2))])
    narrow = np.min_scalar_type(num_cells**2)  # integers of 16 bits are sorted nine times as fast
    return node[np.argsort(cell.astype(narrow), kind="stable")], start


def _mesh(graph: VesselGraph, node: np.ndarray, node_start: np.ndarray, num_cells: int) -> Mesh:
    """The vessels between some nodes (K,) of the graph, without joins."""
    rank = np.full(len(graph), NONE)
    rank[node] = np.arange(len(node))
    parent = np.where(graph.parent[node] == NONE, NONE, rank[graph.parent[node]])
    position = graph.position_mm.take(node, axis=0)
    along = position - graph.position_mm.take(np.maximum(graph.parent[node], 0), axis=0)
    most_joins = MOST_LIMBS * len(node) // 2
    columns_touched, rows_touched = (
        np.abs(side[parent != NONE] / MESH_CELL).astype(np.int64) + 2 for side in along.T[:2]
    )
    most_entries = int(columns_touched @ rows_touched) + MOST_CELLS_PER_JOIN * most_joins
    return Mesh(
        position=position,
        heading=_headings(along, parent),
        parent=parent,
        limbs=_limbs(graph, node, parent),
        kind=graph.kind[node].astype(np.int64),
        node_start=node_start,
        links=np.empty((most_joins, 2), np.int64),
        head=np.full((num_cells, num_cells), NONE, np.int64),
        next=np.empty(most_entries, np.int64),
        entry=np.empty((most_entries, 2), np.int64),
        size=np.zeros(2, np.int64),
    )


def _headings(along: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """`Mesh.heading`, given the (K, 3) courses of the segments that end at each node."""
    length = np.sqrt(np.einsum("ij,ij->i", along, along))
    heading = np.asarray(along / np.where(length > 0.0, length, 1.0)[:, None])
    second = np.flatnonzero((parent != NONE) & (parent[parent] == NONE))
    heading[parent[second]] = -heading[second]
    return heading


def _limbs(graph: VesselGraph, node: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """`Mesh.limbs`, given the graph's nodes (K,) that those of the mesh stand for, and `Mesh.parent`."""
    limbs: np.ndarray = graph.num_children()[node] + (graph.parent[node] != NONE)
    num_children = np.bincount(parent[parent != NONE], minlength=len(node))
    limbs[(parent == NONE) & (num_children == 1)] = 1
    limbs[(graph.radius_mm[node] > LARGE_RADIUS_MM) | (graph.parent[node] == NONE)] = MOST_LIMBS
    return limbs


def _rim(mesh: Mesh, fovea_mm: np.ndarray) -> np.ndarray:
    """(K,) nodes around the avascular zone in order of their direction, without narrow pockets."""
    x_mm, y_mm = mesh.position[:, 0] - fovea_mm[0], mesh.position[:, 1] - fovea_mm[1]
    distance_sq = x_mm * x_mm + y_mm * y_mm
    near = np.flatnonzero((mesh.limbs <= MOST_LIMBS - 2) & (distance_sq < MOST_RIM_DISTANCE_MM**2))
    turn = np.arctan2(y_mm[near], x_mm[near]) / (2.0 * np.pi) + 0.5
    sector = np.minimum((turn * NUM_RIM_SECTORS).astype(int), NUM_RIM_SECTORS - 1)
    order = np.lexsort((distance_sq[near], sector))
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
