"""Instances of a pixel layer, measured without the findings' code."""

import math
from dataclasses import dataclass

import numpy as np

DIRECTIONS = ("right", "lower right", "lower", "lower left", "left", "upper left", "upper", "upper right")
"""The eight picture directions, clockwise from the right, each 45 degrees wide."""

BORDERLINE_DEG = 0.05
"""Nearer to the border of two sectors than this, both names are right."""

UNKNOWN_FOVEA_MM = 0.5
"""How far off the fovea may be where no layer shows it."""

RINGS_MM = (("fovea", 0.0, 0.5), ("parafovea", 0.5, 1.5), ("perifovea", 1.5, math.inf))
"""Rings of the ETDRS grid (ETDRS Research Group 1991, report 10), mm from the fovea."""

RING_TOLERANCE_MM = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Scale and orientation of a picture."""

    mm_per_px: float
    size_px: int
    laterality: str

    fovea_px: tuple[float, float]
    """Centroid (row, column) of the avascular zone, or the center of the picture."""

    is_fovea_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One lesion of a pixel layer."""

    number: int
    is_visible: bool
    directions: frozenset[str]
    """Right names of its picture direction from the fovea; two near a border."""

    quadrants: frozenset[str]
    rings: frozenset[str]
    area_mm2: float
    box: tuple[float, float, float, float]
    """(x1, y1, x2, y2), 0 to 1000."""

    center: tuple[float, float]
    """(x, y), 0 to 1000."""

    diameter_um: float


def measure_instances(layer: np.ndarray, frame: Frame, visible: frozenset[int]) -> tuple[Instance, ...]:
    """Measure each numbered instance of an (H, W) layer."""
    return tuple(
        _measure(layer == number, number, frame, number in visible)
        for number in range(1, int(layer.max(initial=0)) + 1)
        if (layer == number).any()
    )


def _measure(mask: np.ndarray, number: int, frame: Frame, is_visible: bool) -> Instance:
    rows, columns = np.nonzero(mask)
    center_px = rows.mean() + 0.5, columns.mean() + 0.5
    down_mm = (center_px[0] - frame.fovea_px[0]) * frame.mm_per_px
    right_mm = (center_px[1] - frame.fovea_px[1]) * frame.mm_per_px
    distance_mm = math.hypot(down_mm, right_mm)
    to_thousandths = 1000.0 / frame.size_px
    area_mm2 = len(rows) * frame.mm_per_px**2
    slack_mm = RING_TOLERANCE_MM if frame.is_fovea_known else UNKNOWN_FOVEA_MM
    angle_deg = math.degrees(math.atan2(down_mm, right_mm))
    slack_deg = BORDERLINE_DEG
    if not frame.is_fovea_known:
        slack_deg = math.degrees(math.asin(min(UNKNOWN_FOVEA_MM / max(distance_mm, 1e-9), 1.0)))
    return Instance(
        number=number,
        is_visible=is_visible,
        directions=directions_of(angle_deg, slack_deg),
        quadrants=quadrants_of(angle_deg, slack_deg, frame.laterality),
        rings=frozenset(name for name, near, far in RINGS_MM if near - slack_mm <= distance_mm <= far + slack_mm),
        area_mm2=area_mm2,
        box=(
            columns.min() * to_thousandths,
            rows.min() * to_thousandths,
            (columns.max() + 1) * to_thousandths,
            (rows.max() + 1) * to_thousandths,
        ),
        center=(center_px[1] * to_thousandths, center_px[0] * to_thousandths),
        diameter_um=2000.0 * math.sqrt(area_mm2 / math.pi),
    )


def directions_of(angle_deg: float, slack_deg: float) -> frozenset[str]:
    """Picture directions within reach of an angle, clockwise from the right."""
    return frozenset(
        name for sector, name in enumerate(DIRECTIONS) if _apart_deg(angle_deg, 45.0 * sector) <= 22.5 + slack_deg
    )


def quadrants_of(angle_deg: float, slack_deg: float, laterality: str) -> frozenset[str]:
    """ETDRS quadrants within reach of an angle; nasal is at the right of a right eye."""
    right, left = ("nasal", "temporal") if laterality == "od" else ("temporal", "nasal")
    middles = ((0.0, right), (90.0, "inferior"), (180.0, left), (270.0, "superior"))
    return frozenset(name for middle, name in middles if _apart_deg(angle_deg, middle) <= 45.0 + slack_deg)


def _apart_deg(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)
