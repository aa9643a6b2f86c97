"""How a scanner shows the flow: signal, unresolved mesh, noise and artifacts.

Everything random here is drawn before the vessels are looked at (`draw_acquisition`), in an order and
number that no lesion changes: quality tells nothing of the disease.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import ndimage

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView

LARGEST_VESSEL_SIGNAL = 0.95
"""Brightness of the largest vessels: decorrelation saturates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """One exposure of a scanner, drawn from `ImagingConfig`: scalars as named there, and noise fields."""

    optical_width_mm: float
    capillary_signal: float
    deep_signal: float
    mesh_signal: float
    mesh_contrast: float
    speckle: float
    noise_floor: float
    defocus_px: float
    vignetting: float
    gain: float
    gamma: float

    mesh: np.ndarray
    """(H, W) float32. Texture of the unresolved mesh, mean 0 and standard deviation 1."""

    grain: np.ndarray
    """(H, W) float32. Speckle, mean 0 and standard deviation 1."""

    floor: np.ndarray
    """(H, W) float32. Noise where nothing flows: Rayleigh distributed, mean 1."""

    row_gain: np.ndarray
    """(H, 1) float64. Factor on the brightness of each scan line."""

    row_offset: np.ndarray
    """(H, 1) float64. Brightness that motion lines add to each scan line."""

    @classmethod
    def draw(cls, config: ImagingConfig, fov: FieldOfView, rng: np.random.Generator) -> Self:
        """Draw the exposure of one picture."""
        size_px = fov.size_px
        scalars = {
            name: rng.uniform(*getattr(config, name))
            for name in (
                "optical_width_mm", "capillary_signal", "deep_signal", "mesh_signal", "mesh_contrast",
                "speckle", "noise_floor", "vignetting", "gain", "gamma",
            )
        }  # fmt: skip
        defocus_px = fov.length_px(rng.uniform(*config.defocus_mm))
        mesh_px = fov.length_px(rng.uniform(*config.mesh_scale_mm)) / 2.355
        grain_px = fov.length_px(rng.uniform(*config.noise_grain_mm))
        row_noise = rng.uniform(*config.row_noise)
        white = rng.standard_normal((4, size_px, size_px), dtype=np.float32)
        row_gain = 1.0 + row_noise * rng.standard_normal((size_px, 1))
        row_offset = np.zeros((size_px, 1))
        for _ in range(int(rng.integers(*config.motion_lines, endpoint=True))):
            row_offset[rng.integers(size_px)] += rng.uniform(*config.motion_line_contrast)
        return cls(
            **scalars,
            defocus_px=defocus_px,
            mesh=_standardized(_blurred(white[0], mesh_px) - _blurred(white[0], 2.0 * mesh_px)),
            grain=_standardized(_blurred(white[1], grain_px)),
            floor=_rayleigh(_blurred(white[2], grain_px), _blurred(white[3], grain_px)),
            row_gain=np.maximum(row_gain, 0.0),
            row_offset=row_offset,
        )

    def vessel_signal(self, radius_mm: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Brightness of vessels, nearly independent of the calibre of thin ones.

        Parameters
        ----------
        radius_mm
            (N,) float64. Radii, mm.
        depth
            (N,) float64. Depth in the slab, 0 at its surface and 1 at its bottom.
        """
        shine = 1.0 - np.clip(depth, 0.0, 1.0)
        capillary = self.capillary_signal * (self.deep_signal + (1.0 - self.deep_signal) * shine * np.sqrt(shine))
        calibre = np.sqrt(np.clip((radius_mm - 0.003) / 0.012, 0.0, 1.0))
        return np.asarray(capillary + (LARGEST_VESSEL_SIGNAL - capillary) * calibre)

    def expose(self, flow: np.ndarray, perfusion: np.ndarray) -> np.ndarray:
        """Take the picture.

        Parameters
        ----------
        flow
            (H, W) float64 in [0, 1]. Brightness of what is drawn.
        perfusion
            (H, W) float64 in [0, 1]. Local density of capillaries, 1 where it is that of a healthy eye.

        Returns
        -------
        (H, W) ndarray of uint8
            The picture.
        """
        mesh = self.mesh_signal * perfusion * np.maximum(1.0 + self.mesh_contrast * self.mesh, 0.0)
        signal = _blurred(1.0 - (1.0 - flow) * (1.0 - np.minimum(mesh, 1.0)), self.defocus_px)
        noisy = signal * np.maximum(1.0 + self.speckle * (1.0 - signal) * self.grain, 0.0)
        noisy += self.noise_floor * (1.0 - signal) * self.floor
        noisy = noisy * self.row_gain * self._vignette(flow.shape[0]) + self.row_offset
        brightness = self.gain * np.clip(noisy, 0.0, None) ** self.gamma
        return np.asarray(np.clip(np.rint(255.0 * brightness), 0, 255), dtype=np.uint8)

    def _vignette(self, size_px: int) -> np.ndarray:
        """(H, W) factor on the brightness: 1 at the center, least at the corners."""
        across = (np.arange(size_px) + 0.5) / size_px * 2.0 - 1.0
        return np.asarray(1.0 - self.vignetting * (across[None, :] ** 2 + across[:, None] ** 2) / 2.0)


def _blurred(image: np.ndarray, sigma_px: float) -> np.ndarray:
    return np.asarray(ndimage.gaussian_filter(image, sigma_px, truncate=3.0))


def _standardized(field: np.ndarray) -> np.ndarray:
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def _rayleigh(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    magnitude = np.sqrt(first * first + second * second)
    return np.asarray(magnitude / magnitude.mean(), dtype=np.float32)
