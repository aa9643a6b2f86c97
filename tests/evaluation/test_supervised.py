import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from octa_svr_dataset.evaluation.supervised import cross_validated


def test_features_that_tell_the_disease_are_used():
    rng = np.random.default_rng(0)
    is_diseased = np.arange(80) % 2 == 1
    features = rng.normal(size=(80, 5))
    features[:, 2] += 2.0 * is_diseased
    assert roc_auc_score(is_diseased, cross_validated(features, is_diseased, [None] * 80, rng)) > 0.85


@pytest.mark.parametrize("seed", range(3))
def test_features_that_tell_the_patient_alone_are_of_no_use(seed):
    """Each patient has ten pictures and a fingerprint; with any of them in training, all would be known."""
    rng = np.random.default_rng(seed)
    patients = np.repeat(np.arange(40), 10)
    is_diseased = patients % 2 == 1
    features = rng.normal(size=(40, 60))[patients] + 0.05 * rng.normal(size=(400, 60))
    grouped = cross_validated(features, is_diseased, [f"P{number}" for number in patients], rng)
    assert roc_auc_score(is_diseased, grouped) < 0.75
    assert roc_auc_score(is_diseased, cross_validated(features, is_diseased, [None] * 400, rng)) > 0.95


@pytest.mark.parametrize("num_diseased", [0, 1])
def test_a_class_of_one_patient_cannot_be_left_out(num_diseased):
    is_diseased = np.arange(12) < num_diseased
    rng = np.random.default_rng(0)
    assert cross_validated(rng.normal(size=(12, 3)), is_diseased, [None] * 12, rng) is None


def test_two_patients_of_a_class_are_enough():
    is_diseased = np.arange(9) < 2
    rng = np.random.default_rng(0)
    scores = cross_validated(rng.normal(size=(9, 3)), is_diseased, [None] * 9, rng)
    assert ((scores > 0) & (scores < 1)).all()


def test_what_is_predicted_of_a_picture_has_not_seen_the_others_of_its_fold():
    """An outlandish picture moves itself and what is trained on it; its own fold, a fifth of all, stays bit for bit."""
    rng = np.random.default_rng(4)
    is_diseased, patients = np.arange(60) >= 30, [f"P{number // 2}" for number in range(60)]
    features = rng.normal(size=(60, 10))
    strange = features.copy()
    strange[7] *= 1e4
    plain, again, moved = (
        cross_validated(given, is_diseased, patients, np.random.default_rng(0))
        for given in (features, features, strange)
    )
    assert (plain == again).all()
    assert (plain == moved).sum() == 60 / 5 - 1
