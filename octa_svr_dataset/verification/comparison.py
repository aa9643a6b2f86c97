"""What checks have in common: what refutes a claim, and which numbers may be written for one that was measured.

A number of a text has been rounded twice: findings keep some digits of what they measure, a sentence has fewer of them
or as many. Half of the last digit is lost each time, so 0.4545 mm2 is kept as 0.455 and written as 0.46. The one rule
on this is `rounding_error`; a value half way between two numbers allows both.
"""

from octa_svr_dataset.verification.claims import Claim

AREA_DIGITS = {"faz": 2, "dropout": 2, "irma": 3, "neovascularization": 3}
"""Digits after the point to which findings keep the areas of a kind, mm2; of other kinds they keep none."""

DIAMETER_DIGITS = 1
"""The same of diameters, um."""

PERCENT_DIGITS = 1
"""The same of shares that are lost, percent: findings keep thousandths."""

FLOAT_SLACK = 1e-9
"""By which a value that lies half way may miss it, as its sums and products are rounded to 53 bits."""


def outcome(is_so: bool, claim: Claim, fact: str) -> str:
    """Why a claim is wrong, or an empty string: `is_so` tells if it would be right as an affirmation."""
    return "" if is_so == claim.holds else f"in the pixels: {fact}"


def is_rounded(value: float, said: tuple[float, int], kept_digits: int | None = None, *, addends: int = 1) -> bool:
    """Whether a number may be written for a value that was measured.

    Parameters
    ----------
    value
        What the pixels say.
    said
        The number that is written, and its digits after the point.
    kept_digits
        Digits after the point that findings keep; None where `value` comes from there.
    addends
        Number of kept values that `value` is the sum of.
    """
    number, digits = said
    return abs(value - number) <= rounding_error(digits, kept_digits, addends)


def rounding_error(digits: int | None, kept_digits: int | None, addends: int = 1) -> float:
    """Most that rounding to the digits kept, of each addend, and then to those written, if any, may change."""
    kept = 0.0 if kept_digits is None else addends * 0.5 * 10.0**-kept_digits
    written = 0.0 if digits is None else 0.5 * 10.0**-digits
    if digits is None or kept_digits is None or digits < kept_digits:
        return kept + written + FLOAT_SLACK
    return max(kept if addends > 1 else 0.0, written) + FLOAT_SLACK
