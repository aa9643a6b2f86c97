import numpy as np
import pytest

from octa_svr_dataset.geometry import (
    DIRECTIONS,
    FieldOfView,
    direction_from_fovea,
    quadrant_from_fovea,
    ring_of_distance,
)

FOV = FieldOfView(width_mm=3.0, size_px=300)


def test_positions_survive_the_way_to_pixels_and_back():
    position_mm = np.array([[0.0, 0.0], [1.5, 0.3], [3.0, 2.9]])
    np.testing.assert_allclose(FOV.to_mm(FOV.to_row_col(position_mm)), position_mm)


def test_x_runs_along_columns_and_y_along_rows():
    np.testing.assert_allclose(FOV.to_row_col(np.array([0.5, 2.0])), [200.0, 50.0])


def test_pixel_centers_lie_half_a_pixel_from_the_corner():
    x_mm, y_mm = FOV.pixel_centers_mm()
    assert x_mm.shape == (1, 300)
    assert y_mm.shape == (300, 1)
    assert x_mm[0, 0] == pytest.approx(0.005)


def test_lengths_and_areas_scale_with_the_pixel_pitch():
    assert FOV.length_px(0.1) == pytest.approx(10.0)
    assert FOV.area_mm2(300.0 * 300.0) == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("offset_mm", "direction"),
    [((1, 0), "right"), ((1, 1), "lower right"), ((0, 1), "lower"), ((-1, 1), "lower left"),
     ((-1, 0), "left"), ((-1, -1), "upper left"), ((0, -1), "upper"), ((1, -1), "upper right")],
)  # fmt: skip
def test_each_direction_names_the_side_on_which_the_point_lies(offset_mm, direction):
    assert direction_from_fovea(np.array(offset_mm, float)) == direction


def test_sectors_meet_at_odd_multiples_of_22_5_degrees():
    for edge, (before, after) in enumerate(zip(DIRECTIONS, DIRECTIONS[1:] + DIRECTIONS[:1], strict=True)):
        for nudge_deg, name in ((-0.1, before), (0.1, after)):
            angle = np.radians(22.5 + 45 * edge + nudge_deg)
            assert direction_from_fovea(np.array([np.cos(angle), np.sin(angle)])) == name


def test_the_nasal_side_is_right_in_a_right_eye_and_left_in_a_left_eye():
    right = np.array([1.0, 0.2])
    assert quadrant_from_fovea(right, "od") == "nasal"
    assert quadrant_from_fovea(right, "os") == "temporal"
    assert quadrant_from_fovea(np.array([0.2, -1.0]), "od") == "superior"
    assert quadrant_from_fovea(np.array([0.2, 1.0]), "os") == "inferior"


def test_rings_end_at_the_etdrs_radii():
    assert [ring_of_distance(r) for r in (0.4, 0.6, 1.4, 1.6, 4.0)] == [
        "fovea", "parafovea", "parafovea", "perifovea", "perifovea",
    ]  # fmt: skip


@pytest.mark.parametrize("bad", [{"width_mm": 0.0, "size_px": 10}, {"width_mm": 3.0, "size_px": 0}])
def test_an_impossible_field_is_refused(bad):
    with pytest.raises(ValueError, match="must be"):
        FieldOfView(**bad)
