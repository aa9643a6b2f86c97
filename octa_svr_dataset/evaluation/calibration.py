"""How well a probability means what it says: of the eyes that have 0.8, 80 % should be diseased."""

from dataclasses import dataclass

import numpy as np

NUM_BINS = 10
"""Bins of equal width, from 0 to 1; the upper border of one belongs to the next, 1 to the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Pictures whose probability lies in one bin."""

    low: float
    high: float
    count: int
    mean_probability: float
    diseased_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far probabilities of disease are from shares of diseased eyes."""

    bins: tuple[Bin, ...]
    """Those that hold a picture."""

    expected_error: float
    """Expected calibration error (Naeini et al. 2015): mean distance of the two over the bins, by their counts. With
    few pictures it is large by chance alone."""

    brier: float
    """Mean squared distance of the probability from the truth (Brier 1950); 0.25 is what 0.5 for every eye has."""

    @property
    def count(self) -> int:
        """Pictures behind it."""
        return sum(part.count for part in self.bins)


def measure_calibration(probabilities: np.ndarray, is_diseased: np.ndarray) -> Calibration:
    """Compare probabilities with truths.

    Parameters
    ----------
    probabilities
        (N,) float64. Of disease; N at least 1.
    is_diseased
        (N,) bool. Truth.
    """
    number = np.minimum((probabilities * NUM_BINS).astype(int), NUM_BINS - 1)
    bins = tuple(
        Bin(
            low=index / NUM_BINS,
            high=(index + 1) / NUM_BINS,
            count=int((number == index).sum()),
            mean_probability=float(probabilities[number == index].mean()),
            diseased_share=float(is_diseased[number == index].mean()),
        )
        for index in np.unique(number).tolist()
    )
    return Calibration(
        bins=bins,
        expected_error=sum(part.count * abs(part.mean_probability - part.diseased_share) for part in bins)
        / len(probabilities),
        brier=float(((probabilities - is_diseased) ** 2).mean()),
    )
