"""Power of a picture by spatial frequency."""

from functools import lru_cache

import numpy as np


def power_spectrum(picture: np.ndarray) -> np.ndarray:
    """(S, S) power by frequency along rows and columns, in the order of `np.fft.fftfreq`.

    White noise of standard deviation s has s**2 on average.
    """
    taper = np.hanning(len(picture))
    window = taper[:, None] * taper[None, :]
    mean = (picture * window).sum() / window.sum()
    return np.asarray(np.abs(np.fft.fft2((picture - mean) * window)) ** 2 / (window**2).sum())


def stripe_excess(power: np.ndarray, is_fast: np.ndarray) -> float:
    """Mean over frequencies of log10 of the power from row to row, relative to that from column to column.

    Parameters
    ----------
    power
        (S, S) spectrum.
    is_fast
        (S,) bool. Frequencies that count; slower changes are shading. Without any, there is no excess.
    """
    if not is_fast.any():
        return 0.0
    on_axis = [-1, 0, 1]  # the taper spreads each frequency over its neighbors
    rows, columns = power[is_fast][:, on_axis].mean(axis=1), power[:, is_fast][on_axis].mean(axis=0)
    return float(np.log10(np.maximum(rows, 1e-6) / np.maximum(columns, 1e-6)).mean())


def radial_power(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K,) sums of the power by whole cycles per picture whatever their direction, and (K,) numbers of frequencies."""
    cycles, counts = _cycles(len(power))
    return np.bincount(cycles, power.ravel()), counts


@lru_cache(maxsize=4)
def _cycles(size_px: int) -> tuple[np.ndarray, np.ndarray]:
    along = np.fft.fftfreq(size_px) * size_px
    cycles = np.rint(np.sqrt(along[:, None] ** 2 + along[None, :] ** 2)).astype(int).ravel()
    return cycles, np.bincount(cycles)
