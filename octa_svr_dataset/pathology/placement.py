"""Draw the areas of capillary dropout of a diseased eye."""

import numpy as np

from octa_svr_dataset.config import DropoutConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.lesions import OUTLINE_HARMONICS, Dropout

PLACEMENT_TRIES = 60
"""An area of dropout that finds no free place in as many tries is left out; the first one always finds one."""

FOVEAL_CLEARANCE = 1.5
"""An area that stays farther from the fovea than this many avascular radii does not touch the avascular zone."""

INSIDE_MARGIN_MM = 0.25
"""The center of an area lies at least this far inside the field of view."""


def draw_dropouts(
    config: DropoutConfig, field_width_mm: float, fovea: Fovea, rng: np.random.Generator
) -> tuple[Dropout, ...]:
    """Draw areas of dropout that lie beside one another: a large one, and small ones."""
    dropouts: list[Dropout] = []
    for index in range(int(rng.integers(config.count[0], config.count[1], endpoint=True))):
        radius_mm = rng.uniform(*(config.small_radius_mm if index else config.large_radius_mm))
        center_mm = _free_place(config, field_width_mm, fovea, radius_mm, dropouts, rng)
        if center_mm is not None:
            dropouts.append(_dropout(config, center_mm, radius_mm, rng.uniform(*config.strength), rng))
    return tuple(dropouts)


def strongest_dropout(
    config: DropoutConfig, field_width_mm: float, fovea: Fovea, rng: np.random.Generator
) -> tuple[Dropout, ...]:
    """The one most visible area of dropout that the settings admit, as far inside the field as it may lie."""
    to_center_mm = field_width_mm / 2 - fovea.position_mm
    length_mm = float(np.linalg.norm(to_center_mm))
    direction = to_center_mm / length_mm if length_mm > 0 else np.array([0.0, 1.0])
    center_mm = fovea.position_mm + direction * (fovea.avascular_radius_mm + config.faz_distance_mm[0])
    return (_dropout(config, center_mm, config.large_radius_mm[1], config.strength[1], rng),)


def _free_place(
    config: DropoutConfig,
    field_width_mm: float,
    fovea: Fovea,
    radius_mm: float,
    others: list[Dropout],
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Center inside the field at which an area runs together with no other one; absent where none is found."""
    longest = 1.0 + config.irregularity
    is_fovea_taken = any(_adjoins_fovea(other.center_mm, longest * other.radius_mm, fovea) for other in others)
    for _ in range(PLACEMENT_TRIES):
        angle_rad = rng.uniform(0.0, 2.0 * np.pi)
        distance_mm = fovea.avascular_radius_mm + rng.uniform(*config.faz_distance_mm)
        center_mm = fovea.position_mm + distance_mm * np.array([np.cos(angle_rad), np.sin(angle_rad)])
        is_inside = np.all((center_mm >= INSIDE_MARGIN_MM) & (center_mm <= field_width_mm - INSIDE_MARGIN_MM))
        is_apart = all(
            np.linalg.norm(center_mm - other.center_mm) > longest * (radius_mm + other.radius_mm) for other in others
        )
        if is_inside and is_apart and not (is_fovea_taken and _adjoins_fovea(center_mm, longest * radius_mm, fovea)):
            return center_mm
    return None if others else np.clip(center_mm, INSIDE_MARGIN_MM, field_width_mm - INSIDE_MARGIN_MM)


def _adjoins_fovea(center_mm: np.ndarray, reach_mm: float, fovea: Fovea) -> bool:
    """Whether an area may touch the avascular zone; two that do would look like one."""
    distance_mm = float(np.linalg.norm(center_mm - fovea.position_mm))
    return distance_mm - reach_mm < FOVEAL_CLEARANCE * fovea.avascular_radius_mm


def _dropout(
    config: DropoutConfig, center_mm: np.ndarray, radius_mm: float, strength: float, rng: np.random.Generator
) -> Dropout:
    amplitude = rng.uniform(0.3, 1.0, size=len(OUTLINE_HARMONICS)) / OUTLINE_HARMONICS
    amplitude *= config.irregularity / amplitude.sum()
    return Dropout(
        center_mm=center_mm,
        radius_mm=radius_mm,
        strength=strength,
        outline_amplitude=amplitude,
        outline_phase_rad=rng.uniform(0.0, 2.0 * np.pi, size=len(OUTLINE_HARMONICS)),
        edge_softness=config.edge_softness,
    )
