"""Random fields and smooth pictures, of which an exposure is made."""

import numpy as np
from PIL import Image

from octa_svr_dataset.imaging.signal_kernels import smooth

BLUR_REACH = 3.0
"""A Gaussian ends at so many standard deviations."""

FARTHEST = 40.0
"""Exponent at which a bell ends: products of smaller values are no float32 numbers."""


def bell(exponent: np.ndarray) -> np.ndarray:
    """Value of a bell, 1 at its middle, by the negative of its exponent."""
    return np.asarray(np.exp(-np.minimum(exponent, FARTHEST)))


def blurred(image: np.ndarray, sigma_px: float) -> np.ndarray:
    """(H, H) float32. The field, smoothed by a Gaussian of that standard deviation, px; mirrored at its border."""
    size, reach = len(image), int(BLUR_REACH * sigma_px + 0.5)
    if reach == 0:
        return image.copy()
    weights = np.exp(-0.5 / (sigma_px * sigma_px) * np.arange(-reach, reach + 1) ** 2)
    source = np.arange(-reach, size + reach) % (2 * size)
    source = np.where(source < size, source, 2 * size - 1 - source)
    blurred = np.empty_like(image)
    smooth(image, (weights / weights.sum())[reach:], source, np.empty(size), np.empty(size + 2 * reach), blurred)
    return blurred


def median(image: np.ndarray) -> float:
    """Median of float32 numbers; of an even number of them, the mean of the middle two in their own precision."""
    middle = image.size // 2
    partitioned = np.partition(image, middle, axis=None)
    upper = partitioned[middle]
    return float(upper if image.size % 2 else (partitioned[:middle].max() + upper) / np.float32(2.0))


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
