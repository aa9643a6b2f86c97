"""The right answer, as the column `tasks` holds it for machines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import (
    BINARY,
    TASKS,
    THREE,
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

ANY_RETINOPATHY = "diabetic retinopathy"
"""The label of the binary scheme beside "healthy"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The right answer to a question, and what reading another answer to it takes."""

    answer: Answer

    kind: str = ""
    """Kind of the objects asked for, which `answer` does not name where there are none."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Options of a multiple-choice question, by letter."""

    severity: int | None = None
    """Grade of severity that goes with a class, where it is told."""


def read_truth(task: str, answer_json: str) -> Truth:
    """The right answer of a row's `tasks`.

    Raises
    ------
    InputError
        The task is unknown, or the JSON is not that of its answers.
    """
    if task not in TASKS:
        raise InputError(f"task: must be one of {', '.join(TASKS)}, got {task!r}")
    try:
        return _truth(task, json.loads(answer_json))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"answer: {answer_json!r} is no answer of the task {task!r}: {error!r}") from None


def _truth(task: str, value: dict[str, Any]) -> Truth:
    match task:
        case "locate":
            objects = tuple(_place(place) for place in value["objects"])
            return Truth(answer=ObjectsAnswer(kind=value["kind"], objects=objects), kind=value["kind"])
        case "count":
            return Truth(answer=CountAnswer(count=value["count"]))
        case "yes_no":
            return Truth(answer=YesNoAnswer(is_yes={"yes": True, "no": False}[value["answer"]]))
        case "multiple_choice":
            return Truth(answer=ChoiceAnswer(letter=value["choice"]), options=dict(value["options"]))
        case "compare_regions":
            return Truth(answer=RegionAnswer(region=value["region"]))
        case "measure":
            return Truth(answer=MeasureAnswer(value=value["value"], unit=value["unit"]))
        case "explain_grade":
            return Truth(answer=GradeAnswer(severity=value["severity"]))
        case _:
            scheme = value.get("scheme", THREE)
            is_any = scheme == BINARY and value["label"] == ANY_RETINOPATHY
            label = Label.NPDR if is_any else Label(value["label"])
            return Truth(answer=ClassAnswer(label=label, scheme=scheme), severity=value.get("severity"))


def _place(value: dict[str, list[float]]) -> Box | Point:
    if "bbox_2d" in value:
        x1, y1, x2, y2 = value["bbox_2d"]
        return Box(x1=x1, y1=y1, x2=x2, y2=y2)
    x, y = value["point_2d"]
    return Point(x=x, y=y)
