"""The one place where millimeters become pixels, and where the field around the fovea gets its names.

The world is in millimeters, (x, y), x to the right and y down, with the origin at the upper left
corner of the field of view. A picture is in pixels, (row, column); pixel (0, 0) covers the square
from 0 to 1 on both axes, so its center lies at 0.5.
"""

from dataclasses import dataclass

import numpy as np

DIRECTIONS = ("right", "lower right", "lower", "lower left", "left", "upper left", "upper", "upper right")
"""Names of the eight 45 degree sectors of a picture, clockwise from the right."""

RING_LIMITS_MM = (0.5, 1.5, 3.0)
"""Radii of the ETDRS grid: fovea, parafovea and perifovea end here (ETDRS Research Group 1991, report 10)."""

RING_NAMES = ("fovea", "parafovea", "perifovea")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOfView:
    """A square field of the retina and the square picture taken of it."""

    width_mm: float
    """Width of the field, mm."""

    size_px: int
    """Width of the picture, px."""

    def __post_init__(self) -> None:
        if not self.width_mm > 0:
            raise ValueError(f"width_mm must be above 0, got {self.width_mm}")
        if self.size_px < 1:
            raise ValueError(f"size_px must be at least 1, got {self.size_px}")

    @property
    def mm_per_px(self) -> float:
        """Width of a pixel, mm."""
        return self.width_mm / self.size_px

    def length_px(self, length_mm: float) -> float:
        """Length in px of a length in mm."""
        return length_mm / self.mm_per_px

    def lengths_px(self, lengths_mm: np.ndarray) -> np.ndarray:
        """Lengths in px of an array of lengths in mm."""
        return lengths_mm / self.mm_per_px

    def area_mm2(self, area_px: float) -> float:
        """Area in mm2 of an area in px."""
        return area_px * self.mm_per_px**2

    def to_row_col(self, position_mm: np.ndarray) -> np.ndarray:
        """(..., 2 or more) positions (x, y, ...), mm, as (..., 2) picture coordinates (row, column), px."""
        return position_mm[..., 1::-1] / self.mm_per_px

    def to_mm(self, row_col: np.ndarray) -> np.ndarray:
        """(..., 2) picture coordinates (row, column), px, as (..., 2) positions (x, y), mm."""
        return row_col[..., ::-1] * self.mm_per_px

    def pixel_centers_mm(self) -> tuple[np.ndarray, np.ndarray]:
        """Pixel centers, mm: x of every column, (1, W), and y of every row, (H, 1)."""
        center_mm = (np.arange(self.size_px) + 0.5) * self.mm_per_px
        return center_mm[None, :], center_mm[:, None]


def direction_from_fovea(offset_mm: np.ndarray) -> str:
    """Name of the picture sector in which a point lies, seen from the fovea.

    Parameters
    ----------
    offset_mm
        (2,) position (x, y) relative to the fovea, mm.
    """
    angle_deg = np.degrees(np.arctan2(offset_mm[1], offset_mm[0]))
    return DIRECTIONS[int(np.floor((angle_deg + 22.5) / 45.0)) % 8]


def quadrant_from_fovea(offset_mm: np.ndarray, laterality: str) -> str:
    """ETDRS quadrant of a point: superior, inferior, nasal or temporal.

    Parameters
    ----------
    offset_mm
        (2,) position (x, y) relative to the fovea, mm.
    laterality
        "od" (right eye, the nasal side is at the right of the picture) or "os".
    """
    x_mm, y_mm = float(offset_mm[0]), float(offset_mm[1])
    if abs(y_mm) > abs(x_mm):
        return "inferior" if y_mm > 0 else "superior"
    return "nasal" if (x_mm > 0) == (laterality == "od") else "temporal"


def ring_of_distance(distance_mm: float) -> str:
    """ETDRS ring of a distance from the fovea, mm; beyond 3 mm it is still called perifovea."""
    for limit_mm, name in zip(RING_LIMITS_MM, RING_NAMES, strict=True):
        if distance_mm <= limit_mm:
            return name
    return RING_NAMES[-1]
