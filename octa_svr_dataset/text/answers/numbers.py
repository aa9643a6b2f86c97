"""Counts, measures and grades in a text."""

import re

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers.classes import read_class
from octa_svr_dataset.text.answers.forms import LARGEST_GRADE, THREE, CountAnswer, GradeAnswer, MeasureAnswer
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines, the_one

_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_VALUE_OF = {word: value for value, word in enumerate(_WORDS)} | {"single": 1, "none": 0, "no": 0}

_NUMBER = (
    r"(?<!\d)(?:\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?|(?:\d{1,15}(?:[.,]\d{1,20})?|\.\d{1,20})(?:e[-+]?\d{1,2})?)(?!\d)"
)
"""Bounded in length, so that an output of nothing but digits takes no longer than others."""

_POWER_OF_TEN = re.compile(r"\s?[x\u00d7*]\s?10\s?\^\s?\{?(-?\d+)\}?")
_MM, _CM, _UM = (
    r"(?:mm|milli(?:meter|metre)s?)",
    r"(?:cm|centi(?:meter|metre)s?)",
    r"(?:[uµμ]m|micro(?:meter|metre)s?|microns?)",
)
_SQUARED, _SQUARE = r"\s?(?:\^\s?\{?2\}?|2|²|squared)", r"(?:sq(?:uare|\.)?\s?)"
_UNIT = (
    rf"(?P<mm2>{_MM}{_SQUARED}|{_SQUARE}{_MM})|(?P<um2>{_UM}{_SQUARED}|{_SQUARE}{_UM})"
    rf"|(?P<cm2>{_CM}{_SQUARED}|{_SQUARE}{_CM})"
    rf"|(?P<mm>{_MM})|(?P<um>{_UM})|(?P<cm>{_CM})|(?P<percent>\\?%|per ?cent)"
    rf"|(?P<other>(?:{_SQUARE})?(?:px|pixels?|nm|inch(?:es)?|met(?:er|re)s?|degrees?|disc areas)(?:{_SQUARED})?"
    rf"|(?:m|in){_SQUARED})"
)
_MEASURE = re.compile(rf"(?<![\w.,-])(?P<number>{_NUMBER})\s?-?(?:(?:{_UNIT})(?![\w²^]))?", re.IGNORECASE)
_FACTORS = {"cm2": 100.0, "cm": 10.0}
"""What a measure in centimeters is multiplied by to be in millimeters."""

_MARGIN = re.compile(rf"\s?(?:±|\+/-)\s?{_NUMBER}")
_FIELD = re.compile(
    rf"{_NUMBER}\s?(?:mm)?\s?[x\u00d7]\s?{_NUMBER}(?:\s?mm)?"
    rf"|{_NUMBER}[\s-]?mm\s(?:wide\s)?(?:field|scan|fov|octa|image|picture)",
    re.IGNORECASE,
)
"""The size of a scan, which is neither a count nor the measure asked for."""

_NOT_MEASURABLE = re.compile(
    r"\b(?:not|can't be|couldn't be|(?:can|could)\s?not be)\s(?:\w+ly )?(?:be )?(?:measurable|measured|determined)\b"
    r"|\b(?:cannot|can't|could not|couldn't)\s(?:\w+ly )?(?:measure|determine|delimit)\b|\b(?:un|im)measurable\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(r"\b(?:sorry|as an AI|cannot (?:assist|help)|(?:I'm|I am) (?:unable|not able))\b", re.IGNORECASE)
_RANGE = re.compile(rf"{_NUMBER}\s?(?:-|to|or)\s?{_NUMBER}|\bbetween\s{_NUMBER}", re.IGNORECASE)
_MEASURE_BOUND = re.compile(
    r"(?:[<>≤≥]|\b(?:less|more|greater|smaller|larger|at least|at most|under|over|below|above|up to)\b(?: than)?)\s?\d",
    re.IGNORECASE,
)

_COUNT = re.compile(
    r"(?<!\bthe )(?<!\bthese )(?<!\ball )(?:(?<![\w.,^])\d{1,9}(?![\w²^]|[.,]\d)"
    rf"|\b(?:{'|'.join(_VALUE_OF)})\b)",
    re.IGNORECASE | re.ASCII,
)
_COUNT_BOUND = re.compile(
    r"\b(?:at least|at most|(?:more|less|fewer) than|over|under|up to|not)"
    rf"\s(?:\d|(?:{'|'.join(_WORDS)})\b)|[<>≤≥]\s?\d|\d\s?\+|\bor (?:more|fewer|less)\b|(?:^|[\s:])-\d",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    rf"\btotal(?: number)?(?: of| is|:)*\s(?:\d+|{'|'.join(_WORDS)})\b|\b(?:\d+|{'|'.join(_WORDS)}) in (?:total|all)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"\b(?:several|many|numerous|multiple|some|few|couple|dozens?|handful|various)\b", re.IGNORECASE)
_WHOLE = re.compile(r"^(\d{1,9})\.0+(?=[.!]?$)", re.ASCII)
_NOT_ANY = re.compile(
    r"\b(?:(?:are|is|were) not|(?:are|is|were)n't|(?:do not|don't|did not|didn't|cannot|can't)"
    r" (?:see|find|detect|identify))\sany\b",
    re.IGNORECASE,
)
_NOT_ONE = re.compile(r"(?:\b(?:not|without)|n't)\s(?:\w+\s)?(?:a single|even one|one single)\b", re.IGNORECASE)
_LIST_MARK = re.compile(r"^\d+[.)]\s(?=\S)", re.MULTILINE)

_CONDITION = re.compile(
    r"\b(?:would(?!\s(?:say|assign|call|grade|give))|could|might|may|if|unless|until)\b", re.IGNORECASE
)
_DEGREES = {"mild": 1, "moderate": 2, "severe": 3}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_GRADE_ALONE = re.compile(
    r"^\d(?:\s(?:out )?of (?:4|four)|\s?/\s?4)?"
    r"(?:\s?[-:,(=]\s?(?P<degree>mild|moderate|severe)(?:\s(?:NPDR|non[-\s]?proliferative[\w\s]*|DR|disease))?\)?)?[.!]?$",
    re.IGNORECASE | re.ASCII,
)
"""A grade and, perhaps, how it is called; nothing else."""


def read_count(text: str) -> CountAnswer:
    """The number that a text ends on, or else the only one in it; "none" is zero, "several" is no answer."""
    lines = last_lines(text, "answer", "count", "total", "number")
    if not lines and _is_number(last := text.splitlines()[-1]):
        lines = [last]
    counts = [_count(_WHOLE.sub(r"\1", passage)) for passage in lines or [text]]
    return CountAnswer(count=int(the_one(counts, "number")))


def _count(passage: str) -> int:
    """The only number in a passage."""
    if _REFUSAL.search(passage):
        raise UnparsableAnswerError("the output refuses to answer")
    if _COUNT_BOUND.search(passage):
        raise UnparsableAnswerError("the output bounds the number instead of naming it")
    numbers = _counts(passage)
    if total := _TOTAL.search(passage):
        numbers = _counts(total[0])
    if len(numbers) > 1:
        raise UnparsableAnswerError(f"the output names more than one number: {', '.join(map(str, numbers))}")
    if (not numbers and _NOT_ANY.search(passage)) or (numbers == [1] and _NOT_ONE.search(passage)):
        return 0
    if not numbers and _VAGUE.search(passage):
        raise UnparsableAnswerError("the output names no number, only words such as 'several'")
    return int(the_one(numbers, "number"))


def _counts(text: str) -> list[int]:
    """Numbers in a text but for measures, the marks of a list, asides, and those named before ("these three")."""
    text = text if _is_number(text) else _LIST_MARK.sub("", _FIELD.sub("", re.sub(r"(?<=\w)\s\([^()]*\)", "", text)))
    text = re.sub(r"\bsingle one\b", "single", text, flags=re.IGNORECASE)
    text = _MEASURE.sub(lambda match: "" if _unit_of(match) else match[0], text)
    found = [match[0].lower() for match in _COUNT.finditer(text)]
    numbers = [word for word in found if word not in ("no", "none")] or found
    return [int(word) if word.isdecimal() else _VALUE_OF[word] for word in numbers]


def _is_number(line: str) -> bool:
    return bool(re.fullmatch(r"\d+[.)!]?", line))


def read_measure(text: str) -> MeasureAnswer:
    """The measure that a text ends on, or else the only one in it that stands outside parentheses."""
    lines = last_lines(text, "answer", "value", "measurement", "area", "faz area", "diameter", "density")
    measures = [
        _measure(_MARGIN.sub("", _FIELD.sub("", _POWER_OF_TEN.sub(r"e\1", passage)))) for passage in lines or [text]
    ]
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
        if _measures(passage):
            raise UnparsableAnswerError("the output says that it cannot be measured, and measures it")
        return MeasureAnswer(value=None, unit="")
    if _MEASURE_BOUND.search(outside):
        raise UnparsableAnswerError("the output bounds the measure instead of naming it")
    measures = [measure for measure in measures if measure.unit] or measures
    if not measures:
        raise UnparsableAnswerError("the output names no measure")
    if not measures[0].unit and (other := _other_unit(outside) or _other_unit(passage)):
        raise UnparsableAnswerError(f"the output measures in {other}, which is none of the units")
    if len(set(measures)) > 1 or _RANGE.search(outside):
        raise UnparsableAnswerError("the output names more than one measure")
    return measures[0]


def _measures(text: str) -> list[MeasureAnswer]:
    return [MeasureAnswer(value=_converted(match), unit=_unit_of(match)) for match in _MEASURE.finditer(text)]


def _other_unit(text: str) -> str:
    """A unit that no measure has, if one stands after a number; else empty."""
    return next((match["other"] for match in _MEASURE.finditer(text) if match["other"]), "")


def _unit_of(match: re.Match[str]) -> str:
    names = {"mm2": "mm2", "cm2": "mm2", "um2": "um2", "mm": "mm", "cm": "mm", "um": "um", "percent": "%"}
    return next((unit for name, unit in names.items() if match[name]), "")


def _converted(match: re.Match[str]) -> float:
    """The number in its unit; centimeters become millimeters."""
    factor = next((factor for name, factor in _FACTORS.items() if match[name]), 1.0)
    return round(_value(match["number"]) * factor, 12) if factor != 1.0 else _value(match["number"])


def _value(number: str) -> float:
    """1,200 is a thousand and more, 0,31 less than one."""
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", number):
        return float(number.replace(",", ""))
    return float(number.replace(",", "."))


def read_grade(text: str) -> GradeAnswer:
    """The grade of the lines `Grade: ...`, or else the only one in a text; "moderate NPDR" is 2."""
    lines = last_lines(text, "grade", "severity", "severity grade", "answer", "conclusion")
    grades = [grade for line in lines for grade in _grades(line, is_answer=True)]
    alone = _GRADE_ALONE.match(text)
    grades = grades or _grades(text, is_answer=bool(alone) or len(text.split()) <= 2) or _grades_of_class(text)
    if alone and alone["degree"]:
        grades.append(_DEGREES[alone["degree"].lower()])
    grade = int(the_one(grades, "grade"))
    if grade > LARGEST_GRADE:
        raise UnparsableAnswerError(f"the grade must be between 0 and {LARGEST_GRADE}, got {grade}")
    return GradeAnswer(severity=grade)


def _grades_of_class(text: str) -> list[int]:
    """The grade of a class that has but one: healthy or PDR."""
    try:
        label = read_class(text, THREE).label
    except UnparsableAnswerError:
        return []
    return {Label.HEALTHY: [0], Label.NPDR: [], Label.PDR: [LARGEST_GRADE]}[label]


def _grades(text: str, *, is_answer: bool) -> list[int]:
    """Grades that a passage names, but for those that it would have; an answer may begin with the number alone."""
    number = rf"(?ai:(\d{{1,9}}|{'|'.join(_WORDS[: LARGEST_GRADE + 1])}|I{{2,3}}|IV"
    number += r"|(?-i:I)(?=[.,;)]|$|\s\(|\sNPDR)))\b(?!\.\d|\s?(?:-|to|or)\s?\d)"
    clauses = [clause for clause in re.split(r"[.;]\s|\n", text) if not _CONDITION.search(clause)]
    named = re.findall(rf"\b(?:grade|severity|level|stage)(?: of| is|:)?\s{number}", "\n".join(clauses), re.IGNORECASE)
    if not named and is_answer:
        named = re.findall(rf"^{number}", text, re.IGNORECASE)
    grades = [int(found) if found.isdecimal() else (_VALUE_OF | _ROMAN)[found.lower()] for found in named]
    end = r"(?:\s(?:NPDR|non[-\s]?proliferative)" + (r"|$|[.,])" if is_answer else ")")
    return grades or [
        _DEGREES[degree.lower()] for degree in re.findall(rf"\b(mild|moderate|severe){end}", text, re.IGNORECASE)
    ]
