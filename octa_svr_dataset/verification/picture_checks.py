"""Claims on quadrants, the course of vessels and the picture itself."""

import itertools
from collections.abc import Mapping

from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.comparison import KEPT_SLACK, is_percentage, is_rounded, outcome
from octa_svr_dataset.verification.truth import Truth

EVEN_WITHIN = 0.05
"""Quadrants whose shares differ by less than this are alike."""

SHAPES = ("tortuous", "beaded")
"""Traits that are neither found nor denied where larger vessels cannot be followed."""

SHARE_TOLERANCE = 2.0 * KEPT_SLACK
"""By which the difference of two shares may be off, as findings round both."""


def _worst_region(claim: Claim, truth: Truth) -> str:
    region, among = claim.value
    shares = {name: truth.lost_share[name] for name in among or truth.lost_share if name in truth.lost_share}
    is_so = region in shares and all(
        shares[region] >= share + EVEN_WITHIN - SHARE_TOLERANCE for name, share in shares.items() if name != region
    )
    return outcome(is_so, claim, f"lost shares: {_listed(shares)}")


def _even_regions(claim: Claim, truth: Truth) -> str:
    """Quadrants that are told to be alike must be; where others are compared, too, no other may be worse."""
    named, compared, is_spread, is_top = claim.value
    if len(set(named)) < len(named) or not set(named) <= set(truth.lost_share):
        return f"not two quadrants: {', '.join(named)}"
    others = set(compared) if len(compared) > 1 else set(truth.lost_share)
    shares = sorted((truth.lost_share[name] for name in others | set(named)), reverse=True)
    lowest = min(truth.lost_share[name] for name in named) if len(named) > 1 else shares[-1 if is_spread else 1]
    highest = max(truth.lost_share[name] for name in named) if len(named) > 1 and len(compared) < 3 else shares[0]
    is_so = highest - lowest < EVEN_WITHIN + SHARE_TOLERANCE and not (is_top and lowest < shares[1] - SHARE_TOLERANCE)
    return outcome(is_so, claim, f"lost shares: {_listed(truth.lost_share)}")


def _least_region(claim: Claim, truth: Truth) -> str:
    region, among = claim.value
    shares = {name: truth.lost_share[name] for name in among or truth.lost_share if name in truth.lost_share}
    is_so = region in shares and shares[region] <= min(shares.values()) + SHARE_TOLERANCE
    return outcome(is_so, claim, f"lost shares: {_listed(shares)}")


def _pair_shares(claim: Claim, truth: Truth) -> str:
    """Two shares of quadrants that are not named again; any two where the question names no two."""
    compared, said = claim.value
    names = compared if len(compared) > 1 and set(compared) <= set(truth.lost_share) else tuple(truth.lost_share)
    is_so = any(
        all(is_percentage(truth.lost_share[name], share) for name, share in zip(pair, said, strict=True))
        for pair in itertools.permutations(names, 2)
    )
    return outcome(is_so, claim, f"lost shares: {_listed(truth.lost_share)}")


def _unshown(claim: Claim, truth: Truth) -> str:
    del claim, truth
    return "a picture of flow cannot show it"


def _region_share(claim: Claim, truth: Truth) -> str:
    region, said = claim.value
    is_so = region in truth.lost_share and is_percentage(truth.lost_share[region], said)
    return outcome(is_so, claim, f"lost shares: {_listed(truth.lost_share)}")


def _region_density(claim: Claim, truth: Truth) -> str:
    region, said = claim.value
    is_so = region in truth.density and is_percentage(truth.density[region], said)
    return outcome(is_so, claim, f"densities: {_listed(truth.density)}")


def _listed(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())


def _asked_region(claim: Claim, truth: Truth) -> str:
    del truth
    said, asked = claim.value
    return f"the question asks about {', '.join(asked)}, not {said}"


def _trait(claim: Claim, truth: Truth) -> str:
    if claim.subject in SHAPES and claim.subject not in truth.traits and truth.calibre_um is None:
        return "in the pixels: too few larger vessels to judge their shape"
    return outcome(claim.subject in truth.traits, claim, f"traits: {', '.join(sorted(truth.traits)) or 'none'}")


def _shape_measurable(claim: Claim, truth: Truth) -> str:
    return outcome(truth.calibre_um is not None, claim, f"calibre: {truth.calibre_um}")


def _calibre(claim: Claim, truth: Truth) -> str:
    is_so = truth.calibre_um is not None and is_rounded(truth.calibre_um, claim.value)
    return outcome(is_so, claim, f"calibre: {truth.calibre_um} um")


def _quality(claim: Claim, truth: Truth) -> str:
    return outcome(truth.quality in claim.value, claim, f"the quality is {truth.quality}")


def _limited(claim: Claim, truth: Truth) -> str:
    return outcome(truth.quality != "good", claim, f"the quality is {truth.quality}")


CHECKS = {
    "worst_region": _worst_region,
    "least_region": _least_region,
    "even_regions": _even_regions,
    "pair_shares": _pair_shares,
    "unshown": _unshown,
    "region_share": _region_share,
    "region_density": _region_density,
    "asked_region": _asked_region,
    "trait": _trait,
    "shape_measurable": _shape_measurable,
    "calibre": _calibre,
    "quality": _quality,
    "limited": _limited,
}
"""Check of each aspect."""
