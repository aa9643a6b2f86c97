"""Whether a claim agrees with the measures of a picture; what a picture alone does not tell is not checked.

Measuring is not exact either, so that each check leaves room: only what is clearly otherwise is a contradiction.
"""

import math
from collections.abc import Callable

from octa_svr_dataset.findings.faz import CENTERED_WITHIN_MM, LARGE_FROM_MM2, SMALL_UP_TO_MM2
from octa_svr_dataset.findings.reference import HealthyRanges
from octa_svr_dataset.geometry import DIRECTIONS
from octa_svr_dataset.measurement.picture import PictureMeasures
from octa_svr_dataset.verification.claims import Claim

TOLERANCE = 0.3
"""A number is right within this share of what is measured: twice what scoring grants an answer whose truth is known."""

NEAR_LIMIT = 0.15
"""An area this close to the limit of a word of size, as a share of it, may go by both words."""

SURELY_CENTERED_MM = 0.05
"""A zone whose centroid lies this close to the center of the picture lies in no direction from it."""

USUAL, UNUSUAL, EXTREME = 50, 90, 98
"""Percentiles of healthy eyes: up to the first nothing is the matter, from the second on something is."""

FAULTS = {"noisy": "noise_share", "blurred": "edge_um", "motion": "line_share", "tortuous": "tortuosity"}
"""Measure by which each trait is known; it is high where the trait applies."""

OVERALL_DENSITY = "overall_density"
"""Aspect of a claim on the share of the whole picture that shows a vessel, in percent."""

Found = tuple[bool | None, str]
"""Whether it is as said, absent where that cannot be told; and what was measured."""


def is_so(claim: Claim, measures: PictureMeasures, healthy: HealthyRanges) -> Found:
    """Whether what a claim affirms, or denies, is so; that is for the caller to compare."""
    if claim.aspect == "trait":
        return _trait(claim, measures, healthy)
    if claim.aspect == "quality":
        return _quality(claim, measures, healthy)
    check = _CHECKS.get(claim.aspect)
    return (None, "") if check is None else check(claim, measures)


def _zone_visible(claim: Claim, measures: PictureMeasures) -> Found:
    del claim
    found = measures.faz is not None
    return found, f"an avascular zone is {'' if found else 'not '}found"


def _zone_delimited(claim: Claim, measures: PictureMeasures) -> Found:
    del claim
    if measures.faz is None:
        return False, "no avascular zone is found"
    closed = f"{measures.faz.closed_share:.0%} of the avascular zone's border is closed"
    return (True if measures.faz.is_delimited else None), closed


def _zone_area(claim: Claim, measures: PictureMeasures) -> Found:
    faz = measures.faz
    if faz is None or not faz.is_delimited or not measures.is_scaled:
        return None, ""
    said = float(claim.value[0])
    return abs(said - faz.area_mm2) <= TOLERANCE * faz.area_mm2, f"the avascular zone covers {faz.area_mm2:.2f} mm2"


def _zone_size(claim: Claim, measures: PictureMeasures) -> Found:
    faz = measures.faz
    if faz is None or not faz.is_delimited or not measures.is_scaled:
        return None, ""
    low, high = faz.area_mm2 * (1 - NEAR_LIMIT), faz.area_mm2 * (1 + NEAR_LIMIT)
    may_be = {
        "small": low <= SMALL_UP_TO_MM2,
        "usual": high > SMALL_UP_TO_MM2 and low < LARGE_FROM_MM2,
        "large": high >= LARGE_FROM_MM2,
    }
    return may_be[claim.value], f"the avascular zone covers {faz.area_mm2:.2f} mm2"


def _zone_place(claim: Claim, measures: PictureMeasures) -> Found:
    """Of directions, the two beside the measured one pass as well."""
    faz = measures.faz
    if faz is None or not faz.is_delimited:
        return None, ""
    half = measures.fov.size_px / 2
    down_mm, right_mm = ((center - half) * measures.fov.mm_per_px for center in faz.center_px)
    offset_mm = math.hypot(down_mm, right_mm)
    sides = f"{abs(right_mm):.2f} mm to the {'right' if right_mm > 0 else 'left'} of the center"
    fact = f"the avascular zone lies {sides} and {abs(down_mm):.2f} mm {'below' if down_mm > 0 else 'above'} it"
    if claim.value == "centered":
        return offset_mm <= CENTERED_WITHIN_MM + SURELY_CENTERED_MM, fact
    steps = math.degrees(math.atan2(down_mm, right_mm)) / 45.0 - DIRECTIONS.index(claim.value)
    apart = abs((steps + 4.0) % 8.0 - 4.0)
    return offset_mm > SURELY_CENTERED_MM and apart <= 1.5, fact


def _calibre(claim: Claim, measures: PictureMeasures) -> Found:
    if measures.branches is None or not measures.is_scaled:
        return None, ""
    measured = measures.branches.calibre_um
    return abs(float(claim.value[0]) - measured) <= TOLERANCE * measured, f"larger vessels are {measured:.0f} um wide"


def _overall_density(claim: Claim, measures: PictureMeasures) -> Found:
    measured = 100.0 * measures.area_density
    return abs(float(claim.value) - measured) <= TOLERANCE * measured, f"{measured:.0f} % of the area show a vessel"


def _measured(measures: PictureMeasures) -> dict[str, float | None]:
    exposure, branches = measures.exposure, measures.branches
    return {
        "noise_share": exposure.noise_share,
        "edge_um": exposure.edge_um,
        "line_share": exposure.line_share,
        "tortuosity": None if branches is None else branches.tortuosity,
        "vessel_gray": exposure.vessel_gray,
    }


def _trait(claim: Claim, measures: PictureMeasures, healthy: HealthyRanges) -> Found:
    """Clear on either side only: beyond nine in ten healthy eyes, or within the better half of them."""
    is_low = claim.subject == "dark"
    name = "vessel_gray" if is_low else FAULTS.get(claim.subject, "")
    value = _measured(measures).get(name)
    if value is None:
        return None, ""
    fact = f"{name} is {value:.3g}, of healthy eyes {healthy.percentiles[name][USUAL]:.3g} (median)"
    is_beyond = healthy.is_below(name, 100 - UNUSUAL, value) if is_low else healthy.is_above(name, UNUSUAL, value)
    is_usual = not (healthy.is_below(name, USUAL, value) if is_low else healthy.is_above(name, USUAL, value))
    return (True if is_beyond else False if is_usual else None), fact


def _quality(claim: Claim, measures: PictureMeasures, healthy: HealthyRanges) -> Found:
    """Good and poor contradict each other; fair is next to both."""
    measured = _measured(measures)
    raised = {name: measured[name] for name in ("noise_share", "edge_um", "line_share")}
    dark = measured["vessel_gray"]
    num_faults = sum(healthy.is_above(name, UNUSUAL, value) for name, value in raised.items())
    num_faults += healthy.is_below("vessel_gray", 100 - UNUSUAL, dark)
    is_extreme = any(healthy.is_above(name, EXTREME, value) for name, value in raised.items())
    is_extreme |= healthy.is_below("vessel_gray", 100 - EXTREME, dark)
    grade = "poor" if is_extreme or num_faults > 1 else "fair" if num_faults else "good"
    fact = f"{grade}, by noise, sharpness, motion and brightness of healthy eyes"
    if grade in claim.value:
        return True, fact
    return (False if {grade, *claim.value} >= {"good", "poor"} and "fair" not in claim.value else None), fact


_CHECKS: dict[str, Callable[[Claim, PictureMeasures], Found]] = {
    "zone_visible": _zone_visible,
    "zone_delimited": _zone_delimited,
    "zone_area": _zone_area,
    "zone_size": _zone_size,
    "zone_place": _zone_place,
    "calibre": _calibre,
    OVERALL_DENSITY: _overall_density,
}
