"""One grammar for the answers: written into the training texts and read from a model's output.

It holds that `parse_answer(task, format_answer(answer)) == answer`, and the same of `format_last_line`.
"""

from octa_svr_dataset.text.answers.forms import (
    BINARY,
    LARGEST_GRADE,
    LETTERS,
    REGIONS,
    SCALE,
    THREE,
    UNITS,
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
from octa_svr_dataset.text.answers.output import UnparsableAnswerError
from octa_svr_dataset.text.answers.reading import TASKS, parse_answer
from octa_svr_dataset.text.answers.writing import format_answer, format_last_line

__all__ = [
    "BINARY",
    "LARGEST_GRADE",
    "LETTERS",
    "REGIONS",
    "SCALE",
    "TASKS",
    "THREE",
    "UNITS",
    "Answer",
    "Box",
    "ChoiceAnswer",
    "ClassAnswer",
    "CountAnswer",
    "GradeAnswer",
    "MeasureAnswer",
    "ObjectsAnswer",
    "Point",
    "RegionAnswer",
    "UnparsableAnswerError",
    "YesNoAnswer",
    "format_answer",
    "format_last_line",
    "parse_answer",
]
