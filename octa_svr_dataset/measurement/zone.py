"""Where the dark zone near the center of a picture ends, ray by ray."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.outline import (
    NUM_RAYS,
    RAY_COS,
    RAY_SIN,
    Outline,
    circle_through,
    radius_to_circle,
)
from octa_svr_dataset.measurement.sampling import SampledPicture

FARTHEST_FOVEA_MM = 0.6
"""The zone is looked for up to this distance from the center of the picture; fixation rarely errs by more than 0.45."""

SEED_RADII_MM = (0.12, 0.16, 0.20, 0.25, 0.31, 0.38, 0.46, 0.55)
"""Radii that are tried at first: areas from 0.045 to 0.95 mm2."""

TYPICAL_RADIUS_MM = 0.28
"""Healthy zones, of 0.257 mm2 on average in 3 mm scans, have this radius."""

RADIUS_PENALTY, OFFSET_PENALTY = 0.2, 0.15
"""Tissue share that a zone e times wider, or 0.45 mm off the center, loses against a typical one."""

BLUR_MM = 0.03
"""Blur at which the border is looked for: it closes the mesh and leaves the zone open."""

STIFFNESS = 0.8
"""Weight of a ray's deviation from its neighbors against the darkness that it takes in."""

NEIGHBORS = 5
"""Rays on both sides that hold a ray."""

_NEIGHBOR = (np.arange(NUM_RAYS)[:, None] + [*range(-NEIGHBORS, 0), *range(1, NEIGHBORS + 1)]) % NUM_RAYS

REACH = 1.5
"""The outline is looked for up to this multiple of the radius that the last round found."""

LARGEST_RADIUS_MM = 0.75
"""No ray is longer."""

RIM_MM = (0.05, 0.6)
"""Distances beyond the zone's radius between which the surrounding tissue lies."""

CLOSED_MM = (0.02, 0.09)
"""Distances beyond the outline between which tissue closes the border."""

LARGEST_CIRCLE_EXCESS = 1.25
"""A ray that is longer than the circle through the closed border by this factor has left the zone.

This cuts zones more than about 1.5 times as long as wide, too.
"""

CLOSED_SHARE = 0.85
"""With less of its border closed, something dark adjoins the zone."""

_ROUNDS, _STEPS = 2, 6
_STEP_PX = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """What one round of the search finds, in px of the coarse pitch."""

    outline: Outline
    """Where each ray ends."""

    is_closed: np.ndarray
    """(A,) bool. Whether it ends at tissue."""

    circle: tuple[float, float, float]
    """(row, column, radius) of the circle through the ends of those."""

    floor_gray: float
    """Median gray level inside."""

    rim_gray: float
    """Median gray level of the tissue around."""


def find_disc(sampled: SampledPicture) -> tuple[float, float, float] | None:
    """Disc (row, column, radius), px, near the center that is darkest against the ring around it, in squares.

    The penalties for a place off the center and for an unusual radius decide between it and an area of dropout.
    """
    gray, fov = sampled.blurred(BLUR_MM)[::2, ::2], sampled.fov
    pitch_mm = 2 * fov.mm_per_px
    offset_mm = (np.arange(len(gray)) - (len(gray) - 1) / 2) * pitch_mm
    from_center_mm2 = offset_mm[:, None] ** 2 + offset_mm[None, :] ** 2
    low, high = float(np.quantile(gray, 0.01)), float(np.median(gray))
    if high <= low:
        return None
    tissue = np.clip((gray - low) / (high - low), 0.0, 1.0)
    best: tuple[float, float, float, float] | None = None
    for radius_mm in SEED_RADII_MM:
        inner, outer = (_odd(math.sqrt(math.pi) * reach_mm / pitch_mm) for reach_mm in (radius_mm, radius_mm + 0.08))
        outer = max(outer, inner + 2)
        inside, both = (ndimage.uniform_filter(tissue, width) for width in (inner, outer))
        around = (both * outer**2 - inside * inner**2) / (outer**2 - inner**2)
        score = around - inside - OFFSET_PENALTY * from_center_mm2 / 0.45**2
        score = np.where(from_center_mm2 <= FARTHEST_FOVEA_MM**2, score, -np.inf)
        row, column = divmod(int(score.argmax()), len(gray))
        value = float(score[row, column]) - RADIUS_PENALTY * math.log(radius_mm / TYPICAL_RADIUS_MM) ** 2
        if best is None or value > best[0]:
            best = (value, 2.0 * row, 2.0 * column, radius_mm / fov.mm_per_px)
    return best[1:] if best else None


def _odd(width: float) -> int:
    return max(2 * round((width - 1) / 2) + 1, 1)


def trace_zone(sampled: SampledPicture, disc: tuple[float, float, float]) -> Zone:
    """The outline after some rounds, each from the place and radius that the last one found."""
    gray, fov = sampled.blurred(BLUR_MM), sampled.fov
    longest_px = fov.length_px(LARGEST_RADIUS_MM)
    center_px, radius_px = (disc[0], disc[1]), disc[2]
    for _ in range(_ROUNDS - 1):
        found = _trace(gray, fov, center_px, radius_px)
        if found.is_closed.mean() >= CLOSED_SHARE:
            center_px, radius_px = found.outline.centroid_px(), math.sqrt(found.outline.area_px() / math.pi)
        else:
            center_px, radius_px = found.circle[:2], min(found.circle[2], 0.8 * longest_px)
    return _trace(gray, fov, center_px, radius_px)


def _trace(gray: np.ndarray, fov: FieldOfView, center_px: tuple[float, float], radius_px: float) -> Zone:
    """One round: the outline of the void around a center, and which of its rays end at tissue."""
    along_px = np.arange(_STEP_PX, radius_px + fov.length_px(RIM_MM[1]), _STEP_PX)
    rows, columns = center_px[0] + RAY_SIN[:, None] * along_px, center_px[1] + RAY_COS[:, None] * along_px
    profile = ndimage.map_coordinates(gray, [rows, columns], order=1, mode="nearest")
    floor_gray = float(np.median(profile[:, along_px <= 0.6 * radius_px]))
    rim_gray = float(np.median(profile[:, along_px >= radius_px + fov.length_px(RIM_MM[0])]))
    span = max(rim_gray - floor_gray, 1e-6)
    longest_px = min(REACH * radius_px, fov.length_px(LARGEST_RADIUS_MM))
    is_reached = along_px <= longest_px
    excess = np.clip((profile[:, is_reached] - floor_gray) / span - 0.5, -0.5, 1.0) * along_px[is_reached]
    radii = _settled(np.cumsum(excess, axis=1), along_px[is_reached], radius_px)
    outline = Outline(center_px=center_px, radius_px=radii)
    is_closed, circle = _closed(outline, (profile - floor_gray) / span, fov, (*center_px, radius_px))
    return Zone(outline=outline, is_closed=is_closed, circle=circle, floor_gray=floor_gray, rim_gray=rim_gray)


def _settled(taken_in: np.ndarray, along_px: np.ndarray, radius_px: float) -> np.ndarray:
    """(A,) radii at which what each ray takes in, and its distance from the mean of its neighbors, are least.

    Parameters
    ----------
    taken_in
        (A, R) tissue less void up to each radius.
    along_px
        (R,) the radii, px.
    radius_px
        Radius from which the search starts, px.
    """
    radii = np.full(NUM_RAYS, radius_px)
    for _ in range(_STEPS):
        held = radii[_NEIGHBOR].mean(axis=1, keepdims=True)
        energy = taken_in + STIFFNESS * (along_px - held) ** 2
        radii = along_px[energy.argmin(axis=1)]
    return np.asarray(radii)


def _closed(
    outline: Outline, tissue: np.ndarray, fov: FieldOfView, start: tuple[float, float, float]
) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Which rays end at tissue, (A,) bool, and the circle through their ends; rays far beyond it do not count."""
    steps = (outline.radius_px / _STEP_PX).astype(int)[:, None]
    first, last = (round(fov.length_px(reach_mm) / _STEP_PX) for reach_mm in CLOSED_MM)
    beyond = np.minimum(steps + np.arange(first, last), tissue.shape[1] - 1)
    ends_at_tissue = np.take_along_axis(tissue, beyond, axis=1).mean(axis=1) > 0.5
    is_closed, circle = ends_at_tissue, start
    for _ in range(3):
        if is_closed.sum() < NUM_RAYS // 5:
            break
        row, column = outline.points()
        circle = circle_through(row[is_closed], column[is_closed])
        limit_px = LARGEST_CIRCLE_EXCESS * radius_to_circle(outline.center_px, circle)
        is_closed = ends_at_tissue & (outline.radius_px <= limit_px)
    return is_closed, circle
