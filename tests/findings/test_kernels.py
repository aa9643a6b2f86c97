import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import regionprops

from octa_svr_dataset.findings.kernels import (
    counts_around,
    counts_of,
    deviation_of,
    quadrant_sums,
    quantile_of,
    regions_of,
    within,
)

REACHES = (0.0, 1.0, 1.5, 5.0, 8.107, 16.0)


@pytest.mark.parametrize("seed", range(6))
def test_pixels_within_a_distance_are_those_of_a_distance_transform(seed):
    rng = np.random.default_rng(seed)
    mask = rng.uniform(size=(60, 43 + seed)) < (0.002, 0.01, 0.1)[seed % 3]
    mask[rng.integers(60), rng.integers(43)] = True
    for reach in REACHES:
        np.testing.assert_array_equal(within(mask, reach), ndimage.distance_transform_edt(~mask) <= reach)


def test_the_compiled_loop_equals_the_plain_one():
    mask = np.random.default_rng(9).uniform(size=(20, 30)) < 0.02
    for reach in REACHES:
        np.testing.assert_array_equal(within(mask, reach), within.py_func(mask, reach))


def test_nothing_lies_near_an_empty_mask():
    assert not within(np.zeros((9, 12), bool), 4.0).any()


@pytest.fixture(params=range(3))
def rng(request) -> np.random.Generator:
    return np.random.default_rng(request.param)


def test_quantiles_of_counted_gray_levels_are_those_of_the_pixels(rng):
    image, mask = rng.integers(0, 256, (30, 40), dtype=np.uint8), rng.uniform(size=(30, 40)) < 0.1
    counts = counts_of(image, mask)
    np.testing.assert_array_equal(counts, np.bincount(image[mask], minlength=256))
    np.testing.assert_array_equal(counts, counts_of.py_func(image, mask))
    for share in (0.0, 0.3, 0.5, 0.9, 1.0):
        found = quantile_of(np.arange(256), counts, share)
        assert found == pytest.approx(np.quantile(image[mask], share), abs=1e-9)
        assert found == quantile_of.py_func(np.arange(256), counts, share)
    for level in (0.0, 100.5, 200.0):
        assert deviation_of(counts, level) == np.median(np.abs(image[mask] - level))
    assert np.isnan(quantile_of(np.arange(256), np.zeros(256, np.int64), 0.5))


def test_regions_have_the_place_and_size_that_scikit_image_tells(rng):
    labels = rng.integers(0, 5, (20, 30)).astype(np.uint16) * (rng.uniform(size=(20, 30)) < 0.1)
    table = regions_of(labels)
    np.testing.assert_array_equal(table, regions_of.py_func(labels))
    regions = regionprops(labels)
    assert len(table) == len(regions)
    for (number, area, rows, columns, *box), region in zip(table.tolist(), regions, strict=True):
        assert (number, area, tuple(box)) == (region.label, region.area, region.bbox)
        assert (rows / area, columns / area) == pytest.approx(region.centroid)


@pytest.mark.parametrize("center", [(18.3, 22.7), (20.0, 20.0), (20.5, 20.5), (20.5, 20.0), (-3.2, 55.1)])
@pytest.mark.parametrize("least", [0.0, 6.0, 6.5])
def test_quarters_share_the_pixels_around_a_point(rng, center, least):
    mask, excluded = rng.uniform(size=(40, 40)) < 0.3, rng.uniform(size=(40, 40)) < 0.1
    inside, whole = quadrant_sums(mask, excluded, center, least)
    for found, plain in zip((inside, whole), quadrant_sums.py_func(mask, excluded, center, least), strict=True):
        np.testing.assert_array_equal(found, plain)
    down, right = np.mgrid[:40, :40] + 0.5 - np.array(center)[:, None, None]
    counts = (down**2 + right**2 >= least**2) & ~excluded
    upright = np.abs(down) > np.abs(right)
    quarters = (upright & (down < 0), ~upright & (right > 0), upright & (down > 0), ~upright & (right <= 0))
    np.testing.assert_array_equal(whole, [(quarter & counts).sum() for quarter in quarters])
    np.testing.assert_array_equal(inside, [(quarter & counts & mask).sum() for quarter in quarters])


def test_gray_levels_around_a_dot_are_those_at_the_distances(rng):
    image, inside = rng.integers(0, 256, (25, 25), dtype=np.uint8), np.zeros((25, 25), bool)
    inside[10:14, 11:13] = True
    distance = ndimage.distance_transform_edt(~inside)
    around = (distance > 1.5) & (distance <= 5.0)
    for count in (counts_around, counts_around.py_func):
        np.testing.assert_array_equal(count(image, inside, 1.5, 5.0), np.bincount(image[around], minlength=256))


def test_pixels_on_a_diagonal_lie_beside_it_whatever_rounding_makes_of_them():
    whole, nothing = np.ones((300, 300), bool), np.zeros((300, 300), bool)
    plain = quadrant_sums(whole, nothing, (126.5, 154.5), 30.3)[1]
    for seed in range(5):
        shift = np.random.default_rng(seed).uniform(-1e-9, 1e-9, 2)
        np.testing.assert_array_equal(
            quadrant_sums(whole, nothing, (126.5 + shift[0], 154.5 + shift[1]), 30.3)[1], plain
        )
