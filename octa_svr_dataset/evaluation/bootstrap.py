"""Bootstrap samples of pictures, drawn by patient and within each class, so that no sample lacks a class.

All figures of a report are taken over the same samples, so that differences between readers are paired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

NUM_RESAMPLES = 2000
"""Bootstrap samples behind an interval."""

FEWEST_CLUSTERS = 20
"""With fewer patients in a class, intervals are analytic: in simulations of two classes with recalls of 0.5 to 0.97,
percentile intervals held the truth in 0.47 to 0.97 of the folders with 5 to 15 a class and in 0.90 to 0.97 with 20 or
more, those that are used in 0.91 to 0.99 (`benchmarks/intervals.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resamples:
    """R samples, with replacement, of the patients of N pictures."""

    weights: np.ndarray
    """(R, N) float64. How often each picture is in each sample; whole numbers, so that sums come out the same in any
    order."""

    clusters_by_class: tuple[int, ...]
    """Patients with a picture of each class."""

    @classmethod
    def draw(cls, truths: np.ndarray, patients: Sequence[str | None], rng: np.random.Generator) -> Self:
        """Draw samples of as many patients as there are.

        Parameters
        ----------
        truths
            (N,) int. Number of each picture's class.
        patients
            (N,) Whose pictures they are; one whose patient is not known is its own.
        rng
            Source of chance.
        """
        cluster_of = _clusters(patients)
        strata: dict[frozenset[int], list[int]] = {}
        for cluster in range(cluster_of.max(initial=-1) + 1):
            strata.setdefault(frozenset(truths[cluster_of == cluster].tolist()), []).append(cluster)
        counts = np.zeros((NUM_RESAMPLES, cluster_of.max(initial=-1) + 1))
        for members in strata.values():
            counts[:, members] = rng.multinomial(len(members), [1.0 / len(members)] * len(members), NUM_RESAMPLES)
        classes = range(int(truths.max(initial=-1)) + 1)
        clusters_by_class = tuple(len(np.unique(cluster_of[truths == number])) for number in classes)
        return cls(weights=counts[:, cluster_of], clusters_by_class=clusters_by_class)

    @property
    def are_many(self) -> bool:
        """Whether each class has patients enough for percentile intervals."""
        return min(self.clusters_by_class, default=0) >= FEWEST_CLUSTERS

    def balanced_accuracies(self, truths: np.ndarray, is_right: np.ndarray) -> np.ndarray:
        """(R,) float64. Mean over the classes of the share of pictures that are read rightly, in each sample.

        Parameters
        ----------
        truths
            (N,) int. Number of each picture's class; all classes occur.
        is_right
            (N,) bool. Whether it is read rightly.
        """
        is_of_class = truths[:, None] == np.arange(truths.max() + 1)
        totals = self.weights @ is_of_class.astype(np.float64)
        recognized = self.weights @ (is_of_class & is_right[:, None]).astype(np.float64)
        return np.asarray((recognized / totals).mean(axis=1))

    def areas(self, scores: np.ndarray, is_diseased: np.ndarray) -> np.ndarray:
        """(R,) float64. Area under the ROC curve of (N,) scores in each sample."""
        diseased, healthy = self.weights[:, is_diseased], self.weights[:, ~is_diseased]
        above = np.sign(scores[is_diseased][:, None] - scores[~is_diseased][None, :]) / 2.0 + 0.5
        wins = ((diseased @ above) * healthy).sum(axis=1)
        return np.asarray(wins / (diseased.sum(axis=1) * healthy.sum(axis=1)))


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """Quantiles 0.025 and 0.975."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _clusters(patients: Sequence[str | None]) -> np.ndarray:
    """(N,) int. Number of each picture's patient, in order of appearance."""
    numbers: dict[object, int] = {}
    names = [("picture", index) if patient is None else patient for index, patient in enumerate(patients)]
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
