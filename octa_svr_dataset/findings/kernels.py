"""Loops of the findings."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel


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
    off_column = np.full((height, width), farthest + 1, np.int64)
    for column in range(width):
        last = -farthest - 1
        for row in range(height):
            last = row if mask[row, column] else last
            off_column[row, column] = min(off_column[row, column], row - last)
        last = height + farthest
        for row in range(height - 1, -1, -1):
            last = row if mask[row, column] else last
            off_column[row, column] = min(off_column[row, column], last - row)
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
