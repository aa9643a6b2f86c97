"""Loops that span the widest gaps of a mesh by capillaries; lengths in mm."""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, cell_of
from octa_svr_dataset.growth.kernels.bed import MOST_LIMBS, are_family
from octa_svr_dataset.growth.kernels.mesh import MESH_CELL, Mesh, is_blocked, join
from octa_svr_dataset.kernel import kernel

GAP_PITCH = 0.04
"""Pitch of the points at which gaps are looked for."""
WIDEST = 0.16
"""How far vessels are looked for around such a point; a join across it is at most twice as long."""
LONG_JOIN = 0.06
"""Around shorter joins, the distance from their nodes will do."""
LEAST_OPENING = -0.5
"""Cosine of the angle at which the ends of a span lie across the gap from one another, at most."""


@kernel(allocates=False)
def span_gaps(
    mesh: Mesh,
    fovea_x: float,
    fovea_y: float,
    rim_distance: float,
    widths: np.ndarray,
    clearance: np.ndarray,
) -> None:
    """Join vessels across gaps, the widest first.

    Parameters
    ----------
    mesh
        Forest and joins; joins are added.
    fovea_x, fovea_y, rim_distance
        Gaps up to this distance from the fovea are left, mm: they belong to the avascular zone.
    widths
        (W,) float64. Distance of a gap's middle from the nearest vessel from which on it is spanned, mm, falling.
    clearance
        (P, P) float64. Work array for points over the field, `GAP_PITCH` apart.
    """
    num_points = clearance.shape[0]
    nothing = np.int64(NONE)  # a literal would have what it is handed to compiled once more
    for row in range(num_points):
        for column in range(num_points):
            x, y = (column + 0.5) * GAP_PITCH, (row + 0.5) * GAP_PITCH
            is_off_fovea = (x - fovea_x) ** 2 + (y - fovea_y) ** 2 > rim_distance * rim_distance
            clearance[row, column] = distance_to_vessel(mesh, x, y, widths[-1]) if is_off_fovea else 0.0
    for link in range(mesh.size[0]):
        clear_along(mesh.position, clearance, mesh.links[link, 0], mesh.links[link, 1], widths[0])
    for width in widths:
        for row in range(num_points):
            for column in range(num_points):
                if clearance[row, column] > width:
                    x, y = (column + 0.5) * GAP_PITCH, (row + 0.5) * GAP_PITCH
                    first = end_at(mesh, x, y, nothing)
                    second = end_at(mesh, x, y, first)
                    if first != NONE and second != NONE:
                        join(mesh, first, second)
                        clear_along(mesh.position, clearance, first, second, widths[0])


@kernel(allocates=False)
def distance_to_vessel(mesh: Mesh, x: float, y: float, least: float) -> float:
    """Distance in the plane from a point to the nearest node, up to `WIDEST`; exact if above `least`."""
    num_cells = mesh.head.shape[0]
    position = mesh.position
    nearest_sq = WIDEST * WIDEST
    row, column = cell_of(y, MESH_CELL, num_cells), cell_of(x, MESH_CELL, num_cells)
    ring = 0
    while nearest_sq > least * least and (ring - 1) * MESH_CELL < math.sqrt(nearest_sq):
        left, right = max(column - ring, 0), min(column + ring, num_cells - 1)
        for near_row in range(max(row - ring, 0), min(row + ring, num_cells - 1) + 1):
            cell = near_row * num_cells
            for node in range(mesh.node_start[cell + left], mesh.node_start[cell + right + 1]):
                across, down = position[node, 0] - x, position[node, 1] - y
                nearest_sq = min(nearest_sq, across * across + down * down)
        ring += 1
    return math.sqrt(nearest_sq)


@kernel(allocates=False)
def end_at(mesh: Mesh, x: float, y: float, other: int) -> int:
    """Node nearest to a point of a gap; across the gap from another node, and free to be joined with it, if given."""
    num_cells = mesh.head.shape[0]
    position = mesh.position
    left, right = cell_of(x - WIDEST, MESH_CELL, num_cells), cell_of(x + WIDEST, MESH_CELL, num_cells)
    top, bottom = cell_of(y - WIDEST, MESH_CELL, num_cells), cell_of(y + WIDEST, MESH_CELL, num_cells)
    other_x, other_y = position[max(other, 0), 0] - x, position[max(other, 0), 1] - y
    other_distance = math.sqrt(other_x * other_x + other_y * other_y)
    best = NONE
    best_sq = WIDEST * WIDEST
    for row in range(top, bottom + 1):
        cell = row * num_cells
        for node in range(mesh.node_start[cell + left], mesh.node_start[cell + right + 1]):
            across, down = position[node, 0] - x, position[node, 1] - y
            distance_sq = across * across + down * down
            if distance_sq >= best_sq or mesh.limbs[node] >= MOST_LIMBS:
                continue
            if other != NONE:
                opening = LEAST_OPENING * other_distance * math.sqrt(distance_sq)
                if across * other_x + down * other_y > opening:
                    continue
                if are_family(mesh.parent, other, node) or is_blocked(mesh, other, node):
                    continue
            best = node
            best_sq = distance_sq
    return best


@kernel(allocates=False)
def clear_along(position: np.ndarray, clearance: np.ndarray, first: int, second: int, reach: float) -> None:
    """Lower the clearance of points within reach of a long join to their distance from it."""
    num_points = clearance.shape[0]
    x, y = position[first, 0], position[first, 1]
    along_x, along_y = position[second, 0] - x, position[second, 1] - y
    length_sq = along_x * along_x + along_y * along_y
    if length_sq < LONG_JOIN * LONG_JOIN:
        return
    left = cell_of(min(x, x + along_x) - reach, GAP_PITCH, num_points)
    right = cell_of(max(x, x + along_x) + reach, GAP_PITCH, num_points)
    top = cell_of(min(y, y + along_y) - reach, GAP_PITCH, num_points)
    bottom = cell_of(max(y, y + along_y) + reach, GAP_PITCH, num_points)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            across, down = (column + 0.5) * GAP_PITCH - x, (row + 0.5) * GAP_PITCH - y
            share = min(max((across * along_x + down * along_y) / length_sq, 0.0), 1.0)
            across -= share * along_x
            down -= share * along_y
            clearance[row, column] = min(clearance[row, column], math.sqrt(across * across + down * down))
