"""Outlines around a center, given by their distance from it in evenly spaced directions."""

import numpy as np

from octa_svr_dataset.vessel_graph import VesselGraph

NUM_DIRECTIONS = 72
"""Number of directions, D; the first one points along x, the others follow with growing angle."""

BESIDE_MM = 0.03
"""An outline that is moved onto a vessel runs on its inner side, by this distance from its middle, mm."""

FARTHEST_RIM_MM = 1.0
"""The rim of the avascular zone lies no farther from the fovea, mm."""


def directions_rad() -> np.ndarray:
    """(D,) float64. Angles of the directions, rad."""
    return np.arange(NUM_DIRECTIONS) * (2.0 * np.pi / NUM_DIRECTIONS)


def along_outline(values: np.ndarray, angle_rad: np.ndarray) -> np.ndarray:
    """Values that are known by direction, (D,), at any angles from -pi to pi, rad."""
    place = np.asarray(angle_rad) * (NUM_DIRECTIONS / (2.0 * np.pi)) + NUM_DIRECTIONS / 2
    before = np.minimum(place.astype(np.int64), NUM_DIRECTIONS - 1)
    share = place - before
    half = NUM_DIRECTIONS // 2  # the first of these lies at -pi
    from_behind = np.concatenate((values[half:], values[: half + 1]))
    return np.asarray(from_behind[before] * (1.0 - share) + from_behind[before + 1] * share)


def smoothed(values: np.ndarray) -> np.ndarray:
    """(D,) values by direction, evened out between neighbors."""
    return np.asarray((np.roll(values, 1) + 2.0 * values + np.roll(values, -1)) / 4.0)


def rim_mm(graph: VesselGraph, fovea_mm: np.ndarray) -> np.ndarray:
    """(D,) distance from the fovea of the nearest vessels in each direction, mm, evened out.

    Parameters
    ----------
    graph
        Vessels.
    fovea_mm
        (2,) float64. Position (x, y) of the fovea, mm.
    """
    node = np.flatnonzero(np.abs(graph.position_mm[:, 0] - fovea_mm[0]) < FARTHEST_RIM_MM)
    x_mm, y_mm = (graph.position_mm.take(node, axis=0)[:, :2] - fovea_mm).T
    distance_mm = np.sqrt(x_mm * x_mm + y_mm * y_mm)
    near = np.flatnonzero(distance_mm < FARTHEST_RIM_MM)
    x_mm, y_mm, distance_mm = x_mm[near], y_mm[near], distance_mm[near]
    direction = np.round(np.arctan2(y_mm, x_mm) / (2.0 * np.pi) * NUM_DIRECTIONS).astype(int) % NUM_DIRECTIONS
    nearest_mm = np.full(NUM_DIRECTIONS, FARTHEST_RIM_MM)
    np.minimum.at(nearest_mm, direction, distance_mm)
    nearest_mm = np.minimum(nearest_mm, np.minimum(np.roll(nearest_mm, 1), np.roll(nearest_mm, -1)))
    return smoothed(nearest_mm)


def snapped(distance_mm: np.ndarray, center_mm: np.ndarray, vessels_mm: np.ndarray, reach: float) -> np.ndarray:
    """(D,) outline moved, in each direction, to the inner side of the nearest vessel that crosses it, mm.

    Parameters
    ----------
    distance_mm
        (D,) float64. Outline, mm.
    center_mm
        (2,) float64. Its center (x, y), mm.
    vessels_mm
        (M, 2, 2) float64. Ends (x, y) of straight pieces of vessels, mm.
    reach
        The outline moves by at most this share of its distance from the center.
    """
    start_mm, along_mm = vessels_mm[:, 0] - center_mm, vessels_mm[:, 1] - vessels_mm[:, 0]
    from_center_mm, length_mm = (np.sqrt(np.einsum("ij,ij->i", way_mm, way_mm)) for way_mm in (start_mm, along_mm))
    near = np.flatnonzero(from_center_mm - length_mm < (1.0 + reach) * distance_mm.max())
    start_mm, along_mm = start_mm[near], along_mm[near]
    x, y = np.cos(directions_rad())[:, None], np.sin(directions_rad())[:, None]
    slope = x * along_mm[:, 1] - y * along_mm[:, 0]
    place = -(x * start_mm[:, 1] - y * start_mm[:, 0]) / np.where(slope == 0.0, np.inf, slope)
    crossing_mm = x * (start_mm[:, 0] + place * along_mm[:, 0]) + y * (start_mm[:, 1] + place * along_mm[:, 1])
    is_crossing = (slope != 0.0) & (place >= 0.0) & (place <= 1.0) & (crossing_mm > 0.0)
    shift_mm = np.where(is_crossing, crossing_mm - distance_mm[:, None], np.inf)
    if not shift_mm.size:
        return distance_mm
    nearest_mm = np.take_along_axis(shift_mm, np.abs(shift_mm).argmin(axis=1)[:, None], axis=1)[:, 0]
    is_moved = np.abs(nearest_mm) <= reach * distance_mm
    return smoothed(distance_mm + np.where(is_moved, nearest_mm - BESIDE_MM, 0.0))
