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
    down = np.zeros((height, width), np.float32)
    for row in range(height):
        for step in range(-reach, reach + 1):
            source = (row + step) % (2 * height)
            source = 2 * height - 1 - source if source >= height else source
            weight = weights[step + reach]
            for column in range(width):
                down[row, column] += weight * gray[source, column]
    averaged = np.zeros((height, width), np.float32)
    padded = np.empty(width + 2 * reach, np.float32)
    for row in range(height):
        for place in range(width + 2 * reach):
            source = (place - reach) % (2 * width)
            padded[place] = down[row, 2 * width - 1 - source if source >= width else source]
        for step in range(2 * reach + 1):
            weight = weights[step]
            for column in range(width):
                averaged[row, column] += weight * padded[column + step]
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
    sums, squares = np.zeros((size, size)), np.zeros((size, size))
    column_sum, column_square = np.zeros(size), np.zeros(size)
    for step in range(-reach, reach + 1):
        source = -step - 1 if step < 0 else step
        for column in range(size):
            value = np.float64(gray[source, column])
            column_sum[column] += value
            column_square[column] += value * value
    for row in range(size):
        total, square = 0.0, 0.0
        for step in range(-reach, reach + 1):
            source = -step - 1 if step < 0 else step
            total += column_sum[source]
            square += column_square[source]
        for column in range(size):
            sums[row, column], squares[row, column] = total, square
            enters, leaves = column + reach + 1, column - reach
            enters = 2 * size - 1 - enters if enters >= size else enters
            leaves = -leaves - 1 if leaves < 0 else leaves
            total += column_sum[enters] - column_sum[leaves]
            square += column_square[enters] - column_square[leaves]
        enters, leaves = row + reach + 1, row - reach
        enters = 2 * size - 1 - enters if enters >= size else enters
        leaves = -leaves - 1 if leaves < 0 else leaves
        for column in range(size):
            new, old = np.float64(gray[enters, column]), np.float64(gray[leaves, column])
            column_sum[column] += new - old
            column_square[column] += new * new - old * old
    means, spreads = np.empty((size, size), np.float32), np.empty((size, size), np.float32)
    area = width * width
    for row in range(size):
        for column in range(size):
            mean = sums[row, column] / area
            means[row, column] = mean
            spreads[row, column] = math.sqrt(max(squares[row, column] / area - mean * mean, 0.0))
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
    return means / width
