"""Loops of the capillary mesh."""

import numpy as np

from octa_svr_dataset.kernel import kernel

FRACTION_BITS = 16
"""Of places between pixels, which are whole numbers in the loop."""

WHOLE, HALF = 1 << FRACTION_BITS, 1 << FRACTION_BITS - 1


@kernel(allocates=False)
def comb(padded: np.ndarray, right: np.ndarray, down: np.ndarray, reach: int, mean: np.ndarray) -> None:
    """Mean of a field along a short straight line through each pixel.

    Parameters
    ----------
    padded
        ((H + 2 reach + 2) * (W + 2 reach + 2),) float32. The field, row by row, with a margin of the reach and a
        pixel: lines that leave the field need not be watched.
    right, down
        (H, W) float32. Direction of the line at each pixel, px a step; at most 1.
    reach
        Steps to either side; the nearest pixel is taken at each.
    mean
        (H, W) float32. Takes the result.
    """
    height, width = mean.shape
    stride = np.int32(width + 2 * reach + 2)
    origin = np.int32((reach + 1) * (stride + 1))
    share = np.float32(1.0 / (2 * reach + 1))
    for row in range(height):
        for column in range(width):
            here = np.int32(row * stride + column) + origin
            step_right = np.int32(right[row, column] * np.float32(WHOLE))
            step_down = np.int32(down[row, column] * np.float32(WHOLE))
            to_right = to_left = below = above = np.int32(HALF)
            total = padded[np.uint32(here)]
            for _ in range(reach):
                to_right, to_left = np.int32(to_right + step_right), np.int32(to_left - step_right)
                below, above = np.int32(below + step_down), np.int32(above - step_down)
                total += (
                    padded[np.uint32(here + (below >> FRACTION_BITS) * stride + (to_right >> FRACTION_BITS))]
                    + padded[np.uint32(here + (above >> FRACTION_BITS) * stride + (to_left >> FRACTION_BITS))]
                )
            mean[row, column] = total * share
