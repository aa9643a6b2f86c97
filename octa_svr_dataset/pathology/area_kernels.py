"""Loops over places in and around areas of dropout."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def add_levels(
    place: np.ndarray,
    layer: np.ndarray,
    center: np.ndarray,
    radius: np.ndarray,
    outline: np.ndarray,
    reach: float,
    level: np.ndarray,
) -> None:
    """Distance from the center of an area relative to its outline's, where that may matter.

    Parameters
    ----------
    place
        (K, 2 or more) float64. Places (x, y, ...), mm.
    layer
        (K,) uint8. Layer of each.
    center
        (2,) float64. Center (x, y), mm.
    radius
        (2,) float64. Mean radius in each layer, mm.
    outline
        (D,) float64. Distance of the outline from the center by direction, relative to the radius.
    reach
        Places farther from the center than this along x or y are left as they are, mm.
    level
        (K,) float64. Takes the result; changed in place.
    """
    num_directions = len(outline)
    for index in range(len(place)):
        x, y = place[index, 0] - center[0], place[index, 1] - center[1]
        if abs(x) >= reach or abs(y) >= reach:
            continue
        direction = math.atan2(y, x) * (num_directions / (2.0 * math.pi)) + num_directions / 2
        before = min(int(direction), num_directions - 1)
        share = direction - before
        first = outline[(before + num_directions // 2) % num_directions]
        second = outline[(before + num_directions // 2 + 1) % num_directions]
        level[index] = math.sqrt(x * x + y * y) / (radius[layer[index]] * (first * (1.0 - share) + second * share))
