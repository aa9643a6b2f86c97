"""The one sampling at which pictures of different sizes are measured."""

import numpy as np
from PIL import Image

from octa_svr_dataset.measurement.sampling import resized

SIZE_PX = 304
"""Every picture is brought to this width first, that of the common 3 mm scans; frequencies are cycles per picture."""

MARGIN_PX = 8
"""Cut off every side after that: published pictures have dark frames and damaged borders there."""


def standardized(image: np.ndarray) -> np.ndarray:
    """A picture at the common sampling, its border cut off.

    Lanczos resampling keeps the power of all that the smaller sampling can show; averaging over areas would take a
    third of a dex from the finest band.

    Parameters
    ----------
    image
        (H, H) uint8 or float. Picture, gray levels from 0 to 255.

    Returns
    -------
    (S, S) ndarray of float32
        Gray levels; S is 288.
    """
    if image.ndim != 2 or image.shape[0] != image.shape[1]:
        raise ValueError(f"image must be square and gray, got the shape {image.shape}")
    picture = resized(image, SIZE_PX, Image.Resampling.LANCZOS)
    return picture[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def standardized_mask(mask: np.ndarray) -> np.ndarray:
    """(S, S) bool. A (H, H) mask at the common sampling, its border cut off."""
    return standardized(np.where(mask, np.float32(255.0), np.float32(0.0))) >= 127.5
