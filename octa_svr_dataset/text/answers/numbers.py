"""Counts, measures and grades in a text."""

import re

from octa_svr_dataset.text.answers.forms import LARGEST_GRADE, CountAnswer, GradeAnswer, MeasureAnswer
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines, the_one

_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_VALUE_OF = {word: value for value, word in enumerate(_WORDS)} | {"single": 1, "none": 0, "no": 0}

_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+"
_UNITS = {
    "mm2": r"mm\s?(?:\^\s?\{?2\}?|2|²|squared)|sq(?:uare|\.)?\s?(?:mm|milli(?:meter|metre)s?)|(?:milli(?:meter|metre)s?) squared",
    "um2": r"[uµμ]m\s?(?:\^\s?\{?2\}?|2|²|squared)|sq(?:uare|\.)?\s?(?:[uµμ]m|micro(?:meter|metre)s?|microns?)",
    "mm": r"mm|milli(?:meter|metre)s?",
    "um": r"[uµμ]m|micro(?:meter|metre)s?|microns?",
    "%": r"%|per ?cent|\\%",
}
_UNIT = "|".join(rf"(?P<{'percent' if name == '%' else name}>{pattern})" for name, pattern in _UNITS.items())
_MEASURE = re.compile(rf"(?<![\w.,])(?P<number>{_NUMBER})\s?-?(?:(?:{_UNIT})(?![\w²^]))?", re.IGNORECASE)
_FIELD = re.compile(
    rf"(?:{_NUMBER})\s?(?:mm)?\s?[x×]\s?(?:{_NUMBER})(?:\s?mm)?|(?:{_NUMBER})[\s-]?mm\s(?:wide\s)?(?:field|scan|fov|octa|image|picture)",
    re.IGNORECASE,
)
_NOT_MEASURABLE = re.compile(
    r"\b(?:not|cannot be|can't be|could not be|can not be|couldn't be) (?:\w+ly )?(?:be )?(?:measurable|measured|determined|delimited)"
    r"|\b(?:un|im)measurable\b|\bnot measurable\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:I'm sorry|I am sorry|as an AI|I cannot (?:assist|help)|I'm unable|I am unable)\b", re.IGNORECASE
)
_ABOUT = r"(?:about|approximately|approx\.?|around|roughly|~|≈|exactly|circa|ca\.?)?\s?"

_BOUND = re.compile(
    rf"\b(?:at least|at most|more than|less than|fewer than|over|under|up to|not|no fewer than|no more than)\s(?={_NUMBER}|"
    rf"(?:{'|'.join(_WORDS)})\b)|(?:>|<|≥|≤)\s?\d|\d\s?\+|\bor (?:more|fewer|less)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\b(?:several|many|numerous|multiple|some|a few|few|couple|dozens?|handful|various)\b", re.IGNORECASE
)
_LIST_NUMBER = re.compile(r"^\d+[.)]\s(?=\S)", re.MULTILINE)
_COUNT = re.compile(rf"(?<![\w.,^])\d+(?![\w²^]|[.,]\d)|\b(?:{'|'.join(_VALUE_OF)})\b", re.IGNORECASE)

_RANGE = re.compile(rf"(?:{_NUMBER})\s?(?:-|to|or)\s?(?:{_NUMBER})")
_MEASURE_BOUND = re.compile(
    r"(?:<|>|≤|≥|\b(?:less|more|greater|smaller|larger|at least|at most|under|over|below|above)\b(?: than)?)\s?\d"
)

_DEGREES = {"mild": 1, "moderate": 2, "severe": 3}


def read_count(text: str) -> CountAnswer:
    """The number that a text ends on, or else the only one in it; "none" is zero, "several" is no answer."""
    lines = last_lines(text, "answer", "count", "total", "number")
    if not lines and _is_number(last := text.splitlines()[-1]):
        lines = [last]
    counts = [_count(passage) for passage in lines or [text]]
    return CountAnswer(count=int(the_one(counts, "number")))


def _count(passage: str) -> int:
    """The only number in a passage."""
    if _BOUND.search(passage) or _REFUSAL.search(passage):
        raise UnparsableAnswerError("the output bounds the number instead of naming it")
    numbers = _counts(passage)
    if not numbers and _VAGUE.search(passage):
        raise UnparsableAnswerError("the output names no number, only words such as 'several'")
    return int(the_one(numbers, "number"))


def _counts(text: str) -> list[int]:
    """Numbers in a text that are neither measures nor the marks of a list."""
    text = _LIST_NUMBER.sub("", _FIELD.sub("", text)) if not _is_number(text) else text
    text = _MEASURE.sub(lambda match: "" if _unit_of(match) else match[0], text)
    found = [match[0].lower() for match in _COUNT.finditer(text)]
    numbers = [word for word in found if word not in ("no", "none")] or found
    return [int(word) if word.isdigit() else _VALUE_OF[word] for word in numbers]


def _is_number(line: str) -> bool:
    return bool(re.fullmatch(r"\d+[.)!]?", line))


def read_measure(text: str) -> MeasureAnswer:
    """The measure that a text ends on, or else the only one in it that stands outside parentheses."""
    lines = last_lines(text, "answer", "value", "measurement", "area", "faz area", "diameter", "density")
    measures = [_measure(_FIELD.sub("", passage)) for passage in lines or [text]]
    if len(set(measures)) > 1:
        raise UnparsableAnswerError("the output names more than one measure")
    return measures[0]


def _measure(passage: str) -> MeasureAnswer:
    """The only measure in a passage; numbers without a unit do not count where one has a unit."""
    if _REFUSAL.search(passage):
        raise UnparsableAnswerError("the output refuses to answer")
    outside = re.sub(r"\([^()]*\)", " ", passage)
    measures = _measures(outside) or _measures(passage)
    if _NOT_MEASURABLE.search(outside):
        if measures:
            raise UnparsableAnswerError("the output says that it cannot be measured, and measures it")
        return MeasureAnswer(value=None, unit="")
    if _MEASURE_BOUND.search(outside):
        raise UnparsableAnswerError("the output bounds the measure instead of naming it")
    measures = [measure for measure in measures if measure.unit] or measures
    if not measures:
        raise UnparsableAnswerError("the output names no measure")
    if len(set(measures)) > 1 or _RANGE.search(outside):
        raise UnparsableAnswerError("the output names more than one measure")
    return measures[0]


def _measures(text: str) -> list[MeasureAnswer]:
    text = re.sub(rf"±\s?(?:{_NUMBER})", "", text)
    return [MeasureAnswer(value=_value(match["number"]), unit=_unit_of(match)) for match in _MEASURE.finditer(text)]


def _unit_of(match: re.Match[str]) -> str:
    return next((unit for unit in _UNITS if match["percent" if unit == "%" else unit]), "")


def _value(number: str) -> float:
    """1,200 is a thousand and more, 0,31 less than one."""
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", number):
        return float(number.replace(",", ""))
    return float(number.replace(",", "."))


def read_grade(text: str) -> GradeAnswer:
    """The grade of the lines `Grade: ...`, or else the only one in a text; "moderate NPDR" is 2."""
    lines = last_lines(text, "grade", "severity", "severity grade", "answer", "conclusion")
    grades = [grade for line in lines for grade in _grades(line, alone=True)]
    if not grades:
        grades = _grades(text, alone=len(text.split()) <= 2)
    grade = int(the_one(grades, "grade"))
    if grade > LARGEST_GRADE:
        raise UnparsableAnswerError(f"the grade must be between 0 and {LARGEST_GRADE}, got {grade}")
    return GradeAnswer(severity=grade)


def _grades(text: str, *, alone: bool) -> list[int]:
    digit = rf"(\d+|{'|'.join(_WORDS[: LARGEST_GRADE + 1])})\b(?!\.\d)"
    named = re.findall(rf"\b(?:grade|severity|level|stage)(?: of| is|:)?\s{digit}", text, re.IGNORECASE)
    if not named and alone:
        named = re.findall(rf"^{digit}", text, re.IGNORECASE)
    grades = [int(found) if found.isdigit() else _VALUE_OF[found.lower()] for found in named]
    if not grades:
        degrees = re.findall(r"\b(mild|moderate|severe)\s(?:NPDR|non[-\s]?proliferative)", text, re.IGNORECASE)
        grades = [_DEGREES[degree.lower()] for degree in degrees]
    return grades
