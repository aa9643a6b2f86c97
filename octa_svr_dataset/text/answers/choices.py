"""Yes or no, the letter of an option, and regions in a text."""

import re
from collections.abc import Mapping

from octa_svr_dataset.text.answers.forms import LETTERS, ChoiceAnswer, RegionAnswer, YesNoAnswer
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines, the_one

_YES_OR_NO = re.compile(
    r"^(?:(?P<yes>yes|yeah|yep|true)|(?P<no>nope|false|no(?=\s(?:there|it|this|that|they|I|none)\b)))\b"
    r"|^(?:(?:that|this|it)(?:'s|\sis)\s)?(?:(?P<yes_judged>correct)|(?P<no_judged>incorrect))(?=[.,!]|$)"
    r"|^(?:(?:it|that|this|there|they) (?:is|does|are|do)|certainly|definitely|absolutely|affirmative|indeed)"
    r"(?:(?P<yes_short>(?=[.!]?$))|(?P<no_short>(?:n't| not)(?=[.!]?$)))"
    r"|^(?:probably |most likely |likely |of course )?(?P<no_bare>not(?: at all)?|negative|nah)(?=[.!]?$)"
    r"|^(?:(?P<yes_letter>y)|(?P<no_letter>n))[.!]?$"
    r"|\b(?:answer is\s)?[\"']?(?:(?P<yes_alone>yes)|(?P<no_alone>no))\b(?=[\"']?\s?(?:[-.,;:!/\n]|$))"
    r"|\banswer is (?:(?P<yes_named>yes)|(?P<no_named>no))\b",
    re.IGNORECASE,
)
_YES_NO_ASKED = re.compile(r"\byes\s?(?:/|or)\s?no\s?[:?]\s*", re.IGNORECASE)


def read_yes_no(text: str) -> YesNoAnswer:
    """The yes or no that a text begins with, or that stands in it for itself; all must agree.

    "No dropout is seen" is neither: to whether dropout is absent, it says yes.
    """
    text = _YES_NO_ASKED.sub("", text)
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
_CHOSEN = r"(?:most likely|probably)|answer|option|choice|it's|it is|going with|go with|choose|pick|select"
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
_LOSS = (
    r"(?:affected|damaged?|impair\w+|involved|diseased|disrupted|missing|los(?:t|s|ses)|dropouts?|non-?perfus\w+"
    r"|rarefaction)"
)
_LITTLE = r"(?:less|least|fewer|fewest|smaller|smallest|lower|lowest|milder|mildest|minimal|little|hardly any)"
_SPARED = re.compile(
    rf"\b(?:{_LITTLE}\s(?:\w+\s){{0,3}}?{_LOSS}|no\s(?:\w+\s){{0,2}}?{_LOSS}(?!\s(?:elsewhere|in the (?:other|rest)))"
    rf"|{_LOSS}\s(?:is\s)?(?:the\s|clearly\s)?{_LITTLE}|(?:un|not\s)affected|spared|preserved|intact|normal|healthy"
    r"|healthi(?:er|est)|better|best|well[-\s]perfused|denser|densest)\b",
    re.IGNORECASE,
)
"""Says that there is little loss, where the question is where it is worst."""

_DENSE = re.compile(
    r"\b(?:high(?:er|est)?|great(?:er|est)|larg(?:er|est)|more|most)\s(?:\w+\s){0,2}?"
    r"(?:densit(?:y|ies)|perfusion|perfused|capillaries|vessels|flow)\b",
    re.IGNORECASE,
)
_IS_LOSS = re.compile(rf"\b{_LOSS}\b|\black\w*", re.IGNORECASE)
_LESS_WELL = re.compile(
    r"\b(?:less|least|worse|worst|poorly|not)\s(?:well[-\s])?(?:preserved|intact|spared|normal|healthy|dense)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|isn't|aren't)\s(?:the\s)?$", re.IGNORECASE)


def read_region(text: str) -> RegionAnswer:
    """The one region that a text names; of "X ... than Y" that is X, as questions ask which has lost most.

    Of "X is less affected than Y" it is Y, and "X is spared" names none.
    """
    passages = last_lines(text, "answer", "region", "quadrant", "conclusion") or [text]
    return RegionAnswer(region=str(the_one([region for passage in passages for region in _regions(passage)], "region")))


def _regions(passage: str) -> list[str]:
    regions = []
    for sentence in re.split(r"(?<=[.;!?])\s|\n|\b(?:but|however|except)\b", passage):
        head, *others = _COMPARED.split(sentence)
        found = _named(head)
        if "equal" in found:
            regions += ["equal"]
        elif found and _is_spared(head):
            regions += [region for other in others if not _is_spared(other) for region in _named(other)]
        else:
            regions += found
    return regions


def _named(passage: str) -> list[str]:
    return [
        str(match.lastgroup) for match in _REGION.finditer(passage) if not _NEGATED.search(passage[: match.start()])
    ]


def _is_spared(passage: str) -> bool:
    """Whether a passage says where there is little loss."""
    passage = _LESS_WELL.sub("", passage)
    return bool(_SPARED.search(passage) or (_DENSE.search(passage) and not _IS_LOSS.search(passage)))
