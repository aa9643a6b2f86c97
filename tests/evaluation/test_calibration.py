import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from octa_svr_dataset.evaluation.calibration import measure_calibration


def test_the_error_by_hand():
    """Two pictures at 0.9, one diseased: off by 0.4; two at 0.12 and 0.18, none diseased: off by 0.15."""
    calibration = measure_calibration(np.array([0.9, 0.9, 0.12, 0.18]), np.array([True, False, False, False]))
    assert calibration.expected_error == pytest.approx((2 * 0.4 + 2 * 0.15) / 4)
    assert [(part.low, part.high, part.count) for part in calibration.bins] == [(0.1, 0.2, 2), (0.9, 1.0, 2)]


def test_the_bins_hold_both_ends():
    calibration = measure_calibration(np.array([0.0, 1.0]), np.array([False, True]))
    assert calibration.expected_error == calibration.brier == 0.0
    assert [part.count for part in calibration.bins] == [1, 1]


def test_probabilities_that_mean_what_they_say_have_a_small_error_and_exaggerated_ones_a_large_one():
    rng = np.random.default_rng(3)
    probabilities = rng.random(20_000)
    is_diseased = rng.random(20_000) < probabilities
    assert measure_calibration(probabilities, is_diseased).expected_error < 0.02
    assert measure_calibration(np.round(probabilities), is_diseased).expected_error == pytest.approx(0.25, abs=0.02)
    brier = measure_calibration(probabilities, is_diseased).brier
    assert brier == pytest.approx(brier_score_loss(is_diseased, probabilities))
