"""Claims on the avascular zone and on diffuse loss against the label maps."""

from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.comparison import is_percentage, is_rounded, outcome
from octa_svr_dataset.verification.truth import Truth


def _zone_visible(claim: Claim, truth: Truth) -> str:
    return outcome(
        truth.zone.is_visible, claim, f"the avascular zone is {'' if truth.zone.is_visible else 'not '}visible"
    )


def _zone_delimited(claim: Claim, truth: Truth) -> str:
    return outcome(truth.zone.is_delimited, claim, "the avascular zone's border, of which half must be seen")


def _zone_open(claim: Claim, truth: Truth) -> str:
    is_open = truth.zone.is_visible and truth.zone.is_open
    return outcome(is_open, claim, f"dropout borders the avascular zone: {truth.zone.is_open}")


def _zone_closed(claim: Claim, truth: Truth) -> str:
    is_closed = truth.zone.is_delimited and not truth.zone.is_open
    return outcome(is_closed, claim, f"the avascular zone's border is closed: {is_closed}")


def _zone_area(claim: Claim, truth: Truth) -> str:
    if not truth.zone.is_delimited or truth.zone.is_open:
        return "in the pixels: the avascular zone has no closed border to measure"
    is_so = is_rounded(truth.zone.area_mm2, claim.value)
    return outcome(is_so, claim, f"avascular zone: {truth.zone.area_mm2:.4f} mm2")


def _zone_circularity(claim: Claim, truth: Truth) -> str:
    is_so = is_rounded(truth.zone.circularity, claim.value)
    return outcome(is_so, claim, f"circularity: {truth.zone.circularity}")


def _zone_place(claim: Claim, truth: Truth) -> str:
    places = truth.zone.places
    is_named = claim.value in places if claim.holds else places == {claim.value}  # near a border, two names are right
    is_so = truth.zone.is_delimited and is_named
    return outcome(is_so, claim, f"the avascular zone lies {'/'.join(sorted(truth.zone.places))}")


def _zone_size(claim: Claim, truth: Truth) -> str:
    return outcome(claim.value == truth.zone.size, claim, f"the size of the avascular zone is {truth.zone.size}")


def _degree(claim: Claim, truth: Truth) -> str:
    loss = truth.diffuse_loss
    is_so = loss.is_visible and claim.value == loss.degree
    return outcome(is_so, claim, f"diffuse loss: visible {loss.is_visible}, {100 * loss.share:.1f} % of the bed")


def _share(claim: Claim, truth: Truth) -> str:
    loss = truth.diffuse_loss
    share = loss.share if loss.is_visible else 0.0
    return outcome(is_percentage(share, claim.value), claim, f"diffuse loss: {100 * share:.1f} % of the bed")


CHECKS = {
    "zone_visible": _zone_visible,
    "zone_delimited": _zone_delimited,
    "zone_open": _zone_open,
    "zone_closed": _zone_closed,
    "zone_area": _zone_area,
    "zone_circularity": _zone_circularity,
    "zone_place": _zone_place,
    "zone_size": _zone_size,
    "degree": _degree,
    "share": _share,
}
"""Check of each aspect."""
