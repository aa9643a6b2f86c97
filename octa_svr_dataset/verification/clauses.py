"""Cut a sentence into clauses and segments, and tell what its negations reach."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octa_svr_dataset.verification.lexicon import Mention, find_mentions

_CLAUSE_BORDER = re.compile(
    r";|:(?!\d)|\s[-\u2013\u2014]\s"
    r"|,\s(?=(?:but|while|whereas|although|though|yet|so|nor|which(?! is (?:large|small|medium))|with no|"
    r"without(?! (?:an? |any )?(?:\w+ )?difference)|even|because|since|as)\b)"
    r"|,?\s(?:and)\s(?=(?:there|no|none|neither|it|its|they|their|the(?! (?:others?|first|second|third|"
    r"fourth)\b| (?:superior|inferior|nasal|"
    r"temporal)\b)|nothing|not|without)\b)"
    r"|(?<!quadrant),\s(?=(?:no|none|neither|there|they)\b)"
    r"|\s(?=(?:but|while|whereas|although|though|because)\s)"
)

_SHIELD = re.compile(
    r"\b(?:consistent with|which is|so the|indicat\w+|speaks? for|points? to|and thus|therefore|grade is|"
    r"as shown by)\b"
)
"""Phrases that end the reach of a negation before them."""

_SEGMENT_BORDER = re.compile(r",|\band\b|\(|\)|;|\bplus\b|\bas well as\b|\bthen\b|\bthe other\b|\banother\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a clause between commas and conjunctions."""

    text: str
    mentions: tuple[Mention, ...]

    def values(self, tag: str) -> list[object]:
        """Values of the mentions of a tag, in order."""
        return [mention.value for mention in self.mentions if mention.tag == tag]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause(Segment):
    """A part of a sentence that negates or affirms on its own; positions of mentions are within its text."""

    def kinds(self) -> list[Mention]:
        """Mentions of things that a picture may show."""
        return [mention for mention in self.mentions if mention.tag == "kind"]

    def is_denied(self, mention: Mention) -> bool:
        """Whether a negation reaches a mention."""
        for other in self.mentions:
            if other.tag != "negation":
                continue
            if (
                other.value in ("ahead", "around")
                and other.end <= mention.start
                and not self._is_shielded(other, mention)
            ):
                return True
            if other.value in ("behind", "around") and other.start >= mention.end:
                return True
        return False

    def _is_shielded(self, negation: Mention, mention: Mention) -> bool:
        """Whether a phrase between a negation and what follows ends its reach."""
        between = self.text.lower()[negation.end : mention.start]
        if self.text.lower()[negation.start : negation.end] != "without":
            between = between.partition(",")[2]
        return _SHIELD.search(between) is not None

    def has(self, pattern: str) -> bool:
        """Whether a pattern occurs in it."""
        return re.search(pattern, self.text.lower()) is not None

    def segments(self) -> tuple[Segment, ...]:
        """Its segments; a border within a mention is none."""
        return tuple(
            Segment(text=self.text[start:end], mentions=_between(self.mentions, start, end))
            for start, end in _parts(self.text, _SEGMENT_BORDER, self.mentions)
        )


def cut_clauses(sentence: str) -> tuple[Clause, ...]:
    """Clauses of a sentence."""
    mentions = find_mentions(sentence)
    return tuple(
        Clause(text=sentence[start:end], mentions=_between(mentions, start, end))
        for start, end in _parts(sentence, _CLAUSE_BORDER, mentions)
    )


def _parts(text: str, border: re.Pattern[str], mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """Stretches of a text; each border begins the next one."""
    cuts = [
        match.start()
        for match in border.finditer(text.lower())
        if not any(mention.start < match.start() < mention.end for mention in mentions)
    ]
    ends = [*cuts, len(text)]
    starts = [0, *cuts]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if text[start:end].strip(" ,;:-")]


def _between(mentions: Sequence[Mention], start: int, end: int) -> tuple[Mention, ...]:
    return tuple(
        Mention(tag=mention.tag, value=mention.value, start=mention.start - start, end=mention.end - start)
        for mention in mentions
        if start <= mention.start and mention.end <= end
    )
