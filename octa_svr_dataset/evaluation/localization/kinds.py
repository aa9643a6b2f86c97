"""What is looked for, and the one question that asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from octa_svr_dataset.evaluation.folders.images import MaskKind
from octa_svr_dataset.text.tasks.objects import FAZ, KINDS, Kind

ANSWER_ONLY = "Give only the answer, without an explanation."
"""Wording of the training texts (`templates/question/form_answer_only.j2`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A kind of object that is asked for."""

    name: str
    """As in the answers."""

    question: str
    """First wording of the training texts for it (`templates/question/locate_*.j2`)."""

    is_point: bool
    """Whether points are asked for, not boxes."""

    said: Kind
    """How the texts speak of it."""


def _target(kind: str) -> Target:
    said, is_point = (FAZ, False) if kind == "faz" else (KINDS[kind], kind == "microaneurysm")
    if kind == "faz":
        asked = "Locate the foveal avascular zone and give its bounding box"
        none = "an empty list means that it cannot be found"
    else:
        asked = f"Locate every {said.one} and give {'its center' if is_point else 'bounding boxes'}"
        none = "an empty list means that there is none"
    question = f"{asked} as JSON, with coordinates from 0 to 1000; {none}. {ANSWER_ONLY}"
    return Target(name=said.name, question=question, is_point=is_point, said=said)


TARGETS = {kind: _target(kind) for kind in ("faz", *KINDS)}
"""By their names in a sentence's record."""

TARGET_OF_MASK: Mapping[MaskKind, str] = {
    "faz": "faz",
    "nonperfusion": "dropout",
    "irma": "irma",
    "neovascularization": "neovascularization",
}
"""What each mask of a folder outlines."""
