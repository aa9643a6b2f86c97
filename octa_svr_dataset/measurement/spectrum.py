"""Power of a picture by spatial frequency."""

from functools import lru_cache

import numpy as np
from scipy import fft


def power_spectrum(picture: np.ndarray) -> np.ndarray:
    """(S, S) power by frequency along rows and columns, in the order of `np.fft.fftfreq`.

    White noise of standard deviation s has s**2 on average.
    """
    window, whole, squares = _window(len(picture))
    tapered = picture * window
    mean = float(tapered.sum()) / whole
    np.subtract(picture, mean, out=tapered)
    tapered *= window
    transform = fft.rfft2(tapered)
    half = transform.real**2
    half += transform.imag**2
    half /= squares
    opposite = -np.arange(len(picture))
    return np.concatenate([half, half[opposite][:, (len(picture) - 1) // 2 : 0 : -1]], axis=1)


@lru_cache(maxsize=4)
def _window(size_px: int) -> tuple[np.ndarray, float, float]:
    """(S, S) float32 taper toward the borders, its sum, and that of its squares."""
    taper = np.hanning(size_px)
    window = taper[:, None] * taper[None, :]
    return window.astype(np.float32), float(window.sum()), float((window**2).sum())


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
    rows, columns = power[:, on_axis][is_fast].mean(axis=1), power[on_axis][:, is_fast].mean(axis=0)
    return float(np.log10(np.maximum(rows, 1e-6) / np.maximum(columns, 1e-6)).mean())


def radial_power(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K,) sums of the power by whole cycles per picture whatever their direction, and (K,) numbers of frequencies."""
    cycles, occurrences, counts = _cycles(len(power))
    half = power[:, : occurrences.shape[1]] * occurrences
    return np.bincount(cycles, half.ravel()), counts


@lru_cache(maxsize=4)
def _cycles(size_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cycles of half of the frequencies, raveled, how often the power of each occurs in all, (1, W), and its counts."""
    along = np.fft.fftfreq(size_px) * size_px
    num_columns = size_px // 2 + 1
    cycles = np.rint(np.sqrt(along[:, None] ** 2 + along[None, :num_columns] ** 2)).astype(int)
    occurrences = np.full((1, num_columns), 2, np.float32)
    occurrences[0, 0] = 1
    if size_px % 2 == 0:
        occurrences[0, -1] = 1
    weights = np.broadcast_to(occurrences, cycles.shape)
    return cycles.ravel(), occurrences, np.bincount(cycles.ravel(), weights.ravel())
