import numpy as np
import pytest

from octa_svr_dataset.evaluation.augmentation import augmented


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)


@pytest.mark.parametrize("seed", range(20))
def test_an_augmented_picture_is_a_picture(picture: np.ndarray, seed: int) -> None:
    seen = augmented(picture, np.random.default_rng(seed))
    assert seen.shape == picture.shape
    assert seen.dtype == np.float32
    assert seen.min() >= 0.0
    assert seen.max() <= 1.0
    assert seen.std() > 0.0


def test_what_is_drawn_does_not_depend_on_the_picture(picture: np.ndarray) -> None:
    states = []
    for shown in (picture, np.zeros_like(picture), 255 - picture):
        rng = np.random.default_rng(3)
        augmented(shown, rng)
        states.append(rng.bit_generator.state)
    assert states[0] == states[1] == states[2]


def test_each_look_at_a_picture_is_another_one_and_comes_again_with_its_seed(picture: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    first, second = augmented(picture, rng), augmented(picture, rng)
    assert np.abs(first - second).mean() > 0.02
    np.testing.assert_array_equal(first, augmented(picture, np.random.default_rng(4)))


def test_the_picture_itself_stays_as_it_is(picture: np.ndarray) -> None:
    before = picture.copy()
    augmented(picture, np.random.default_rng(5))
    np.testing.assert_array_equal(picture, before)
