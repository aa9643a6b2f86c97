"""How well readers agree: kappa between two of them, the intraclass correlation of all."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.metrics import cohen_kappa_score


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its 95 % interval; minus infinity where it has no bound below."""

    value: float
    low: float
    high: float


def kappa(first: np.ndarray, second: np.ndarray, num_values: int, *, is_weighted: bool) -> float | None:
    """Agreement of two readers beyond chance (Cohen 1968).

    Parameters
    ----------
    first, second
        (N,) int. Index of the value that each gives.
    num_values
        How many values there are.
    is_weighted
        Whether a disagreement counts by its square (quadratic weights), else all alike.

    Returns
    -------
    float or None
        1 for full agreement, 0 for that of chance; absent where both always say the same one thing.
    """
    if not len(first) or len({*first.tolist(), *second.tolist()}) < 2:
        return None
    weights = "quadratic" if is_weighted else None
    return float(cohen_kappa_score(first, second, labels=list(range(num_values)), weights=weights))


def kappas(
    first: np.ndarray, second: np.ndarray, num_values: int, weights: np.ndarray, *, is_weighted: bool
) -> np.ndarray:
    """(R,) float64. `kappa` in each bootstrap sample; NaN where it is absent.

    Parameters
    ----------
    first, second, num_values, is_weighted
        As in `kappa`.
    weights
        (R, N) float64. How often each item is in each sample.
    """
    values = np.arange(num_values)
    said_first, said_second = first[:, None] == values, second[:, None] == values
    apart = np.abs(values[:, None] - values).astype(np.float64)
    cost = apart**2 if is_weighted else (apart > 0).astype(np.float64)
    totals = weights.sum(axis=1)
    observed = weights @ cost[first, second] / totals
    shares_first = weights @ said_first.astype(np.float64) / totals[:, None]
    shares_second = weights @ said_second.astype(np.float64) / totals[:, None]
    expected = np.einsum("ra,ab,rb->r", shares_first, cost, shares_second)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1.0 - observed / expected, np.nan)


def intraclass_correlations(ratings: np.ndarray) -> tuple[Estimate, Estimate] | None:
    """ICC(2,1) and ICC(2,k): absolute agreement of single readers, and of the mean of all k.

    Two-way random effects (Shrout and Fleiss 1979, Psychological Bulletin 86, 420), with the intervals of McGraw and
    Wong 1996 (Psychological Methods 1, 30, table 7), which rest on the F distribution.

    Parameters
    ----------
    ratings
        (N, k) float64. Of each item by each reader.

    Returns
    -------
    tuple or None
        Absent with fewer than two items or readers, or where no reader tells any items apart, or where two readers of
        two items say the opposite.
    """
    n, k = ratings.shape
    if min(n, k) < 2 or not np.ptp(ratings, axis=0).any():
        return None
    mean = ratings.mean()
    by_item, by_reader = ratings.mean(axis=1), ratings.mean(axis=0)
    items = k * float(((by_item - mean) ** 2).sum()) / (n - 1)
    readers = n * float(((by_reader - mean) ** 2).sum()) / (k - 1)
    rest = ratings - by_item[:, None] - by_reader + mean
    error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    total = items + (k - 1) * error + k * (readers - error) / n
    if total <= 0.0:
        return None
    single = (items - error) / total
    low, high = _single_interval(n, k, items, readers, error, single)
    return (
        Estimate(value=single, low=low, high=high),
        Estimate(value=_stepped_up(single, k), low=_stepped_up(low, k), high=_stepped_up(high, k)),
    )


def _single_interval(n: int, k: int, items: float, readers: float, error: float, single: float) -> tuple[float, float]:
    """Of the absolute agreement of single readers, from mean squares; full agreement has no width."""
    if single >= 1.0 or (readers == 0.0 and error == 0.0):
        return 1.0, 1.0
    known = max(single, 0.0)  # below, no share of the readers is left to count degrees of freedom of
    of_readers = k * known / (n * (1.0 - known))
    of_error = 1.0 + of_readers * (n - 1)
    spread = (of_readers * readers) ** 2 / (k - 1) + (of_error * error) ** 2 / ((n - 1) * (k - 1))
    freedom = (of_readers * readers + of_error * error) ** 2 / spread
    upper = float(stats.f.ppf(0.975, n - 1, freedom))
    lower = float(stats.f.ppf(0.975, freedom, n - 1))
    noise = k * readers + (k * n - k - n) * error
    return (
        min(n * (items - upper * error) / (upper * noise + n * items), single),
        max(n * (lower * items - error) / (noise + n * lower * items), single),
    )


def _stepped_up(single: float, k: int) -> float:
    """Reliability of the mean of k readers from that of one (Spearman and Brown).

    It falls without bound as that of one falls to -1 / (k - 1), and is minus infinity from there on.
    """
    rest = 1.0 + (k - 1) * single
    return k * single / rest if rest > 0.0 else -math.inf
