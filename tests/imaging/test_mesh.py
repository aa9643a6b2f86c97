"""The unresolved mesh: strands that run across the larger vessels, or a foam."""

import numpy as np
import pytest

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.mesh import combed, draw_mesh
from octa_svr_dataset.imaging.mesh_axes import axes_across, from_lobules
from octa_svr_dataset.imaging.mesh_kernels import FRACTION_BITS, HALF, WHOLE
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

GRID = FieldOfView(width_mm=3.0, size_px=200)
FOVEA_MM = np.array([1.3, 1.6])
FOVEA = Fovea(position_mm=FOVEA_MM, suppression_radius_mm=0.44)
SETTINGS = {
    "mesh_scale_mm": 0.05,
    "mesh_length_mm": 0.4,
    "mesh_wander_rad": 0.0,
    "mesh_lobule_mm": 0.0,
    "mesh_sharpness": 0.5,
    "mesh_contrast": 0.5,
}


def straight_vessels(
    *ends_mm: list[list[float]], radius_mm: float = 0.015, layer: VesselLayer = VesselLayer.SUPERFICIAL
) -> VesselGraph:
    """A vessel between each two ends (x, y)."""
    position_mm = np.zeros((2 * len(ends_mm), 3))
    position_mm[:, :2] = np.reshape(ends_mm, (-1, 2))
    parent = np.arange(-1, len(position_mm) - 1)
    parent[::2] = -1
    nothing = np.zeros(len(position_mm))
    return VesselGraph(
        position_mm=position_mm, parent=parent, radius_mm=nothing + radius_mm, kind=nothing, layer=nothing + layer
    )


NO_VESSELS = straight_vessels([[0.1, 0.1], [0.1, 2.9]], radius_mm=0.003)
"""None, that is, which is large enough to be crossed."""


def mesh(seed: int, vessels: VesselGraph = NO_VESSELS, **changes: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((GRID.size_px, GRID.size_px), dtype=np.float32)
    return draw_mesh(SETTINGS | changes, GRID, FOVEA, vessels, white, rng)


def change_across_to_along(image: np.ndarray, is_counted: np.ndarray | None = None) -> float:
    """Mean squared slope across the line to the fovea over that along it."""
    down, right = np.gradient(image)
    x_mm, y_mm = GRID.pixel_centers_mm()
    angle_rad = np.arctan2(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0])
    if is_counted is None:
        is_counted = np.hypot(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0]) > 0.6
    along = right * np.cos(angle_rad) + down * np.sin(angle_rad)
    across = down * np.cos(angle_rad) - right * np.sin(angle_rad)
    return float((across[is_counted] ** 2).mean() / (along[is_counted] ** 2).mean())


def test_strands_run_across_the_larger_superficial_vessels():
    """Those here lie upright: slopes are then down the picture, but around the avascular zone."""
    ends_mm = [[[x_mm, 0.0], [x_mm, 3.0]] for x_mm in (0.3, 0.8, 1.3, 1.8, 2.3, 2.8)]
    x_mm, y_mm = GRID.pixel_centers_mm()
    is_away = np.hypot(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0]) > 0.6
    for seed in range(3):
        down_to_right = {}
        for radius_mm, layer in ((0.015, 0), (0.015, 1), (0.005, 0)):
            vessels = straight_vessels(*ends_mm, radius_mm=radius_mm, layer=VesselLayer(layer))
            down, right = np.gradient(mesh(seed, vessels))
            down_to_right[radius_mm, layer] = (down[is_away] ** 2).mean() / (right[is_away] ** 2).mean()
        assert down_to_right.pop((0.015, 0)) > 3.0
        assert all(0.5 < ratio < 2.0 for ratio in down_to_right.values())


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 135.0])
def test_the_axis_across_a_vessel_is_at_right_angles_to_it(angle_deg):
    along = np.exp(1j * np.radians(angle_deg))
    ends_mm = [[1.5 + sign * part for part in (along.real, along.imag)] for sign in (-1.4, 1.4)]
    axis = axes_across(straight_vessels(ends_mm), FieldOfView(width_mm=3.0, size_px=60))
    middle = axis[20:40, 20:40]
    is_near = np.abs(middle) > 0.3 * np.abs(axis).max()
    assert is_near.sum() > 50
    np.testing.assert_allclose(middle[is_near] / np.abs(middle[is_near]), -(along**2), atol=0.1)


def test_strands_run_toward_the_fovea_where_there_are_no_vessels_as_far_as_they_do_not_wander():
    for seed in range(3):
        ratios = [change_across_to_along(mesh(seed, mesh_wander_rad=wander)) for wander in (0.0, 0.6, 3.0)]
        assert ratios[0] > 3.5
        assert ratios[0] > 1.5 * ratios[1] > 1.5 * 1.3 * ratios[2]
        assert ratios[2] < 1.5


def test_strands_follow_the_rim_of_the_avascular_zone():
    x_mm, y_mm = GRID.pixel_centers_mm()
    distance_mm = np.hypot(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0])
    is_at_rim = np.abs(distance_mm - FOVEA.avascular_radius_mm) < 0.04
    for seed in range(3):
        assert change_across_to_along(mesh(seed), is_at_rim) < 0.6


def test_strands_run_toward_the_middles_of_lobules_where_there_are_some():
    """Seen from the fovea, strands then run in all directions; seen from the right middle, along."""
    for seed in range(3):
        assert change_across_to_along(mesh(seed, mesh_lobule_mm=0.6)) < 1.5 < change_across_to_along(mesh(seed))
        assert not np.array_equal(mesh(seed, mesh_lobule_mm=0.6), mesh(seed, mesh_lobule_mm=0.8))
        np.testing.assert_array_equal(mesh(seed, mesh_lobule_mm=0.39), mesh(seed))


def test_the_middle_of_a_lobule_is_the_nearest_of_a_jittered_lattice():
    x_mm, y_mm = GRID.pixel_centers_mm()
    way_mm = from_lobules(0.6, GRID.width_mm, x_mm, y_mm, np.random.default_rng(0))
    right_mm, down_mm = way_mm.real, way_mm.imag
    middles_mm = np.unique(np.round(np.stack([x_mm - right_mm, y_mm - down_mm], axis=-1).reshape(-1, 2), 9), axis=0)
    ways_mm = np.linalg.norm(np.stack(np.broadcast_arrays(x_mm, y_mm), axis=-1)[:, :, None] - middles_mm, axis=-1)
    np.testing.assert_allclose(np.hypot(right_mm, down_mm), ways_mm.min(axis=-1), atol=1e-6)
    assert 16 <= len(middles_mm) <= 36


def test_without_length_the_mesh_is_a_foam():
    for seed in range(3):
        assert change_across_to_along(mesh(seed, mesh_length_mm=0.0)) == pytest.approx(1.0, abs=0.15)


def test_the_mean_and_the_contrast_of_the_mesh_are_those_set():
    for seed in range(3):
        image = mesh(seed)
        assert image.mean() == pytest.approx(1.0, abs=0.02)
        assert image.std() == pytest.approx(0.5, abs=0.02)


def test_combing_takes_the_mean_along_the_line_and_the_border_goes_on():
    field = np.arange(12, dtype=np.float32).reshape(3, 4)
    right, down = np.ones_like(field), np.zeros_like(field)
    expected = np.stack([np.pad(row, 1, mode="edge") for row in field])
    expected = (expected[:, :-2] + expected[:, 1:-1] + expected[:, 2:]) / 3
    np.testing.assert_allclose(combed(field, right, down, 1), expected, rtol=1e-6)
    np.testing.assert_allclose(combed(field, right, down, 0), field)


@pytest.mark.parametrize("reach", [0, 3, 14])
def test_combing_takes_the_nearest_pixel_at_each_step(reach):
    rng = np.random.default_rng(reach)
    field, angle = rng.standard_normal((2, 30, 30)).astype(np.float32)
    right, down = np.cos(angle), np.sin(angle)
    away = np.arange(1, reach + 1)[:, None, None]
    step = np.concatenate([-away, 0 * away[:1], away]) if reach else np.zeros((1, 1, 1), int)
    row, column = np.mgrid[:30, :30]
    at_row, at_column = (
        np.clip(place + (HALF + step * np.trunc(WHOLE * way).astype(int) >> FRACTION_BITS), 0, 29)
        for place, way in ((row, down), (column, right))
    )
    np.testing.assert_allclose(combed(field, right, down, reach), field[at_row, at_column].mean(axis=0), atol=1e-6)
