"""How right an answer is: exact, partial, wrong or unparsable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from octa_svr_dataset.scoring.places import agreement, layer_of, names_another_kind
from octa_svr_dataset.scoring.truth import Truth, read_truth
from octa_svr_dataset.text.answers import (
    REGIONS,
    THREE,
    Answer,
    ClassAnswer,
    CountAnswer,
    GradeAnswer,
    MeasureAnswer,
    ObjectsAnswer,
    RegionAnswer,
    UnparsableAnswerError,
    format_answer,
    parse_answer,
)

PARTLY = 0.5
"""Value of an answer that is nearly right: the next quadrant, the next grade, a count or a measure not far off."""

COUNT_TOLERANCE = 0.25
"""A count is nearly right within this share of the true one, and always if off by one, unless either is zero."""

MEASURE_TOLERANCE = 0.15
"""A measure is right within this share of the true one; within twice as much it is nearly right."""

LEAST_TOLERANCE = {"mm2": 0.01, "um2": 10_000.0, "mm": 0.01, "um": 5.0, "%": 1.0, "": 0.02}
"""Measures this close are right, however small the true one is: its last written digit, a pixel or so."""

_FACTORS = {("um2", "mm2"): 1e-6, ("mm2", "um2"): 1e6, ("um", "mm"): 1e-3, ("mm", "um"): 1e3, ("%", ""): 0.01}
"""What a number in the first unit is multiplied by to be in the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How right one answer is."""

    value: float
    """1 where it is right, 0 where it is wrong or unparsable, between where it is partly right."""

    kind: Literal["exact", "partial", "wrong", "unparsable"]

    problem: str
    """What is wrong with it; empty where nothing is."""

    answer: Answer | None
    """What was read; absent where it is unparsable."""


def score(task: str, answer_json: str, output: str, *, layers: Mapping[str, np.ndarray] | None = None) -> Score:
    """Score a model's output for one question, read once.

    - a class, a letter, yes or no: right or wrong; a report whose class is right but whose degree is wrong is
      partly right;
    - a quadrant beside the true one, a grade off by one, a count or a measure not far off: 0.5;
    - boxes are matched one to one by their overlap: right if as many as there are all overlap the true ones by half;
      else the mean of F1 and mean overlap. Points hit the mask of an object if `layers` is given, else its box or
      its point. Points where boxes are asked for, or the reverse, get half at most.

    Parameters
    ----------
    task, answer_json
        From the row's column `tasks`.
    output
        What the model said.
    layers
        Pixel layers of the picture by name, as in the row's column `masks`, (H, W) each.

    Raises
    ------
    InputError
        `task` and `answer_json` are none of a row.
    """
    truth = read_truth(task, answer_json)
    scheme = truth.answer.scheme if isinstance(truth.answer, ClassAnswer) else THREE
    try:
        answer = parse_answer(task, output, scheme=scheme, options=truth.options)
    except UnparsableAnswerError as error:
        return Score(value=0.0, kind="unparsable", problem=str(error), answer=None)
    value, problem = _value(answer, truth, output, layers)
    kind: Literal["exact", "partial", "wrong"] = "exact" if value == 1.0 else "partial" if value > 0.0 else "wrong"
    return Score(value=value, kind=kind, problem=problem, answer=answer)


def _value(answer: Answer, truth: Truth, output: str, layers: Mapping[str, np.ndarray] | None) -> tuple[float, str]:
    """From 0 to 1, and what is wrong."""
    problem = f"{format_answer(truth.answer)!r} is true, not {format_answer(answer)!r}"
    match answer, truth.answer:
        case ObjectsAnswer(), ObjectsAnswer():
            return _value_of_objects(answer, truth.answer, truth.kind, layer_of(truth.kind, layers))
        case MeasureAnswer(), MeasureAnswer():
            return _value_of_measure(answer, truth.answer)
        case ClassAnswer(), ClassAnswer() if answer == truth.answer:
            return _value_of_degree(output, truth.severity)
        case _ if answer == truth.answer:
            return 1.0, ""
        case CountAnswer(count=count), CountAnswer(count=true):
            is_near = min(count, true) > 0 and abs(count - true) <= max(1.0, COUNT_TOLERANCE * true)
            return PARTLY if is_near else 0.0, problem
        case RegionAnswer(region=region), RegionAnswer(region=true):
            return PARTLY if _are_neighbors(region, true) else 0.0, problem
        case GradeAnswer(severity=grade), GradeAnswer(severity=true):
            return PARTLY if abs(grade - true) == 1 else 0.0, problem
        case _:
            return 0.0, problem


def _are_neighbors(one: str, other: str) -> bool:
    quadrants = REGIONS[:4]
    if one not in quadrants or other not in quadrants:
        return False
    return (quadrants.index(one) - quadrants.index(other)) % 4 != 2


def _value_of_degree(output: str, severity: int | None) -> tuple[float, str]:
    """Of an answer whose class is right; where it tells a grade, that counts too."""
    if severity is None:
        return 1.0, ""
    try:
        told = parse_answer("explain_grade", output)
    except UnparsableAnswerError:
        return 1.0, ""
    if told == GradeAnswer(severity=severity):
        return 1.0, ""
    return PARTLY, f"the class is right, but grade {severity} is true, not {format_answer(told)!r}"


def _value_of_objects(
    answer: ObjectsAnswer, true: ObjectsAnswer, kind: str, layer: np.ndarray | None
) -> tuple[float, str]:
    if not answer.objects or not true.objects:
        is_right = not answer.objects and not true.objects
        return float(is_right), "" if is_right else f"{len(true.objects)} are there, not {len(answer.objects)}"
    if names_another_kind(answer.kind, kind):
        return 0.0, f"{kind} was asked for, not {answer.kind}"
    found = agreement(answer.objects, true.objects, layer)
    is_form_right = {type(place) for place in answer.objects} <= {type(place) for place in true.objects}
    if found.num_hits == len(true.objects) == len(answer.objects) and is_form_right:
        return 1.0, ""
    value = (found.f1 + found.mean_overlap) / 2.0
    problem = f"{found.num_hits} of {len(true.objects)} are found, with {len(answer.objects)} objects"
    return (value, problem) if is_form_right else (PARTLY * value, f"{problem} of another form than asked for")


def _value_of_measure(answer: MeasureAnswer, true: MeasureAnswer) -> tuple[float, str]:
    if answer == true:
        return 1.0, ""
    problem = f"{format_answer(true)!r} is true, not {format_answer(answer)!r}"
    if answer.value is None or true.value is None:
        return 0.0, problem
    is_unit_told = bool(answer.unit) or not true.unit
    factor = 1.0 if answer.unit in (true.unit, "") else _FACTORS.get((answer.unit, true.unit))
    if factor is None:
        return 0.0, f"the unit must be {true.unit or 'none'}, got {answer.unit}"
    error = abs(answer.value * factor - true.value)
    tolerance = max(MEASURE_TOLERANCE * true.value, LEAST_TOLERANCE[true.unit]) * (1.0 + 1e-9)
    value = 1.0 if error <= tolerance else PARTLY if error <= 2.0 * tolerance else 0.0
    problem = "" if value == 1.0 else problem
    return (value, problem) if is_unit_told else (PARTLY * value, problem or "the unit is missing")
