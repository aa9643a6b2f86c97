"""A grown forest with the joins that close it, found by the cells of a flat grid; lengths in mm."""

import math
from typing import NamedTuple

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, cell_of
from octa_svr_dataset.kernel import kernel

MESH_CELL = 0.05
"""Width of the cells by which nodes, segments and joins are found."""


class Mesh(NamedTuple):
    """A forest of N nodes, the joins that close it, and where to find them by the cells of a flat grid.

    Nodes stand in order of their layers and cells, so that neighbors are read one after the other.
    """

    position: np.ndarray
    """(N, 3) float64, mm."""
    heading: np.ndarray
    """(N, 3) float64. Direction of the segment that ends at each node; 0 at a root."""
    parent: np.ndarray
    """(N,) int64; `NONE` at a root."""
    limbs: np.ndarray
    """(N,) int64. Segments and joins that meet at each node."""
    radius: np.ndarray
    """(N,) float64, mm."""
    kind: np.ndarray
    """(N,) int64."""
    layer: np.ndarray
    """(N,) int64."""
    node_start: np.ndarray
    """(2 * cells * cells + 1,) int64. First node of each cell, the superficial layer first."""
    segment_start: np.ndarray
    """(cells * cells + 1,) int64. Where the segments of each cell begin in `segment`."""
    segment: np.ndarray
    """(S,) int64. End nodes of the segments whose bounding boxes touch each cell."""
    size: np.ndarray
    """(2,) int64. Number of joins; number of entries of joins in cells."""
    links: np.ndarray
    """(L, 2) int64. Nodes that each join connects; it belongs to the layer of the first."""
    head: np.ndarray
    """(cells * cells,) int64. First entry of a join in each cell."""
    next: np.ndarray
    """(E,) int64. Next entry in the same cell."""
    entry: np.ndarray
    """(E,) int64. Join of each entry."""


@kernel()
def order_nodes(position: np.ndarray, layer: np.ndarray, num_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """`Mesh.node_start`, and the (N,) int64 order of nodes that it stands for."""
    num_nodes = position.shape[0]
    start = np.zeros(2 * num_cells * num_cells + 1, np.int64)
    order = np.empty(num_nodes, np.int64)
    for node in range(num_nodes):
        start[layer[node] * num_cells * num_cells + cell_at(position, node, num_cells)] += 1
    for cell in range(2 * num_cells * num_cells):
        start[cell + 1] += start[cell]
    for node in range(num_nodes - 1, -1, -1):
        cell = layer[node] * num_cells * num_cells + cell_at(position, node, num_cells)
        start[cell] -= 1
        order[start[cell]] = node
    return start, order


@kernel(allocates=False)
def cell_at(position: np.ndarray, node: int, num_cells: int) -> int:
    """Number of the cell of a node."""
    row = cell_of(position[node, 1], MESH_CELL, num_cells)
    return row * num_cells + cell_of(position[node, 0], MESH_CELL, num_cells)


@kernel()
def index_segments(position: np.ndarray, parent: np.ndarray, num_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """`Mesh.segment_start` and `Mesh.segment`."""
    start = np.zeros(num_cells * num_cells + 1, np.int64)
    for node in range(parent.shape[0]):
        if parent[node] != NONE:
            top, bottom, left, right = box_of(position, parent[node], node, num_cells)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    start[row * num_cells + column] += 1
    for cell in range(num_cells * num_cells):
        start[cell + 1] += start[cell]
    segment_of = np.empty(start[num_cells * num_cells], np.int64)
    for node in range(parent.shape[0] - 1, -1, -1):
        if parent[node] != NONE:
            top, bottom, left, right = box_of(position, parent[node], node, num_cells)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    cell = row * num_cells + column
                    start[cell] -= 1
                    segment_of[start[cell]] = node
    return start, segment_of


@kernel(allocates=False)
def box_of(position: np.ndarray, first: int, second: int, num_cells: int) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the cells that the line between two nodes may touch."""
    return (
        cell_of(min(position[first, 1], position[second, 1]), MESH_CELL, num_cells),
        cell_of(max(position[first, 1], position[second, 1]), MESH_CELL, num_cells),
        cell_of(min(position[first, 0], position[second, 0]), MESH_CELL, num_cells),
        cell_of(max(position[first, 0], position[second, 0]), MESH_CELL, num_cells),
    )


@kernel(allocates=False)
def join(mesh: Mesh, first: int, second: int) -> None:
    """Join two nodes; the join belongs to the layer of the first one."""
    num_cells = int(math.sqrt(mesh.head.shape[0]))
    link = mesh.size[0]
    if link == mesh.links.shape[0]:
        raise OverflowError("more joins than the work arrays hold")
    mesh.links[link, 0] = first
    mesh.links[link, 1] = second
    mesh.size[0] += 1
    mesh.limbs[first] += 1
    mesh.limbs[second] += 1
    top, bottom, left, right = box_of(mesh.position, first, second, num_cells)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            entry = mesh.size[1]
            if entry == mesh.entry.shape[0]:
                raise OverflowError("more cells of joins than the work arrays hold")
            mesh.entry[entry] = link
            mesh.next[entry] = mesh.head[row * num_cells + column]
            mesh.head[row * num_cells + column] = entry
            mesh.size[1] += 1


@kernel(allocates=False)
def side_of(position: np.ndarray, first: int, second: int, third: int) -> float:
    """Positive on one side of the line through two nodes, negative on the other."""
    along_x = position[second, 0] - position[first, 0]
    along_y = position[second, 1] - position[first, 1]
    return along_x * (position[third, 1] - position[first, 1]) - along_y * (position[third, 0] - position[first, 0])


@kernel(allocates=False)
def cross(position: np.ndarray, first: int, second: int, third: int, fourth: int) -> bool:
    """Whether the lines between two pairs of nodes cross in the plane, other than at a node that they share."""
    if first in (third, fourth) or second in (third, fourth):
        return False
    if side_of(position, first, second, third) * side_of(position, first, second, fourth) >= 0.0:
        return False
    return side_of(position, third, fourth, first) * side_of(position, third, fourth, second) < 0.0


@kernel(allocates=False)
def is_blocked(mesh: Mesh, plexus: int, first: int, second: int, large_radius: float) -> bool:
    """Whether a join of two nodes would cross a vessel or join of a layer, or a large vessel of any layer."""
    num_cells = int(math.sqrt(mesh.head.shape[0]))
    position, parent, layer, radius = mesh.position, mesh.parent, mesh.layer, mesh.radius
    top, bottom, left, right = box_of(position, first, second, num_cells)
    for row in range(top, bottom + 1):
        start = mesh.segment_start[row * num_cells + left]
        for index in range(start, mesh.segment_start[row * num_cells + right + 1]):
            node = mesh.segment[index]
            is_obstacle = layer[node] == plexus or radius[node] > large_radius
            if is_obstacle and cross(position, first, second, node, parent[node]):
                return True
        for column in range(left, right + 1):
            entry = mesh.head[row * num_cells + column]
            while entry != NONE:
                one, other = mesh.links[mesh.entry[entry], 0], mesh.links[mesh.entry[entry], 1]
                if layer[one] == plexus and cross(position, first, second, one, other):
                    return True
                entry = mesh.next[entry]
    return False


@kernel(allocates=False)
def are_joined(mesh: Mesh, first: int, second: int) -> bool:
    """Whether a join connects two nodes."""
    entry = mesh.head[cell_at(mesh.position, first, int(math.sqrt(mesh.head.shape[0])))]
    while entry != NONE:
        one, other = mesh.links[mesh.entry[entry], 0], mesh.links[mesh.entry[entry], 1]
        if (one == first and other == second) or (one == second and other == first):
            return True
        entry = mesh.next[entry]
    return False
