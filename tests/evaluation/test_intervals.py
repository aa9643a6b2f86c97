import numpy as np
import pytest

from octa_svr_dataset.evaluation.intervals import mean_interval, paired_difference_interval, share_interval


def test_the_interval_of_a_share_is_that_of_wilson():
    assert share_interval(0.9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)  # Brown et al. 2001
    assert share_interval(1.0, 10)[1] == pytest.approx(1.0)
    assert share_interval(0.0, 10)[0] == 0.0
    for number in range(1, 200):
        assert share_interval(1.0, number)[1] == 1.0, "no share lies outside its interval, not even by a rounding"


def test_the_mean_of_one_value_has_its_own_interval():
    assert mean_interval([0.6], [(0.4, 0.7)]) == pytest.approx((0.4, 0.7))


def test_swapping_two_readers_mirrors_the_interval_of_their_difference():
    rng = np.random.default_rng(1)
    first, second = rng.random(30) < 0.8, rng.random(30) < 0.6
    low, high = paired_difference_interval(first, second, 30)
    assert paired_difference_interval(second, first, 30) == pytest.approx((-high, -low))


@pytest.mark.parametrize("agreement", [0.0, 0.8])
def test_intervals_of_a_difference_hold_the_truth_and_agreement_makes_them_narrower(agreement):
    rng = np.random.default_rng(2)
    held, widths = [], []
    for _ in range(400):
        first = rng.random(25) < 0.8
        second = np.where(rng.random(25) < agreement, first, rng.random(25) < 0.8)
        low, high = paired_difference_interval(first, second, 25)
        held.append(low <= 0.0 <= high)
        widths.append(high - low)
    assert np.mean(held) == pytest.approx(0.96, abs=0.04)
    assert np.mean(widths) == pytest.approx(0.44 if agreement == 0.0 else 0.26, abs=0.06)


def test_readers_that_always_agree_do_not_differ_for_certain():
    low, high = paired_difference_interval(np.ones(5, bool), np.ones(5, bool), 5)
    assert low < 0.0 < high
