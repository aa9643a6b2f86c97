"""Facts in words' units: numerals, places, sizes, lists. What templates see has passed through here."""

from collections.abc import Sequence

NUMERALS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

LARGE_AREA_MM2 = 1.0
"""An area of dropout from this size on is called large: more than a tenth of a 3 mm field."""

SMALL_AREA_MM2 = 0.3
"""An area of dropout up to this size is called small: about that of a healthy foveal avascular zone."""

SIZES = ("small", "medium-sized", "large")

SIDES = {("nasal", "od"): "right", ("nasal", "os"): "left", ("temporal", "od"): "left", ("temporal", "os"): "right"}
"""Side of the picture on which a quadrant lies, by the eye."""

EYES = {"od": "right eye (OD)", "os": "left eye (OS)"}


def numeral(count: int) -> str:
    """A count as it is written in prose."""
    return NUMERALS[count] if count < len(NUMERALS) else str(count)


def size_of(area_mm2: float) -> str:
    """Size of an area of dropout in a word: that of the figure that stands beside it."""
    area_mm2 = hundredths(area_mm2)
    if area_mm2 >= LARGE_AREA_MM2:
        return "large"
    return "small" if area_mm2 <= SMALL_AREA_MM2 else "medium-sized"


def as_place(direction: str) -> str:
    """A picture direction as it is said before a noun: "above", "to the upper left of"."""
    return {"upper": "above", "lower": "below"}.get(direction, f"to the {direction} of")


def hundredths(value: float) -> float:
    """An area or a ratio as it is written and answered, with two digits after the point."""
    return round(value, 2)


def decimals(value: float) -> str:
    """An area or a density with two digits after the point."""
    return f"{value:.2f}"


def percent(share: float) -> str:
    """A share as whole percent, without the sign."""
    return f"{100.0 * share:.0f}"


def largest(count: int) -> str:
    """Which of so many is the largest: the "larger" of two."""
    return "larger" if count == 2 else "largest"


def listed(parts: Sequence[str], *, last: str = "and") -> str:
    """Parts as a list in prose; a comma stands before the last of three or more."""
    if len(parts) <= 2:
        return f" {last} ".join(parts)
    return f"{', '.join(parts[:-1])}, {last} {parts[-1]}"


def most_common(directions: Sequence[str]) -> str:
    """Direction in which more than half of at least three lie; empty where there is none."""
    for direction in sorted(set(directions)):
        if len(directions) >= 3 and 2 * directions.count(direction) > len(directions):
            return direction
    return ""
