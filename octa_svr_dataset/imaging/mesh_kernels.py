"""Loops of the capillary mesh."""

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def comb(padded: np.ndarray, right: np.ndarray, down: np.ndarray, reach: int, mean: np.ndarray) -> None:
    """Mean of a field along a short straight line through each pixel.

    Parameters
    ----------
    padded
        ((H + 4 reach + 2) * (W + 4 reach + 2),) float32. The field, row by row, with a margin of twice the reach and
        a pixel: lines that leave the field need not be watched.
    right, down
        (H, W) float32. Direction of the line at each pixel, px a step; below 2.
    reach
        Steps to either side; the nearest pixel is taken at each.
    mean
        (H, W) float32. Takes the result.
    """
    height, width = mean.shape
    stride = np.int32(width + 4 * reach + 2)
    origin = np.int32((2 * reach + 1) * (stride + 1))
    share = np.float32(1.0 / (2 * reach + 1))
    for row in range(height):
        for column in range(width):
            total = np.float32(0.0)
            x, y = np.float64(right[row, column]), np.float64(down[row, column])
            for step in range(-reach, reach + 1):
                way = np.float64(np.int32(step))
                at_row, at_column = np.int32(row + 0.5 + way * y), np.int32(column + 0.5 + way * x)
                total += padded[np.uint32(at_row * stride + at_column + origin)]
            mean[row, column] = total * share
