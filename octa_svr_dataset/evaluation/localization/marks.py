"""How well one output marks what is there in one picture."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scipy.optimize import linear_sum_assignment

from octa_svr_dataset.evaluation.localization.kinds import TARGETS
from octa_svr_dataset.evaluation.localization.truths import Places
from octa_svr_dataset.scoring.places import HIT_IOU, names_another_kind, overlaps, points_at
from octa_svr_dataset.text.answers import Box, ObjectsAnswer, Point, UnparsableAnswerError, parse_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One reader, one picture, one kind."""

    target: str
    """Name in `TARGETS`."""

    patient: str | None
    """Whose picture it is; absent where nobody knows."""

    num_true: int
    num_answered: float
    num_found: float
    """True objects that are matched by an answered one: boxes that overlap by half, points that hit. As what is
    answered, no whole number where several guesses are averaged."""

    overlap: float
    """Sum of the overlaps of matched boxes (intersection over union); of points, those that hit."""

    aim: float
    """Share of the answered objects whose point, or the center of whose box, lies on an object; 0 where none is
    answered."""

    is_unparsable: bool = False
    """Whether nothing could be read; then nothing is answered."""


def read_places(output: str) -> tuple[ObjectsAnswer | None, str]:
    """Boxes and points in an output, read once by the grammar; absent where there are none to read, and why."""
    try:
        answer = parse_answer("locate", output)
    except UnparsableAnswerError as error:
        return None, str(error)
    if not isinstance(answer, ObjectsAnswer):
        raise AssertionError("the task locate has objects for an answer")
    return answer, ""


def mark(answer: ObjectsAnswer | None, target: str, places: Places, patient: str | None) -> Marked:
    """Compare an answer, absent where none could be read, with what is there.

    Objects that go by the name of another kind mark nothing; nor do points have an area where boxes are asked for.
    """
    asked = TARGETS[target]
    answered: tuple[Box | Point, ...] = () if answer is None else answer.objects
    is_meant = answer is not None and not names_another_kind(answer.kind, asked.name)
    comparable = [place for place in answered if is_meant and (asked.is_point or isinstance(place, Box))]
    matched = overlaps(tuple(comparable), places.objects, places.layer)
    matched = matched[linear_sum_assignment(matched, maximize=True)]
    return Marked(
        target=target,
        patient=patient,
        num_true=len(places.objects),
        num_answered=len(answered),
        num_found=int((matched >= HIT_IOU).sum()),
        overlap=float(matched.sum()),
        aim=sum(is_meant and points_at(place, places.layer) for place in answered) / max(len(answered), 1),
        is_unparsable=answer is None,
    )


def mean_of(marked: Sequence[Marked]) -> Marked:
    """What several answers to one question about one picture come to on average; at least one."""

    def mean(value: Callable[[Marked], float]) -> float:
        return math.fsum(map(value, marked)) / len(marked)

    return replace(
        marked[0],
        num_answered=mean(lambda entry: entry.num_answered),
        num_found=mean(lambda entry: entry.num_found),
        overlap=mean(lambda entry: entry.overlap),
        aim=mean(lambda entry: entry.aim),
    )
