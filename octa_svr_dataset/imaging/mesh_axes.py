"""Which way the strands of the capillary mesh run.

Capillaries bridge the way from an arteriole to the next venule, so strands run across the larger vessels near them;
around the avascular zone they turn and follow its rim, as the terminal capillary ring does. In some deep pictures they
run toward the middles of lobules instead. A strand has an axis, not a direction: axes are averaged as squares of
complex numbers, in which opposite directions are the same.
"""

import math

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.fields import bell, blurred, resized
from octa_svr_dataset.imaging.raster import draw_network
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

PITCH_MM = 0.05
"""Pitch of the grid on which axes are drawn, mm."""

FINER = 2
"""Directions are given on a grid that is so many times finer."""

DIRECTION_STEPS = 4096.0
"""They are rounded to whole numbers of such parts of their length: the last digits of a sine depend on the processor,
and on them may depend which strand ends at which."""

WANDER_MM = 0.25
"""Distance over which the axis of strands changes at random, mm."""

RIM_MM = 0.1
"""Width of the ring of strands around the avascular zone, mm."""

LEAST_LOBULE_MM = 0.4
"""Lobules closer to one another than that are none: strands run across the larger vessels."""

CROSSED_RADIUS_MM = 0.007
"""Across superficial vessels of more than this radius, mm."""

REACH_MM = 0.08
"""Vessels are blurred by that, and the axes across them again (standard deviations), mm."""

TOWARD_FOVEA = 0.0004
"""Where no vessel is near, strands run toward the fovea: length of this axis; across vessels, the median is 0.0025."""


def strand_directions(
    drawn: dict[str, float], grid: FieldOfView, fovea: Fovea, vessels: VesselGraph, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Two (D, D) float64: steps to the right and down, along strands, of length 1; parameters as in `draw_mesh`."""
    coarse = FieldOfView(width_mm=grid.width_mm, size_px=math.ceil(grid.width_mm / PITCH_MM))
    num_knots = math.ceil(grid.width_mm / WANDER_MM) + 1
    knots = np.asarray(rng.standard_normal((num_knots, num_knots)), np.float32)
    wander = resized(knots, coarse.size_px).astype(np.float64)  # sines of float32 depend on the processor
    x_mm, y_mm = coarse.pixel_centers_mm()
    from_fovea_mm = (x_mm - fovea.position_mm[0]) + 1j * (y_mm - fovea.position_mm[1])
    rim_distance = (np.abs(from_fovea_mm) - fovea.avascular_radius_mm) / RIM_MM
    if drawn["mesh_lobule_mm"] >= LEAST_LOBULE_MM:
        axis = _squared(from_lobules(drawn["mesh_lobule_mm"], grid.width_mm, x_mm, y_mm, rng))
    else:
        axis = _unit(axes_across(vessels, coarse) + TOWARD_FOVEA * _squared(from_fovea_mm))
    along_rim = bell(rim_distance**2)
    axis = (1.0 - along_rim) * axis - along_rim * _squared(from_fovea_mm)
    turn_rad = 2.0 * drawn["mesh_wander_rad"] * wander
    axis = axis * (np.cos(turn_rad) + 1j * np.sin(turn_rad))
    parts = (resized(np.asarray(part, np.float32), FINER * coarse.size_px) for part in (axis.real, axis.imag))
    cosine, sine = (np.asarray(part, np.float64) for part in parts)
    cosine = cosine / np.maximum(np.hypot(cosine, sine), np.finfo(np.float64).tiny)  # of twice the angle
    right, down = (np.sqrt(np.clip(0.5 + part, 0.0, 1.0)) for part in (0.5 * cosine, -0.5 * cosine))
    right, down = (np.rint(DIRECTION_STEPS * part) / DIRECTION_STEPS for part in (right, np.copysign(down, sine)))
    return right, down


def axes_across(vessels: VesselGraph, grid: FieldOfView) -> np.ndarray:
    """(S, S) complex128. Squared axis across the larger superficial vessels; longer near them (structure tensor)."""
    segments = vessels.segments
    is_crossed = (vessels.radius_mm > CROSSED_RADIUS_MM) & (vessels.layer == VesselLayer.SUPERFICIAL)
    edges = np.stack((vessels.parent[segments], segments), axis=1)[is_crossed[segments]]
    radii_mm = np.full(edges.shape, grid.mm_per_px / 2)
    drawn = draw_network(grid, vessels.position_mm, edges, radii_mm, np.ones(len(vessels))).brightness
    reach_px = grid.length_px(REACH_MM)
    down, right = np.gradient(blurred(drawn, reach_px))
    squared = blurred(right * right - down * down, reach_px) + 1j * blurred(2.0 * right * down, reach_px)
    return np.asarray(squared, dtype=np.complex128)


def from_lobules(
    spacing_mm: float, width_mm: float, x_mm: np.ndarray, y_mm: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(S, S) complex128. Way to the right and, imaginary, down from the middle of the nearest lobule, mm.

    Middles lie on a square lattice, displaced at random; `x_mm` (1, S) and `y_mm` (S, 1) are the places.
    """
    count = math.ceil(width_mm / spacing_mm) + 1
    lattice_mm = spacing_mm * (np.stack(np.meshgrid(*(2 * [np.arange(count)])), axis=-1).reshape(-1, 2))
    middle_mm = lattice_mm + spacing_mm * rng.uniform(-0.4, 0.4, lattice_mm.shape)
    right_mm, down_mm = x_mm[..., None] - middle_mm[:, 0], y_mm[..., None] - middle_mm[:, 1]
    row, column = np.indices((y_mm.size, x_mm.size))
    nearest = (right_mm**2 + down_mm**2).argmin(axis=-1)
    return np.asarray(right_mm[0, column, nearest] + 1j * down_mm[row, 0, nearest])


def _squared(direction: np.ndarray) -> np.ndarray:
    """(S, S) complex128. Squared axis of length 1 of directions."""
    unit = _unit(direction)
    return np.asarray(unit * unit)


def _unit(number: np.ndarray) -> np.ndarray:
    """(S, S) complex128. Numbers brought to length 1."""
    return np.asarray(number / np.maximum(np.abs(number), np.finfo(np.float64).tiny))
