"""Loops of the drawing."""

import math

import numpy as np

from octa_svr_dataset.imaging.joint_kernels import SHARPEST_COSINE, join_segments, limit_of
from octa_svr_dataset.kernel import kernel

Four = tuple[np.float32, np.float32, np.float32, np.float32]

BAND_PX = 16
"""Segments are drawn in bands of rows, so that what is written stays in the cache of the processor."""

LANES = 8
"""Pixels that are worked on at a time; arrays of pixels are that much longer than the picture."""

TINY = 1e-9
"""In place of a divisor of 0."""


def draw_segments(
    image: np.ndarray, drawn: np.ndarray, row_col: np.ndarray, edges: np.ndarray, radius: np.ndarray, value: np.ndarray
) -> None:
    """Draw the segments of a network: each for the area of a pixel that it covers, the brightest in front.

    A picture is what the mean over each pixel of a maximum projection without pixels would be, whence its
    brightness hardly depends on the resolution:

    - A strip covers, of each pixel, the length that it covers of the row or column through its center, whichever
      it crosses more steeply: over each column or row, that is exactly its area.
    - Segments that go on into each other share the pixels at their joint by the line that halves the angle:
      each pixel belongs to one of them, and a joint is neither darker nor brighter than the rest.
    - All others are taken to overlap by chance, as vessels that cross do on average (`draw_row`). Where a
      pixel is fully covered, the brightest one is seen.

    Parameters
    ----------
    image
        (H * H + LANES,) float32. Takes the brightness, row by row.
    drawn
        (H * H + LANES,) int32. Takes the node at which the segment ends that is seen at each pixel, -1 where none is.
    row_col
        (N, 2) float64. Nodes (row, column), px.
    edges
        (M, 2) int. Nodes at which each segment starts and ends; the same node for a disc.
    radius
        (M, 2) float64. Radii at both ends of each segment, px; it tapers from one to the other.
    value
        (N,) float64. Brightness in [0, 1] of the segments that end at each node.
    """
    num_nodes, num_segments = len(row_col), len(edges)
    size = round(math.sqrt(len(image) - LANES))
    way, straightest = np.empty((2 * num_segments, 2)), np.full(num_nodes, SHARPEST_COSINE)
    first, partner = np.full(num_nodes, -1, np.int32), np.full(num_nodes, -1, np.int32)
    band, order = np.empty(num_segments, np.int32), np.empty(num_segments, np.int32)
    place = np.zeros(size // BAND_PX + 3, np.int32)
    draw_in_order(
        image, drawn, size, row_col, edges, radius, value, way, first, partner, straightest, band, order, place
    )


@kernel(error_model="numpy", allocates=False)
def draw_in_order(
    image: np.ndarray,
    drawn: np.ndarray,
    size: int,
    row_col: np.ndarray,
    edges: np.ndarray,
    radius: np.ndarray,
    value: np.ndarray,
    way: np.ndarray,
    first: np.ndarray,
    partner: np.ndarray,
    straightest: np.ndarray,
    band: np.ndarray,
    order: np.ndarray,
    place: np.ndarray,
) -> None:
    """Draw segments band by band; parameters as in `draw_segments`, then the work arrays of the loops below.

    They are made in Python: loops that make arrays take longer to compile.
    """
    join_segments(row_col, edges, way, first, partner, straightest)
    sort_by_row(size, row_col, edges, band, order, place)
    clear(image, drawn, size * size, len(image))
    num_clear = 0
    for segment in order:
        start, end = edges[segment, 0], edges[segment, 1]
        radius_0, radius_1 = radius[segment, 0], radius[segment, 1]
        bottom = max(row_col[start, 0], row_col[end, 0]) + max(radius_0, radius_1)
        num_needed = size * int(min(max(bottom + BAND_PX, 0.0), size))
        clear(image, drawn, num_clear, num_needed)
        num_clear = max(num_clear, num_needed)
        draw_strip(
            image,
            drawn,
            size,
            (row_col[start, 0] - 0.5, row_col[start, 1] - 0.5, row_col[end, 0] - 0.5, row_col[end, 1] - 0.5),
            (way[2 * segment, 0], way[2 * segment, 1]),
            (radius_0, radius_1),
            limit_of(2 * segment, first[start], partner[start], way, radius_0),
            limit_of(2 * segment + 1, first[end], partner[end], way, radius_1),
            end,
            value[end],
        )
    clear(image, drawn, num_clear, size * size)


@kernel(allocates=False)
def clear(image: np.ndarray, drawn: np.ndarray, first: int, stop: int) -> None:
    """Make pixels black; done shortly before they are drawn on, while they are in the cache."""
    for pixel in range(first, stop):
        image[pixel] = np.float32(0.0)
        drawn[pixel] = np.int32(-1)


@kernel(allocates=False)
def sort_by_row(
    size: int, row_col: np.ndarray, edges: np.ndarray, band: np.ndarray, order: np.ndarray, place: np.ndarray
) -> None:
    """Write down (M,) segments in the order of the (M,) bands of rows in which they end.

    `place`, (size // `BAND_PX` + 3,) of zeros, takes where those of each band stand.
    """
    for segment in range(len(edges)):
        band[segment] = min(max(row_col[edges[segment, 1], 0] + BAND_PX, 0.0), size + BAND_PX) // BAND_PX
        place[band[segment] + 1] += 1
    for number in range(1, len(place)):
        place[number] += place[number - 1]
    for segment in range(len(edges)):
        order[place[band[segment]]] = segment
        place[band[segment]] += 1


@kernel(error_model="numpy", allocates=False, forceinline=True)
def draw_strip(
    image: np.ndarray,
    drawn: np.ndarray,
    size: int,
    ends: tuple[float, float, float, float],
    along: tuple[float, float],
    radii: tuple[float, float],
    limit_0: tuple[float, float, float],
    limit_1: tuple[float, float, float],
    node: int,
    bright: float,
) -> None:
    """Draw one segment between `ends` (row, column, row, column), `along` them and within its limits (`limit_of`)."""
    (row_0, column_0, row_1, column_1), (along_row, along_column) = ends, along
    length = (row_1 - row_0) * along_row + (column_1 - column_0) * along_column
    steeper = max(abs(along_row), abs(along_column))
    reach = max(radii[0], radii[1]) + 0.5 * steeper
    first_row = math.ceil(max(min(row_0, row_1) - reach, 0.0))
    last_row = math.floor(min(max(row_0, row_1) + reach, size - 1.0))
    left, right = max(min(column_0, column_1) - reach, 0.0), min(max(column_0, column_1) + reach, size - 1.0)
    inverse, scale = 1.0 / math.copysign(max(abs(along_row), TINY), along_row), 1.0 / steeper
    tilt, half = along_column * inverse, reach * abs(inverse)
    slope = (radii[1] - radii[0]) / max(length, TINY)
    scaled_row, scaled_column = along_row * scale, along_column * scale
    shape = np.float32(length * scale), np.float32(radii[0] * scale), np.float32(slope), np.float32(bright)
    paces = np.float32(scaled_column), np.float32(scaled_row), np.float32(limit_0[1]), np.float32(limit_1[1])
    for row in range(first_row, last_row + 1):
        down_0, down_1 = row - row_0, row - row_1
        middle = column_0 + down_0 * tilt
        begin, stop = math.ceil(max(left, middle - half)), math.floor(min(right, middle + half)) + 1
        right_0, right_1 = begin - column_0, begin - column_1
        begins = (
            np.float32(down_0 * scaled_row + right_0 * scaled_column),
            np.float32(right_0 * scaled_row - down_0 * scaled_column),
            np.float32(down_0 * limit_0[0] + right_0 * limit_0[1] + limit_0[2]),
            np.float32(down_1 * limit_1[0] + right_1 * limit_1[1] + limit_1[2]),
        )
        draw_row(image, drawn, row * size + begin, stop - begin, size - begin, begins, paces, shape, node)


@kernel(error_model="numpy", allocates=False, forceinline=True)
def draw_row(
    image: np.ndarray,
    drawn: np.ndarray,
    first: int,
    count: int,
    room: int,
    begins: Four,
    paces: Four,
    shape: Four,
    node: int,
) -> None:
    """Show a segment in a row where it is brighter than the pixel, in proportion to the share that it covers.

    It hides as much of what was drawn before as of the rest of the pixel; a pixel that is brighter already stays.
    There are no branches in the loop, in float32, and a multiple of `LANES` pixels is worked on, so that it
    compiles to vector instructions; those too many are not covered.

    Parameters
    ----------
    image, drawn
        As in `draw_segments`.
    first, count, room
        First pixel, number of pixels, and how many there are to the end of the row.
    begins, paces
        At the first pixel, and from each pixel to the next: place along the segment and across it, in units of
        what the segment crosses of a pixel, and both limits (see `limit_of`).
    shape
        Length, radius at the start and slope of the radius in these units, and brightness.
    node
        Node at which the segment ends.
    """
    none, half, whole, last = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(room)
    length, radius_0, slope, bright = shape
    for place in range((count + LANES - 1) & -LANES):
        step = np.float32(np.int32(place))
        along, across = begins[0] + step * paces[0], begins[1] + step * paces[1]
        inside = min(max(along, none), length)
        over = along - inside
        radius = radius_0 + slope * inside
        share = min(min(radius + half - np.sqrt(across * across + over * over), radius + radius), whole)
        limit = min(min(begins[2] + step * paces[2], begins[3] + step * paces[3]), last - step)
        share = max(share, none) * max(min(limit, whole), none)
        pixel = np.uint64(first) + np.uint64(place)
        before = image[pixel]
        drawn[pixel] = np.int32(node) if share * bright > before else drawn[pixel]
        image[pixel] = before + share * max(bright - before, none)
