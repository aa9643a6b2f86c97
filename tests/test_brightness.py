import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.brightness import equalized


def picture(seed: int, brightest: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray((brightest * rng.random((40, 60)) ** 2).astype(np.uint8))


@pytest.mark.parametrize("mean_gray", [20.0, 77.0, 180.0])
def test_pictures_of_any_brightness_get_the_same_mean(mean_gray: float) -> None:
    means = [np.asarray(equalized(picture(seed, 60 * seed), mean_gray)).mean() for seed in range(1, 5)]
    np.testing.assert_allclose(means, mean_gray, atol=0.5)


def test_gain_is_undone() -> None:
    for seed in range(4):
        bright = picture(seed, 240)
        dark = bright.point([round(level * 0.6) for level in range(256)])
        difference = np.abs(np.asarray(equalized(bright, 70.0), float) - np.asarray(equalized(dark, 70.0), float))
        assert difference.max() <= 1, "one gray level of the darker picture is lost in rounding"


def test_the_order_of_pixels_by_brightness_stays() -> None:
    before = np.asarray(picture(0, 200)).ravel()
    after = np.asarray(equalized(picture(0, 200), 77.0)).ravel()
    assert np.all(np.diff(after[np.argsort(before, kind="stable")].astype(int)) >= 0)


@pytest.mark.parametrize("gray", [0, 255])
def test_a_picture_of_one_gray_keeps_its_pixels_or_gets_the_mean(gray: int) -> None:
    flat = Image.new("L", (8, 8), gray)
    assert set(np.asarray(equalized(flat, 77.0)).ravel().tolist()) == ({0} if gray == 0 else {77})


def test_too_few_bright_pixels_to_make_up_for_the_rest_stay() -> None:
    stars = np.zeros((20, 20), np.uint8)
    stars[0, 0] = 9
    assert np.array_equal(np.asarray(equalized(Image.fromarray(stars), 77.0)), stars)
