"""Random fields and smooth pictures, of which an exposure is made."""

import numpy as np
from PIL import Image
from scipy import ndimage

FARTHEST = 40.0
"""Exponent at which a bell ends: products of smaller values are no float32 numbers."""


def bell(exponent: np.ndarray) -> np.ndarray:
    """Value of a bell, 1 at its middle, by the negative of its exponent."""
    return np.asarray(np.exp(-np.minimum(exponent, FARTHEST)))


def blurred(image: np.ndarray, sigma_px: float) -> np.ndarray:
    """(H, W). The field, smoothed by a Gaussian of that standard deviation, px."""
    return np.asarray(ndimage.gaussian_filter(image, sigma_px, truncate=3.0))


def resized(image: np.ndarray, size_px: int) -> np.ndarray:
    """(size_px, size_px) float32. The picture at another size, smoothed where that is smaller."""
    if len(image) == size_px:
        return image
    return np.asarray(Image.fromarray(image).resize((size_px, size_px), Image.Resampling.BICUBIC))


def standardized(field: np.ndarray) -> np.ndarray:
    """(H, W) float32. The field with mean 0 and standard deviation 1."""
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def speckle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intensity of fully developed speckle: exponentially distributed, mean 1 (Goodman 2007, chapter 3)."""
    intensity = first * first + second * second
    return np.asarray(intensity / intensity.mean(), dtype=np.float32)
