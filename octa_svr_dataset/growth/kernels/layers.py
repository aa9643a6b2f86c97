"""Loops that tell two plexuses apart in a grown forest; lengths in mm."""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, cell_of
from octa_svr_dataset.kernel import kernel

ROOM_CELL = 0.05
"""Width of the cells in which the vessels of a layer take room."""
SAMPLE_STEP = 0.02
"""Distance of the points at which a vessel is entered in those cells."""
OWN_KIND = 2.0
"""A tree avoids vessels of its own kind so many times as much as those of the other: both layers need both kinds."""


def choose_layers(
    position: np.ndarray, parent: np.ndarray, radius: np.ndarray, kind: np.ndarray, *, trunk_radius: float
) -> np.ndarray:
    """Leave the trunks superficial, and send each capillary tree that hangs on them to where it meets fewer vessels.

    Where a trunk ends, the thickest tree that goes on from there stays superficial with it. The work arrays are made
    here, as loops that make arrays take a second longer to compile.

    Parameters
    ----------
    position
        (N, 3) float64. Positions, mm.
    parent
        (N,) int64. Index of the upstream node, -1 at a root; always smaller than the node's own.
    radius
        (N,) float64. Radii, mm; they never grow downstream.
    kind
        (N,) int64. 0 artery, 1 vein.
    trunk_radius
        Vessels of a larger radius are trunks, mm.

    Returns
    -------
    (N,) uint8
        0 superficial, 1 deep; a deep vessel feeds no superficial one.
    """
    num_cells = int(position[:, :2].max(initial=0.0) / ROOM_CELL) + 1
    room = np.zeros((2, num_cells, num_cells, 2), np.float32)
    heir, tree, first, following = (np.full(len(parent), NONE, np.int64) for _ in range(4))
    layer = np.zeros(len(parent), np.uint8)
    find_trees(parent, radius, trunk_radius, heir, tree)
    place_trees(position, parent, kind, tree, room, first, following, layer)
    return layer


@kernel(allocates=False)
def find_trees(parent: np.ndarray, radius: np.ndarray, trunk_radius: float, heir: np.ndarray, tree: np.ndarray) -> None:
    """Find out to which capillary tree each node belongs.

    Parameters
    ----------
    parent, radius, trunk_radius
        As for `choose_layers`.
    heir
        (N,) int64 of `NONE`. Of the segments that start at each node the one with the largest radius is written here.
    tree
        (N,) int64 of `NONE`. The first node of its tree is written here for each node that belongs to one.
    """
    for node in range(parent.shape[0]):
        above = parent[node]
        if above != NONE and (heir[above] == NONE or radius[node] > radius[heir[above]]):
            heir[above] = node
    for node in range(parent.shape[0]):
        above = parent[node]
        if above != NONE and tree[above] != NONE:
            tree[node] = tree[above]
        elif radius[node] <= trunk_radius and above != NONE and heir[above] != node:
            tree[node] = node


@kernel(allocates=False)
def place_trees(
    position: np.ndarray,
    parent: np.ndarray,
    kind: np.ndarray,
    tree: np.ndarray,
    room: np.ndarray,
    first: np.ndarray,
    following: np.ndarray,
    layer: np.ndarray,
) -> None:
    """Place each tree in the layer in which it meets fewer vessels, one after the other.

    Parameters
    ----------
    position, parent, kind
        As for `choose_layers`.
    tree
        (N,) int64. First node of the tree of each node, `NONE` for trunks.
    room
        (2, cells, cells, 2) float32 of zeros. Work array: how full each layer is for each kind.
    first, following
        (N,) int64 of `NONE`. Work arrays: first node of each tree, and the next one of the same tree.
    layer
        (N,) uint8 of zeros. The layers are written here.
    """
    for node in range(parent.shape[0] - 1, -1, -1):
        if tree[node] == NONE:
            enter(room[0], position, parent, node, kind[node])
        else:
            following[node] = first[tree[node]]
            first[tree[node]] = node
    for top in range(parent.shape[0]):
        if tree[top] == top:
            superficial = met_by_tree(room[0], position, parent, kind[top], first[top], following)
            deep = met_by_tree(room[1], position, parent, kind[top], first[top], following)
            layer[top] = 1 if deep < superficial else 0
            node = first[top]
            while node != NONE:
                enter(room[layer[top]], position, parent, node, kind[node])
                layer[node] = layer[top]
                node = following[node]


@kernel(allocates=False)
def enter(room: np.ndarray, position: np.ndarray, parent: np.ndarray, node: int, kind: int) -> None:
    """Enter the segment that ends at a node into the room of a layer."""
    num_cells = room.shape[0]
    x, y, along_x, along_y, num_steps = course(position, parent, node)
    for step in range(num_steps):
        share = (step + 0.5) / num_steps
        column = cell_of(x + share * along_x, ROOM_CELL, num_cells)
        row = cell_of(y + share * along_y, ROOM_CELL, num_cells)
        room[row, column, kind] += OWN_KIND
        room[row, column, 1 - kind] += 1.0


@kernel(allocates=False)
def met_by_tree(
    room: np.ndarray, position: np.ndarray, parent: np.ndarray, kind: int, node: int, following: np.ndarray
) -> float:
    """How many vessels a tree meets along its way through a layer."""
    num_cells = room.shape[0]
    met = 0.0
    while node != NONE:
        x, y, along_x, along_y, num_steps = course(position, parent, node)
        for step in range(num_steps):
            share = (step + 0.5) / num_steps
            column = cell_of(x + share * along_x, ROOM_CELL, num_cells)
            met += room[cell_of(y + share * along_y, ROOM_CELL, num_cells), column, kind]
        node = following[node]
    return met


@kernel(allocates=False)
def course(position: np.ndarray, parent: np.ndarray, node: int) -> tuple[float, float, float, float, int]:
    """Where the segment that ends at a node starts (x, y), its course (x, y), and the number of points along it."""
    above = parent[node] if parent[node] != NONE else node
    along_x = position[node, 0] - position[above, 0]
    along_y = position[node, 1] - position[above, 1]
    num_steps = max(int(math.sqrt(along_x * along_x + along_y * along_y) / SAMPLE_STEP), 1)
    return position[above, 0], position[above, 1], along_x, along_y, num_steps
