"""Eye movements during a scan: from some scan line on, everything is displaced.

Signal and label maps may have different grids; they move alike to within half a scan line and half a pixel.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.fields import median
from octa_svr_dataset.imaging.signal_kernels import displace

ENTERING_BRIGHTNESS = 1.3
"""What enters at the sides mirrors what is no brighter than so many times the median of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeMotion:
    """Where the eye has moved between two of the scan lines, which run from left to right."""

    start: np.ndarray
    """(S,) float64 in [0, 1], ascending. Where movements happen, as a share of the height of the picture."""

    shift_mm: np.ndarray
    """(S + 1,) float64. Displacement to the right before the first movement, and after each one, mm."""

    @classmethod
    def draw(cls, config: ImagingConfig, rng: np.random.Generator) -> Self:
        """Draw the movements of one scene."""
        count = int(rng.integers(*config.saccades, endpoint=True))
        start = np.sort(rng.uniform(size=count))
        jump_mm = rng.choice((-1.0, 1.0), size=count) * rng.uniform(*config.saccade_mm, size=count)
        farthest_mm = 2.0 * config.saccade_mm[1]
        shift_mm = np.concatenate(([0.0], np.clip(np.cumsum(jump_mm), -farthest_mm, farthest_mm)))
        return cls(start=start, shift_mm=shift_mm)

    def shift_at_mm(self, share: np.ndarray) -> np.ndarray:
        """(...) float64. Displacement at (...) shares of the height, mm."""
        return self.shift_mm[np.searchsorted(self.start, share, side="right")]

    def strip_of_line(self, fov: FieldOfView) -> np.ndarray:
        """(H,) int64. Number of the strip between two movements to which each row belongs, from 0."""
        return np.searchsorted(self.start, (np.arange(fov.size_px) + 0.5) / fov.size_px, side="right")

    def displace_signal(self, signal: np.ndarray, fov: FieldOfView, tremor_px: np.ndarray) -> np.ndarray:
        """(H, W) float32 signal, its rows moved; what enters at the sides mirrors the texture there.

        Mirrored vessels and lesions would be there twice: nothing mirrored is brighter than most of the picture. What
        is brighter at a side runs straight on to the new one, or vessels would end before it.

        Parameters
        ----------
        signal
            (H, W) float32.
        fov
            Its field of view and size.
        tremor_px
            (H,) float64. What each row is moved by besides, px.
        """
        if not (self.shift_mm.any() or tremor_px.any()):
            return signal
        displaced = np.empty_like(signal)
        shift_px = fov.lengths_px(self.shift_mm[self.strip_of_line(fov)])
        displace(signal, shift_px, tremor_px, np.float32(ENTERING_BRIGHTNESS * median(signal)), displaced)
        return displaced

    def displace_labels(self, labels: np.ndarray, fov: FieldOfView) -> np.ndarray:
        """(H, W) label map, its rows moved by whole pixels; what enters at the sides is 0."""
        if not (self.shift_mm.any() and labels.any()):
            return labels
        first = np.searchsorted(self.strip_of_line(fov), np.arange(len(self.shift_mm) + 1))
        moved = np.zeros_like(labels)
        for strip, shift_px in enumerate(fov.lengths_px(self.shift_mm)):
            column = np.rint(np.arange(fov.size_px) - shift_px).astype(np.int64)
            target = np.flatnonzero((column >= 0) & (column < fov.size_px))
            rows = slice(first[strip], first[strip + 1])
            moved[rows, target] = labels[rows, column[target]]
        return moved

    def to_row_col(self, position_mm: np.ndarray, fov: FieldOfView) -> np.ndarray:
        """(2,) picture coordinates (row, column), px, at which a point (x, y, ...), mm, is shown."""
        shift_mm = self.shift_at_mm(position_mm[1] / fov.width_mm)
        return fov.to_row_col(position_mm[:2] + np.array([shift_mm, 0.0]))
