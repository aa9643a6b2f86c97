"""The unresolved mesh: strands that run toward the fovea, or a foam."""

import numpy as np
import pytest

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.mesh import combed, draw_mesh, from_lobules

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


def mesh(seed: int, **changes: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((GRID.size_px, GRID.size_px), dtype=np.float32)
    return draw_mesh(SETTINGS | changes, GRID, FOVEA, white, rng)


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


def test_strands_run_toward_the_fovea_as_far_as_they_do_not_wander():
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
    right_mm, down_mm = from_lobules(0.6, GRID.width_mm, x_mm, y_mm, np.random.default_rng(0))
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
    right, down = 1.2 * np.cos(angle), 1.2 * np.sin(angle)
    step = np.arange(-reach, reach + 1)[:, None, None]
    row, column = np.mgrid[:30, :30] + 0.5
    at_row = np.clip(np.floor(row + step * np.float64(down)).astype(int), 0, 29)
    at_column = np.clip(np.floor(column + step * np.float64(right)).astype(int), 0, 29)
    np.testing.assert_allclose(combed(field, right, down, reach), field[at_row, at_column].mean(axis=0), atol=1e-6)
