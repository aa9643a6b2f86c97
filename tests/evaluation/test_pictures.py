import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.evaluation.pictures import Pictures, fitted, synthesize_pictures
from octa_svr_dataset.example import simulate
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

CHEAP = {"imaging.size_px": 64, "growth.superficial.iterations": 15, "growth.deep.iterations": 5}


def test_the_largest_central_square_is_taken():
    stripes = np.repeat(np.arange(100, dtype=np.uint8), 2)[None].repeat(64, axis=0)
    square = fitted(Image.fromarray(stripes), 64)
    np.testing.assert_array_equal(square, stripes[:, 68:132])
    np.testing.assert_array_equal(fitted(Image.fromarray(stripes.T), 64), square.T)


def test_a_picture_is_resized_without_a_change_of_brightness():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    small = fitted(Image.fromarray(noise), 64)
    assert small.shape == (64, 64)
    assert small.mean() == pytest.approx(noise.mean(), abs=1.0)


def test_pictures_and_truths_are_those_of_the_examples_whatever_the_number_of_processes():
    config = resolve_config("dropout_ma", overrides=CHEAP)
    keys = [SceneKey(seed=3, split=Split.TRAIN, scene_index=index) for index in range(5)]
    alone, shared = (Pictures.of(synthesize_pictures(config, keys, size_px=64, workers=workers)) for workers in (1, 2))
    examples = [simulate(config, key) for key in keys]
    np.testing.assert_array_equal(alone.gray, np.stack([example.rendering.image for example in examples]))
    np.testing.assert_array_equal(alone.is_diseased, [example.findings.label.is_diseased for example in examples])
    np.testing.assert_array_equal(shared.gray, alone.gray)
    np.testing.assert_array_equal(shared.is_diseased, alone.is_diseased)


def test_pictures_know_whether_both_classes_are_among_them():
    gray = np.zeros((2, 4, 4), np.uint8)
    assert Pictures(gray=gray, is_diseased=np.array([True, False])).has_both_classes
    assert not Pictures(gray=gray, is_diseased=np.array([True, True])).has_both_classes
    assert not Pictures(gray=gray, is_diseased=np.array([False, False])).has_both_classes
