"""What a classifier reaches that is trained on the folder itself: the easy baseline that needs labels.

Logistic regression on a few features, cross-validated with all pictures of a patient in the same fold.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.pictures import fitted

MOST_FOLDS = 5

NETWORK_PX = 304
"""Width and height of the pictures that the network of photographs sees, px."""

INVERSE_PENALTY = 0.1
"""Inverse strength of the penalty on the weights; the features are standardized."""

MOST_TRIES = 20
"""How often folds are drawn anew until each leaves both classes to train on."""


def cross_validated(
    features: np.ndarray, is_diseased: np.ndarray, patients: Sequence[str | None], rng: np.random.Generator
) -> np.ndarray | None:
    """(N,) float64. Probability of disease by a classifier that has not seen the patient.

    Parameters
    ----------
    features
        (N, K) float64. Of each picture.
    is_diseased
        (N,) bool. Truth.
    patients
        (N,) Whose pictures they are; one whose patient is not known is its own.
    rng
        Draws the folds.

    Returns
    -------
    (N,) ndarray of float64
        Absent where there are too few patients of a class to leave some out.
    """
    groups = np.array(
        [f"picture {i}" if patient is None else f"patient {patient}" for i, patient in enumerate(patients)]
    )
    fewest = min(len(set(groups[is_diseased])), len(set(groups[~is_diseased])))
    for _ in range(MOST_TRIES if fewest > 1 else 0):
        folds = StratifiedGroupKFold(min(fewest, MOST_FOLDS), shuffle=True, random_state=int(rng.integers(2**31)))
        parts = list(folds.split(features, is_diseased, groups))
        if all(0 < is_diseased[seen].sum() < len(seen) for seen, _ in parts):
            return _out_of_fold(features, is_diseased, parts)
    return None


def _out_of_fold(
    features: np.ndarray, is_diseased: np.ndarray, parts: Sequence[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    probabilities = np.empty(len(features))
    for seen, unseen in parts:
        classifier = make_pipeline(
            StandardScaler(), LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=1000)
        )
        probabilities[unseen] = classifier.fit(features[seen], is_diseased[seen]).predict_proba(features[unseen])[:, 1]
    return probabilities


def network_features() -> Callable[[np.ndarray], np.ndarray] | None:
    """Gives features of a network of photographs, for the second supervised baseline; absent without its weights."""
    try:
        from octa_svr_dataset.evaluation.efficientnet import photograph_features  # torch takes seconds

        features = photograph_features()
    except (ImportError, InputError):
        return None
    return lambda gray: features(fitted(Image.fromarray(gray), NETWORK_PX))
