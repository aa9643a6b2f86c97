"""What checks have in common."""

from octa_svr_dataset.verification.claims import Claim


def outcome(is_so: bool, claim: Claim, fact: str) -> str:
    """Why a claim is wrong, or an empty string: `is_so` tells if it would be right as an affirmation."""
    return "" if is_so == claim.holds else f"in the pixels: {fact}"


def is_rounded(value: float, said: tuple[float, int], slack: float) -> bool:
    """Whether a number was rounded to what is said: the number and its digits after the point."""
    number, digits = said
    return abs(value - number) <= 0.5 * 10.0**-digits + slack
