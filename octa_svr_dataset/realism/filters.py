"""Responses of fixed filters, patch by patch: what tells two sets of pictures apart without being told what to see."""

import itertools

import numpy as np
from scipy import ndimage

from octa_svr_dataset.realism.sampling import standardized

PATCHES_PER_SIDE = 3
"""A picture is cut into 3 x 3 patches of 96 px."""

BLUR_PX = (0.0, 0.8, 1.6, 3.2, 6.4, 12.8)
"""The picture is taken apart into the differences between successive blurs (standard deviations, px)."""

SLOPE_BLUR_PX = (0.8, 1.6, 3.2)
"""Blurs at which slopes along rows and columns are compared (standard deviations, px)."""


def filter_features(image: np.ndarray) -> np.ndarray:
    """What fixed filters say of each patch of a picture.

    Parameters
    ----------
    image
        (H, H) uint8. The picture.

    Returns
    -------
    (9, 24) ndarray of float64
        Per patch, row by row: of each of 5 band passes the log standard deviation, skewness, kurtosis and the
        log local variability of its energy; of 3 scales the log ratio of vertical to horizontal slopes; the mean gray.
    """
    picture = standardized(image).astype(np.float64)
    blurred = [ndimage.gaussian_filter(picture, blur_px) for blur_px in BLUR_PX]
    columns = [patches(picture).mean(axis=1)]
    for finer, coarser in itertools.pairwise(blurred):
        response = patches(finer - coarser)
        spread = np.maximum(response.std(axis=1), 1e-3)
        shape = (response - response.mean(axis=1, keepdims=True)) / spread[:, None]
        skewness, kurtosis = (shape * shape * shape).mean(axis=1), ((shape * shape) ** 2).mean(axis=1)
        columns += [np.log(spread), skewness, kurtosis, np.log(_unevenness(finer - coarser))]
    for blur_px in SLOPE_BLUR_PX:
        down, across = (patches(ndimage.gaussian_filter(picture, blur_px, order=order)) for order in ((1, 0), (0, 1)))
        columns.append(np.log((down.std(axis=1) + 1e-3) / (across.std(axis=1) + 1e-3)))
    return np.stack(columns, axis=1)


def patches(field: np.ndarray) -> np.ndarray:
    """(9, P) pixels of each patch of an (S, S) field, row by row."""
    side = len(field) // PATCHES_PER_SIDE
    grid = field[: side * PATCHES_PER_SIDE, : side * PATCHES_PER_SIDE]
    blocks = grid.reshape(PATCHES_PER_SIDE, side, PATCHES_PER_SIDE, side).swapaxes(1, 2)
    return np.ascontiguousarray(blocks.reshape(PATCHES_PER_SIDE**2, -1))


def _unevenness(response: np.ndarray) -> np.ndarray:
    """(9,) variation of the local energy over each patch, relative to its mean."""
    energy = patches(ndimage.gaussian_filter(response**2, 6.0))
    return np.asarray((energy.std(axis=1) + 1e-3) / (energy.mean(axis=1) + 1e-3))
