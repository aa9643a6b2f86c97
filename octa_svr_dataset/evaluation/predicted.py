"""What a model's output about one picture says: the answer for machines, and where it points, in pixels of the file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from octa_svr_dataset.evaluation.localization.marks import read_places
from octa_svr_dataset.evaluation.localization.truths import as_record
from octa_svr_dataset.evaluation.questions import Question
from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import (
    BINARY,
    SCALE,
    Answer,
    Box,
    ChoiceAnswer,
    ClassAnswer,
    CountAnswer,
    GradeAnswer,
    MeasureAnswer,
    ObjectsAnswer,
    Point,
    RegionAnswer,
    UnparsableAnswerError,
    YesNoAnswer,
    format_answer,
    parse_answer,
)

_NAMES_PLACES = re.compile(r"bbox|point_2d")

ANY_RETINOPATHY = "diabetic retinopathy"
"""Label of the binary scheme beside "healthy", as in the column `tasks`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """One output, read once by the grammar."""

    output: str

    answer: Answer | None
    """Absent where the output is unparsable."""

    problem: str
    """Why it is; empty where it is not."""

    places: ObjectsAnswer | None
    """Boxes and points that it names, whatever was asked; absent where it names none that can be read."""

    def as_record(self, region_px: tuple[int, int, int, int]) -> dict[str, Any]:
        """The output and what it says, as JSON holds it.

        Parameters
        ----------
        region_px
            The square of the file's picture that the model saw: left, upper, right and lower edge, px.
        """
        kind, objects = ("", ()) if self.places is None else (self.places.kind, self.places.objects)
        return {
            "output": self.output,
            "answer": None if self.answer is None else answer_record(self.answer),
            "answer_text": None if self.answer is None else format_answer(self.answer),
            "problem": self.problem,
            "places": [as_record(place) | _in_pixels(place, region_px) | {"label": kind} for place in objects],
        }


def read_predicted(question: Question, output: str) -> Predicted:
    """Read an output, with no second try."""
    answer, problem = None, ""
    try:
        answer = parse_answer(question.form, output, scheme=question.scheme)
    except UnparsableAnswerError as error:
        problem = str(error)
    if isinstance(answer, ObjectsAnswer):
        places: ObjectsAnswer | None = answer
    else:
        places = read_places(output)[0] if _NAMES_PLACES.search(output) else None
    return Predicted(output=output, answer=answer, problem=problem, places=places)


def answer_record(answer: Answer) -> dict[str, Any]:
    """An answer under the names of the column `tasks`."""
    match answer:
        case ClassAnswer(label=label, scheme=scheme):
            is_any = scheme == BINARY and label is not Label.HEALTHY
            named = {"label": ANY_RETINOPATHY if is_any else str(label)}
            return named | {"scheme": scheme} if scheme == BINARY else named
        case ObjectsAnswer(kind=kind, objects=objects):
            return {"kind": kind, "objects": [as_record(place) for place in objects]}
        case CountAnswer(count=count):
            return {"count": count}
        case YesNoAnswer(is_yes=is_yes):
            return {"answer": "yes" if is_yes else "no"}
        case ChoiceAnswer(letter=letter):
            return {"choice": letter}
        case RegionAnswer(region=region):
            return {"region": region}
        case MeasureAnswer(value=value, unit=unit):
            return {"value": value, "unit": unit}
        case GradeAnswer(severity=severity):
            return {"severity": severity}


def _in_pixels(place: Box | Point, region_px: tuple[int, int, int, int]) -> dict[str, list[float]]:
    """A place in pixels of the file: x to the right, y down, 0 at the upper left corner of the picture."""
    if isinstance(place, Point):
        return {"point_px": _pixels((place.x, place.y), region_px)}
    return {"bbox_px": _pixels((place.x1, place.y1, place.x2, place.y2), region_px)}


def _pixels(coordinates: Sequence[float], region_px: tuple[int, int, int, int]) -> list[float]:
    left, upper, right, lower = region_px
    scale = ((right - left) / SCALE, (lower - upper) / SCALE)
    return [round((left, upper)[axis % 2] + value * scale[axis % 2], 2) for axis, value in enumerate(coordinates)]
