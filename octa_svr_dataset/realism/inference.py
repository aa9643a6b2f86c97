"""Which settings make simulated pictures measure like given ones? An emulator, and a population fitted through it.

Settings are in units of their prior ranges, from -1 to 1.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import least_squares

RIDGE = 1.0
"""Penalty on the emulator's coefficients; measures are standardized."""

TOLERANCE = 0.4
"""What the simulation may miss of every measure, relative to the spread over simulated pictures: models are wrong."""

PRIOR_VARIANCE = 1 / 3
"""Of a setting that may lie anywhere in its prior range."""

PRIOR_PICTURES = 4.0
"""The default range counts as much as so many pictures that show it."""

MOST_ITERATIONS = 100
"""Steps of expectation maximization after which it ends at the latest."""

SMALLEST_CHANGE = 0.002
"""It ends once no mean and no spread changes by more, in units of half a prior range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """Measures of a picture as a quadratic function of D settings, and what that leaves unexplained."""

    coefficients: np.ndarray
    """(Q, K) float64. Of each quadratic term of the settings, for each measure."""

    center: np.ndarray
    """(K,) float64. Mean of each measure over the simulated pictures."""

    scale: np.ndarray
    """(K,) float64. Standard deviation of each measure over the simulated pictures."""

    whitening: np.ndarray
    """(K, K) float64. Turns standardized measures into such as differ by independent unit noise between eyes."""

    @classmethod
    def fit(cls, settings: np.ndarray, measures: np.ndarray) -> Self:
        """Fit the emulator to (N, D) settings and the (N, K) measures of the pictures made with them."""
        center, scale = measures.mean(axis=0), np.maximum(measures.std(axis=0), 1e-9)
        standardized, terms = (measures - center) / scale, _quadratic_terms(settings)
        unexplained = np.empty_like(standardized)
        for is_unseen in np.arange(len(settings)) % 5 == np.arange(5)[:, None]:
            seen = _regression(terms[~is_unseen], standardized[~is_unseen])
            unexplained[is_unseen] = standardized[is_unseen] - terms[is_unseen] @ seen
        noise = np.cov(unexplained, rowvar=False) + TOLERANCE**2 * np.eye(measures.shape[1])
        return cls(
            coefficients=_regression(terms, standardized),
            center=center,
            scale=scale,
            whitening=np.linalg.inv(np.linalg.cholesky(noise)),
        )

    def whitened(self, measures: np.ndarray) -> np.ndarray:
        """(n, K) measures, standardized and whitened."""
        return np.asarray((measures - self.center) / self.scale @ self.whitening.T)

    def predict(self, setting: np.ndarray) -> np.ndarray:
        """(K,) whitened measures that (D,) settings lead to."""
        return np.asarray(self.whitening @ (_quadratic_terms(setting[None])[0] @ self.coefficients))

    def slopes(self, setting: np.ndarray) -> np.ndarray:
        """(K, D) change of the whitened measures with each setting."""
        num_settings = len(setting)
        first, second = np.triu_indices(num_settings)
        products = np.arange(len(first))
        change = np.zeros((num_settings, len(first)))
        change[first, products] += setting[second]
        change[second, products] += setting[first]
        terms = np.hstack([np.zeros((num_settings, 1)), np.eye(num_settings), change])
        return np.asarray(self.whitening @ (terms @ self.coefficients).T)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Independent normal distributions of D settings over pictures."""

    mean: np.ndarray
    """(D,) float64. Means."""

    spread: np.ndarray
    """(D,) float64. Standard deviations."""

    @classmethod
    def of_ranges(cls, low: np.ndarray, high: np.ndarray) -> Self:
        """Those with the means and standard deviations of uniform distributions between two ends."""
        return cls(mean=(low + high) / 2, spread=(high - low) / np.sqrt(12.0))

    def ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the uniform distributions with these means and standard deviations, within the prior ranges."""
        half = np.sqrt(3.0) * self.spread
        return np.clip(self.mean - half, -1.0, 1.0), np.clip(self.mean + half, -1.0, 1.0)


def fit_population(emulator: Emulator, measures: np.ndarray, default: Population) -> tuple[Population, np.ndarray]:
    """Settings that n pictures were taken with, as a population; expectation maximization with a normal posterior.

    Where pictures say nothing of a setting, its default stays.

    Parameters
    ----------
    emulator
        What settings lead to.
    measures
        (n, K) float64. Measures of the pictures.
    default
        What is assumed of the settings before any picture is seen.

    Returns
    -------
    population
        Distribution of the settings, widened for what n pictures leave open.
    known
        (D,) float64. How much the measures of one picture tell of each setting: 0 nothing, 1 all.
    """
    pictures = emulator.whitened(measures)
    population, settings = default, np.tile(default.mean, (len(measures), 1))
    for _ in range(MOST_ITERATIONS):
        posteriors = [
            _posterior(emulator, picture, population, start) for picture, start in zip(pictures, settings, strict=True)
        ]
        settings = np.array([setting for setting, _ in posteriors])
        variances = np.array([variance for _, variance in posteriors])
        before, population = population, _maximized(settings, variances, default)
        change = np.abs([population.mean - before.mean, population.spread - before.spread]).max()
        if change <= SMALLEST_CHANGE:
            break
    widened = population.spread * np.sqrt(1.0 + 1.0 / len(pictures))
    return Population(mean=population.mean, spread=widened), _known_shares(emulator, settings)


def _known_shares(emulator: Emulator, settings: np.ndarray) -> np.ndarray:
    """(D,) share of the variance over the prior ranges that one picture takes away, mean over (n, D) settings."""
    precision = np.eye(settings.shape[1]) / PRIOR_VARIANCE
    slopes = [emulator.slopes(setting) for setting in settings]
    left = [np.diag(np.linalg.inv(slope.T @ slope + precision)) / PRIOR_VARIANCE for slope in slopes]
    return np.asarray(1.0 - np.mean(left, axis=0))


def _posterior(
    emulator: Emulator, picture: np.ndarray, population: Population, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(D,) most probable settings of a picture, and their (D,) variances."""

    def misfit(setting: np.ndarray) -> np.ndarray:
        return np.concatenate([emulator.predict(setting) - picture, (setting - population.mean) / population.spread])

    def misfit_slopes(setting: np.ndarray) -> np.ndarray:
        return np.vstack([emulator.slopes(setting), np.diag(1.0 / population.spread)])

    inside = np.clip(start, -0.999, 0.999)
    solution = least_squares(misfit, inside, jac=misfit_slopes, bounds=(-1.0, 1.0), max_nfev=20)
    return solution.x, np.diag(np.linalg.inv(solution.jac.T @ solution.jac))


def _maximized(settings: np.ndarray, variances: np.ndarray, default: Population) -> Population:
    """Population of (n, D) settings of known (n, D) variances, and of a few imagined pictures that show the default."""
    num_pictures = len(settings)
    mean = (settings.sum(axis=0) + default.mean) / (num_pictures + 1)
    squares = ((settings - mean) ** 2 + variances).sum(axis=0) + (default.mean - mean) ** 2
    squares += PRIOR_PICTURES * default.spread**2
    return Population(mean=mean, spread=np.sqrt(squares / (num_pictures + 1 + PRIOR_PICTURES)))


def _quadratic_terms(settings: np.ndarray) -> np.ndarray:
    """(N, Q) one, the (N, D) settings, and their products."""
    first, second = np.triu_indices(settings.shape[1])
    return np.hstack([np.ones((len(settings), 1)), settings, settings[:, first] * settings[:, second]])


def _regression(terms: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.solve(terms.T @ terms + RIDGE * np.eye(terms.shape[1]), terms.T @ values))
