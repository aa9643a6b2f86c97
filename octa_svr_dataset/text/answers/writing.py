"""Answers as they stand in a text: alone, or as the last line after the reasoning."""

import json
from decimal import Decimal

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers.forms import (
    BINARY,
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
    YesNoAnswer,
)

_WORD = {Label.HEALTHY: "Healthy", Label.NPDR: "NPDR", Label.PDR: "PDR"}
_NAME = {
    Label.HEALTHY: "healthy retina",
    Label.NPDR: "non-proliferative diabetic retinopathy (NPDR)",
    Label.PDR: "proliferative diabetic retinopathy (PDR)",
}

_UNIT = {"mm2": " mm²", "um2": " µm²", "mm": " mm", "um": " µm", "%": " %", "": ""}


def format_answer(answer: Answer) -> str:
    """The answer alone: `NPDR`, `Diabetic retinopathy`, `[{"bbox_2d": ...}]`, `3`, `Yes.`, `B`, `superior`, `0.31 mm²`.

    A grade is `Grade: 2`, alone as well as after reasons.
    """
    match answer:
        case ClassAnswer():
            return "Diabetic retinopathy" if _is_any_retinopathy(answer) else _WORD[answer.label]
        case ObjectsAnswer():
            return json.dumps([_object(place) | {"label": answer.kind} for place in answer.objects])
        case CountAnswer():
            return str(answer.count)
        case YesNoAnswer():
            return "Yes." if answer.is_yes else "No."
        case ChoiceAnswer():
            return answer.letter
        case RegionAnswer():
            return answer.region
        case MeasureAnswer():
            return "not measurable" if answer.value is None else f"{_decimal(answer.value)}{_UNIT[answer.unit]}"
        case GradeAnswer():
            return f"Grade: {answer.severity}"


def format_last_line(answer: Answer) -> str:
    """The answer as the line that ends a text with reasons: `Conclusion: healthy retina.`, `Answer: 3`, `Grade: 2`."""
    match answer:
        case ClassAnswer():
            name = "diabetic retinopathy" if _is_any_retinopathy(answer) else _NAME[answer.label]
            return f"Conclusion: {name}."
        case GradeAnswer():
            return format_answer(answer)
        case ObjectsAnswer():
            return format_answer(answer)
        case _:
            return f"Answer: {format_answer(answer)}"


def _is_any_retinopathy(answer: ClassAnswer) -> bool:
    return answer.scheme == BINARY and answer.label.is_diseased


def _object(place: Box | Point) -> dict[str, list[float]]:
    if isinstance(place, Box):
        return {"bbox_2d": [place.x1, place.y1, place.x2, place.y2]}
    return {"point_2d": [place.x, place.y]}


def _decimal(value: float) -> str:
    """The shortest decimal that reads as the same number; never with an exponent."""
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")
