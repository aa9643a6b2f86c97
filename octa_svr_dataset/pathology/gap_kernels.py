"""Loops over the gaps of dispersed loss."""

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def mark_around(place: np.ndarray, distance: float, pitch: float, cells: np.ndarray) -> None:
    """Mark the cells of a map in squares around places, up to a distance on all sides.

    Parameters
    ----------
    place
        (K, 2) float64. Places (x, y) from the map's corner, mm.
    distance
        The distance, mm.
    pitch
        Width of a cell, mm.
    cells
        (R, C) bool. Which cells are marked, by row (y) and column (x); changed in place.
    """
    for index in range(len(place)):
        first_row = max(int((place[index, 1] - distance) / pitch), 0)
        first_column = max(int((place[index, 0] - distance) / pitch), 0)
        for row in range(first_row, min(int((place[index, 1] + distance) / pitch) + 1, cells.shape[0])):
            for column in range(first_column, min(int((place[index, 0] + distance) / pitch) + 1, cells.shape[1])):
                cells[row, column] = True


@kernel(allocates=False)
def paint_gap(path: np.ndarray, half_width: float, pitch: float, covered: np.ndarray) -> int:
    """Mark the cells of a map whose middles lie within half a width of a line; how many were not yet.

    Parameters
    ----------
    path
        (P, 2) float64. Places (x, y) of the line from the map's corner, mm.
    half_width
        Half the width, mm.
    pitch
        Width of a cell, mm.
    covered
        (R, C) bool. Which cells are covered, by row (y) and column (x); changed in place.
    """
    low_x, high_x, low_y, high_y = path[0, 0], path[0, 0], path[0, 1], path[0, 1]
    for place in range(1, len(path)):
        low_x, high_x = min(low_x, path[place, 0]), max(high_x, path[place, 0])
        low_y, high_y = min(low_y, path[place, 1]), max(high_y, path[place, 1])
    count = 0
    for row in range(
        max(int((low_y - half_width) / pitch), 0), min(int((high_y + half_width) / pitch) + 1, covered.shape[0])
    ):
        for column in range(
            max(int((low_x - half_width) / pitch), 0), min(int((high_x + half_width) / pitch) + 1, covered.shape[1])
        ):
            if covered[row, column]:
                continue
            for place in range(len(path) - 1):
                along_x, along_y = path[place + 1, 0] - path[place, 0], path[place + 1, 1] - path[place, 1]
                x, y = (column + 0.5) * pitch - path[place, 0], (row + 0.5) * pitch - path[place, 1]
                share = (x * along_x + y * along_y) / max(along_x * along_x + along_y * along_y, 1e-12)
                share = min(max(share, 0.0), 1.0)
                x, y = x - share * along_x, y - share * along_y
                if x * x + y * y <= half_width * half_width:
                    covered[row, column] = True
                    count += 1
                    break
    return count


@kernel(allocates=False)
def paint_gaps(path: np.ndarray, half_width: np.ndarray, pitch: float, covered: np.ndarray) -> None:
    """Paint gaps of middle lines (K, P, 2) and half widths (K,), mm; see `paint_gap`."""
    for gap in range(len(half_width)):
        paint_gap(path[gap], half_width[gap], pitch, covered)


@kernel()
def take_gaps(
    path: np.ndarray,
    half_width: np.ndarray,
    is_avoiding: np.ndarray,
    on_vessel: np.ndarray,
    spacing: float,
    total_area: float,
    pitch: float,
    covered: np.ndarray,
) -> np.ndarray:
    """Take gaps one after another beside those already taken, of which one end may meet them, until they cover enough.

    Parameters
    ----------
    path
        (K, P, 2) float64. Middle lines (x, y) from the map's corner, mm.
    half_width
        (K,) float64. How far the gaps reach on both sides of them, mm.
    is_avoiding
        (K,) bool. Whether a gap is not taken on a larger vessel.
    on_vessel
        (R, C) bool. Where these lie, by row (y) and column (x).
    spacing
        Least distance of the middle line, but for one of its ends, from other gaps, less half a width, mm.
    total_area
        Area that is to be covered, mm2.
    pitch
        Width of a cell, mm.
    covered
        (R, C) bool. Takes what the gaps cover.

    Returns
    -------
    (K,) bool
        Which gaps are taken.
    """
    is_taken = np.zeros(len(half_width), np.bool_)
    num_rows, num_columns, num_places = covered.shape[0], covered.shape[1], path.shape[1]
    area = 0.0
    for gap in range(len(half_width)):
        if area >= total_area:
            break
        reach = half_width[gap] + spacing
        met, meets_inside, is_free = 0, False, True
        for place in range(num_places):
            is_met = False
            for side in range(9):
                x = path[gap, place, 0] + (side % 3 - 1) * reach
                y = path[gap, place, 1] + (side // 3 - 1) * reach
                row, column = min(max(int(y / pitch), 0), num_rows - 1), min(max(int(x / pitch), 0), num_columns - 1)
                is_met |= covered[row, column]
                if side == 4 and on_vessel[row, column] and is_avoiding[gap]:
                    is_free = False
            met += is_met
            meets_inside |= is_met and 0 < place < num_places - 1
        if is_free and met <= 1 and not meets_inside:
            is_taken[gap] = True
            area += paint_gap(path[gap], half_width[gap], pitch, covered) * pitch * pitch
    return is_taken
