"""Loops of the drawing."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel()
def draw_segments(
    size: int,
    start: np.ndarray,
    end: np.ndarray,
    start_radius: np.ndarray,
    end_radius: np.ndarray,
    value: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw tapered segments by their exact distance, keeping the brightest value at each pixel.

    Parameters
    ----------
    size
        Width and height of the picture, px.
    start, end
        (M, 2) float64. Segment ends (row, column), px.
    start_radius, end_radius
        (M,) float64. Radii at the ends, px. A segment thinner than a pixel is drawn a pixel wide and
        dimmer in proportion, so that its total brightness does not depend on the resolution.
    value
        (M,) float64. Brightness of each segment in [0, 1].

    Returns
    -------
    image : (size, size) float64
        Brightness; 0 where nothing is drawn.
    drawn : (size, size) int32
        Index of the segment that is drawn there, -1 where none is.
    """
    image = np.zeros((size, size))
    drawn = np.full((size, size), -1, np.int32)
    for segment in range(start.shape[0]):
        row_0, column_0 = start[segment, 0], start[segment, 1]
        along_row, along_column = end[segment, 0] - row_0, end[segment, 1] - column_0
        length_sq = along_row * along_row + along_column * along_column
        reach = max(start_radius[segment], end_radius[segment], 0.5) + 0.5
        first_row = max(math.floor(min(row_0, row_0 + along_row) - reach), 0)
        last_row = min(math.ceil(max(row_0, row_0 + along_row) + reach), size)
        first_column = max(math.floor(min(column_0, column_0 + along_column) - reach), 0)
        last_column = min(math.ceil(max(column_0, column_0 + along_column) + reach), size)
        for row in range(first_row, last_row):
            for column in range(first_column, last_column):
                down = row + 0.5 - row_0
                right = column + 0.5 - column_0
                share = 0.0
                if length_sq > 0.0:
                    share = min(max((down * along_row + right * along_column) / length_sq, 0.0), 1.0)
                down -= share * along_row
                right -= share * along_column
                radius = start_radius[segment] + share * (end_radius[segment] - start_radius[segment])
                dimming = min(2.0 * radius, 1.0)
                radius = max(radius, 0.5)
                coverage = min(max(radius + 0.5 - math.sqrt(down * down + right * right), 0.0), 1.0)
                brightness = value[segment] * coverage * dimming
                if brightness > image[row, column]:
                    image[row, column] = brightness
                    drawn[row, column] = segment
    return image, drawn
