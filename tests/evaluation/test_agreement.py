"""Agreement statistics against published worked examples and against simulation."""

import numpy as np
import pytest

from octa_svr_dataset.evaluation.reader_study.agreement import intraclass_correlations, kappa, kappas

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], np.float64
)
"""Table 2 of Shrout and Fleiss 1979, Psychological Bulletin 86, 420: six targets, four judges."""


def test_intraclass_correlations_are_those_of_shrout_and_fleiss():
    """0.29 and 0.62 in their table 4; the intervals are those that R's psych::ICC prints for the same table."""
    single, mean = intraclass_correlations(SHROUT_FLEISS)
    assert (single.value, mean.value) == pytest.approx((0.29, 0.62), abs=0.005)
    assert (single.low, single.high) == pytest.approx((0.019, 0.761), abs=0.001)
    assert (mean.low, mean.high) == pytest.approx((0.071, 0.927), abs=0.001)


def test_full_agreement_is_one_and_a_shift_of_a_reader_lowers_it():
    ratings = np.repeat(np.arange(1.0, 6.0)[:, None], 3, axis=1)
    single, mean = intraclass_correlations(ratings)
    assert single.value == mean.value == single.low == mean.high == 1.0
    shifted, _ = intraclass_correlations(ratings + np.array([0.0, 0.0, 2.0]))
    assert shifted.low < shifted.value < 0.8


@pytest.mark.parametrize("ratings", [np.full((5, 3), 4.0), np.ones((1, 3)), np.tile([1.0, 2.0, 3.0], (4, 1))])
def test_nothing_is_said_where_no_reader_tells_items_apart(ratings):
    assert intraclass_correlations(ratings) is None


def test_intervals_hold_the_true_correlation_as_often_as_they_say():
    """Items, readers and noise of equal variance: the true ICC(2,1) is 1/3, of 4 readers' mean 4/6."""
    held = np.zeros(2)
    for seed in range(400):
        rng = np.random.default_rng(seed)
        ratings = rng.normal(size=(30, 1)) + rng.normal(size=(1, 4)) + rng.normal(size=(30, 4))
        for index, (found, true) in enumerate(zip(intraclass_correlations(ratings), (1 / 3, 2 / 3), strict=True)):
            held[index] += found.low <= true <= found.high
    assert (np.abs(held / 400 - 0.95) < 0.035).all(), held


@pytest.mark.parametrize("num_readers", [2, 3, 4])
def test_no_value_lies_outside_its_interval_however_readers_disagree(num_readers):
    """Few items rated at random, and readers who say the opposite of each other."""
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        ratings = rng.integers(1, 6, (rng.integers(2, 8), num_readers)).astype(np.float64)
        ratings[:, 1] = 6.0 - ratings[:, 0] if seed % 2 else ratings[:, 1]
        found += intraclass_correlations(ratings) or ()
    assert len(found) > 300
    assert all(estimate.low <= estimate.value <= estimate.high <= 1.0 for estimate in found)
    assert any(-np.inf < estimate.low < -1.0 for estimate in found)


def test_unrelated_ratings_do_not_agree():
    values = [intraclass_correlations(np.random.default_rng(seed).normal(size=(40, 3)))[0] for seed in range(50)]
    assert abs(np.mean([value.value for value in values])) < 0.05
    assert np.mean([value.low <= 0.0 <= value.high for value in values]) > 0.85
    assert all(-1.0 <= value.low <= value.value <= value.high <= 1.0 for value in values)


def test_weighted_kappa_is_that_of_a_hand_computed_table():
    """Cost of the disagreement 1, 1 and 4 over 5 items; expected 11.2 by the margins (2, 2, 1) and (2, 1, 2)."""
    first, second = np.array([0, 0, 1, 1, 2]), np.array([0, 2, 0, 1, 2])
    expected = sum(a * b * (i - j) ** 2 for i, a in enumerate((2, 2, 1)) for j, b in enumerate((2, 1, 2))) / 5
    assert kappa(first, second, 3, is_weighted=True) == pytest.approx(1 - 5 / expected)
    assert kappa(first, second, 3, is_weighted=False) == pytest.approx((0.6 - 8 / 25) / (1 - 8 / 25))
    assert kappa(first[:2], first[:2], 3, is_weighted=True) is None


@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_kappas_of_samples_are_those_of_the_items_drawn(seed, is_weighted):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 5, 30)
    second = np.clip(first + rng.integers(-1, 2, 30), 0, 4)
    counts = rng.multinomial(30, [1 / 30] * 30, 8)
    drawn = kappas(first, second, 5, counts.astype(np.float64), is_weighted=is_weighted)
    for value, count in zip(drawn, counts, strict=True):
        assert value == pytest.approx(
            kappa(first.repeat(count), second.repeat(count), 5, is_weighted=is_weighted), abs=1e-12
        )
