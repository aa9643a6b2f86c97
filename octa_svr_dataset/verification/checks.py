"""Compare claims with pixels. Each check gives the reason why a claim is wrong, or an empty string.

What the checks rest on: numbers, places, sizes, boxes and shares on the label maps alone, measured here; whether
something can be seen, how vessels run and how good the picture is on the stored picture, by the definitions of
`findings` and `measurement`; class and grade on both, by the scale of `grading`. No check rests on a stored column.
"""

from collections.abc import Callable

from octa_svr_dataset.verification import grade_checks, lesion_checks, picture_checks, zone_checks
from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.truth import Truth

_CHECKS: dict[str, Callable[[Claim, Truth], str]] = {
    **lesion_checks.CHECKS,
    **zone_checks.CHECKS,
    **picture_checks.CHECKS,
    **grade_checks.CHECKS,
}


def contradiction(claim: Claim, truth: Truth) -> str:
    """Why a claim is wrong, or an empty string."""
    return _CHECKS[claim.aspect](claim, truth)
