import itertools
import math

import numpy as np
import pytest
from scipy import ndimage

from octa_svr_dataset.measurement import kernels
from octa_svr_dataset.measurement.sampling import blurred


@pytest.fixture(params=range(3))
def rng(request) -> np.random.Generator:
    return np.random.default_rng(request.param)


@pytest.fixture
def picture(rng) -> np.ndarray:
    return rng.uniform(0, 255, (24, 24)).astype(np.float32)


def both(name: str, *arguments):
    """What a loop returns, which is what it returns as plain Python."""
    compiled = getattr(kernels, name)
    found, plain = compiled(*arguments), compiled.py_func(*arguments)
    for one, other in zip(*(value if isinstance(value, tuple) else (value,) for value in (found, plain)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    return found


def skeleton(*strokes: str) -> np.ndarray:
    return np.array([[pixel == "#" for pixel in stroke] for stroke in strokes])


CROSSING = skeleton("#.....#", ".#...#.", "..#.#..", "...#...", "..#.#..", ".#...#.", "#.....#")


def test_lines_end_at_junctions_and_are_in_order():
    points, first = both("trace_lines", skeleton(".....", "###..", "...#.", "...#.", "....."))
    assert points.tolist() == [[1, 0], [1, 1], [1, 2], [2, 3], [3, 3]]
    assert first.tolist() == [0, 5]
    points, first = both("trace_lines", CROSSING)
    assert first.tolist() == [0, 3, 6, 9, 12]
    assert points[:3].tolist() == [[0, 0], [1, 1], [2, 2]]


def test_closed_loops_are_left_out():
    points, first = both("trace_lines", skeleton(".#..", "#.#.", ".#..", "...."))
    assert (len(points), first.tolist()) == (0, [0])


def test_lines_go_on_straight_across_a_junction():
    points, first = kernels.trace_lines(CROSSING)
    partner = both("join_lines", points, first, 3.2, 6, math.cos(math.radians(50)))
    chained, starts = both("chain_lines", points, first, partner)
    assert len(starts) == 3
    for begin, end in itertools.pairwise(starts):
        course = chained[begin:end]
        assert np.ptp(course, axis=0).tolist() == [6, 6]


def test_ends_that_turn_too_much_or_lie_too_far_apart_are_not_joined():
    points, first = kernels.trace_lines(CROSSING)
    assert (kernels.join_lines(points, first, 0.5, 6, 0.64) == -1).all()
    corner = np.array([[5, column] for column in range(6)] + [[row, 6] for row in range(6, 12)])
    assert (kernels.join_lines(corner, np.array([0, 6, 12]), 3.2, 6, 0.64) == -1).all()


def test_smoothing_stays_within_a_course(rng):
    values, first = rng.uniform(size=(9, 2)), np.array([0, 4, 9])
    weights = np.array([0.25, 0.5, 0.25])
    smooth = both("smoothed", values, first, weights)
    for course in (slice(0, 4), slice(4, 9)):
        expected = ndimage.convolve1d(values[course], weights, axis=0, mode="nearest")
        np.testing.assert_allclose(smooth[course], expected)


def test_arcs_and_chords_of_a_straight_course_are_alike_and_of_a_circle_are_not():
    straight = np.stack([np.arange(40.0), 2 * np.arange(40.0)], axis=1)
    arcs, chords = both("arcs_and_chords", straight, np.array([0, 15, 40]), 8.0)
    assert arcs == pytest.approx(chords)
    angle = np.linspace(0, math.pi, 400)
    circle = 10 * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    arcs, chords = both("arcs_and_chords", circle, np.array([0, 400]), 10.0)
    assert arcs / chords == pytest.approx(0.5 / math.sin(0.5), rel=0.01)
    arcs, chords = both("arcs_and_chords", circle, np.array([0, 400]), 100.0)
    assert arcs / chords == pytest.approx(math.pi / 2, rel=0.01)


@pytest.mark.parametrize("angle_deg", [0, 30, 90])
def test_profiles_across_a_band_have_its_width_and_slope(angle_deg):
    row, column = np.mgrid[:60, :60] - 30.0
    """It falls from 4 to 8 px from the middle."""
    angle = math.radians(angle_deg)
    distance = np.abs(row * math.cos(angle) - column * math.sin(angle))
    band = (20 + 100 * np.clip((8 - distance) / 4, 0, 1)).astype(np.float32)
    along = np.arange(-12.0, 13.0)
    course = 30 + np.stack([along * math.sin(angle), along * math.cos(angle)], axis=1)
    across = both("profiles", band, course, np.array([0, 25]), np.arange(-24, 25) * 0.5)
    width, slope = both("widths_at_half_height", across, 3)
    np.testing.assert_allclose(width * 0.5, 6.0, atol=0.2)
    np.testing.assert_allclose(slope * 0.5, 2.0, atol=0.2)


@pytest.mark.parametrize("width", [3, 11, 23])
def test_local_moments_are_those_of_the_window(picture, width):
    mean, spread = both("local_moments", picture, width)
    exact = picture.astype(float)
    expected = ndimage.uniform_filter(exact, width)
    np.testing.assert_allclose(mean, expected, rtol=1e-5)
    variance = ndimage.uniform_filter(exact * exact, width) - expected * expected
    np.testing.assert_allclose(spread, np.sqrt(np.maximum(variance, 0)), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("deviation", [0.4, 1.2, 4.0, 11.0])
def test_a_blur_is_that_of_a_gaussian(picture, deviation):
    both("convolved", picture, np.array([0.25, 0.5, 0.25], np.float32))
    expected = ndimage.gaussian_filter(picture, deviation, truncate=3.0)
    np.testing.assert_allclose(blurred(picture, deviation), expected, rtol=1e-4)


def test_the_darkest_square_lies_where_a_dark_one_is(picture):
    picture = picture / 10 + 100
    picture[6:11, 13:18] = 0
    margin = 6
    total = np.pad(np.pad(picture, margin, mode="symmetric").cumsum(0, dtype=float).cumsum(1), ((1, 0), (1, 0)))
    assert both("box_mean", total, 8 + margin, 15 + margin, 2) == pytest.approx(0.0, abs=1e-6)
    penalty = np.zeros((24, 24))
    places, scores = both("darkest_squares", total, margin, penalty, np.array([[2, 4], [3, 5]]))
    assert places.tolist()[0] == [8, 15]
    assert scores[0] > scores[1]
    penalty[:, 10:] = np.inf
    assert kernels.darkest_squares(total, margin, penalty, np.array([[2, 4]]))[0][0, 1] < 10


def test_radii_settle_where_the_void_ends():
    along = np.arange(0.5, 20, 0.5)
    taken_in = np.cumsum(np.where(along <= 9, -1.0, 1.0))[None, :].repeat(24, axis=0)
    np.testing.assert_array_equal(both("settled_radii", taken_in, along, 12.0, (3, 8), 0.05), 9.0)


def test_gray_levels_along_rays_are_interpolated(picture):
    down, right, along = np.array([0.0, 0.6]), np.array([1.0, 0.8]), np.arange(0.0, 30.0, 0.7)
    found = both("along_rays", picture, (9.4, 7.7), down, right, along)
    rows, columns = 9.4 + down[:, None] * along, 7.7 + right[:, None] * along
    expected = ndimage.map_coordinates(picture, [rows, columns], order=1, mode="nearest")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-2)


def test_a_bright_row_exceeds_its_neighbors(picture):
    picture[9] += 300
    excess = both("excess_of_rows", picture, 40.0)
    assert excess.argmax() == 8
    assert excess.max() == pytest.approx(40.0, abs=1.0)
    assert both("excess_of_rows", np.zeros((1, 1), np.float32), 40.0).size == 0
