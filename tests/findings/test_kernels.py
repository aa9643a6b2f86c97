import numpy as np
import pytest
from scipy import ndimage

from octa_svr_dataset.findings.kernels import within

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
