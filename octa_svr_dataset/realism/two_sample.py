"""Can a classifier tell two sets of pictures apart? Needs scikit-learn, which the extra `eval` brings."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NUM_FOLDS = 7
"""All patches of a picture are in the same of these folds."""

NUM_RESAMPLES = 1000
"""Bootstrap samples behind the interval."""

INVERSE_PENALTY = 0.1
"""Inverse strength of the penalty on the classifier's weights; the features are standardized."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSampleAuc:
    """How well two sets of pictures are told apart: 0.5 not at all, 1 always."""

    value: float
    """Area under the ROC curve of pictures that the classifier was not trained on."""

    interval: tuple[float, float]
    """Its 95 % interval; pictures are resampled, the classifier is not trained again."""


def two_sample_auc(ours: np.ndarray, theirs: np.ndarray, rng: np.random.Generator) -> TwoSampleAuc:
    """Train a logistic regression to tell two sets apart, on patches, and score it on other pictures.

    Parameters
    ----------
    ours, theirs
        (N, P, K) and (M, P, K) float64. Features of the P patches of each picture; at least 7 pictures each.
    rng
        Draws folds and bootstrap samples.
    """
    pictures = np.concatenate([ours, theirs])
    is_ours = np.repeat([True, False], [len(ours), len(theirs)])
    score = _scores(pictures, is_ours, rng)
    aucs = []
    for _ in range(NUM_RESAMPLES):
        sample = np.concatenate([rng.choice(np.flatnonzero(group), group.sum()) for group in (is_ours, ~is_ours)])
        aucs.append(roc_auc_score(is_ours[sample], score[sample]))
    low, high = np.quantile(aucs, (0.025, 0.975))
    return TwoSampleAuc(value=float(roc_auc_score(is_ours, score)), interval=(float(low), float(high)))


def _scores(pictures: np.ndarray, is_ours: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,) mean over the patches of each picture of what a classifier says that has not seen the picture."""
    num_pictures, num_patches, _ = pictures.shape
    patches = pictures.reshape(num_pictures * num_patches, -1)
    labels, groups = is_ours.repeat(num_patches), np.arange(num_pictures).repeat(num_patches)
    folds = StratifiedGroupKFold(NUM_FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    score = np.empty(len(patches))
    for seen, unseen in folds.split(patches, labels, groups):
        classifier = make_pipeline(
            StandardScaler(), LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=1000)
        )
        score[unseen] = classifier.fit(patches[seen], labels[seen]).decision_function(patches[unseen])
    return np.asarray(score.reshape(num_pictures, num_patches).mean(axis=1))
