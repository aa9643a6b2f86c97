import numpy as np
import pytest

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.motion import EyeMotion

FOV = FieldOfView(width_mm=3.0, size_px=300)
ONE_JUMP = EyeMotion(start=np.array([0.5]), shift_mm=np.array([0.0, 0.05]))


def test_all_lines_after_a_movement_are_displaced():
    picture = np.tile(np.arange(300), (300, 1))
    moved = ONE_JUMP.displace(picture, FOV)
    np.testing.assert_array_equal(moved[:150], picture[:150])
    np.testing.assert_array_equal(moved[150:, 5:], picture[150:, :-5])


def test_what_enters_at_a_side_is_mirrored_there():
    moved = ONE_JUMP.displace(np.tile(np.arange(300), (300, 1)), FOV)
    np.testing.assert_array_equal(moved[200, :6], [5, 4, 3, 2, 1, 0])
    back = EyeMotion(start=np.empty(0), shift_mm=np.array([-0.05])).displace(np.tile(np.arange(300), (300, 1)), FOV)
    np.testing.assert_array_equal(back[0, -6:], [299, 298, 297, 296, 295, 294])


def test_points_are_shown_where_their_pixels_are():
    picture = np.zeros((300, 300))
    for y_mm in (0.755, 2.255):
        picture[:] = 0
        position_mm = np.array([1.005, y_mm, 0.01])
        row, column = FOV.to_row_col(position_mm).astype(int)
        picture[row, column] = 1
        moved = ONE_JUMP.displace(picture, FOV)
        np.testing.assert_allclose(ONE_JUMP.to_row_col(position_mm, FOV), np.argwhere(moved)[0] + 0.5, atol=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_no_line_is_displaced_farther_than_the_setting_says(seed):
    config = ImagingConfig(saccades=(5, 5), saccade_mm=(0.02, 0.03))
    motion = EyeMotion.draw(config, np.random.default_rng(seed))
    assert len(motion.start) == 5
    assert np.all(np.diff(motion.start) >= 0)
    assert 0.02 - 1e-9 <= np.abs(motion.shift_mm).max() <= 0.06
    assert np.abs(np.diff(motion.shift_mm)).max() <= 0.03 + 1e-9
