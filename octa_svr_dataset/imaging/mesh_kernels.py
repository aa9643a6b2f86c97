"""Loops of the capillary mesh."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel

STEP_PX = 0.75
"""Strands grow by that much at a time, px."""

PERSISTENCE = 0.65
"""Share of a strand's bend that is left at its next step."""

CURL_RAD = 2.0
"""A strand that has turned by so much to one side ends."""

NONE = -1
"""Where no strand is near."""


@kernel(allocates=False)
def lay_strands(
    seed: np.ndarray,
    brightness: np.ndarray,
    need: np.ndarray,
    right: np.ndarray,
    down: np.ndarray,
    distance: np.ndarray,
    bend: np.ndarray,
    joining: float,
    path: np.ndarray,
    is_taken: np.ndarray,
    nearby: np.ndarray,
    density: np.ndarray,
    needed: np.ndarray,
) -> None:
    """Lay strands side by side along a field of directions, from seed to seed (Jobard and Lefer 1997).

    From a seed that is far enough from all strands so far, a strand grows both ways until it is as long as may be,
    leaves the picture, or comes so near to another one that it joins it.

    Parameters
    ----------
    seed
        (K, 2) float64. Places (row, column) at which strands may begin, px.
    brightness, need
        (K,) float64. Of the strand of each seed: its brightness, and the perfusion that it needs.
    right, down
        (D, D) float64. Direction of strands over the picture, of length 1; the opposite one is as good.
    distance
        (L, L) float32. Distance between strands, px.
    bend
        (B,) float64. Random bends, one a step, as the tangent of the angle.
    joining
        Share of the distance within which a strand joins another.
    path
        (2 R + 1, 2) float64 work array: strands grow by at most R steps to either side.
    is_taken, nearby
        (L, L) of bool, all False, and of int32, all `NONE`: too near to a strand for a seed; place, row by row, of
        the strand that one that comes here joins.
    density, needed
        (L, L) float32, all 0. Take the strands, brightness times length in each pixel, px, and the need of the strand
        whose pixel that is.
    """
    middle = len(path) // 2
    for number in range(len(seed)):
        row, column = int(seed[number, 0]), int(seed[number, 1])
        if is_taken[row, column]:
            continue
        path[middle, 0], path[middle, 1] = seed[number, 0], seed[number, 1]
        last = _grow(path, middle, 1, number, right, down, bend, nearby)
        first = _grow(path, middle, -1, number, right, down, bend, nearby)
        if (last - first) * STEP_PX < distance[row, column]:
            continue
        before = NONE, NONE
        for place in range(first, last + 1):
            row_px, column_px = path[place, 0], path[place, 1]
            _add(density, row_px - 0.5, column_px - 0.5, brightness[number] * STEP_PX)
            here = int(row_px), int(column_px)
            if here != before:
                _claim(is_taken, nearby, needed, here, before, distance, joining, np.float32(need[number]))
            before = here


@kernel(allocates=False)
def _grow(
    path: np.ndarray,
    middle: int,
    way: int,
    number: int,
    right: np.ndarray,
    down: np.ndarray,
    bend: np.ndarray,
    nearby: np.ndarray,
) -> int:
    """Let a strand grow forward (way 1) or backward (-1) from the middle of its path; returns where it ends there."""
    size, reach = len(nearby), len(path) // 2
    row, column = path[middle, 0], path[middle, 1]
    num_cells = len(down)
    course_down, course_right, turn, turned_rad = 0.0, 0.0, 0.0, 0.0
    for step in range(1, reach + 1):
        cell = int(row * num_cells / size), int(column * num_cells / size)
        step_down, step_right = down[cell], right[cell]
        is_back = way < 0 if step == 1 else step_down * course_down + step_right * course_right < 0.0
        if is_back:
            step_down, step_right = -step_down, -step_right
        turned_rad += step_down * course_right - step_right * course_down
        course_down, course_right = step_down, step_right
        turn = PERSISTENCE * turn + bend[(2 * number * reach + way * step) % len(bend)]
        scale = STEP_PX / math.sqrt(1.0 + turn * turn)
        row += scale * (step_down + turn * step_right)
        column += scale * (step_right - turn * step_down)
        if not (0.0 <= row < size and 0.0 <= column < size) or abs(turned_rad) > CURL_RAD:
            return middle + way * (step - 1)
        place = middle + way * step
        path[place, 0], path[place, 1] = row, column
        other = nearby[int(row), int(column)]
        if other != NONE:
            return int(_join(path, place, way, other // size + 0.5, other % size + 0.5))
    return middle + way * reach


@kernel(allocates=False)
def _join(path: np.ndarray, place: int, way: int, row: float, column: float) -> int:
    """Let a strand run straight on to a point, as far as its path has room; returns where it ends."""
    off_down, off_right = row - path[place, 0], column - path[place, 1]
    num_steps = int(math.sqrt(off_down * off_down + off_right * off_right) / STEP_PX)
    for step in range(1, num_steps + 1):
        here = place + way * step
        if not 0 <= here < len(path):
            return here - way
        path[here, 0] = path[place, 0] + off_down * step / num_steps
        path[here, 1] = path[place, 1] + off_right * step / num_steps
    return place + way * num_steps


@kernel(allocates=False)
def _add(density: np.ndarray, row: float, column: float, amount: float) -> None:
    """Share an amount between the four pixels around a place, counted from the center of the first pixel."""
    top, left = math.floor(row), math.floor(column)
    for below in range(2):
        for beside in range(2):
            here = top + below, left + beside
            if 0 <= here[0] < len(density) and 0 <= here[1] < len(density):
                density[here] += np.float32(amount * (1.0 - abs(row - here[0])) * (1.0 - abs(column - here[1])))


@kernel(allocates=False)
def _claim(
    is_taken: np.ndarray,
    nearby: np.ndarray,
    needed: np.ndarray,
    here: tuple[int, int],
    before: tuple[int, int],
    distance: np.ndarray,
    joining: float,
    need: np.float32,
) -> None:
    """Mark what is too near to a pixel of a strand for seeds, and what is so near that other strands join it.

    The latter belongs to the strand, and so does the former as far as it belonged to none. What is as near to the
    pixel before is marked already.
    """
    size = len(nearby)
    row, column = here
    reach = np.float64(distance[here])
    reach_before = np.float64(distance[before]) if before[0] != NONE else 0.0
    for down in range(max(row - int(reach), 0), min(row + int(reach) + 1, size)):
        first, last = _run(column, down - row, reach, size)
        done_from, done_to = last, last
        if before[0] != NONE and abs(down - before[0]) <= int(reach_before):
            done_from, done_to = _run(before[1], down - before[0], reach_before, size)
        for right in range(first, min(last, done_from)):
            if not is_taken[down, right]:
                is_taken[down, right], needed[down, right] = True, need
        for right in range(max(first, done_to), last):
            if not is_taken[down, right]:
                is_taken[down, right], needed[down, right] = True, need
    reach *= joining
    for down in range(max(row - int(reach), 0), min(row + int(reach) + 1, size)):
        first, last = _run(column, down - row, reach, size)
        for right in range(first, last):
            needed[down, right] = need
            if nearby[down, right] == NONE:
                nearby[down, right] = row * size + column


@kernel(allocates=False)
def _run(column: int, off: int, radius: float, size: int) -> tuple[int, int]:
    """First column of a disc in a row so far from its middle, and the one behind its last."""
    half = int(math.sqrt(radius * radius - off * off))
    return max(column - half, 0), min(column + half + 1, size)
