"""What a sentence claims, in a form that can be compared with pixels."""

from dataclasses import dataclass
from typing import Any

LESIONS = ("dropout", "microaneurysm", "irma", "neovascularization")
"""Subjects that are counted and have places."""

SUBJECTS = (*LESIONS, "diffuse_loss", "faz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that is said."""

    aspect: str
    """What of the subject is said; `octa_svr_dataset.verification.checks` has a check for each."""

    subject: str
    value: Any = None
    holds: bool = True
    """False where it is denied."""

    def denied(self) -> "Claim":
        """The opposite claim."""
        return Claim(aspect=self.aspect, subject=self.subject, value=self.value, holds=not self.holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A lesion that is told apart from others by what is said of it."""

    number: int = 1
    """How many lesions this is true of."""

    direction: str = ""
    quadrant: str = ""
    ring: str = ""
    size: str = ""
    area_mm2: tuple[float, int] | None = None
    """Area and the number of its digits after the point."""

    diameter_um: tuple[float, int] | None = None
    rank: str = ""
    """"largest", "second", "smallest" or empty."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing tells it from others."""
        return not (self.direction or self.quadrant or self.ring or self.size or self.area_mm2 or self.diameter_um)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers from `low` to `high`, both included; without an upper end where it is None."""

    low: float
    high: float | None

    def holds(self, number: float) -> bool:
        """Whether a number lies in it."""
        return number >= self.low and (self.high is None or number <= self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a sentence takes for granted."""

    subject: str = ""
    """What was spoken of before; pronouns stand for it."""

    laterality: str = "od"
    """"od" or "os"; tells which quadrant lies to the left of the fovea."""

    quadrants: tuple[str, ...] = ()
    """Quadrants that a question compares; all where it names none."""
