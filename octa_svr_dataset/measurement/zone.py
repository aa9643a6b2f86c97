"""Where the dark zone near the center of a picture ends, ray by ray."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.kernels import along_rays, darkest_squares, settled_radii
from octa_svr_dataset.measurement.order import median, quantile
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

REACH = 1.5
"""The outline is looked for up to this multiple of the radius that the last round found."""

LARGEST_RADIUS_MM = 0.75
"""No ray is longer."""

RIM_MM = (0.05, 0.4)
"""Distances beyond the zone's radius between which the surrounding tissue lies; the bed dims toward the fovea, and
against brighter tissue from farther out, zones of superficial pictures would look larger than they are."""

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

    The picture is blurred by `BLUR_MM`, here and in `trace_zone`.
    The penalties for a place off the center and for an unusual radius decide between it and an area of dropout.
    """
    gray, fov = sampled.gray[::2, ::2], sampled.fov
    low, high = quantile(gray, 0.01), median(gray)
    if high <= low:
        return None
    tissue = np.clip((gray - low) / (high - low), 0.0, 1.0)
    penalty, reaches, mirrored = _search(len(gray), 2 * fov.mm_per_px)
    total = np.zeros((len(mirrored) + 1, len(mirrored) + 1))
    tissue[mirrored[:, None], mirrored].cumsum(axis=0, dtype=float).cumsum(axis=1, out=total[1:, 1:])
    places, scores = darkest_squares(total, int(reaches.max()), penalty, reaches)
    best = int((scores - RADIUS_PENALTY * np.log(np.array(SEED_RADII_MM) / TYPICAL_RADIUS_MM) ** 2).argmax())
    return 2.0 * places[best, 0], 2.0 * places[best, 1], SEED_RADII_MM[best] / fov.mm_per_px


@lru_cache(maxsize=4)
def _search(size_px: int, pitch_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where and how discs are looked for in S x S px.

    Penalties (S, S) of places; reaches (R, 2) of squares, px; and which of S pixels lies where in a row that is
    mirrored at its ends, (S + 2 M,), M px the longest reach.
    """
    offset_mm = (np.arange(size_px) - (size_px - 1) / 2) * pitch_mm
    from_center_mm2 = offset_mm[:, None] ** 2 + offset_mm[None, :] ** 2
    penalty = OFFSET_PENALTY * from_center_mm2 / 0.45**2
    penalty[from_center_mm2 > FARTHEST_FOVEA_MM**2] = np.inf
    reaches = np.array([_reaches(radius_mm, pitch_mm) for radius_mm in SEED_RADII_MM])
    return penalty, reaches, np.pad(np.arange(size_px), int(reaches.max()), mode="symmetric")


def _reaches(radius_mm: float, pitch_mm: float) -> tuple[int, int]:
    """How far squares of the area of a disc, and of one that is wider by 0.08 mm, go from their middle, px."""
    inner, outer = (
        max(round((math.sqrt(math.pi) * reach_mm / pitch_mm - 1) / 2), 0) for reach_mm in (radius_mm, radius_mm + 0.08)
    )
    return inner, max(outer, inner + 1)


def trace_zone(sampled: SampledPicture, disc: tuple[float, float, float]) -> Zone:
    """The outline after some rounds, each from the place and radius that the last one found."""
    gray, fov = sampled.gray, sampled.fov
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
    profile = along_rays(gray, center_px, RAY_SIN, RAY_COS, along_px)
    floor_gray = median(profile[:, along_px <= max(0.6 * radius_px, _STEP_PX)])
    rim_gray = median(profile[:, along_px >= radius_px + fov.length_px(RIM_MM[0])])
    span = max(rim_gray - floor_gray, 1e-6)
    longest_px = min(REACH * radius_px, fov.length_px(LARGEST_RADIUS_MM))
    is_reached = along_px <= longest_px
    excess = np.clip((profile[:, is_reached] - floor_gray) / span - 0.5, -0.5, 1.0) * along_px[is_reached]
    radii = settled_radii(np.cumsum(excess, axis=1), along_px[is_reached], radius_px, (NEIGHBORS, _STEPS), STIFFNESS)
    outline = Outline(center_px=center_px, radius_px=radii)
    is_closed, circle = _closed(outline, (profile - floor_gray) / span, fov, (*center_px, radius_px))
    return Zone(outline=outline, is_closed=is_closed, circle=circle, floor_gray=floor_gray, rim_gray=rim_gray)


def _closed(
    outline: Outline, tissue: np.ndarray, fov: FieldOfView, start: tuple[float, float, float]
) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Which rays end at tissue, (A,) bool, and the circle through their ends; rays far beyond it do not count."""
    steps = (outline.radius_px / _STEP_PX).astype(int)[:, None]
    first, last = (round(fov.length_px(reach_mm) / _STEP_PX) for reach_mm in CLOSED_MM)
    beyond = np.minimum(steps + np.arange(first, last), tissue.shape[1] - 1)
    ends_at_tissue = np.take_along_axis(tissue, beyond, axis=1).mean(axis=1) > 0.5
    is_closed, circle = ends_at_tissue, start
    row, column = outline.points()
    for _ in range(3):
        if is_closed.sum() < NUM_RAYS // 5:
            break
        circle = circle_through(row[is_closed], column[is_closed])
        limit_px = LARGEST_CIRCLE_EXCESS * radius_to_circle(outline.center_px, circle)
        was_closed, is_closed = is_closed, ends_at_tissue & (outline.radius_px <= limit_px)
        if (is_closed == was_closed).all():
            break
    return is_closed, circle
