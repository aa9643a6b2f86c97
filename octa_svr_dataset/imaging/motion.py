"""Eye movements during a scan: from some scan line on, everything is displaced."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView


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

    def displace(self, picture: np.ndarray, fov: FieldOfView) -> np.ndarray:
        """(H, W) picture or label map, its rows moved by whole pixels; what enters at the sides is mirrored there."""
        if not self.shift_mm.any():
            return picture
        across = np.arange(fov.size_px)
        shift_px = np.rint(fov.lengths_px(self.shift_at_mm((across + 0.5) / fov.size_px))).astype(np.int64)
        last = fov.size_px - 1
        column = last - np.abs(last - np.abs(across[None, :] - shift_px[:, None]))
        return np.take_along_axis(picture, column, axis=1)

    def to_row_col(self, position_mm: np.ndarray, fov: FieldOfView) -> np.ndarray:
        """(2,) picture coordinates (row, column), px, at which a point (x, y, ...), mm, is shown."""
        shift_mm = self.shift_at_mm(position_mm[1] / fov.width_mm)
        return fov.to_row_col(position_mm[:2] + np.array([shift_mm, 0.0]))
