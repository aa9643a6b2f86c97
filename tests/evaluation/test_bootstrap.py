import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from octa_svr_dataset.evaluation.bootstrap import NUM_RESAMPLES, Resamples, percentile_interval


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def eyes(num_patients: int, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Classes of both eyes of some patients; in every fifth patient they differ."""
    first = rng.integers(2, size=num_patients)
    second = np.where(np.arange(num_patients) % 5 == 0, 1 - first, first)
    patients = [f"P{number}" for number in range(num_patients)]
    return np.concatenate([first, second]), patients * 2


def test_patients_are_drawn_whole_and_no_sample_lacks_a_class(rng):
    for num_patients in (6, 11, 40):
        truths, patients = eyes(num_patients, rng)
        weights = Resamples.draw(truths, patients, rng).weights
        assert weights.shape == (NUM_RESAMPLES, 2 * num_patients)
        assert (weights[:, :num_patients] == weights[:, num_patients:]).all()
        for number in (0, 1):
            assert (weights[:, truths == number].sum(axis=1) > 0).all()


def test_a_sample_holds_as_many_patients_of_each_kind_as_there_are(rng):
    truths = np.array([0, 0, 0, 1, 1])
    weights = Resamples.draw(truths, [None] * 5, rng).weights
    assert (weights[:, :3].sum(axis=1) == 3).all()
    assert (weights[:, 3:].sum(axis=1) == 2).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(5), abs=0.08)


def test_samples_are_a_function_of_the_seed():
    truths, patients = eyes(10, np.random.default_rng(0))
    draws = [Resamples.draw(truths, patients, np.random.default_rng(seed)).weights for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


def test_figures_over_a_sample_equal_those_of_scikit_learn(rng):
    truths, patients = eyes(25, rng)
    scores = np.round(rng.normal(truths), 1)
    is_right = (scores > 0.5) == truths
    resamples = Resamples.draw(truths, patients, rng)
    accuracies, areas = resamples.balanced_accuracies(truths, is_right), resamples.areas(scores, truths == 1)
    for sample in range(5):
        weights = resamples.weights[sample]
        expected = balanced_accuracy_score(truths, scores > 0.5, sample_weight=weights)
        assert accuracies[sample] == pytest.approx(expected)
        assert areas[sample] == pytest.approx(roc_auc_score(truths, scores, sample_weight=weights))


@pytest.mark.parametrize("pictures_a_patient", [1, 3])
def test_intervals_hold_the_truth_in_95_of_100_folders_however_many_pictures_a_patient_has(rng, pictures_a_patient):
    """Patients differ: of some all pictures are easy, of others all are hard."""
    truths = np.repeat(np.arange(60) % 2, pictures_a_patient)
    patients = [f"P{number}" for number in np.repeat(np.arange(60), pictures_a_patient)]
    held = []
    for _ in range(200):
        is_right = np.repeat(rng.random(60) < 0.7, pictures_a_patient)
        resamples = Resamples.draw(truths, patients, rng)
        low, high = percentile_interval(resamples.balanced_accuracies(truths, is_right))
        held.append(low <= 0.7 <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.045)


def test_few_patients_are_few_however_many_pictures_they_have(rng):
    truths = np.repeat([0, 1], 100)
    few = [f"P{number}" for number in np.repeat(np.arange(20), 10)]
    assert not Resamples.draw(truths, few, rng).are_many
    assert Resamples.draw(truths, [None] * 200, rng).are_many
