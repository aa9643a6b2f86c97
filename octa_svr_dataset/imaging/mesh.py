"""The capillary mesh that is too fine to be drawn: strands that lie side by side, combed toward the fovea.

Around the avascular zone they turn and follow its rim, as the terminal capillary ring does.
"""

import math

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.fields import bell, blurred, resized, standardized
from octa_svr_dataset.imaging.mesh_kernels import comb

LEAST_BLUR_PX = 0.9
"""Strands are at least 2.9 px from one another: those of finer ones would beat against the grid."""

FAINTEST = np.float32(1e-4)
"""In place of the 0 between strands, whose powers would underflow."""

THINNEST = 6
"""Exponent that makes the thinnest strands of the broadest ones."""

LEAST_AMPLITUDE = np.float32(0.4)
"""Waves weaker than this share of the usual make no strand as bright as others."""

DIRECTION_MM = 0.05
"""Pitch of the grid on which directions are drawn, mm."""

WANDER_MM = 0.25
"""Distance over which the direction of strands changes, mm."""

RIM_MM = 0.1
"""Width of the ring of strands around the avascular zone, mm."""

LEAST_LOBULE_MM = 0.4
"""Lobules closer to one another than that are none: strands run toward the fovea."""


def draw_mesh(
    drawn: dict[str, float], grid: FieldOfView, fovea: Fovea, white: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Brightness of the mesh, mean about 1.

    Strands run where a field of waves twice as long as their distance changes its sign. Combed along a field of
    directions, the waves become long and so do the strands (line integral convolution, Cabral and Leedom 1993).

    Parameters
    ----------
    drawn
        Settings of the picture (`mesh_...`).
    grid
        The scanner's grid of L lines.
    fovea
        Where the fovea lies, and how wide its avascular zone is before any disease.
    white
        (L, L) float32. White noise.
    rng
        Stream of the imaging.
    """
    # the waves of the difference of Gaussians are 6.54 standard deviations long; finer strands than pixels do not show
    sigma_px = max(grid.length_px(drawn["mesh_scale_mm"]) / 3.27, LEAST_BLUR_PX)
    waves = blurred(white, sigma_px) - blurred(white, 2.0 * sigma_px)
    right, down = _directions(grid, fovea, drawn["mesh_wander_rad"], drawn["mesh_lobule_mm"], rng)
    reach = round(grid.length_px(drawn["mesh_length_mm"]) / 4.0)
    waves = standardized(combed(combed(waves, right, down, reach), right, down, reach))
    waves /= np.sqrt(blurred(waves * waves, 3.0 * sigma_px)) + LEAST_AMPLITUDE
    broad = np.maximum(np.float32(1.0) - np.abs(waves), FAINTEST)
    thin = np.float32(drawn["mesh_sharpness"])
    strands = standardized((1.0 - thin) * broad + thin * broad**THINNEST)
    return np.asarray(np.maximum(1.0 + np.float32(drawn["mesh_contrast"]) * strands, np.float32(0.0)))


def combed(field: np.ndarray, right: np.ndarray, down: np.ndarray, reach: int) -> np.ndarray:
    """(H, W) float32. Mean of a field, (H, W) float32, along a short straight line through each pixel.

    Beyond its border, the field goes on as at it; the other parameters are those of `comb`.
    """
    mean = np.empty_like(field)
    comb(np.pad(field, 2 * reach + 1, mode="edge").ravel(), right, down, reach, mean)
    return mean


def _directions(
    grid: FieldOfView, fovea: Fovea, wander_rad: float, lobule_mm: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Two (L, L) float32: steps to the right and down, along strands."""
    size = math.ceil(grid.width_mm / DIRECTION_MM)
    num_knots = math.ceil(grid.width_mm / WANDER_MM) + 1
    wander = resized(np.asarray(rng.standard_normal((num_knots, num_knots)), np.float32), size)
    x_mm, y_mm = FieldOfView(width_mm=grid.width_mm, size_px=size).pixel_centers_mm()
    right_mm, down_mm = x_mm - fovea.position_mm[0], y_mm - fovea.position_mm[1]
    rim_distance = (np.hypot(right_mm, down_mm) - fovea.avascular_radius_mm) / RIM_MM
    if lobule_mm >= LEAST_LOBULE_MM:
        right_mm, down_mm = from_lobules(lobule_mm, grid.width_mm, x_mm, y_mm, rng)
    turn_rad = math.pi / 2 * bell(rim_distance**2)
    angle_rad = np.arctan2(down_mm, right_mm) + turn_rad + wander_rad * wander
    right, down = (
        resized(np.asarray(part, np.float32), grid.size_px) for part in (np.cos(angle_rad), np.sin(angle_rad))
    )
    return right, down


def from_lobules(
    spacing_mm: float, width_mm: float, x_mm: np.ndarray, y_mm: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Two (S, S) float64: way to the right and down from the middle of the nearest lobule, mm.

    Middles lie on a square lattice, displaced at random; `x_mm` (1, S) and `y_mm` (S, 1) are the places.
    """
    count = math.ceil(width_mm / spacing_mm) + 1
    lattice_mm = spacing_mm * (np.stack(np.meshgrid(*(2 * [np.arange(count)])), axis=-1).reshape(-1, 2))
    middle_mm = lattice_mm + spacing_mm * rng.uniform(-0.4, 0.4, lattice_mm.shape)
    right_mm, down_mm = x_mm[..., None] - middle_mm[:, 0], y_mm[..., None] - middle_mm[:, 1]
    row, column = np.indices((y_mm.size, x_mm.size))
    nearest = (right_mm**2 + down_mm**2).argmin(axis=-1)
    return right_mm[0, column, nearest], down_mm[row, 0, nearest]
