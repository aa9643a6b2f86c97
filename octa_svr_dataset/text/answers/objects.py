"""Boxes and points in a text: JSON in the convention of Qwen3-VL.

Accepted: a list of objects, or one object, with `bbox_2d` or `bbox` ([x1, y1, x2, y2]) or `point_2d` or `point` ([x,
y]), whole or decimal numbers from 0 to 1000, also as strings, and an optional `label`; with or without text and a fence
around it; objects one after the other; nothing but a list of numbers, or a list of such lists; single quotes and a
comma before a closing bracket. Where nothing is found: `[]`, or a sentence that begins with "none", "no" or "there is
no". Nothing else: neither pixels, nor fractions of the width, nor a list that was cut off, nor corners in the wrong
order, which may be a width and a height.
"""

import json
import re
from typing import Any

from octa_svr_dataset.text.answers.forms import Box, ObjectsAnswer, Point
from octa_svr_dataset.text.answers.output import UnparsableAnswerError

_SINGLE_QUOTES = re.compile(r"(?<=[\[{,:\s])'([^'\"\\]*)'(?=\s?[,:}\]])")
_LAST_COMMA = re.compile(r",(?=\s?[}\]])")

_KEYS = {"bbox_2d": 4, "bbox": 4, "box_2d": 4, "box": 4, "point_2d": 2, "point": 2}
_BARE = re.compile(r"^[\[\s]*(?:\[[\d.,\s]+\][\s,\]]*)+$", re.ASCII)
"""Nothing but lists of numbers."""

_BARE_KEYS = {4: "bbox_2d", 2: "point_2d"}
"""What lists of so many numbers are."""

_DECIMAL = re.compile(r"(?:0|[1-9]\d{0,3})(?:\.\d{1,9})?", re.ASCII)
_NONE = re.compile(
    r"^(?:answer: )?(?:none\b|no\b(?!\s(?:doubt|problem))|there (?:is|are) (?:no\b|none\b)|nothing\b"
    r"|I see none\b|I (?:do not|don't|cannot|can't|can not) (?:see|find|detect|identify) any\b)",
    re.IGNORECASE,
)
_NONE_THERE = re.compile(
    r"\bthere (?:is|are) (?:none|no (?:\w+ )?(?:areas?|lesions?|objects?|dots?))[.!]?$", re.IGNORECASE | re.MULTILINE
)
_OTHERS = re.compile(r"\b(?:other|others|further|more|additional|else|elsewhere)\b", re.IGNORECASE)


def read_objects(text: str) -> ObjectsAnswer:
    """The objects that a text lists."""
    entries = _bare_entries(text) if _BARE.match(text) else _entries(text)
    read = [_place(entry) for entry in entries]
    kinds = {kind for _, kind in read}
    if len(kinds) > 1:
        raise UnparsableAnswerError(f"the objects have more than one label: {', '.join(sorted(kinds))}")
    if read and (_NONE.match(text) or _NONE_THERE.search(text)) and not _OTHERS.search(text):
        raise UnparsableAnswerError("the output says that there is nothing, and lists it")
    return ObjectsAnswer(kind=kinds.pop() if kinds else "", objects=tuple(place for place, _ in read))


def _entries(text: str) -> list[Any]:
    """Entries of the one list in a text, or all of its objects where they stand in none."""
    values = _json_values(_LAST_COMMA.sub("", _SINGLE_QUOTES.sub(r'"\1"', text)))
    if not values:
        if _NONE.match(text) and not re.search(r"[\[{]|\b(?:but|however|except)\b", text):
            return []
        raise UnparsableAnswerError("the output holds no JSON list of boxes or points")
    if all(isinstance(value, dict) for value in values):
        return [value for number, value in enumerate(values) if value not in values[:number]]
    if any(value != values[0] for value in values):
        raise UnparsableAnswerError("the output holds more than one JSON list of boxes or points")
    return list(values[0])


def _bare_entries(text: str) -> list[dict[str, Any]]:
    """Lists of numbers as boxes or points without labels."""
    try:
        lists = [json.loads(part) for part in re.findall(r"\[[^\[\]]+\]", text)]
    except ValueError as error:
        raise UnparsableAnswerError(f"the list of numbers is broken: {error}") from None
    return [{_BARE_KEYS.get(len(numbers), "point_2d"): numbers} for numbers in lists]


def _json_values(text: str) -> list[Any]:
    """Lists of objects, and single objects, that stand in a text as JSON; one that is cut off raises."""
    values, position, decoder = [], 0, json.JSONDecoder()
    for match in re.finditer(r"\[\s*\]|\[\s*\{|\{", text):
        if match.start() < position:
            continue
        try:
            value, position = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError) as error:
            raise UnparsableAnswerError(f"the JSON is broken or cut off: {error}") from None
        values.append(value)
    return values


def _place(entry: Any) -> tuple[Box | Point, str]:
    if not isinstance(entry, dict):
        raise UnparsableAnswerError(f"not an object with a box or a point: {entry!r}")
    keys = [key for key in _KEYS if key in entry]
    if len(keys) != 1:
        raise UnparsableAnswerError(f"an object must have one of {', '.join(_KEYS)}; it has {', '.join(entry)}")
    numbers = entry[keys[0]]
    if isinstance(numbers, list) and all(isinstance(number, str) and _DECIMAL.fullmatch(number) for number in numbers):
        numbers = [json.loads(number) for number in numbers]
    is_numbers = isinstance(numbers, list) and all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in numbers
    )
    if not is_numbers or len(numbers) != _KEYS[keys[0]]:
        raise UnparsableAnswerError(f"{keys[0]} must hold {_KEYS[keys[0]]} numbers, got {numbers!r}")
    try:
        place = (
            Box(**dict(zip(("x1", "y1", "x2", "y2"), numbers, strict=True)))
            if len(numbers) == 4
            else Point(x=numbers[0], y=numbers[1])
        )
    except ValueError as error:
        raise UnparsableAnswerError(str(error)) from None
    return place, str(entry.get("label", "")).strip().lower()
