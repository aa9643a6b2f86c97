"""Cut an answer into sentences: knows headings, lists, decimals, abbreviations, `<think>` blocks and JSON."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TAG = re.compile(r"</?think>|^```\w*$", re.MULTILINE)

_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")

_HEADING = re.compile(
    r"^\s*(?:#{1,6}\s+(?P<hashed>.+?)|"
    r"\*\*(?P<bold>[^*]{2,40}?):?\*\*:?|(?P<bare>[A-Z][\w ]{1,40}):)\s*$"
)

_LEAD = re.compile(r"^\s*(?:\*\*)?(?P<lead>[A-Z][A-Za-z ]{1,30}?)(?:\*\*)?:(?:\*\*)?\s+(?=\S)")
"""The word before a colon that opens a line, as in "Perfusion: ..." or "Conclusion: ..."."""

_SAYS = re.compile(
    r"\b(?:is|are|was|were|can|could|has|have|see|count|find|shows?|stand|lies?|no|none|one|two|three|four|five|six|seven|"
    r"eight|nine|ten|eleven|twelve|several|many|some)\b",
    re.IGNORECASE,
)
"""Words of a clause that says something; before a colon, it is no heading."""

_END = re.compile(r"[.!?](?=[\"')\]*]*(?:\s+|$))")

_ABBREVIATIONS = frozenset(
    ("approx.", "ca.", "vs.", "e.g.", "i.e.", "fig.", "dr.", "resp.", "incl.", "cf.", "etc.", "no.", "sup.", "inf.")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of an answer, or a line that stands for one."""

    text: str
    start: int
    """Position of its first character in the answer."""

    heading: str
    """The heading or the leading word under which it stands, in lower case; empty where there is none."""

    @property
    def is_json(self) -> bool:
        """Whether it is a list or a record for machines."""
        return self.text[:1] in "[{"

    @property
    def is_final(self) -> bool:
        """Whether it is a line that states the answer."""
        return self.heading in FINAL_LEADS


FINAL_LEADS = frozenset(("conclusion", "answer", "final answer", "grade", "diagnosis"))
"""Leading words of a line that states the answer."""


def split_sentences(answer: str) -> tuple[Sentence, ...]:
    """Sentences of an answer, in order; headings are no sentences, but those below them know them."""
    sentences: list[Sentence] = []
    heading = ""
    for start, line in _lines(answer):
        text = line.strip()
        if not text:
            continue
        match = _HEADING.match(line)
        if match and not (match["bare"] and _SAYS.search(match["bare"])):
            heading = next(name for name in match.groups() if name).strip(" :*").lower()
            continue
        bullet = _BULLET.match(line)
        offset = bullet.end() if bullet else len(line) - len(line.lstrip())
        lead = _LEAD.match(line[offset:])
        own_heading = heading
        if lead and not _SAYS.search(lead["lead"]) and not text.startswith(("[", "{")):
            own_heading = lead["lead"].strip().lower()
            offset += lead.end()
        sentences.extend(_sentences_of_line(line, offset, start, own_heading))
    return tuple(sentences)


def _lines(answer: str) -> Iterator[tuple[int, str]]:
    """Lines with their positions; tags and fences are lines of their own and left out."""
    blank = _TAG.sub(lambda match: "\n" * len(match[0]), answer)
    start = 0
    for line in blank.split("\n"):
        yield start, line
        start += len(line) + 1


def _sentences_of_line(line: str, offset: int, start: int, heading: str) -> Iterator[Sentence]:
    rest = line[offset:]
    if rest.lstrip()[:1] in ("[", "{"):
        yield Sentence(text=rest.strip(), start=start + offset, heading=heading)
        return
    first = offset
    for end in [*(offset + match.end() for match in _END.finditer(rest) if _ends_sentence(rest, match)), len(line)]:
        text = line[first:end]
        if text.strip(" *\"'"):
            lead = len(text) - len(text.lstrip())
            yield Sentence(text=text.strip(), start=start + first + lead, heading=heading)
        first = end


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    words = text[: match.end()].split()
    if not words or words[-1].lower().lstrip("(") in _ABBREVIATIONS:
        return False
    after = text[match.end() :].lstrip(" \"')*]")
    return not after or not after[0].islower()
