"""The vessels of one layer with the joins that close them, found by the cells of a flat grid; lengths in mm."""

from typing import NamedTuple

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, cell_of
from octa_svr_dataset.kernel import kernel

MESH_CELL = 0.05
"""Width of the cells by which nodes, segments and joins are found."""


class Mesh(NamedTuple):
    """N nodes of one layer, the joins that close it, and where to find them by the cells of a flat grid.

    Nodes stand in order of their cells, so that neighbors are read one after the other. What leaves vessels of another
    layer starts at a node without parent here.
    """

    position: np.ndarray
    """(N, 3) float64, mm."""
    heading: np.ndarray
    """(N, 3) float64. Direction of the segment that ends at each node; without parent, out of the one that starts."""
    parent: np.ndarray
    """(N,) int64; `NONE` where the layer starts."""
    limbs: np.ndarray
    """(N,) int64. Segments and joins that meet at a node; 1 at a blind end, `MOST_LIMBS` where none may be joined."""
    kind: np.ndarray
    """(N,) int64."""
    node_start: np.ndarray
    """(cells * cells + 1,) int64. First node of each cell, row by row of the grid."""
    links: np.ndarray
    """(L, 2) int64. Nodes that each join connects."""
    head: np.ndarray
    """(cells, cells) int64. First entry of a segment or join in each cell that its bounding box touches."""
    next: np.ndarray
    """(E,) int64. Next entry in the same cell."""
    entry: np.ndarray
    """(E, 2) int64. Nodes at the ends of the segment or join of each entry."""
    size: np.ndarray
    """(2,) int64. Number of joins; number of entries."""


@kernel(allocates=False)
def enter(mesh: Mesh, first: int, second: int) -> None:
    """Enter the line between two nodes into the cells that it may touch."""
    top, bottom, left, right = box_of(mesh.position, first, second, mesh.head.shape[0])
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            entry = mesh.size[1]
            if entry == mesh.next.shape[0]:
                raise OverflowError("more entries than the work arrays hold")
            mesh.entry[entry, 0] = first
            mesh.entry[entry, 1] = second
            mesh.next[entry] = mesh.head[row, column]
            mesh.head[row, column] = entry
            mesh.size[1] += 1


@kernel(allocates=False)
def enter_segments(mesh: Mesh) -> None:
    """Enter all segments into their cells."""
    for node in range(mesh.parent.shape[0]):
        if mesh.parent[node] != NONE:
            enter(mesh, node, mesh.parent[node])


@kernel(allocates=False)
def join(mesh: Mesh, first: int, second: int) -> None:
    """Join two nodes."""
    link = mesh.size[0]
    if link == mesh.links.shape[0]:
        raise OverflowError("more joins than the work arrays hold")
    mesh.links[link, 0] = first
    mesh.links[link, 1] = second
    mesh.size[0] += 1
    mesh.limbs[first] += 1
    mesh.limbs[second] += 1
    enter(mesh, first, second)


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
def is_blocked(mesh: Mesh, first: int, second: int) -> bool:
    """Whether a join of two nodes would cross a vessel or join of the layer, or lie upon one."""
    top, bottom, left, right = box_of(mesh.position, first, second, mesh.head.shape[0])
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            entry = mesh.head[row, column]
            while entry != NONE:
                one, other = mesh.entry[entry, 0], mesh.entry[entry, 1]
                if (one == first and other == second) or (one == second and other == first):
                    return True
                if cross(mesh.position, first, second, one, other):
                    return True
                entry = mesh.next[entry]
    return False
