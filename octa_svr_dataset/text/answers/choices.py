"""Yes or no, the letter of an option, and regions in a text."""

import re
from collections.abc import Mapping

from octa_svr_dataset.text.answers.forms import LETTERS, ChoiceAnswer, RegionAnswer, YesNoAnswer
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines, the_one

_YES_OR_NO = re.compile(
    r"^(?:(?P<yes>yes|yeah|yep|true)|(?P<no>nope|false|no(?=\s(?:there|it|this|that|they|I|none)\b)))\b"
    r"|\b(?:answer is\s)?[\"']?(?:(?P<yes_alone>yes)|(?P<no_alone>no))\b(?=[\"']?\s?(?:[-.,;:!/\n]|$))"
    r"|\banswer is (?:(?P<yes_named>yes)|(?P<no_named>no))\b",
    re.IGNORECASE,
)


def read_yes_no(text: str) -> YesNoAnswer:
    """The yes or no that a text begins with, or that stands in it for itself; all must agree.

    "No dropout is seen" is neither: to whether dropout is absent, it says yes.
    """
    passages = [text, *last_lines(text, "answer", "conclusion")]
    found = [match for passage in passages for match in _YES_OR_NO.finditer(passage)]
    answers = ["yes" if str(match.lastgroup).startswith("yes") else "no" for match in found]
    return YesNoAnswer(is_yes=the_one(answers, "yes or no") == "yes")


_ALONE = re.compile(rf"^(?:option |choice )?[\"'(\[]?([{LETTERS}])[\"')\]]?[.!]?$", re.IGNORECASE)
_MARKED = re.compile(
    rf"^(?:option |choice )?[\"'(\[]?(?P<letter>[{LETTERS}])"
    r"(?:[)\].:,]+|\s(?=[-=(]|because\b|since\b|as\b))\s?(?P<words>.*)$",
    re.IGNORECASE,
)
_CHOSEN = r"answer|option|choice|it's|it is|going with|go with|choose|pick|select"
_NAMED = re.compile(
    rf"\b(?i:{_CHOSEN})\b(?:\s(?:is|would be)|:)?\s(?:(?:option|choice) )?[\"'(\[]?([{LETTERS}])\b(?!\s[a-z]+\s)"
)
_NAMED_AND_RIGHT = re.compile(rf"\b(?i:option|choice|answer)\s[(]?([{LETTERS}])[)]?\sis\s(?:right|correct|true|best)\b")
_SEVERAL = re.compile(
    rf"\b[(]?[{LETTERS}][)]?\s?(?:,|/|or|and|&)\s?(?:option )?[(]?[{LETTERS}]\b"
    rf"|\b[{LETTERS}][.)]\s[{LETTERS}](?:[.)]|$)"
)


def read_choice(text: str, options: Mapping[str, str] | None) -> ChoiceAnswer:
    """The one option that a text chooses, by its letter, or by its words where the options are known."""
    passages = last_lines(text, "answer", "choice", "option", "correct answer", "correct option") or [text]
    letters = [letter for passage in passages for letter in _letters(passage, options or {})]
    letter = str(the_one(letters, "option"))
    if options and letter not in options:
        raise UnparsableAnswerError(f"the output chooses {letter}, which is none of {', '.join(options)}")
    return ChoiceAnswer(letter=letter)


def _letters(passage: str, options: Mapping[str, str]) -> list[str]:
    """Every option that a passage chooses: by a line's letter, by "the answer is B", or by an option's words."""
    if _SEVERAL.search(passage):
        raise UnparsableAnswerError("the output chooses more than one option")
    letters: list[str] = []
    for line in passage.splitlines():
        if alone := _ALONE.match(line):
            letters.append(alone[1].upper())
        elif marked := _MARKED.match(line):
            letters.append(marked["letter"].upper())
            letters += [letter for letter, option in options.items() if _words(option) == _words(marked["words"])]
    letters = letters or _NAMED_AND_RIGHT.findall(passage) or _NAMED.findall(passage)
    if letters or re.search(r"\b(?:no|not|neither|none)\b|n't\b", passage):
        return letters
    return [letter for letter, option in options.items() if f" {_words(option)} " in f" {_words(passage)} "]


def _words(text: str) -> str:
    return " ".join(re.findall(r"[\w.]+", text.lower().rstrip(".")))


_PART = r"(?=\s(?:quadrant|half|region|part|sector|side|area)\b|[.!]?$)"
_REGION = re.compile(
    rf"\b(?:(?P<superior>superior(?:ly)?|supero|(?:upper|top){_PART})"
    rf"|(?P<inferior>inferior(?:ly)?|infero|(?:lower|bottom){_PART})"
    r"|(?P<nasal>nasal(?:ly)?)|(?P<temporal>temporal(?:ly)?)"
    r"|(?P<equal>equal(?:ly)?|(?:the )?same|no (?:clear |visible |real )?difference|similar(?:ly)?|neither|evenly"
    r"|comparable|alike|no more|none (?:stands|differs)))\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:than|compared (?:to|with)|relative to|as opposed to|not the|unlike|followed by|whereas|while)\b|\s>\s",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|isn't|aren't)\s(?:the\s)?$", re.IGNORECASE)


def read_region(text: str) -> RegionAnswer:
    """The one region that a text names; of "X ... than Y" that is X, as questions ask which stands out."""
    passages = last_lines(text, "answer", "region", "quadrant", "conclusion") or [text]
    return RegionAnswer(region=str(the_one([region for passage in passages for region in _regions(passage)], "region")))


def _regions(passage: str) -> list[str]:
    regions = []
    for sentence in re.split(r"(?<=[.;!?])\s|\n|\b(?:but|however|except)\b", passage):
        head = _COMPARED.split(sentence)[0]
        found = [str(match.lastgroup) for match in _REGION.finditer(head) if not _NEGATED.search(head[: match.start()])]
        regions += ["equal"] if "equal" in found else found
    return regions
