"""How well a score tells diseased eyes from healthy ones, and where to cut it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from octa_svr_dataset.evaluation.bootstrap import Resamples, percentile_interval
from octa_svr_dataset.evaluation.intervals import NORMAL_975
from octa_svr_dataset.evaluation.patients import independent_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Auc:
    """Area under the receiver operating characteristic: how often a diseased eye scores above a healthy one."""

    value: float
    low: float
    high: float
    """Ends of its 95 % interval: over bootstrap samples, or else by method 5 of Newcombe 2006 (Statistics in Medicine
    25, 559), as where there are few patients or the classes are parted wholly."""


def measure_auc(
    scores: np.ndarray,
    is_diseased: np.ndarray,
    patients: Sequence[str | None] | None = None,
    resamples: Resamples | None = None,
) -> Auc | None:
    """Area under the curve with its interval; absent unless both classes occur.

    Parameters
    ----------
    scores
        (N,) float64. One score a picture, larger where more disease is expected; equal ones count half.
    is_diseased
        (N,) bool. Truth.
    patients
        (N,) Whose pictures they are; those of one patient and class are taken to be scored alike. Without, each
        is of another.
    resamples
        Bootstrap samples of the same pictures; without, the interval is analytic.
    """
    num_diseased, num_healthy = int(is_diseased.sum()), int((~is_diseased).sum())
    if not num_diseased or not num_healthy:
        return None
    rank_sum = float(stats.rankdata(scores)[is_diseased].sum())
    value = (rank_sum - num_diseased * (num_diseased + 1) / 2) / (num_diseased * num_healthy)
    if resamples is not None and resamples.are_many and 0.0 < value < 1.0:
        low, high = percentile_interval(resamples.areas(scores, is_diseased))
        return Auc(value=value, low=low, high=high)
    whose = np.array([None] * len(scores) if patients is None else patients, dtype=object)
    independent = independent_number(whose[is_diseased]), independent_number(whose[~is_diseased])
    return Auc(
        value=value,
        low=_interval_end(value, 0.0, *independent),
        high=_interval_end(value, 1.0, *independent),
    )


def best_threshold(scores: np.ndarray, is_diseased: np.ndarray) -> float:
    """Where to cut a score for the largest balanced accuracy, in the middle of the widest gap that gives it.

    Parameters
    ----------
    scores
        (N,) float64. One score a picture, larger where more disease is expected; of both classes.
    is_diseased
        (N,) bool. Truth.

    Returns
    -------
    float
        Above it, a picture counts as diseased.
    """
    levels = np.unique(scores)
    if len(levels) == 1:
        return float(levels[0])
    sensitivity = _share_above(levels, scores[is_diseased])[:-1]
    specificity = 1.0 - _share_above(levels, scores[~is_diseased])[:-1]
    accuracy = (sensitivity + specificity) / 2.0
    widths = np.where(np.isclose(accuracy, accuracy.max()), np.diff(levels), 0.0)
    gap = int(np.argmax(widths))
    return float((levels[gap] + levels[gap + 1]) / 2.0)


def _share_above(levels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Share of the scores above each level."""
    return 1.0 - np.searchsorted(np.sort(scores), levels, side="right") / len(scores)


def _interval_end(value: float, end: float, num_diseased: float, num_healthy: float) -> float:
    """The area between `value` and `end` that lies 1.96 of its own standard errors from `value`."""

    def excess(area: float) -> float:
        return abs(value - area) - NORMAL_975 * _standard_error(area, num_diseased, num_healthy)

    if value == end:
        return end
    # At the end itself the standard error is 0, and close to `value` the distance is.
    return float(optimize.brentq(excess, value + 1e-9 * math.copysign(1.0, end - value), end))


def _standard_error(area: float, num_diseased: float, num_healthy: float) -> float:
    """Standard error of an area (Hanley and McNeil 1982), both classes given their mean size in the pair terms."""
    pairs = (num_diseased + num_healthy) / 2.0 - 1.0
    spread = 1.0 + pairs * ((1.0 - area) / (2.0 - area) + area / (1.0 + area))
    return math.sqrt(area * (1.0 - area) * spread / (num_diseased * num_healthy))
