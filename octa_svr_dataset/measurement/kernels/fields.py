"""Loops over all pixels of a picture: blurs, local moments, lines."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel()
def convolved(gray: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(H, W) float32. A picture, averaged with symmetric weights along its columns and along its rows.

    Beyond its border, the picture is mirrored there, once and again where it is narrower than the weights reach.

    Parameters
    ----------
    gray
        (H, W) float32. The picture.
    weights
        (2 R + 1,) float32. Weights, which add up to 1.
    """
    height, width = gray.shape
    reach = len(weights) // 2
    source_of = np.empty(width + 2 * reach, np.int64)
    for place in range(width + 2 * reach):
        source = (place - reach) % (2 * width)
        source_of[place] = 2 * width - 1 - source if source >= width else source
    averaged = np.zeros((height, width), np.float32)
    down, padded = np.empty(width, np.float32), np.empty(width + 2 * reach, np.float32)
    for row in range(height):
        for column in range(width):
            down[column] = 0.0
        for step in range(-reach, reach + 1):
            source = (row + step) % (2 * height)
            line, weight = gray[2 * height - 1 - source if source >= height else source], weights[step + reach]
            for column in range(width):
                down[column] += weight * line[column]
        for place in range(width + 2 * reach):
            padded[place] = down[source_of[place]]
        target = averaged[row]
        for step in range(2 * reach + 1):
            line, weight = padded[step : step + width], weights[step]
            for column in range(width):
                target[column] += weight * line[column]
    return averaged


@kernel()
def local_moments(gray: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(S, S) float32 means and standard deviations in the square window of odd width around each pixel.

    Beyond its border, the picture is mirrored there.

    Parameters
    ----------
    gray
        (S, S) float32. The picture.
    width
        Width of the window, px; at most S.
    """
    size, reach = len(gray), width // 2
    area = width * width
    column_sum, column_square = np.zeros(size), np.zeros(size)
    for step in range(-reach, reach + 1):
        source = -step - 1 if step < 0 else step
        for column in range(size):
            value = np.float64(gray[source, column])
            column_sum[column] += value
            column_square[column] += value * value
    padded_sum, padded_square = np.empty(size + 2 * reach + 1), np.empty(size + 2 * reach + 1)
    sums, squares = np.empty(size), np.empty(size)
    means, spreads = np.empty((size, size), np.float32), np.empty((size, size), np.float32)
    for row in range(size):
        for column in range(size):
            padded_sum[column + reach], padded_square[column + reach] = column_sum[column], column_square[column]
        for step in range(reach + 1):
            near = min(step, size - 1)
            padded_sum[reach + size + step], padded_square[reach + size + step] = (
                column_sum[size - 1 - near],
                column_square[size - 1 - near],
            )
        for step in range(reach):
            padded_sum[reach - 1 - step], padded_square[reach - 1 - step] = column_sum[step], column_square[step]
        total, square = 0.0, 0.0
        for step in range(width):
            total += padded_sum[step]
            square += padded_square[step]
        for column in range(size):
            sums[column], squares[column] = total, square
            total += padded_sum[column + width] - padded_sum[column]
            square += padded_square[column + width] - padded_square[column]
        for column in range(size):
            mean = sums[column] / area
            means[row, column] = mean
            spreads[row, column] = math.sqrt(max(squares[column] / area - mean * mean, 0.0))
        enters, leaves = row + reach + 1, row - reach
        enters = 2 * size - 1 - enters if enters >= size else enters
        leaves = -leaves - 1 if leaves < 0 else leaves
        for column in range(size):
            new, old = np.float64(gray[enters, column]), np.float64(gray[leaves, column])
            column_sum[column] += new - old
            column_square[column] += new * new - old * old
    return means, spreads


@kernel()
def excess_of_rows(gray: np.ndarray, most: float) -> np.ndarray:
    """(S - 2,) mean of what the pixels of each inner row exceed those above and below by, up to a limit on each.

    Parameters
    ----------
    gray
        (S, S) float32. The picture.
    most
        Limit on the excess or lack of a single pixel, gray levels: structure has larger ones.
    """
    height, width = gray.shape
    means = np.zeros(max(height - 2, 0))
    for row in range(1, height - 1):
        for column in range(width):
            excess = gray[row, column] - 0.5 * (np.float64(gray[row - 1, column]) + gray[row + 1, column])
            means[row - 1] += min(max(excess, -most), most)
        means[row - 1] /= width
    return means
