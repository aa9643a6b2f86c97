import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from octa_svr_dataset.evaluation.bootstrap import Resamples
from octa_svr_dataset.evaluation.comparison import accuracy_difference, exact_mcnemar
from octa_svr_dataset.evaluation.metrics import ClassMetrics, Judgments


def judged(truths: np.ndarray, is_right: np.ndarray, patients: list[str] | None = None) -> Judgments:
    return Judgments(
        classes=("healthy", "diabetic"),
        truths=truths,
        predictions=np.where(is_right, truths, 1 - truths),
        patients=tuple(patients or [None] * len(truths)),
    )


def two_readers(num: int, rng: np.random.Generator, *, share: float = 0.8, other_share: float = 0.6):
    truths = np.arange(num) % 2
    return judged(truths, rng.random(num) < share), judged(truths, rng.random(num) < other_share)


def test_the_difference_is_that_of_the_balanced_accuracies():
    rng = np.random.default_rng(0)
    for num in (20, 80):
        first, second = two_readers(num, rng)
        difference = accuracy_difference(first, second, first.resamples(rng))
        accuracies = [balanced_accuracy_score(first.truths, reader.predictions) for reader in (first, second)]
        assert difference.value == pytest.approx(accuracies[0] - accuracies[1])
        assert difference.low < difference.value < difference.high
        assert difference.method == ("analytic" if num == 20 else "cluster bootstrap")


@pytest.mark.parametrize("num", [24, 80])
def test_intervals_of_the_difference_hold_the_truth_in_95_of_100_folders(num):
    rng = np.random.default_rng(1)
    held = []
    for _ in range(150):
        first, second = two_readers(num, rng)
        difference = accuracy_difference(first, second, first.resamples(rng))
        held.append(difference.low <= 0.2 <= difference.high)
    assert np.mean(held) == pytest.approx(0.96, abs=0.04)


def test_a_comparison_is_paired():
    """Readers that differ on few of many pictures are told apart, though each interval alone is wide."""
    rng = np.random.default_rng(2)
    truths, is_right = np.arange(100) % 2, rng.random(100) < 0.7
    better = is_right.copy()
    better[np.flatnonzero(~is_right)[:12]] = True
    first, second = judged(truths, better), judged(truths, is_right)
    difference = accuracy_difference(first, second, Resamples.draw(truths, first.patients, rng))
    assert difference.low > 0.0
    assert difference.high - difference.low < 0.15


def test_two_constant_answers_differ_by_nothing_that_could_vary():
    truths = np.arange(12) % 2
    healthy, diabetic = judged(truths, truths == 0), judged(truths, truths == 1)
    alike = accuracy_difference(healthy, diabetic, healthy.resamples(np.random.default_rng(0)))
    assert (alike.low, alike.value, alike.high) == (0.0, 0.0, 0.0)


def test_the_lead_over_a_constant_answer_is_as_wide_as_the_reader_s_own_interval():
    rng = np.random.default_rng(3)
    reader, _ = two_readers(24, rng)
    constant = judged(reader.truths, reader.truths == 0)
    lead = accuracy_difference(reader, constant, reader.resamples(rng))
    own = ClassMetrics.of(reader, reader.resamples(rng), reason_without_truth="").interval
    assert (lead.low, lead.high) == pytest.approx((own[0] - 0.5, own[1] - 0.5))


def test_without_a_class_there_is_no_difference():
    truths = np.ones(4, int)
    reader = judged(truths, truths == 1)
    assert accuracy_difference(reader, reader, reader.resamples(np.random.default_rng(0))) is None


def test_the_exact_test_by_hand():
    """Six pictures on which the first alone is right, none the other way: p = 2 / 2**6."""
    truths = np.arange(10) % 2
    first, second = judged(truths, np.ones(10, bool)), judged(truths, np.arange(10) >= 6)
    test = exact_mcnemar(first, second)
    assert (test.unit, test.only_first, test.only_second) == ("pictures", 6, 0)
    assert test.p_value == pytest.approx(2 / 2**6)
    assert exact_mcnemar(second, first).only_second == 6
    assert exact_mcnemar(first, first).p_value == 1.0


def test_pictures_of_one_patient_count_once():
    truths = np.zeros(9, int)
    patients = ["a"] * 4 + ["b"] * 3 + ["c", "c"]
    first = judged(truths, np.array([1, 1, 1, 0, 0, 0, 1, 1, 0], bool), patients)
    second = judged(truths, np.array([0, 0, 0, 1, 1, 0, 1, 0, 1], bool), patients)
    test = exact_mcnemar(first, second)
    assert (test.unit, test.only_first, test.only_second) == ("patients", 1, 1)
