"""Pictures of known shapes: a mesh with a hole, lines of known width and course."""

import math
from functools import cache

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

SIZE_PX = 304
PITCH_MM = 3.0 / SIZE_PX

ROW, COLUMN = np.indices((SIZE_PX, SIZE_PX)) + 0.5


def mesh(rng: np.random.Generator, gap_mm2: float = 0.01) -> np.ndarray:
    """(304, 304) float64, 0 to 1. Lines one capillary wide around evenly spread gaps of a mean area."""
    spacing_px = math.sqrt(gap_mm2) / PITCH_MM
    first = np.arange(-2 * spacing_px, SIZE_PX + 2 * spacing_px, spacing_px)
    centers = np.stack(np.meshgrid(first, first), axis=-1)
    centers[::2, :, 0] += spacing_px / 2
    centers = centers.reshape(-1, 2) + rng.uniform(-0.15, 0.15, (centers.size // 2, 2)) * spacing_px
    nearest, _ = cKDTree(centers).query(np.stack([ROW.ravel(), COLUMN.ravel()], axis=1), k=2)
    to_line_px = (nearest[:, 1] - nearest[:, 0]).reshape(SIZE_PX, SIZE_PX) / 2
    return np.exp(-0.5 * to_line_px**2)


def zone_in_mesh(
    rng: np.random.Generator,
    radius_mm: float = 0.3,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    *,
    elongation: float = 1.0,
    angle_deg: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(304, 304) uint8 picture of a mesh with an elliptic hole, off the center by (rows, columns), and its mask."""
    row, column = ROW * PITCH_MM - 1.5 - offset_mm[0], COLUMN * PITCH_MM - 1.5 - offset_mm[1]
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    along, across = row * cosine + column * sine, column * cosine - row * sine
    mask = (along / elongation) ** 2 + (across * elongation) ** 2 < radius_mm**2
    return grainy(np.where(mask, 0.0, 0.25 + 0.75 * mesh(rng, 0.006)), rng), mask


@cache
def lines(width_px: float, angle_deg: float = 0.0, *, amplitude_px: float = 0.0, period_px: float = 60.0) -> np.ndarray:
    """(304, 304) float64, 0 to 1. Four parallel sinuous lines."""
    step = np.arange(-250.0, 250.0, 0.5)
    sway = amplitude_px * np.sin(2 * math.pi * step / period_px)
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    points = [
        np.stack([step * cosine - (start + sway) * sine, step * sine + (start + sway) * cosine], axis=1)
        for start in (-110.0, -37.0, 37.0, 110.0)
    ]
    tree = cKDTree(np.concatenate(points) + SIZE_PX / 2)
    distance_px, _ = tree.query(np.stack([ROW.ravel(), COLUMN.ravel()], axis=1))
    return np.clip(width_px / 2 + 0.5 - distance_px, 0.0, 1.0).reshape(SIZE_PX, SIZE_PX)


def arc_over_chord(amplitude_px: float, period_px: float, piece_px: float) -> float:
    """Of pieces of a sine, wherever they begin: the sum of their arcs over that of their chords."""
    along = np.arange(0.0, 4 * period_px, 0.05)
    sway = amplitude_px * np.sin(2 * math.pi * along / period_px)
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(along), np.diff(sway)))])
    begin = np.flatnonzero(along < period_px)
    end = np.searchsorted(arc, arc[begin] + piece_px)
    chord = np.hypot(along[end] - along[begin], sway[end] - sway[begin])
    return float((arc[end] - arc[begin]).sum() / chord.sum())


def grainy(brightness: np.ndarray, rng: np.random.Generator, noise: float = 0.2) -> np.ndarray:
    """(304, 304) uint8. What a scanner makes of a brightness from 0 to 1: floor, speckle, blur."""
    speckled = brightness * (1 + noise * rng.standard_normal(brightness.shape))
    gray = 25 + 150 * speckled + 8 * rng.standard_normal(brightness.shape)
    return np.clip(ndimage.gaussian_filter(gray, 0.6), 0, 255).astype(np.uint8)
