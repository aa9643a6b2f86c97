"""Loops over the joints of segments that are drawn."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel

SHARPEST_COSINE = 0.0
"""Segments that turn more sharply than this are not joined."""

LEAST_ROUND_PX = 1.0
"""Radius from which tips are drawn round; thinner ones are cut off a radius beyond the node, which keeps their area."""

FAR_PX = 1e9
"""Where there is no limit."""

SHARP = 10000.0
"""How much more sharply than by the area of a pixel two segments are parted, so that each has whole pixels."""


@kernel(error_model="numpy", allocates=False)
def join_segments(
    row_col: np.ndarray,
    edges: np.ndarray,
    way: np.ndarray,
    first: np.ndarray,
    partner: np.ndarray,
    straightest: np.ndarray,
) -> None:
    """Find out which segments go on into each other: at each node the first one and the straightest of the others.

    Parameters
    ----------
    row_col, edges
        As in `draw_segments`.
    way
        (2 * M, 2) float64. Takes the unit direction from the start (at `2 * segment`) and from the end (the one after)
        into each segment.
    first, partner
        (N,) int32 of -1. Take the index into `way` of the two that are joined at each node, where there are any.
    straightest
        (N,) float64 of `SHARPEST_COSINE`. Work array: cosine of the turn at each node.
    """
    for segment in range(len(edges)):
        start, end = edges[segment, 0], edges[segment, 1]
        along_row, along_column = row_col[end, 0] - row_col[start, 0], row_col[end, 1] - row_col[start, 1]
        length = math.sqrt(along_row * along_row + along_column * along_column)
        if length == 0.0:
            way[2 * segment, 0], way[2 * segment, 1] = 1.0, 0.0
            way[2 * segment + 1, 0], way[2 * segment + 1, 1] = -1.0, 0.0
            continue
        along_row, along_column = along_row / length, along_column / length
        for side in range(2):
            tail, node = 2 * segment + side, edges[segment, side]
            way[tail, 0], way[tail, 1] = along_row, along_column
            before = first[node]
            if before < 0:
                first[node] = tail
            else:
                cosine = -(way[before, 0] * along_row + way[before, 1] * along_column)
                if cosine > straightest[node]:
                    straightest[node] = cosine
                    partner[node] = tail
            along_row, along_column = -along_row, -along_column


@kernel(allocates=False, forceinline=True)
def limit_of(tail: int, first: int, partner: int, way: np.ndarray, radius: float) -> tuple[float, float, float]:
    """How a segment ends: which share of a pixel is on its side, of (row, column) from the node, and at the node."""
    row, column = way[tail, 0], way[tail, 1]
    other = first if tail == partner else partner
    if tail != first and tail != partner and first >= 0:  # starts within others
        return row, column, 0.5
    if other >= 0:
        return SHARP * (row - way[other, 0]), SHARP * (column - way[other, 1]), 0.0 if tail == partner else 1.0
    return row, column, 0.5 + radius if first >= 0 and radius < LEAST_ROUND_PX else FAR_PX
