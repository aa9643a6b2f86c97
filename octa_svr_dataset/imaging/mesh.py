"""The capillary mesh that is too fine to be drawn: strands that lie side by side, combed across the larger vessels."""

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.fields import blurred, standardized
from octa_svr_dataset.imaging.mesh_axes import strand_directions
from octa_svr_dataset.imaging.mesh_kernels import comb
from octa_svr_dataset.vessel_graph import VesselGraph

LEAST_BLUR_PX = 0.9
"""Strands are at least 2.9 px from one another: those of finer ones would beat against the grid."""

FAINTEST = np.float32(1e-4)
"""In place of the 0 between strands, whose powers would underflow."""

LEAST_AMPLITUDE = np.float32(0.4)
"""Waves weaker than this share of the usual make no strand as bright as others."""


def draw_mesh(
    drawn: dict[str, float],
    grid: FieldOfView,
    fovea: Fovea,
    vessels: VesselGraph,
    white: np.ndarray,
    rng: np.random.Generator,
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
    vessels
        Vessels before any disease; strands run across the larger ones.
    white
        (L, L) float32. White noise.
    rng
        Stream of the imaging.
    """
    # the waves of the difference of Gaussians are 6.54 standard deviations long; finer strands than pixels do not show
    sigma_px = max(grid.length_px(drawn["mesh_scale_mm"]) / 3.27, LEAST_BLUR_PX)
    waves = blurred(white, sigma_px) - blurred(white, 2.0 * sigma_px)
    right, down = strand_directions(drawn, grid, fovea, vessels, rng)
    reach = round(grid.length_px(drawn["mesh_length_mm"]) / 4.0)
    waves = standardized(combed(combed(waves, right, down, reach), right, down, reach))
    waves /= np.sqrt(blurred(waves * waves, 3.0 * sigma_px)) + LEAST_AMPLITUDE
    broad = np.maximum(np.float32(1.0) - np.abs(waves), FAINTEST)
    thin = np.float32(drawn["mesh_sharpness"])
    cube = broad * broad * broad
    thinnest = cube * cube  # a power of float32 numbers depends on the processor
    strands = standardized((1.0 - thin) * broad + thin * thinnest)
    return np.asarray(np.maximum(1.0 + np.float32(drawn["mesh_contrast"]) * strands, np.float32(0.0)))


def combed(field: np.ndarray, right: np.ndarray, down: np.ndarray, reach: int) -> np.ndarray:
    """(H, W) float32. Mean of a field, (H, W) float32, along a short straight line through each pixel.

    Beyond its border, the field goes on as at it; the other parameters are those of `comb`.
    """
    mean = np.empty_like(field)
    comb(np.pad(field, reach + 1, mode="edge").ravel(), right, down, reach, mean)
    return mean
