"""Shadows of what floats in the vitreous: soft dark places that are no disease, the same in every class."""

import math

import numpy as np

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView

LEAST_DEPTH = 0.3
"""The faintest shadows take this share of what the deepest ones take."""

LEAST_SIZE = 0.5
"""The smallest ones are as large as this share of the largest."""

ELONGATIONS = (1.0, 2.0)
"""Length over width."""

REACH = 1.5
"""A shadow ends at so many radii; it has half of its depth at one."""


def draw_shadow(config: ImagingConfig, grid: FieldOfView, rng: np.random.Generator) -> np.ndarray:
    """(L, L) float32. Share of the light that is left under an opacity of the vitreous; 1 where there is none.

    As many numbers are drawn with a shadow as without. The place is anywhere in the field.

    Parameters
    ----------
    config
        Settings of the picture.
    grid
        The scanner's grid, L points wide.
    rng
        Stream of the imaging.
    """
    chance, depth, size, elongation, angle, x, y = rng.uniform(size=7).tolist()
    light = np.ones((grid.size_px, grid.size_px), np.float32)
    if chance >= config.floater_probability:
        return light
    depth = config.floater_depth * (LEAST_DEPTH + (1.0 - LEAST_DEPTH) * depth)
    radius_mm = config.floater_radius_mm * (LEAST_SIZE + (1.0 - LEAST_SIZE) * size)
    stretch = math.sqrt(ELONGATIONS[0] + (ELONGATIONS[1] - ELONGATIONS[0]) * elongation)
    x_mm, y_mm = grid.pixel_centers_mm()
    right, down = x_mm - x * grid.width_mm, y_mm - y * grid.width_mm
    cosine, sine = math.cos(math.pi * angle), math.sin(math.pi * angle)
    along, across = (right * cosine + down * sine) / stretch, (down * cosine - right * sine) * stretch
    inward = np.clip(1.0 - np.sqrt(along * along + across * across) / (REACH * radius_mm), 0.0, 1.0)
    rise = np.minimum(inward * 1.5, 1.0)
    return np.asarray(light - depth * rise * rise * (3.0 - 2.0 * rise), dtype=np.float32)
