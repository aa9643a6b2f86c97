"""The loops over pixels do what the library's filters do, and as exactly."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.fields import blurred, median
from octa_svr_dataset.imaging.layers import _dropout_map, within
from octa_svr_dataset.imaging.motion import ENTERING_BRIGHTNESS, EyeMotion
from octa_svr_dataset.pathology.lesions import Dropout
from octa_svr_dataset.pathology.outline import NUM_DIRECTIONS

FOV = FieldOfView(width_mm=3.0, size_px=150)


@pytest.mark.parametrize("size", [1, 7, 64, 151])
@pytest.mark.parametrize("sigma_px", [0.05, 0.3, 0.9, 2.6, 9.0])
def test_the_blur_is_that_of_scipy_to_the_last_bit(size, sigma_px):
    image = np.random.default_rng(size).standard_normal((size, size)).astype(np.float32)
    expected = ndimage.gaussian_filter(image, sigma_px, truncate=3.0)
    np.testing.assert_array_equal(blurred(image, sigma_px), expected)


@pytest.mark.parametrize("count", [1, 2, 91, 100])
def test_the_median_is_that_of_numpy_to_the_last_bit(count):
    image = np.random.default_rng(count).standard_normal((count, count)).astype(np.float32)
    assert median(image) == np.median(image)


@pytest.mark.parametrize("reach_px", [0.4, 1.0, 3.55, 5.0, 12.3])
def test_near_is_what_a_distance_transform_says(reach_px):
    for seed, share in enumerate([0.002, 0.02, 0.3]):
        mask = np.random.default_rng(seed).uniform(size=(60, 80)) < share
        mask[seed, 0] = True
        np.testing.assert_array_equal(within(mask, reach_px), ndimage.distance_transform_edt(~mask) <= reach_px)


def test_nothing_is_near_to_nothing():
    assert not within(np.zeros((9, 9), dtype=bool), 4.0).any()


def test_a_displaced_signal_lies_between_its_pixels():
    rng = np.random.default_rng(0)
    signal, tremor_px = rng.uniform(size=(150, 150)).astype(np.float32), rng.normal(0.0, 3.0, 150)
    motion = EyeMotion(start=np.array([0.3, 0.31, 0.8]), shift_mm=np.array([0.0, 0.011, -0.2, 0.033]))
    moved = motion.displace_signal(signal, FOV, tremor_px)
    for row in range(150):
        source = np.arange(150) - motion.shift_at_mm((row + 0.5) / 150) / FOV.mm_per_px - tremor_px[row]
        padded = np.pad(signal[row], 50, mode="symmetric")
        expected = np.interp(source, np.arange(-50, 200), padded)
        is_inside = (source >= -0.5) & (source <= 149.5)
        brightest, side = ENTERING_BRIGHTNESS * np.median(signal), np.where(source < 0, *signal[row, [0, -1]])
        entering = np.where(side > brightest, side, np.minimum(expected, brightest))
        expected = np.where(is_inside, expected, entering)
        np.testing.assert_allclose(moved[row], expected, atol=1e-5)


def dropout(x_mm: float, y_mm: float, radius_mm: float, rng: np.random.Generator) -> Dropout:
    outline = rng.uniform(0.5, 1.3, NUM_DIRECTIONS)
    return Dropout(
        center_mm=np.array([x_mm, y_mm]), radius_mm=radius_mm, strength=1.0, outline=outline, edge_softness=0.5
    )


def test_each_pixel_of_dropout_belongs_to_the_area_in_which_it_lies_deepest():
    x_mm, y_mm = FOV.pixel_centers_mm()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        areas = tuple(dropout(*rng.uniform(-0.2, 3.2, 2), rng.uniform(0.02, 1.0), rng) for _ in range(6))
        areas += (replace(areas[0], radius_mm=0.9 * areas[0].radius_mm),)
        levels = np.stack([np.ones((150, 150))] + [area.level(x_mm, y_mm) for area in areas])
        np.testing.assert_array_equal(_dropout_map(areas, FOV), levels.argmin(axis=0))
