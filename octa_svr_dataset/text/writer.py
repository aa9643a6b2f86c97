"""The writer of a dialogue: draws wordings, names places, and keeps what each sentence rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from octa_svr_dataset.findings import DropoutFinding, Findings
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.text.wordings import Wordings
from octa_svr_dataset.text.words import SIDES, as_place

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One or more sentences, and the findings that they rest on."""

    text: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What is known of a picture, and how to put it into words."""

    findings: Findings
    fov: FieldOfView
    laterality: str
    wordings: Wordings
    rng: np.random.Generator
    names_eye: bool = False
    """Whether the dialogue has named the eye, so that nasal and temporal may be spoken of."""

    said: dict[str, set[int]] = field(default_factory=dict)
    """Wordings of each statement that the dialogue has used; while there are others, none comes again."""

    def draw(self, count: int) -> int:
        """A number below `count`, from the stream of the text."""
        return int(self.rng.random() * count)

    def shuffled(self, parts: Sequence[T]) -> list[T]:
        """The parts in an order that is drawn."""
        return [parts[place] for place in self.rng.permutation(len(parts))]

    def phrase(self, statement: str, **words: Any) -> str:
        """Words of a statement in a wording that is drawn, whatever the words."""
        said, num = self.said.setdefault(statement, set()), len(self.wordings.of(statement))
        if len(said) >= num:
            said.clear()
        left = [wording for wording in range(num) if wording not in said]
        wording = left[self.draw(len(left))]
        said.add(wording)
        return self.phrase_in(statement, wording, **words)

    def phrase_in(self, statement: str, wording: int, **words: Any) -> str:
        """Words of a statement in a given wording."""
        return self.wordings.of(statement)[wording].render(words)

    def say(self, statement: str, *findings: str, **words: Any) -> Said:
        """A statement in a wording that is drawn; `findings` are what it rests on."""
        text = self.phrase(statement, **words)
        return Said(text=text[:1].upper() + text[1:], findings=findings)

    def place(self, *, direction: str, quadrant: str, ring: str) -> str:
        """Where something lies: from the fovea in the picture, or by the names of the ETDRS grid."""
        style = self.draw(4)
        seen_from_fovea = f"{as_place(direction)} the fovea"
        if ring != "fovea" and style == 1:
            return f"in the {ring} {seen_from_fovea}"
        if ring != "fovea" and self.may_say(quadrant):
            if style == 2:
                return f"in the {quadrant} {ring}"
            if style == 3:
                return f"in the {quadrant} quadrant"
        return seen_from_fovea

    def place_of(self, finding: Any) -> str:
        """Where a lesion lies; around the fovea where it takes most of the rim of the avascular zone."""
        if self.encircles_fovea(finding):
            return "around the fovea"
        return self.place(direction=finding.direction, quadrant=finding.quadrant, ring=finding.ring)

    def encircles_fovea(self, finding: Any) -> bool:
        """Whether it is dropout that lies in the fovea and has, as no other such area, taken most of the zone's rim."""
        faz = self.findings.faz
        if not isinstance(finding, DropoutFinding) or finding.ring != "fovea" or not faz.is_visible or faz.is_delimited:
            return False
        row, column = faz.center_px
        top, left, bottom, right = finding.box_px
        is_alone = sum(dropout.ring == "fovea" for dropout in self.findings.visible_dropouts) == 1
        return is_alone and top <= row < bottom and left <= column < right

    def may_say(self, quadrant: str) -> bool:
        """Whether the reader of the dialogue can know where a quadrant lies."""
        return self.names_eye or quadrant in ("superior", "inferior")

    def region(self, quadrant: str) -> str:
        """A quadrant by its name, or by its side of the picture where the eye is not named."""
        if self.may_say(quadrant):
            return f"the {quadrant} quadrant"
        return f"the quadrant to the {SIDES[quadrant, self.laterality]} of the fovea"
