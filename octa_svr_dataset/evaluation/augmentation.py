"""One picture as many other scanners might have shown it: augmentation that randomizes the domain.

What is drawn never depends on the picture, so it tells nothing of the disease.
"""

import numpy as np
from scipy import ndimage

ZOOM = (0.8, 1.2)
"""Factor on the size of what is shown."""

TILT_DEG = 20.0
"""Largest rotation beside the four quarter turns, deg."""

BLUR_SHARE = (0.0, 0.008)
"""Standard deviation of the blur, relative to the width of the picture; 0.008 of 3 mm are 24 um."""

SPECKLE = (0.0, 0.5)
"""Standard deviation of the multiplicative noise."""

ADDITIVE_NOISE = (0.0, 0.15)
"""Standard deviation of the additive noise, in units of the brightest pixel."""

GRAIN_SHARE = (0.0, 0.005)
"""Standard deviation of the grains of both noises, relative to the width of the picture."""

STRIPES = (0.0, 0.15)
"""Standard deviation of the brightness from one line to the next."""

VIGNETTING = (0.0, 0.6)
"""Loss of brightness at the corners, or gain where the center is the darker one."""

LOG_GAMMA = (-0.8, 0.8)
"""Natural logarithm of the exponent on the brightness: 0.45 to 2.2."""

CURVE_KNOTS = 5
"""Steps of the random monotone curve that brightness goes through besides."""

CUTOUT_SHARE = (0.0, 0.2)
"""Width and height of the erased rectangle, relative to the width of the picture."""


def augmented(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture turned, zoomed, blurred, made noisy, shaded, with another contrast and a part erased.

    Parameters
    ----------
    picture
        (S, S) uint8. Brightness.
    rng
        Source of chance; how much it gives depends on S alone.

    Returns
    -------
    (S, S) ndarray of float32
        Brightness in [0, 1].
    """
    seen = _turned(picture.astype(np.float32) / np.float32(255.0), rng)
    seen = ndimage.gaussian_filter(seen, rng.uniform(*BLUR_SHARE) * len(seen), truncate=3.0)
    seen = _noisy(seen, rng) * _shading(len(seen), rng)
    return _erased(_through_a_curve(np.clip(seen, 0.0, 1.0), rng), rng)


def _turned(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    picture = np.rot90(picture, int(rng.integers(4)))
    picture = picture[:, ::-1] if rng.random() < 0.5 else picture
    angle_rad, zoom = np.deg2rad(rng.uniform(-TILT_DEG, TILT_DEG)), rng.uniform(*ZOOM)
    to_source = np.array([[np.cos(angle_rad), -np.sin(angle_rad)], [np.sin(angle_rad), np.cos(angle_rad)]]) / zoom
    center_px = (np.array(picture.shape) - 1) / 2
    offset_px = center_px - to_source @ center_px
    return np.asarray(ndimage.affine_transform(picture, to_source, offset_px, order=1, mode="reflect"))


def _noisy(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture with speckle and additive noise; one grain serves both."""
    speckle, additive, grain_share = (rng.uniform(*limits) for limits in (SPECKLE, ADDITIVE_NOISE, GRAIN_SHARE))
    white = rng.standard_normal((2, *picture.shape), dtype=np.float32)
    grain = ndimage.gaussian_filter(white, grain_share * len(picture), truncate=3.0, axes=(1, 2))
    grain /= grain.std(axis=(1, 2), keepdims=True)
    return np.asarray(picture * (1.0 + speckle * grain[0]) + additive * grain[1], dtype=np.float32)


def _shading(size_px: int, rng: np.random.Generator) -> np.ndarray:
    """(S, S) factor on the brightness: stripes along one axis, and vignetting."""
    stripes = 1.0 + rng.uniform(*STRIPES) * rng.standard_normal((size_px, 1), dtype=np.float32)
    stripes = stripes.T if rng.random() < 0.5 else stripes
    across = np.linspace(-1.0, 1.0, size_px, dtype=np.float32)
    loss = rng.uniform(*VIGNETTING) * (across[None, :] ** 2 + across[:, None] ** 2) / 2.0
    factor = stripes * (1.0 - loss if rng.random() < 0.75 else 1.0 - loss.max() + loss)
    return np.asarray(factor, dtype=np.float32)


def _through_a_curve(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brightness through a random power, then through a random monotone curve from 0 to 1."""
    powered = picture ** np.float32(np.exp(rng.uniform(*LOG_GAMMA)))
    heights = np.concatenate([[0.0], np.cumsum(rng.uniform(0.3, 1.0, CURVE_KNOTS))])
    knots = np.linspace(0.0, 1.0, CURVE_KNOTS + 1)
    return np.asarray(np.interp(powered, knots, heights / heights[-1]), dtype=np.float32)


def _erased(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture with a rectangle of its mean brightness: nothing there to see, nor to take for dropout."""
    height_px, width_px = (int(rng.uniform(*CUTOUT_SHARE) * len(picture)) for _ in range(2))
    row, column = rng.integers(len(picture) - height_px), rng.integers(len(picture) - width_px)
    erased = picture.copy()
    erased[row : row + height_px, column : column + width_px] = picture.mean()
    return erased
