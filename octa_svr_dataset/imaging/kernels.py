"""Loops of the drawing."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel

INSIDE = -1
"""In place of a neighbor: the segment ends at other segments, but is not joined to one."""

TIP = -2
"""In place of a neighbor: nothing else touches the node."""

SHARPEST_COSINE = -0.9
"""Segments that turn back more sharply than this are not joined."""

LEAST_ROUND_PX = 1.5
"""Radius from which tips are drawn round; thinner ones are cut off, which keeps their area."""

TILE_PX = 64
"""Segments are drawn tile by tile, so that what is written stays in the cache of the processor."""

UNTILED_PX = 512
"""Pictures up to this size are in the cache as a whole."""

LANES = 4
"""Pixels that are worked on at a time."""

FAR_PX = 1e12
"""Where there is no limit."""

SLACK_PX = 1e-6
"""What rounding may move the limits of a row by."""


@kernel()
def draw_segments(
    image: np.ndarray,
    drawn: np.ndarray,
    row_col: np.ndarray,
    radius: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    node: np.ndarray,
    value: np.ndarray,
) -> None:
    """Draw the segments of a network: each for the area of a pixel that it covers, the brightest in front.

    A picture is what the mean over each pixel of a maximum projection without pixels would be, whence its
    brightness does not depend on the resolution:

    - A straight strip has, at each pixel, the exact area that it shares with it (`cover_row`).
    - Segments that go on into each other share the pixels at their joint by the line that halves the angle:
      each pixel belongs to one of them, and a joint is neither darker nor brighter than the rest.
    - All others are taken to overlap by chance, as vessels that cross do on average (`blend_row`). Where a
      pixel is fully covered, the brightest one is seen.

    Parameters
    ----------
    image
        (H * H,) float32. Brightness, row by row; 0 before.
    drawn
        (H * H,) int32. Takes the node of the segment that is seen at each pixel; -1 before.
    row_col
        (N, 2) float64. Nodes (row, column), px.
    radius
        (M, 2) float64. Radii at both ends of each segment, px; it tapers from one to the other.
    start, end
        (M,) int. Nodes at which each segment starts and ends; the same node for a disc.
    node
        (M,) int. Node that each segment belongs to.
    value
        (N,) float64. Brightness in [0, 1] of the segments of each node.
    """
    size = round(math.sqrt(len(image)))
    direction, length = measure_segments(row_col, start, end)
    neighbor = join_segments(len(row_col), start, end, direction, length)
    cover = np.zeros(size + LANES)
    for segment in sort_by_place(size, row_col, end):
        draw_segment(
            size, image, drawn, segment, row_col, radius, start, end, node, value, direction, length, neighbor, cover
        )


@kernel()
def sort_by_place(size: int, row_col: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(M,) int32. Segments in the order of the tiles of the picture in which they end, so that memory stays near."""
    order = np.arange(len(end)).astype(np.int32)
    if size <= UNTILED_PX:
        return order
    num_tiles = size // TILE_PX + 3
    tile = np.zeros(len(end), np.int32)
    place = np.zeros(num_tiles * num_tiles + 1, np.int32)
    for segment in range(len(end)):
        row = min(max(int(row_col[end[segment], 0] // TILE_PX) + 1, 0), num_tiles - 1)
        column = min(max(int(row_col[end[segment], 1] // TILE_PX) + 1, 0), num_tiles - 1)
        tile[segment] = row * num_tiles + column
        place[tile[segment] + 1] += 1
    for number in range(num_tiles * num_tiles):
        place[number + 1] += place[number]
    for segment in range(len(end)):
        order[place[tile[segment]]] = segment
        place[tile[segment]] += 1
    return order


@kernel(error_model="numpy")
def measure_segments(row_col: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions (M, 2) and lengths (M,) of segments, px; a disc is a segment of no length along the rows."""
    direction = np.zeros((len(start), 2))
    length = np.zeros(len(start))
    for segment in range(len(start)):
        along_row = row_col[end[segment], 0] - row_col[start[segment], 0]
        along_column = row_col[end[segment], 1] - row_col[start[segment], 1]
        length[segment] = math.sqrt(along_row * along_row + along_column * along_column)
        direction[segment, 0] = 1.0
        if length[segment] > 0.0:
            direction[segment, 0] = along_row / length[segment]
            direction[segment, 1] = along_column / length[segment]
    return direction, length


@kernel()
def join_segments(
    num_nodes: int, start: np.ndarray, end: np.ndarray, direction: np.ndarray, length: np.ndarray
) -> np.ndarray:
    """Find, for each segment, the ones that it goes on from and into.

    At each node the first segment that ends there goes on into the straightest one of those that start there.

    Returns
    -------
    (M, 2) ndarray of int32
        Segment that is joined at the start and at the end; `INSIDE` or `TIP` where none is.
    """
    first_in = np.full(num_nodes, -1, np.int32)
    straightest = np.full(num_nodes, SHARPEST_COSINE)
    num_touching = np.zeros(num_nodes, np.int32)
    for segment in range(len(start)):
        num_touching[start[segment]] += 1
        if start[segment] != end[segment]:
            num_touching[end[segment]] += 1
        if first_in[end[segment]] < 0 and length[segment] > 0.0:
            first_in[end[segment]] = segment
    neighbor = np.full((len(start), 2), INSIDE, np.int32)
    for segment in range(len(start)):
        node = start[segment]
        before = first_in[node]
        if num_touching[node] == 1:
            neighbor[segment, 0] = TIP
        if num_touching[end[segment]] == 1:
            neighbor[segment, 1] = TIP
        if before < 0 or length[segment] == 0.0:
            continue
        cosine = direction[before, 0] * direction[segment, 0] + direction[before, 1] * direction[segment, 1]
        if cosine > straightest[node]:
            if neighbor[before, 1] >= 0:
                neighbor[neighbor[before, 1], 0] = INSIDE
            straightest[node] = cosine
            neighbor[segment, 0] = before
            neighbor[before, 1] = segment
    return neighbor


@kernel(error_model="numpy")
def draw_segment(
    size: int,
    image: np.ndarray,
    drawn: np.ndarray,
    segment: int,
    row_col: np.ndarray,
    radius: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    node: np.ndarray,
    value: np.ndarray,
    direction: np.ndarray,
    length: np.ndarray,
    neighbor: np.ndarray,
    cover: np.ndarray,
) -> None:
    """Draw one segment into the picture; the arguments are those of `draw_segments` and what it finds."""
    row_0, column_0 = row_col[start[segment], 0] - 0.5, row_col[start[segment], 1] - 0.5
    row_1, column_1 = row_col[end[segment], 0] - 0.5, row_col[end[segment], 1] - 0.5
    radius_0, radius_1 = radius[segment, 0], radius[segment, 1]
    along_row, along_column, total = direction[segment, 0], direction[segment, 1], length[segment]
    reach = max(radius_0, radius_1) + 0.5 * (abs(along_row) + abs(along_column))
    before, after = neighbor[segment, 0], neighbor[segment, 1]
    turn_0_row, turn_0_column, over_0, cap_0, round_0 = end_of(segment, before, direction, radius_0, reach)
    turn_1_row, turn_1_column, over_1, cap_1, round_1 = end_of(segment, after, direction, radius_1, reach)
    margin = abs(along_column) * reach + SLACK_PX
    top, bottom = row_0 - over_0 * along_row, row_1 + over_1 * along_row
    first_row = math.ceil(max(min(top, bottom) - margin, 0.0))
    last_row = math.floor(min(max(top, bottom) + margin, size - 1.0))
    tilt, lean, half, near, far = 0.0, 0.0, FAR_PX, -FAR_PX, FAR_PX
    if abs(along_row) > SLACK_PX:
        tilt, half = along_column / along_row, (reach + SLACK_PX) / abs(along_row)
    if abs(along_column) > SLACK_PX:
        lean = -along_row / along_column
        near, far = (-over_0 - SLACK_PX) / along_column, (total + over_1 + SLACK_PX) / along_column
        near, far = min(near, far), max(near, far)
    low_0, high_0, cut_0 = -FAR_PX, FAR_PX, 0.0
    if turn_0_column != 0.0:
        low_0, high_0 = (column_0, FAR_PX) if turn_0_column > 0.0 else (-FAR_PX, column_0)
        cut_0 = -turn_0_row / turn_0_column
    elif turn_0_row > 0.0:
        first_row = max(first_row, math.ceil(row_0))
    elif turn_0_row < 0.0:
        last_row = min(last_row, math.floor(row_0))
    low_1, high_1, cut_1 = -FAR_PX, FAR_PX, 0.0
    if turn_1_column != 0.0:
        low_1, high_1 = (-FAR_PX, column_1) if turn_1_column > 0.0 else (column_1, FAR_PX)
        cut_1 = -turn_1_row / turn_1_column
    elif turn_1_row > 0.0:
        last_row = min(last_row, math.ceil(row_1) - 1)
    elif turn_1_row < 0.0:
        first_row = max(first_row, math.floor(row_1) + 1)
    shape = (radius_0, (radius_1 - radius_0) / max(total, SLACK_PX), total, cap_0, cap_1, round_0, round_1)
    for row in range(first_row, last_row + 1):
        down = row - row_0
        middle = column_0 + down * tilt
        across = column_0 + down * lean
        bound_0, bound_1 = down * cut_0, (row - row_1) * cut_1
        first = max(max(0.0, middle - half), max(across + near, low_0 + bound_0))
        last = min(min(size - 1.0, middle + half), min(across + far, high_0 + bound_0))
        begin = max(math.ceil(min(first, 1.0 * size)), math.floor(min(low_1 + bound_1, 1.0 * size)) + 1)
        stop = min(math.floor(max(last, -1.0)) + 1, math.ceil(max(high_1 + bound_1, -1.0)))
        if begin < stop:
            cover_row(cover, stop - begin, down, begin - column_0, along_row, along_column, shape)
            blend_row(image, drawn, row * size + begin, stop - begin, node[segment], cover, value)


@kernel(error_model="numpy")
def end_of(
    segment: int, neighbor: int, direction: np.ndarray, radius: float, reach: float
) -> tuple[float, float, float, float, float]:
    """How a segment ends.

    Returns
    -------
    turn_row, turn_column : float
        Sum of the directions of the segment and of the one that it is joined to: pixels on the far side of the
        line across it belong to the other one. 0 where none is joined.
    over : float
        How far pixels that the segment covers lie beyond its node at most, px.
    cap : float
        Where the segment is cut off beyond its node, px: at a thin tip where it has covered the area of a half disc.
    round : float
        1 if coverage falls off with the distance to the node, 0 if with the distance to the line.
    """
    other = max(neighbor, 0)
    is_joined = neighbor >= 0
    row, column = direction[segment, 0], direction[segment, 1]
    other_row, other_column = direction[other, 0], direction[other, 1]
    one_more = 1.0 + row * other_row + column * other_column
    half_turn = abs(row * other_column - column * other_row) / (one_more if is_joined else 1.0)
    is_round = is_joined or radius >= LEAST_ROUND_PX
    over, cap = 0.5, 0.0
    if is_joined:
        over, cap = reach * min(half_turn, 1.0), FAR_PX
    elif neighbor == TIP:
        over, cap = (reach, FAR_PX) if is_round else (0.5 + 0.25 * math.pi * radius, 0.25 * math.pi * radius)
    turn_row, turn_column = (row + other_row, column + other_column) if is_joined else (0.0, 0.0)
    return turn_row, turn_column, over, cap, 1.0 if is_round else 0.0


@kernel(error_model="numpy")
def cover_row(
    cover: np.ndarray,
    count: int,
    down: float,
    right: float,
    along_row: float,
    along_column: float,
    shape: tuple[float, float, float, float, float, float, float],
) -> None:
    """Find the share that a segment covers of each pixel of a row.

    Exact for a straight strip: an edge at a distance from the center of the pixel leaves an area that is the
    integral of a trapezoid, the profile of the unit square seen along the strip.

    Parameters
    ----------
    cover
        (size + LANES,) float64. Takes the shares; filled up to a multiple of `LANES`, so that the loop compiles
        to vector instructions without a rest.
    count
        Number of pixels.
    down, right
        Center of the first pixel relative to the start of the segment, px.
    along_row, along_column
        Unit direction of the segment.
    shape
        Radius at the start and its slope, length, caps and roundness of both ends.
    """
    radius_0, slope, total, cap_0, cap_1, round_0, round_1 = shape
    largest, smallest = max(abs(along_row), abs(along_column)), min(abs(along_row), abs(along_column))
    outer, inner = 0.5 * (largest + smallest), 0.5 * (largest - smallest)
    rise, bend = 1.0 / largest, 0.5 / max(largest * smallest, SLACK_PX)
    first_along = down * along_row + right * along_column
    first_across = right * along_row - down * along_column
    for place in range((count + LANES - 1) & -LANES):
        along = first_along + place * along_column
        across = first_across + place * along_row
        over = min(along, 0.0) * round_0 + max(along - total, 0.0) * round_1
        distance = math.sqrt(across * across + over * over)
        radius = radius_0 + slope * min(max(along, 0.0), total)
        farther = min(distance + radius, outer)
        nearer = max(min(distance - radius, outer), -outer)
        farther_bend, nearer_bend = max(farther - inner, 0.0), max(abs(nearer) - inner, 0.0)
        nearer_loss = math.copysign(nearer_bend * nearer_bend, nearer)
        share = (farther - nearer) * rise + (nearer_loss - farther_bend * farther_bend) * bend
        lengthwise = min(0.5 + along + cap_0, 1.0) + min(0.5 + total + cap_1 - along, 1.0) - 1.0
        cover[place] = max(share, 0.0) * max(lengthwise, 0.0)


@kernel(error_model="numpy")
def blend_row(
    image: np.ndarray,
    drawn: np.ndarray,
    first: int,
    count: int,
    node: int,
    cover: np.ndarray,
    value: np.ndarray,
) -> None:
    """Show a segment in a row, in front of what is darker there and behind what is brighter.

    What was drawn at a pixel before covers the share brightness / value of it; the new segment covers the same
    share of that as of the rest. There are no branches here, as half of them would be mispredicted. Arguments
    are those of `draw_segments` and `cover_row`.
    """
    bright = np.float32(value[node])
    for place in range(count):
        pixel = np.uint64(first) + np.uint64(place)
        before, share = image[pixel], np.float32(cover[place])
        drawn[pixel] = node if share * bright > before else drawn[pixel]
        image[pixel] = before + share * max(bright - before, np.float32(0.0))
