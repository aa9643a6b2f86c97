"""Pictures of the same mean brightness: what a scanner's gain alone, or the loss of capillaries alone, gives away.

A reader that is given such pictures must judge by the mesh and its gaps.
"""

import numpy as np
from PIL import Image

NUM_LEVELS = 256
"""Gray levels of a picture of 8 bits."""

_NUM_HALVINGS = 30
"""Of the span in which the factor lies, from 0 to what makes the darkest gray white."""


def equalized(picture: Image.Image, mean_gray: float) -> Image.Image:
    """A picture of which every pixel is brighter by one factor, so that their mean is as asked; white is the limit.

    Parameters
    ----------
    picture
        Of any mode; becomes 8-bit gray.
    mean_gray
        Mean gray level, above 0 and below 255; the mean of the result is within half a level of it. A black picture
        stays as it is, as does one with so many black pixels that the rest cannot make up for them.
    """
    gray = picture.convert("L")
    counts = np.array(gray.histogram(), dtype=np.float64)
    levels = np.arange(NUM_LEVELS)
    if mean_gray >= (NUM_LEVELS - 1) * counts[1:].sum() / counts.sum():
        return gray
    low, high = 0.0, float(NUM_LEVELS)
    for _ in range(_NUM_HALVINGS):
        factor = (low + high) / 2.0
        is_too_dark = (_scaled(levels, factor) * counts).sum() < mean_gray * counts.sum()
        low, high = (factor, high) if is_too_dark else (low, factor)
    return gray.point([int(level) for level in _scaled(levels, (low + high) / 2.0)])


def _scaled(levels: np.ndarray, factor: float) -> np.ndarray:
    return np.minimum(np.rint(levels * factor), NUM_LEVELS - 1)
