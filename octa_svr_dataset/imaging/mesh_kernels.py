"""Loops of the capillary mesh."""

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel()
def combed(field: np.ndarray, right: np.ndarray, down: np.ndarray, reach: int) -> np.ndarray:
    """Mean of a field along a short straight line through each pixel.

    Parameters
    ----------
    field
        (H, W) float32. The field.
    right, down
        (H, W) float32. Direction of the line at each pixel, px a step.
    reach
        Steps to either side; the nearest pixel is taken at each.

    Returns
    -------
    (H, W) ndarray of float32
        The mean; beyond the border the field goes on as at it.
    """
    height, width = field.shape
    mean = np.empty_like(field)
    share = np.float32(1.0 / (2 * reach + 1))
    for row in range(height):
        for column in range(width):
            total = np.float32(0.0)
            x, y = right[row, column], down[row, column]
            for step in range(-reach, reach + 1):
                at_row = int(row + np.float32(0.5) + step * y)
                at_column = int(column + np.float32(0.5) + step * x)
                total += field[min(max(at_row, 0), height - 1), min(max(at_column, 0), width - 1)]
            mean[row, column] = total * share
    return mean
