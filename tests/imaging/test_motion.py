import numpy as np
import pytest

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.motion import ENTERING_BRIGHTNESS, EyeMotion

FOV = FieldOfView(width_mm=3.0, size_px=300)
ONE_JUMP = EyeMotion(start=np.array([0.5]), shift_mm=np.array([0.0, 0.05]))


def test_all_lines_after_a_movement_are_displaced():
    labels = np.tile(np.arange(300), (300, 1))
    moved = ONE_JUMP.displace_labels(labels, FOV)
    np.testing.assert_array_equal(moved[:150], labels[:150])
    np.testing.assert_array_equal(moved[150:, 5:], labels[150:, :-5])


def test_what_enters_at_a_side_mirrors_the_texture_there_and_belongs_to_nothing():
    moved = ONE_JUMP.displace_labels(np.full((300, 300), 7, np.uint8), FOV)
    assert (moved.dtype, set(moved[200, :5]), set(moved[200, 5:])) == (np.uint8, {0}, {7})
    signal = np.full((300, 300), 0.25, np.float32)
    signal[:, -3:] = (0.2, 0.3, 0.1)
    back = EyeMotion(start=np.empty(0), shift_mm=np.array([-0.05])).displace_signal(signal, FOV, np.zeros(300))
    np.testing.assert_allclose(back[0, -8:], [0.2, 0.3, 0.1, 0.1, 0.3, 0.2, 0.25, 0.25], atol=1e-5)


def test_no_vessel_is_there_twice():
    signal = np.full((300, 300), 0.2, np.float32)
    signal[:, 3] = 1.0
    moved = ONE_JUMP.displace_signal(signal, FOV, np.zeros(300))
    np.testing.assert_allclose(moved[200, :10], [0.2, 0.2 * ENTERING_BRIGHTNESS] + 6 * [0.2] + [1.0, 0.2], atol=1e-5)


def test_a_vessel_that_reaches_a_side_runs_on_to_the_new_one():
    signal = np.full((300, 300), 0.2, np.float32)
    signal[198:202] = 1.0
    for shift_mm in (0.05, -0.05):
        moved = EyeMotion(start=np.empty(0), shift_mm=np.array([shift_mm])).displace_signal(signal, FOV, np.zeros(300))
        np.testing.assert_allclose(moved, signal, atol=1e-5)


def test_a_signal_moves_by_parts_of_a_pixel():
    ramp = np.tile(np.arange(300, dtype=np.float32), (300, 1))
    moved = EyeMotion(start=np.empty(0), shift_mm=np.array([0.0125])).displace_signal(ramp, FOV, np.zeros(300))
    np.testing.assert_allclose(moved[:, 3:], ramp[:, 3:] - 1.25, atol=1e-3)


def test_tremor_moves_single_lines():
    ramp = np.tile(np.arange(300, dtype=np.float32), (300, 1))
    moved = EyeMotion(start=np.empty(0), shift_mm=np.zeros(1)).displace_signal(ramp, FOV, np.tile([0.5, -0.25], 150))
    np.testing.assert_allclose(moved[::2, 3:-3], ramp[::2, 3:-3] - 0.5, atol=1e-3)
    np.testing.assert_allclose(moved[1::2, 3:-3], ramp[1::2, 3:-3] + 0.25, atol=1e-3)


def test_rows_belong_to_the_strips_between_movements():
    motion = EyeMotion(start=np.array([0.25, 0.5]), shift_mm=np.zeros(3))
    assert motion.strip_of_line(FieldOfView(width_mm=3.0, size_px=8)).tolist() == [0, 0, 1, 1, 2, 2, 2, 2]


@pytest.mark.parametrize("lines", [64, 245, 304])
@pytest.mark.parametrize("size_px", [304, 1024])
def test_signal_and_labels_move_alike(lines, size_px):
    """A slanted edge, as signal on the grid of the scanner and as labels in the picture."""
    motion = EyeMotion(start=np.array([0.31, 0.72]), shift_mm=np.array([0.0, 0.047, -0.033]))
    centers_mm = []
    for fov, move in (
        (
            FieldOfView(width_mm=3.0, size_px=lines),
            lambda bar, fov: motion.displace_signal(bar, fov, np.zeros(lines)),
        ),
        (FieldOfView(width_mm=3.0, size_px=size_px), motion.displace_labels),
    ):
        x_mm, y_mm = fov.pixel_centers_mm()
        bar = (x_mm > 1.0 + 0.2 * y_mm) & (x_mm < 2.0)
        moved = move(bar.astype(np.float32), fov)
        width_mm = moved.sum(axis=1) * fov.mm_per_px
        center_mm = (moved * x_mm).sum(axis=1) / moved.sum(axis=1)
        bands = [
            slice(int(low * fov.size_px), int(high * fov.size_px)) for low, high in ((0, 0.3), (0.33, 0.7), (0.74, 1))
        ]
        centers_mm.append([(center_mm[band] - 0.1 * y_mm[band, 0]).mean() for band in bands])
        assert width_mm.max() < 1.1
    moves_mm = (np.diff(centers) for centers in centers_mm)
    np.testing.assert_allclose(*moves_mm, atol=1.5 / size_px + 0.2 / lines)


def test_points_are_shown_where_their_pixels_are():
    picture = np.zeros((300, 300))
    for y_mm in (0.755, 2.255):
        picture[:] = 0
        position_mm = np.array([1.005, y_mm, 0.01])
        row, column = FOV.to_row_col(position_mm).astype(int)
        picture[row, column] = 1
        moved = ONE_JUMP.displace_labels(picture, FOV)
        np.testing.assert_allclose(ONE_JUMP.to_row_col(position_mm, FOV), np.argwhere(moved)[0] + 0.5, atol=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_no_line_is_displaced_farther_than_the_setting_says(seed):
    config = ImagingConfig(saccades=(5, 5), saccade_mm=(0.02, 0.03))
    motion = EyeMotion.draw(config, np.random.default_rng(seed))
    assert len(motion.start) == 5
    assert np.all(np.diff(motion.start) >= 0)
    assert 0.02 - 1e-9 <= np.abs(motion.shift_mm).max() <= 0.06
    assert np.abs(np.diff(motion.shift_mm)).max() <= 0.03 + 1e-9
