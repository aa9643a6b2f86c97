"""Two readers of the same pictures: by how much one is better, and whether chance alone explains it."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy import stats

from octa_svr_dataset.evaluation.bootstrap import Resamples, percentile_interval
from octa_svr_dataset.evaluation.intervals import mean_interval, paired_difference_interval
from octa_svr_dataset.evaluation.metrics import ANALYTIC, BOOTSTRAP, Judgments


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Balanced accuracy of one reader less that of another."""

    value: float
    low: float
    high: float
    """Ends of its 95 % interval, paired: both readers are taken over the same samples."""

    method: str
    """`BOOTSTRAP`; or `ANALYTIC` (Newcombe 1998, method 10) where there are few patients, or a class in which the
    readers are never right apart from each other. Where both give the same answer to every picture, nothing varies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """The exact test of McNemar (1947): each of two readers alone is right equally often."""

    unit: str
    """"patients" where any is known, each counting once, for the reader that is right on more of the pictures; else
    "pictures"."""

    only_first: int
    """Units on which the first reader does better."""

    only_second: int
    """Units on which the second does."""

    p_value: float
    """Two-sided, binomial."""


def accuracy_difference(first: Judgments, second: Judgments, resamples: Resamples) -> Difference | None:
    """Difference of balanced accuracy with its interval; absent unless every class occurs."""
    if first.missing:
        return None
    classes = range(len(first.classes))
    right, other_right, truths = first.is_right, second.is_right, first.truths
    values = [float(right[truths == number].mean() - other_right[truths == number].mean()) for number in classes]
    differ = right != other_right
    if resamples.are_many and all(differ[truths == number].any() for number in classes):
        samples = resamples.balanced_accuracies(truths, right) - resamples.balanced_accuracies(truths, other_right)
        low, high = percentile_interval(samples)
        return Difference(value=float(np.mean(values)), low=low, high=high, method=BOOTSTRAP)
    intervals = [
        paired_difference_interval(
            right[truths == number],
            other_right[truths == number],
            first.independent(number),
            is_exact=first.is_constant,
            is_other_exact=second.is_constant,
        )
        for number in classes
    ]
    low, high = mean_interval(values, intervals)
    return Difference(value=float(np.mean(values)), low=low, high=high, method=ANALYTIC)


def exact_mcnemar(first: Judgments, second: Judgments) -> McNemar:
    """Compare two readers of the same pictures, patient by patient."""
    lead: Counter[object] = Counter()
    advantages = first.is_right.astype(int) - second.is_right.astype(int)
    for index, (patient, advantage) in enumerate(zip(first.patients, advantages.tolist(), strict=True)):
        lead[("picture", index) if patient is None else patient] += advantage
    only_first = sum(advantage > 0 for advantage in lead.values())
    only_second = sum(advantage < 0 for advantage in lead.values())
    num = only_first + only_second
    return McNemar(
        unit="pictures" if all(patient is None for patient in first.patients) else "patients",
        only_first=only_first,
        only_second=only_second,
        p_value=float(stats.binomtest(only_first, num).pvalue) if num else 1.0,
    )
