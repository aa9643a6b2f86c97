"""What checks have in common: what refutes a claim, and which numbers may be written for one that was measured.

A number of a text is rounded once, in its sentence: findings keep six digits of what they measure. So it must be the
nearest to what the pixels say; a value half way between two numbers allows both.
"""

from octa_svr_dataset.verification.claims import Claim

WRITTEN_AREA_DIGITS = 2
"""Digits after the point of the areas by which sizes are named, mm2."""

KEPT_SLACK = 1e-5
"""What a value half way may miss it by: half of the sixth digit of each of some addends, and sums of 53 bits.

Less than a tenth of a pixel of 0.01 mm, mm2.
"""


def outcome(is_so: bool, claim: Claim, fact: str) -> str:
    """Why a claim is wrong, or an empty string: `is_so` tells if it would be right as an affirmation."""
    return "" if is_so == claim.holds else f"in the pixels: {fact}"


def is_rounded(value: float, said: tuple[float, int]) -> bool:
    """Whether a number may be written for a value that was measured.

    Parameters
    ----------
    value
        What the pixels say.
    said
        The number that is written, and its digits after the point.
    """
    number, digits = said
    return abs(value - number) <= 0.5 * 10.0**-digits + KEPT_SLACK


def is_percentage(share: float, said: tuple[float, int]) -> bool:
    """Whether a number of percent may be written for a share that was measured."""
    number, digits = said
    return is_rounded(share, (number / 100.0, digits + 2))
