"""Loops over the signal of a scanner: blur, displaced scan lines."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def smooth(
    image: np.ndarray,
    weights: np.ndarray,
    source: np.ndarray,
    total: np.ndarray,
    line: np.ndarray,
    smoothed: np.ndarray,
) -> None:
    """Average a picture with symmetric weights along its columns, and then along its rows.

    Sums are taken in the order of `scipy.ndimage.correlate1d`, in float64, so that the result is the same to the last
    bit; but a whole row at a time, by vector instructions.

    Parameters
    ----------
    image
        (H, H) float32. The picture.
    weights
        (R + 1,) float64. Weights, from that of a pixel itself to that of its farthest neighbors.
    source
        (H + 2 R,) int64. Which row (or column) stands at each place from R before the first to R behind the last.
    total, line
        (H,) and (H + 2 R,) float64 work arrays.
    smoothed
        (H, H) float32. Takes the result.
    """
    size, reach = len(image), len(weights) - 1
    for row in range(size):
        own = image[row]
        for column in range(size):
            total[column] = own[column] * weights[0]
        for off in range(reach, 0, -1):
            above, below, weight = image[source[row + reach - off]], image[source[row + reach + off]], weights[off]
            for column in range(size):
                total[column] += (np.float64(above[column]) + np.float64(below[column])) * weight
        for place in range(size + 2 * reach):
            line[place] = np.float32(total[source[place]])
        for column in range(size):
            total[column] = line[column + reach] * weights[0]
        for off in range(reach, 0, -1):
            before, behind, weight = line[reach - off :], line[reach + off :], weights[off]
            for column in range(size):
                total[column] += (before[column] + behind[column]) * weight
        target = smoothed[row]
        for column in range(size):
            target[column] = np.float32(total[column])


@kernel(allocates=False)
def displace(
    signal: np.ndarray, shift: np.ndarray, tremor: np.ndarray, brightest: np.float32, displaced: np.ndarray
) -> None:
    """Move the rows of a picture to the right, between its pixels by linear interpolation.

    What enters at a side is the mirror image of what lies there, but for vessels, which run straight on.

    Parameters
    ----------
    signal
        (H, W) float32. The picture.
    shift, tremor
        (H,) float64. By what each row is moved: the sum of both, px.
    brightest
        The mirror image is no brighter; what is brighter at the side itself runs on.
    displaced
        (H, W) float32. Takes the result.
    """
    height, width = signal.shape
    for row in range(height):
        for column in range(width):
            source = column - shift[row] - tremor[row]
            place = math.floor(source)
            weight = np.float32(source - place)
            left = signal[row, _mirrored(place, width)]
            right = signal[row, _mirrored(place + 1, width)]
            value = left + weight * (right - left)
            if not -0.5 <= source <= width - 0.5:
                side = signal[row, 0 if source < 0 else width - 1]
                value = side if side > brightest else min(value, brightest)
            displaced[row, column] = value


@kernel(allocates=False)
def _mirrored(place: int, width: int) -> int:
    """Column of a picture at which one beyond its sides shows the mirror image."""
    if place < 0:
        return -1 - place
    return place if place < width else 2 * width - 1 - place
