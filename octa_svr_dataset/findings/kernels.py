"""Loops of the findings."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel

ON_DIAGONAL_PX = 1e-6
"""Centers of pixels that are as near to a diagonal lie on it: arithmetic is not exact."""


@kernel()
def within(mask: np.ndarray, reach: float) -> np.ndarray:
    """(H, W) bool. Pixels no farther than a distance from those of a mask, their own included.

    As a distance transform of all pixels would say, at a tenth of the time: the distance along the column decides how
    far a pixel reaches along its row.

    Parameters
    ----------
    mask
        (H, W) bool. The mask.
    reach
        The distance, px.
    """
    height, width = mask.shape
    farthest = int(reach)
    half_width = np.empty(farthest + 1, np.int64)
    for off in range(farthest + 1):
        half = farthest
        while math.sqrt(float(off * off + half * half)) > reach:
            half -= 1
        half_width[off] = half
    off_column = np.empty((height, width), np.int32)
    since = np.empty(width, np.int32)
    for column in range(width):
        since[column] = farthest + 1
    for row in range(height):
        for column in range(width):
            since[column] = 0 if mask[row, column] else min(since[column] + 1, farthest + 1)
            off_column[row, column] = since[column]
    for column in range(width):
        since[column] = farthest + 1
    for row in range(height - 1, -1, -1):
        for column in range(width):
            since[column] = 0 if mask[row, column] else min(since[column] + 1, farthest + 1)
            off_column[row, column] = min(off_column[row, column], since[column])
    near = np.zeros((height, width), np.bool_)
    for row in range(height):
        last = -1
        for column in range(width):
            if off_column[row, column] <= farthest:
                last = max(last, column + half_width[off_column[row, column]])
            near[row, column] = column <= last
        last = width
        for column in range(width - 1, -1, -1):
            if off_column[row, column] <= farthest:
                last = min(last, column - half_width[off_column[row, column]])
            near[row, column] |= column >= last
    return near


@kernel()
def regions_of(labels: np.ndarray) -> np.ndarray:
    """(K, 8) int64. Place and size of each instance of a label map, in the order of their numbers.

    The columns: number, area, sums of rows and of columns, first row, first column, last row + 1, last column + 1; px.

    Parameters
    ----------
    labels
        (H, W) unsigned integers. Instances from 1; 0 is none.
    """
    height, width = labels.shape
    most, count = 0, 0
    for row in range(height):
        for column in range(width):
            most = max(most, int(labels[row, column]))
    table = np.zeros((most + 1, 8), np.int64)
    for instance in range(most + 1):
        table[instance, 4], table[instance, 5] = height, width
    for row in range(height):
        for column in range(width):
            number = np.int64(labels[row, column])
            if number > 0:
                count += table[number, 1] == 0
                table[number, 0] = number
                table[number, 1] += 1
                table[number, 2] += row
                table[number, 3] += column
                table[number, 4] = min(table[number, 4], row)
                table[number, 5] = min(table[number, 5], column)
                table[number, 6] = row + 1
                table[number, 7] = max(table[number, 7], column + 1)
    regions = np.empty((count, 8), np.int64)
    count = 0
    for instance in range(most + 1):
        if table[instance, 1] > 0:
            for column in range(8):
                regions[count, column] = table[instance, column]
            count += 1
    return regions


@kernel()
def counts_of(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(256,) int64. How many pixels of a mask have each gray level.

    Parameters
    ----------
    image, mask
        (H, W) uint8 and bool.
    """
    counts = np.zeros(256, np.int64)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            if mask[row, column]:
                counts[image[row, column]] += 1
    return counts


@kernel(allocates=False)
def quantile_of(values: np.ndarray, counts: np.ndarray, share: float) -> float:
    """Quantile of values that occur so many times, between two of them by linear interpolation; NaN of none.

    Parameters
    ----------
    values, counts
        (K,) ascending values and how often each occurs.
    share
        From 0 to 1.
    """
    total = 0
    for count in counts:
        total += count
    if total == 0:
        return math.nan
    place = share * (total - 1)
    lower, upper = math.floor(place), math.ceil(place)
    seen, below, above = 0, 0.0, 0.0
    is_below_found = False
    for index in range(len(values)):
        seen += counts[index]
        if not is_below_found and seen > lower:
            below, is_below_found = float(values[index]), True
        if seen > upper:
            above = float(values[index])
            break
    return below + (place - lower) * (above - below)


@kernel()
def deviation_of(counts: np.ndarray, level: float) -> float:
    """Median distance of gray levels that occur (256,) times from a level, from 0 to 255."""
    distances, occurrences = np.empty(256), np.empty(256, np.int64)
    above = int(level) + 1
    below = above - 1
    for place in range(256):
        if below < 0 or (above < 256 and above - level < level - below):
            distances[place], occurrences[place] = above - level, counts[above]
            above += 1
        else:
            distances[place], occurrences[place] = level - below, counts[below]
            below -= 1
    return quantile_of(distances, occurrences, 0.5)


@kernel(allocates=False)
def columns_beside(width: int, middle: float, distance: float) -> tuple[int, int]:
    """How many columns of a picture lie that far before a place or farther, and the first one that does behind it, px.

    A column whose center lies at the place itself, where the distance is 0, is one of those before it.
    """
    before = min(max(math.floor(middle - distance + 0.5), 0), width)
    return before, max(min(max(math.ceil(middle + distance - 0.5), 0), width), before)


@kernel()
def quadrant_sums(
    mask: np.ndarray, excluded: np.ndarray, center: tuple[float, float], least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of a mask, and all pixels, in the upper, right, lower and left quarter around a point: (4,) each.

    Parameters
    ----------
    mask, excluded
        (H, W) bool. The mask, and pixels that do not count.
    center
        (row, column) of the point where pixel (0, 0) has its center at 0.5, px.
    least
        Pixels nearer to the point do not count, px. Those on a diagonal, to within `ON_DIAGONAL_PX`, lie to
        the right or to the left.
    """
    inside, whole = np.zeros(4, np.int64), np.zeros(4, np.int64)
    for row in range(mask.shape[0]):
        down = row + 0.5 - center[0]
        left, right = columns_beside(mask.shape[1], center[1], max(abs(down) - ON_DIAGONAL_PX, 0.0))
        near, far = columns_beside(mask.shape[1], center[1], math.sqrt(max(least * least - down * down, 0.0)))
        for quarter, begin, end in ((3, 0, left), (2 if down > 0.0 else 0, left, right), (1, right, mask.shape[1])):
            for start, stop in ((begin, min(end, near)), (max(begin, far), end)):
                if start < stop:
                    part, left_out = mask[row, start:stop], excluded[row, start:stop]
                    both, counted = 0, 0
                    for column in range(len(part)):
                        counted += not left_out[column]
                        both += part[column] and not left_out[column]
                    whole[quarter] += counted
                    inside[quarter] += both
    return inside, whole


@kernel()
def counts_around(image: np.ndarray, inside: np.ndarray, nearest: float, farthest: float) -> np.ndarray:
    """(256,) int64. How many pixels have each gray level at distances from a dot between two limits.

    Parameters
    ----------
    image, inside
        (H, W) uint8 and bool. The picture around a dot, and its pixels.
    nearest, farthest
        Limits, px; at the first one and nearer, pixels belong to the dot.
    """
    counts = np.zeros(256, np.int64)
    rows, columns = np.nonzero(inside)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            least = math.inf
            for pixel in range(len(rows)):
                least = min(least, float((rows[pixel] - row) ** 2 + (columns[pixel] - column) ** 2))
            distance = math.sqrt(least)
            if nearest < distance <= farthest:
                counts[image[row, column]] += 1
    return counts
