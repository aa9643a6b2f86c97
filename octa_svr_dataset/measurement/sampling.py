"""The samplings at which pictures of all sizes are measured."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.kernels import convolved

ASSUMED_WIDTH_MM = 3.0
"""Where the field of view is not known, filters are as wide as suits this one."""

FINE_PITCH_MM = 3.0 / 304
"""Vessels are measured at this pitch, that of the common 3 mm scans, or at the picture's own where that is coarser."""

COARSE_PITCH_MM = 2 * FINE_PITCH_MM
"""The avascular zone is measured at this pitch: half a capillary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledPicture:
    """A picture at a pitch that suits what is measured."""

    gray: np.ndarray
    """(S, S) float32. Gray levels from 0 to 255."""

    fov: FieldOfView
    """The whole field in S px."""

    def blurred(self, blur_mm: float) -> np.ndarray:
        """(S, S) float32. The picture, blurred by a Gaussian of this standard deviation."""
        return blurred(self.gray, self.fov.length_px(blur_mm))


def blurred(gray: np.ndarray, deviation_px: float) -> np.ndarray:
    """(H, W) float32. A picture, blurred by a Gaussian up to three of its standard deviations."""
    return np.asarray(convolved(np.ascontiguousarray(gray, dtype=np.float32), _bell(deviation_px)))


@lru_cache(maxsize=16)
def _bell(deviation_px: float) -> np.ndarray:
    """(2 R + 1,) float32. Weights of a Gaussian."""
    reach = int(3.0 * deviation_px + 0.5)
    weights = [math.exp(-0.5 * (step / deviation_px) ** 2) for step in range(-reach, reach + 1)]
    return (np.array(weights) / sum(weights)).astype(np.float32)


def fine(picture: np.ndarray, fov: FieldOfView) -> SampledPicture:
    """An (H, H) picture at the pitch for vessels; none is enlarged."""
    size_px = min(len(picture), max(round(fov.width_mm / FINE_PITCH_MM), 1))
    return _sampled(resized(picture, size_px, Image.Resampling.LANCZOS), fov.width_mm)


def coarse(picture: np.ndarray, fov: FieldOfView) -> SampledPicture:
    """An (H, H) picture at the pitch for the avascular zone."""
    size_px = max(round(fov.width_mm / COARSE_PITCH_MM), 1)
    return _sampled(resized(picture, size_px, Image.Resampling.BILINEAR), fov.width_mm)


def resized(picture: np.ndarray, size_px: int, resampling: Image.Resampling) -> np.ndarray:
    """(S, S) float32. An (H, H) picture with another number of pixels, gray levels kept from 0 to 255."""
    gray = np.asarray(picture, dtype=np.float32)
    if len(gray) == size_px:
        return gray
    enlarged_or_reduced = Image.fromarray(gray).resize((size_px, size_px), resampling)
    return np.asarray(np.clip(np.asarray(enlarged_or_reduced), 0.0, 255.0))


def _sampled(gray: np.ndarray, width_mm: float) -> SampledPicture:
    return SampledPicture(gray=gray, fov=FieldOfView(width_mm=width_mm, size_px=len(gray)))
