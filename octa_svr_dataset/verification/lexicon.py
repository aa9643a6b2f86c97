"""Find the words of the vocabulary in a text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from octa_svr_dataset.verification.vocabulary import (
    AREA,
    DEGREES,
    DIRECTIONS,
    GRADES,
    KINDS,
    LABELS,
    LENGTH_UM,
    NEGATIONS,
    NUMBER,
    NUMERALS,
    PERCENT,
    QUADRANTS,
    QUANTIFIERS,
    RANKS,
    RINGS,
    SIZES,
    STAGES,
    TRAITS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A word or phrase with a meaning."""

    tag: str
    value: Any
    start: int
    end: int


@cache
def _patterns() -> tuple[tuple[str, Any, re.Pattern[str]], ...]:
    groups: tuple[tuple[str, Mapping[Any, tuple[str, ...]]], ...] = (
        ("kind", KINDS),
        ("direction", DIRECTIONS),
        ("quadrant", QUADRANTS),
        ("ring", RINGS),
        ("size", SIZES),
        ("degree", DEGREES),
        ("trait", TRAITS),
        ("label", LABELS),
        ("stage", STAGES),
        ("negation", NEGATIONS),
        ("rank", RANKS),
        ("quantifier", QUANTIFIERS),
    )
    listed: list[tuple[str, Any, re.Pattern[str]]] = [
        (tag, value, re.compile(pattern))
        for tag, words in groups
        for value, patterns in words.items()
        for pattern in patterns
    ]
    numbers = r"\b(?P<value>" + "|".join(NUMERALS) + r")\b(?! another)"
    measures = (("area", AREA), ("length", LENGTH_UM), ("percent", PERCENT), ("number", NUMBER), ("number", numbers))
    listed += [(tag, None, re.compile(pattern)) for tag, pattern in measures]
    listed += [("grade", None, re.compile(pattern)) for pattern in GRADES]
    listed += [("number", 1, re.compile(r"\b(?:a single|single|only one|solitary|an isolated)\b"))]
    return tuple(listed)


@lru_cache(maxsize=1 << 14)
def find_mentions(text: str) -> tuple[Mention, ...]:
    """Mentions in a text, in order; of those that overlap, the longest. Texts of one eye share many sentences."""
    lowered = text.lower()
    found = [
        Mention(tag=tag, value=_value(tag, value, match), start=match.start(), end=match.end())
        for tag, value, pattern in _patterns()
        for match in pattern.finditer(lowered)
        if match.end() > match.start()
    ]
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return tuple(sorted(kept, key=lambda mention: mention.start))


def _value(tag: str, value: Any, match: re.Match[str]) -> Any:
    if value is not None:
        return value
    text = match["value"]
    if tag in ("area", "length", "percent"):
        return float(text), len(text.partition(".")[2])
    if tag == "grade":
        return int(text)
    if text in NUMERALS:
        return NUMERALS[text]
    return float(text) if "." in text else int(text)
