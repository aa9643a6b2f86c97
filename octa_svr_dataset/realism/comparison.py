"""Two sets of pictures side by side: differences of their measures, and the distance between their features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.realism.measures import PictureMeasures

LARGEST_DIFFERENCES = {"log10 power": 0.10, "gray quantile": 10.0}
"""How far the mean of a set may lie from that of real pictures, by the start of the measure's name."""

NUM_RESAMPLES = 2000
"""Bootstrap samples behind an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One measure in two sets of pictures."""

    name: str
    """Name of the measure."""

    ours: float
    """Mean over our pictures."""

    theirs: float
    """Mean over theirs."""

    interval: tuple[float, float]
    """95 % interval of ours minus theirs; pictures are resampled, in both sets."""

    goal: float | None
    """Largest difference that is aimed at; absent where none is."""

    @property
    def value(self) -> float:
        """Ours minus theirs."""
        return self.ours - self.theirs

    @property
    def is_reached(self) -> bool | None:
        """Whether the difference is within the goal; absent without one."""
        return None if self.goal is None else abs(self.value) <= self.goal


def compare_measures(
    ours: Sequence[PictureMeasures], theirs: Sequence[PictureMeasures], rng: np.random.Generator
) -> list[Difference]:
    """Differences of all measures that every picture of both sets has.

    Parameters
    ----------
    ours, theirs
        Measures of at least two pictures each.
    rng
        Draws the bootstrap samples.
    """
    tables = [[measures.by_name() for measures in pictures] for pictures in (ours, theirs)]
    names = [name for name in tables[0][0] if all(name in row for table in tables for row in table)]
    our_values, their_values = (np.array([[row[name] for name in names] for row in table]) for table in tables)
    low, high = np.quantile(
        _resampled_means(our_values, rng) - _resampled_means(their_values, rng), (0.025, 0.975), axis=0
    )
    return [
        Difference(
            name=name,
            ours=float(our_values[:, column].mean()),
            theirs=float(their_values[:, column].mean()),
            interval=(float(low[column]), float(high[column])),
            goal=_goal(name),
        )
        for column, name in enumerate(names)
    ]


def _resampled_means(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(R, K) means over bootstrap samples of the N pictures of an (N, K) table."""
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=NUM_RESAMPLES)
    return np.asarray(weights @ values / len(values))


def _goal(name: str) -> float | None:
    return next((goal for start, goal in LARGEST_DIFFERENCES.items() if name.startswith(start)), None)


def frechet_distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Squared Frechet distance between the normal distributions that fit two sets of features (Heusel et al. 2017).

    It grows as sets get smaller: compare it only with distances between sets of like size.

    Parameters
    ----------
    ours, theirs
        (N, K) and (M, K) float64. Features; N and M above 1.
    """
    our_covariance, their_covariance = np.cov(ours, rowvar=False), np.cov(theirs, rowvar=False)
    root = _square_root(our_covariance)
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ their_covariance @ root), 0.0)).sum()
    shift = ours.mean(axis=0) - theirs.mean(axis=0)
    return float(shift @ shift + np.trace(our_covariance) + np.trace(their_covariance) - 2.0 * overlap)


def frechet_floor(features: np.ndarray, rng: np.random.Generator, *, num_splits: int = 10) -> float:
    """Distance between random halves of one set of pictures: what chance alone makes of it, at half the size.

    Parameters
    ----------
    features
        (N, P, K) float64. Features of the P patches of N pictures; N is 4 or more.
    rng
        Draws the halves.
    """
    distances = []
    for _ in range(num_splits):
        first, second = np.array_split(rng.permutation(features), 2)
        distances.append(frechet_distance(np.concatenate(first), np.concatenate(second)))
    return float(np.mean(distances))


def _square_root(covariance: np.ndarray) -> np.ndarray:
    """Symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
