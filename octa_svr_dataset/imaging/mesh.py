"""The capillary mesh that is too fine to be drawn: strands that lie side by side, across the larger vessels."""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.fields import blurred, resized, standardized
from octa_svr_dataset.imaging.mesh_axes import strand_directions
from octa_svr_dataset.imaging.mesh_kernels import NONE, STEP_PX, lay_strands
from octa_svr_dataset.vessel_graph import VesselGraph

LEAST_DISTANCE_PX = 2.2
"""Strands are no nearer to one another: those of finer ones would not be told apart."""

CROWDING, CROWDING_MM = 0.25, 0.25
"""Standard deviation of the distance between strands over the field, relative to its mean, and over which length it
varies, mm."""

FARTHEST = 2.0
"""In crowding standard deviations, the most that it deviates."""

SEEDS = 2.0
"""Seeds of strands in a square as wide as their distance: most find it taken."""

BEND = 0.36
"""Standard deviation by which the bend of a strand changes at each step, as the tangent of its angle."""

JOINING = 0.45
"""Strands join those that come nearer than this share of their distance."""

STRAND_PX = 0.5
"""Blur of thin strands (standard deviation), px."""

MOST_NEED = 0.65
"""Local density of capillaries that the neediest strands need, where 1 is that of a healthy eye; others need less, down
to nothing."""

PRUNING = 0.2
"""Difference of that density between no strand and all of it."""

BROAD = 0.4
"""Blur of broad ones, as a share of their distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """The capillary mesh over a scanner's grid of L lines."""

    brightness: np.ndarray
    """(L, L) float32. Brightness where all strands are perfused, mean about 1; up to 1.4 where contrast is highest."""

    need: np.ndarray
    """(L, L) float32 in [0, 1]. Local density of capillaries from which on the nearest strand is perfused."""

    def perfused(self, perfusion: np.ndarray) -> np.ndarray:
        """(L, L) float32. Brightness where the local density of capillaries, (L, L) float32, is 1 in a healthy eye."""
        is_perfused = np.clip((perfusion - self.need) / np.float32(PRUNING), 0.0, 1.0)
        return np.asarray(self.brightness * is_perfused)


def draw_mesh(
    drawn: dict[str, float],
    grid: FieldOfView,
    fovea: Fovea,
    vessels: VesselGraph,
    white: np.ndarray,
    rng: np.random.Generator,
) -> Mesh:
    """The mesh of one picture.

    Parameters
    ----------
    drawn
        Settings of the picture (`mesh_...`).
    grid
        The scanner's grid of L lines.
    fovea
        Where the fovea lies, and how wide its avascular zone is before any disease.
    vessels
        Vessels before any disease; strands run across the larger ones.
    white
        (L, L) float32. White noise.
    rng
        Stream of the imaging.
    """
    right, down = strand_directions(drawn, grid, fovea, vessels, rng)
    size_px = grid.size_px
    distance_px = max(grid.length_px(drawn["mesh_scale_mm"]), LEAST_DISTANCE_PX)
    num_knots = round(grid.width_mm / CROWDING_MM) + 1
    crowding = resized(np.asarray(rng.standard_normal((num_knots, num_knots)), np.float32), size_px)
    num_seeds = round(SEEDS * (size_px / distance_px) ** 2)
    reach = round(max(grid.length_px(drawn["mesh_length_mm"]) / 2.0, distance_px) / STEP_PX)
    density, needed = np.zeros((2, size_px, size_px), np.float32)
    lay_strands(
        rng.uniform(0.0, size_px, (num_seeds, 2)),
        1.0 / (1.0 - drawn["mesh_inequality"] * rng.random(num_seeds)),
        rng.uniform(0.0, MOST_NEED, num_seeds),
        right,
        down,
        np.float32(distance_px) * (1.0 + np.float32(CROWDING) * np.clip(crowding, -FARTHEST, FARTHEST)),
        BEND * white.ravel().astype(np.float64),
        JOINING,
        np.empty((2 * reach + 1, 2)),
        np.zeros((size_px, size_px), np.bool_),
        np.full((size_px, size_px), NONE, np.int32),
        density,
        needed,
    )
    thin = np.float32(drawn["mesh_sharpness"])
    strands = standardized(
        (1.0 - thin) * standardized(blurred(density, BROAD * distance_px))
        + thin * standardized(blurred(density, STRAND_PX))
    )
    return Mesh(brightness=np.maximum(1.0 + np.float32(drawn["mesh_contrast"]) * strands, np.float32(0.0)), need=needed)
