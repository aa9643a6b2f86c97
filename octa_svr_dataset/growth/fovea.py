"""Where the fovea lies, and how much room the growing vessels leave it."""

import math
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.config import GrowthConfig

SUPPRESSION_RADII_MM = (0.0, 0.10, 0.15, 0.20, 0.30, 0.44, 0.60, 0.80, 1.00, 1.20)
AVASCULAR_RADII_MM = {
    "scattered": (0.0, 0.087, 0.125, 0.167, 0.236, 0.328, 0.416, 0.526, 0.624, 0.704),
    "macular": (0.0, 0.090, 0.125, 0.161, 0.227, 0.302, 0.391, 0.498, 0.597, 0.695),
}
"""Radius of a circle as large as the avascular zone that growth leaves, by trunks and the radius of suppression.

Medians of at least 16 eyes each of the preset `healthy`; `tests/statistical/test_fovea.py` holds setting against
outcome.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fovea:
    """Where the fovea lies, and how far it keeps growing vessels off."""

    position_mm: np.ndarray
    """(2,) float64. Position (x, y) in the field of view, mm."""

    suppression_radius_mm: float
    """Radius of the zone in which growth is suppressed, mm (R in Kreitner et al. 2024)."""

    trunks: str = "scattered"
    """How the larger vessels run, as in `GrowthConfig.trunks`."""

    @property
    def avascular_radius_mm(self) -> float:
        """Radius of a circle as large as the avascular zone to be expected, mm."""
        return float(np.interp(self.suppression_radius_mm, SUPPRESSION_RADII_MM, AVASCULAR_RADII_MM[self.trunks]))


def suppression_radius_mm(area_mm2: float, trunks: str) -> float:
    """Radius in which growth has to be suppressed to leave an avascular zone of an area, mm."""
    return float(np.interp(math.sqrt(area_mm2 / math.pi), AVASCULAR_RADII_MM[trunks], SUPPRESSION_RADII_MM))


def draw_fovea(config: GrowthConfig, field_width_mm: float, rng: np.random.Generator) -> Fovea:
    """Draw the position of the fovea and the size of its avascular zone."""
    distance_mm = config.fovea_offset_mm * math.sqrt(rng.uniform())
    angle_rad = rng.uniform(0.0, 2.0 * math.pi)
    offset_mm = distance_mm * np.array([math.cos(angle_rad), math.sin(angle_rad)])
    median_mm = suppression_radius_mm(config.faz_area_median_mm2, config.trunks)
    radius_mm = median_mm * (1.0 + config.faz_radius_spread * rng.standard_normal())
    return Fovea(
        position_mm=field_width_mm / 2 + offset_mm,
        suppression_radius_mm=max(radius_mm, suppression_radius_mm(config.faz_area_least_mm2, config.trunks)),
        trunks=config.trunks,
    )
