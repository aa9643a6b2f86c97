"""Counts and grades in a text."""

import re

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers.classes import read_class
from octa_svr_dataset.text.answers.forms import LARGEST_GRADE, THREE, CountAnswer, GradeAnswer
from octa_svr_dataset.text.answers.measures import FIELD, REFUSAL, without_measures
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines, the_one

_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_VALUE_OF = {word: value for value, word in enumerate(_WORDS)} | {"single": 1, "none": 0, "no": 0, "nil": 0}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_LARGE = re.compile(
    rf"\b(?P<tens>{'|'.join(_TENS)})(?:-(?P<ones>{'|'.join(_WORDS[1:10])}))?\b"
    rf"|\b(?:(?P<dozens>{'|'.join(_WORDS[1:10])}|\d) dozen|(?:(?P<half>half) )?a dozen|a (?P<pair>pair)(?: of)?)\b",
    re.IGNORECASE,
)
"""Numbers of more than one word."""

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
_PARTS = re.compile(r":\s|,\s(?:namely|of which)\s|\s\((?=\w+\s\w)")
"""What stands before the parts of a number: "3 microaneurysms: one above, two below"."""
_VAGUE = re.compile(r"\b(?:several|many|numerous|multiple|some|few|couple|dozens?|handful|various)\b", re.IGNORECASE)
_WHOLE = re.compile(r"^(\d{1,9})\.0+(?=[.!]?$)", re.ASCII)
_NOT_ANY = re.compile(
    r"^not any\b|\b(?:(?:are|is|were) not|(?:are|is|were)n't|(?:do not|don't|did not|didn't|cannot|can't)"
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
    if REFUSAL.search(passage):
        raise UnparsableAnswerError("the output refuses to answer")
    passage = _LARGE.sub(_as_digits, passage)
    if _COUNT_BOUND.search(passage):
        raise UnparsableAnswerError("the output bounds the number instead of naming it")
    numbers = _counts(passage)
    if total := _TOTAL.search(passage):
        numbers = _counts(total[0])
    elif (parts := _PARTS.split(passage, maxsplit=1))[1:] and sum(_counts(parts[1])) in (numbers[:1] or [0]):
        numbers = numbers[:1]
    if len(numbers) > 1:
        raise UnparsableAnswerError(f"the output names more than one number: {', '.join(map(str, numbers))}")
    if (not numbers and _NOT_ANY.search(passage)) or (numbers == [1] and _NOT_ONE.search(passage)):
        return 0
    if not numbers and _VAGUE.search(passage):
        raise UnparsableAnswerError("the output names no number, only words such as 'several'")
    return int(the_one(numbers, "number"))


def _as_digits(match: re.Match[str]) -> str:
    """A number of more than one word in digits."""
    if match["tens"]:
        return str(_TENS[match["tens"].lower()] + _VALUE_OF.get((match["ones"] or "").lower(), 0))
    if match["dozens"]:
        return str(12 * (int(match["dozens"]) if match["dozens"].isdecimal() else _VALUE_OF[match["dozens"].lower()]))
    return "2" if match["pair"] else "6" if match["half"] else "12"


def _counts(text: str) -> list[int]:
    """Numbers in a text but for measures, the marks of a list, asides, and those named before ("these three")."""
    text = text if _is_number(text) else _LIST_MARK.sub("", FIELD.sub("", re.sub(r"(?<=\w)\s\([^()]*\)", "", text)))
    text = re.sub(r"\bsingle one\b", "single", text, flags=re.IGNORECASE)
    text = without_measures(text)
    found = [match[0].lower() for match in _COUNT.finditer(text)]
    numbers = [word for word in found if word not in ("no", "none")] or found
    return [int(word) if word.isdecimal() else _VALUE_OF[word] for word in numbers]


def _is_number(line: str) -> bool:
    return bool(re.fullmatch(r"\d+[.)!]?", line))


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
