"""Analytic 95 % intervals of shares, of their mean over classes, and of the difference of two such means.

They hold where a bootstrap fails: with few pictures, and where all or none of a class are recognized.
"""

import math
from collections.abc import Sequence

import numpy as np

NORMAL_975 = 1.959964
"""Quantile 0.975 of the normal distribution, for 95 % intervals."""


def share_interval(share: float, independent: float) -> tuple[float, float]:
    """Interval of a share (Wilson 1927) of so many independent pictures."""
    z2 = NORMAL_975**2
    center = (share + z2 / (2 * independent)) / (1 + z2 / independent)
    spread = math.sqrt(share * (1 - share) / independent + z2 / (4 * independent**2))
    half = NORMAL_975 / (1 + z2 / independent) * spread
    return min(max(0.0, center - half), share), max(min(1.0, center + half), share)


def mean_interval(values: Sequence[float], intervals: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Interval of the mean of independent values from their own (Zou and Donner 2008, Statistics in Medicine 27)."""
    mean = sum(values) / len(values)
    below = math.sqrt(sum((value - low) ** 2 for value, (low, _) in zip(values, intervals, strict=True)))
    above = math.sqrt(sum((high - value) ** 2 for value, (_, high) in zip(values, intervals, strict=True)))
    return mean - below / len(values), mean + above / len(values)


def paired_difference_interval(
    is_right: np.ndarray,
    is_other_right: np.ndarray,
    independent: float,
    *,
    is_exact: bool = False,
    is_other_exact: bool = False,
) -> tuple[float, float]:
    """Interval of the difference of two shares of the same pictures (Newcombe 1998, Statistics in Medicine 17, 2635).

    Parameters
    ----------
    is_right, is_other_right
        (N,) bool. Whether each of two readers is right, picture by picture.
    independent
        How many of the pictures are independent.
    is_exact, is_other_exact
        Whether a share is known, as that of a reader who gives the same answer to every picture; it has no width.
    """
    share, other = float(is_right.mean()), float(is_other_right.mean())
    low, high = (share, share) if is_exact else share_interval(share, independent)
    other_low, other_high = (other, other) if is_other_exact else share_interval(other, independent)
    correlation = _correlation(is_right, is_other_right)
    below, above = share - low, high - share
    other_below, other_above = other - other_low, other_high - other
    return (
        share - other - math.sqrt(below**2 - 2 * correlation * below * other_above + other_above**2),
        share - other + math.sqrt(above**2 - 2 * correlation * above * other_below + other_below**2),
    )


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Phi of two yes-no columns; 0 where one of them is constant."""
    spread = float(first.std() * second.std())
    return float(((first - first.mean()) * (second - second.mean())).mean()) / spread if spread else 0.0
