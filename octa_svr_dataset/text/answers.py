"""One grammar for the answers: written into the training texts and read from a model's output.

An answer is the line `Conclusion: <class>.`; whatever stands before it is reasoning. It holds that
`parse_answer(format_answer(answer)) == answer`.
"""

import re
from dataclasses import dataclass

from octa_svr_dataset.grading import Label

_NAMES = {
    Label.HEALTHY: ("healthy retina", "healthy"),
    Label.NPDR: (
        "non-proliferative diabetic retinopathy (NPDR)",
        "non-proliferative diabetic retinopathy",
        "NPDR",
    ),
    Label.PDR: ("proliferative diabetic retinopathy (PDR)", "proliferative diabetic retinopathy", "PDR"),
}
"""Names of each class that are understood; the first is the one that is written."""

_LABELS = {name.lower(): label for label, names in _NAMES.items() for name in names}

_CONCLUSION = re.compile(r"^\s*\**conclusion:\**\s*(?P<name>.*?)[\s.*]*$", re.IGNORECASE | re.MULTILINE)


class UnparsableAnswerError(ValueError):
    """A text does not hold exactly one conclusion of the grammar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a text concludes."""

    label: Label


def format_answer(answer: Answer) -> str:
    """The conclusion as a line of text."""
    return f"Conclusion: {_NAMES[answer.label][0]}."


def parse_answer(text: str) -> Answer:
    """Read the conclusion in a text.

    Raises
    ------
    UnparsableAnswerError
        No line is a conclusion, one names no class, or two disagree.
    """
    names = [match["name"].lower() for match in _CONCLUSION.finditer(text)]
    if not names:
        raise UnparsableAnswerError("no line starts with 'Conclusion:'")
    unknown = [name for name in names if name not in _LABELS]
    if unknown:
        raise UnparsableAnswerError(f"the conclusion names no class: {unknown[0]!r}")
    labels = {_LABELS[name] for name in names}
    if len(labels) > 1:
        raise UnparsableAnswerError(f"the conclusions disagree: {', '.join(sorted(labels))}")
    return Answer(label=labels.pop())
