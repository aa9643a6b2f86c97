"""The answers that questions have, one record a form; each checks itself when it is made."""

import math
from dataclasses import dataclass

from octa_svr_dataset.grading import Label

THREE, BINARY = "three", "binary"
"""Schemes of a class: healthy, NPDR or PDR; healthy or diabetic retinopathy."""

REGIONS = ("superior", "nasal", "inferior", "temporal", "equal")
"""Quadrants of the ETDRS grid, each next to the one before it; and that none stands out."""

UNITS = ("mm2", "um2", "mm", "um", "%", "")
"""Units of measures: areas, lengths, shares in percent, and pure numbers."""

LETTERS = "ABCDEFGH"
"""Letters of the options of a multiple-choice question."""

LARGEST_GRADE = 4
"""Grades go from 0 to this one, see `octa_svr_dataset.grading.label_of_severity`."""

SCALE = 1000
"""Width and height of a picture in the coordinates of boxes and points, as Qwen3-VL takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAnswer:
    """The class of an eye."""

    label: Label
    """In the binary scheme NPDR stands for any diabetic retinopathy, and PDR becomes it."""

    scheme: str = THREE

    def __post_init__(self) -> None:
        if self.scheme not in (THREE, BINARY):
            raise ValueError(f"scheme must be {THREE!r} or {BINARY!r}, got {self.scheme!r}")
        if self.scheme == BINARY and self.label is Label.PDR:
            object.__setattr__(self, "label", Label.NPDR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in thousandths of the picture's width (x) and height (y)."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        if not (0 <= self.x1 < self.x2 <= SCALE and 0 <= self.y1 < self.y2 <= SCALE):
            raise ValueError(
                f"a box must be [x1, y1, x2, y2] with 0 <= x1 < x2 <= {SCALE} and 0 <= y1 < y2 <= {SCALE}, "
                f"got [{self.x1:g}, {self.y1:g}, {self.x2:g}, {self.y2:g}]"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in thousandths of the picture's width (x) and height (y)."""

    x: float
    y: float

    def __post_init__(self) -> None:
        if not (0 <= self.x <= SCALE and 0 <= self.y <= SCALE):
            raise ValueError(f"a point must be [x, y] between 0 and {SCALE}, got [{self.x:g}, {self.y:g}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsAnswer:
    """Where objects of one kind lie."""

    kind: str
    """Name of the kind, as in "capillary dropout"; becomes empty where there are no objects, as `[]` names none."""

    objects: tuple[Box | Point, ...]

    def __post_init__(self) -> None:
        if not self.objects:
            object.__setattr__(self, "kind", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAnswer:
    """How many there are."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"count must be at least 0, got {self.count}")


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNoAnswer:
    """Whether it is so."""

    is_yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceAnswer:
    """Which option is right."""

    letter: str

    def __post_init__(self) -> None:
        if len(self.letter) != 1 or self.letter not in LETTERS:
            raise ValueError(f"letter must be one of {LETTERS}, got {self.letter!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionAnswer:
    """Which quadrant stands out, or "equal"."""

    region: str

    def __post_init__(self) -> None:
        if self.region not in REGIONS:
            raise ValueError(f"region must be one of {', '.join(REGIONS)}, got {self.region!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureAnswer:
    """A measure with its unit."""

    value: float | None
    """At least 0; absent where the picture does not show what it takes, and the unit becomes empty then."""

    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unit must be one of {UNITS}, got {self.unit!r}")
        if self.value is None:
            object.__setattr__(self, "unit", "")
        elif not (math.isfinite(self.value) and self.value >= 0):
            raise ValueError(f"value must be a number of at least 0, got {self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeAnswer:
    """The grade of severity."""

    severity: int

    def __post_init__(self) -> None:
        if not 0 <= self.severity <= LARGEST_GRADE:
            raise ValueError(f"severity must be between 0 and {LARGEST_GRADE}, got {self.severity}")


Answer = (
    ClassAnswer | ObjectsAnswer | CountAnswer | YesNoAnswer | ChoiceAnswer | RegionAnswer | MeasureAnswer | GradeAnswer
)
"""Any answer."""
