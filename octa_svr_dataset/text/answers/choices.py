"""Yes or no, the letter of an option, and regions in a text."""

import re
from collections.abc import Mapping

from octa_svr_dataset.text.answers.forms import LETTERS, ChoiceAnswer, RegionAnswer, YesNoAnswer
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines, the_one

_YES_OR_NO = re.compile(
    r"^(?:answer: )?(?:(?P<yes>yes|yeah|yep|true)|(?P<no>no|nope|false))\b(?!\s(?:doubt|idea|and no|or no|way to))",
    re.IGNORECASE,
)
_AT_END = re.compile(
    r"\b(?:answer is|so|therefore|hence|thus)[,:]?\s\"?(?:(?P<yes>yes)|(?P<no>no))\"?[.!]?$", re.IGNORECASE
)
_TURNING = re.compile(
    r"^(?:yes|no)\b[^.\n]*(?:,|-|\.\.\.)\s?(?:wait|actually|or rather|well)\b|^(?:yes (?:and|or|/) ?no|yes/no|no and yes)",
    re.IGNORECASE,
)


def read_yes_no(text: str) -> YesNoAnswer:
    """The yes or no that a text begins with, or comes to in its last line; both must agree."""
    if _TURNING.search(text):
        raise UnparsableAnswerError("the output says yes and no")
    lines = last_lines(text, "answer", "conclusion")
    found = [match for line in [text, *lines] if (match := _YES_OR_NO.match(line))]
    found += [match for match in [_AT_END.search(text)] if match]
    answers = ["yes" if match["yes"] else "no" for match in found]
    return YesNoAnswer(is_yes=the_one(answers, "yes or no") == "yes")


_LETTER = rf"[\"'(\[]?([{LETTERS}{LETTERS.lower()}])"
_ALONE = re.compile(rf"^(?:option |choice )?{_LETTER}[\"')\]]?[.!]?$", re.IGNORECASE)
_MARKED = re.compile(rf"^(?:option |choice )?{_LETTER}(?:[)\].:]+|\s[-=])\s?(.*)$")
_NAMED = re.compile(
    rf"\b(?:answer|option|choice)\b(?: \w+)?(?: is|:|would be)?:?\s(?:option |choice )?[\"'(\[]?([{LETTERS}])\b(?!\s(?:large|small|few|single))"
)
_EITHER = re.compile(rf"\b[(]?[{LETTERS}][)]?\s?(?:,|/|or|and|&)\s?(?:option )?[(]?[{LETTERS}]\b")


def read_choice(text: str, options: Mapping[str, str] | None) -> ChoiceAnswer:
    """The one option that a text chooses, by its letter, or by its words where the options are known."""
    passages = last_lines(text, "answer", "choice", "option", "correct answer", "correct option") or [text]
    letters = [letter for passage in passages for letter in _letters(passage, options or {})]
    letter = str(the_one(letters, "option"))
    if options and letter not in options:
        raise UnparsableAnswerError(f"the output chooses {letter}, which is none of {', '.join(options)}")
    return ChoiceAnswer(letter=letter)


def _letters(passage: str, options: Mapping[str, str]) -> list[str]:
    """Every option that a passage chooses."""
    if _EITHER.search(passage):
        raise UnparsableAnswerError("the output chooses more than one option")
    letters: list[str] = []
    for line in passage.splitlines():
        if match := _ALONE.match(line) or _MARKED.match(line):
            letters.append(match[1].upper())
            words = _words(match[2]) if match.re is _MARKED else ""
            letters += [letter for letter, option in options.items() if words and _words(option) == words]
    letters = letters or _NAMED.findall(passage)
    return letters or [letter for letter, option in options.items() if _words(option) == _words(passage)]


def _words(text: str) -> str:
    return " ".join(re.findall(r"[\w.]+", text.lower().rstrip(".")))


_REGION = re.compile(
    r"\b(?:(?P<superior>superior(?:ly)?|(?:upper|top)(?=\s(?:quadrant|half|region|part|sector|side|area)|[.!]?$))"
    r"|(?P<inferior>inferior(?:ly)?|(?:lower|bottom)(?=\s(?:quadrant|half|region|part|sector|side|area)|[.!]?$))"
    r"|(?P<nasal>nasal(?:ly)?)|(?P<temporal>temporal(?:ly)?)"
    r"|(?P<equal>equal(?:ly)?|(?:the )?same|no (?:clear |visible |real )?difference|similar(?:ly)?|neither|evenly|comparable|alike))\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:than|compared (?:to|with)|relative to|as opposed to|rather than|not the|unlike|followed by|whereas|while)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|isn't|rather than)\s(?:the\s)?(?:\w+\s)?$", re.IGNORECASE)


def read_region(text: str) -> RegionAnswer:
    """The one region that a text names; of "X ... than Y" that is X, as questions ask which stands out."""
    passages = last_lines(text, "answer", "region", "quadrant", "conclusion") or [text]
    return RegionAnswer(region=str(the_one([region for passage in passages for region in _regions(passage)], "region")))


def _regions(passage: str) -> list[str]:
    regions = []
    for sentence in re.split(r"(?<=[.;!?])\s|\n", passage):
        head = _COMPARED.split(sentence)[0]
        found = [str(match.lastgroup) for match in _REGION.finditer(head) if not _NEGATED.search(head[: match.start()])]
        regions += ["equal"] if "equal" in found else found
    return regions
