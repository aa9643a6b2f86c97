import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from octa_svr_dataset.evaluation.discrimination import best_threshold, measure_auc


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def drawn(num_diseased: int, num_healthy: int, distance: float, rng: np.random.Generator):
    is_diseased = np.arange(num_diseased + num_healthy) < num_diseased
    return rng.normal(distance * is_diseased), is_diseased


def test_the_area_equals_that_of_scikit_learn_with_and_without_ties(rng):
    scores, is_diseased = drawn(30, 50, 1.0, rng)
    for values in (scores, np.round(scores), np.zeros(80)):
        assert measure_auc(values, is_diseased).value == pytest.approx(roc_auc_score(is_diseased, values))


def test_the_area_is_undefined_for_one_class():
    assert measure_auc(np.arange(3.0), np.array([True, True, True])) is None
    assert measure_auc(np.arange(3.0), np.array([False, False, False])) is None
    assert measure_auc(np.array([]), np.array([], dtype=bool)) is None


@pytest.mark.parametrize("distance", [0.0, 1.5, 2.5])
@pytest.mark.parametrize(("num_diseased", "num_healthy"), [(12, 12), (20, 60)])
def test_intervals_hold_the_true_area_in_95_of_100_samples(rng, distance, num_diseased, num_healthy):
    true_area = stats.norm.cdf(distance / np.sqrt(2))
    areas = [measure_auc(*drawn(num_diseased, num_healthy, distance, rng)) for _ in range(400)]
    assert np.mean([area.low <= true_area <= area.high for area in areas]) == pytest.approx(0.955, abs=0.04)


def test_a_perfect_score_on_few_pictures_is_not_certain():
    area = measure_auc(np.arange(10.0), np.arange(10) >= 5)
    assert (area.value, area.high) == (1.0, 1.0)
    assert area.low < 0.75
    assert measure_auc(-np.arange(10.0), np.arange(10) >= 5).high > 0.25


@pytest.mark.parametrize("distance", [0.0, 1.0, 3.0])
def test_no_other_threshold_gives_more_balanced_accuracy(rng, distance):
    scores, is_diseased = drawn(40, 25, distance, rng)
    best = balanced_accuracy_score(is_diseased, scores > best_threshold(scores, is_diseased))
    for threshold in np.concatenate([[-np.inf], scores]):
        assert balanced_accuracy_score(is_diseased, scores > threshold) <= best + 1e-12


def test_the_threshold_lies_in_the_middle_of_the_gap_that_parts_the_classes():
    assert best_threshold(np.array([0.0, 0.2, 0.8, 1.0]), np.array([False, False, True, True])) == pytest.approx(0.5)


def test_a_score_that_is_the_same_for_all_pictures_calls_none_diseased():
    scores = np.full(4, 0.3)
    assert not (scores > best_threshold(scores, np.array([True, False, True, False]))).any()
