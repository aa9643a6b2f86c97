"""Boxes and points in a text: JSON in the convention of Qwen3-VL.

Accepted: a list of objects, or one object, with `bbox_2d` or `bbox` ([x1, y1, x2, y2]) or `point_2d` or `point` ([x,
y]), whole or decimal numbers from 0 to 1000, and an optional `label`; with or without text and a fence around it;
single quotes and a comma before a closing bracket pass. Where nothing is found: `[]`, or a sentence that begins with
"none", "no" or "there is no". Nothing else: neither pixels, nor fractions of the width, nor a list that was cut off.
"""

import json
import re
from typing import Any

from octa_svr_dataset.text.answers.forms import Box, ObjectsAnswer, Point
from octa_svr_dataset.text.answers.output import UnparsableAnswerError

_SINGLE_QUOTES = re.compile(r"(?<=[\[{,:\s])'([^'\"\\]*)'(?=\s?[,:}\]])")
_LAST_COMMA = re.compile(r",(?=\s?[}\]])")

_KEYS = {"bbox_2d": 4, "bbox": 4, "point_2d": 2, "point": 2}
_NONE = re.compile(
    r"^(?:answer: )?(?:none\b|no\b(?!\s(?:doubt|problem))|there (?:is|are) (?:no\b|none\b)|nothing\b"
    r"|I (?:do not|don't|cannot|can't|can not) (?:see|find|detect|identify) any\b)",
    re.IGNORECASE,
)
_NONE_THERE = re.compile(
    r"\bthere (?:is|are) (?:none|no (?:\w+ )?(?:areas?|lesions?|objects?|dots?))[.!]?$", re.IGNORECASE | re.MULTILINE
)
_OTHERS = re.compile(r"\b(?:other|others|further|more|additional|else|elsewhere)\b", re.IGNORECASE)


def read_objects(text: str) -> ObjectsAnswer:
    """The objects that a text lists."""
    values = _json_values(_LAST_COMMA.sub("", _SINGLE_QUOTES.sub(r'"\1"', text)))
    if not values:
        if _NONE.match(text) and not re.search(r"[\[{]|\b(?:but|however|except)\b", text):
            return ObjectsAnswer(kind="", objects=())
        raise UnparsableAnswerError("the output holds no JSON list of boxes or points")
    if any(value != values[0] for value in values):
        raise UnparsableAnswerError("the output holds more than one JSON list of boxes or points")
    entries = values[0] if isinstance(values[0], list) else [values[0]]
    read = [_place(entry) for entry in entries]
    kinds = {kind for _, kind in read}
    if len(kinds) > 1:
        raise UnparsableAnswerError(f"the objects have more than one label: {', '.join(sorted(kinds))}")
    if read and (_NONE.match(text) or _NONE_THERE.search(text)) and not _OTHERS.search(text):
        raise UnparsableAnswerError("the output says that there is nothing, and lists it")
    return ObjectsAnswer(kind=kinds.pop() if kinds else "", objects=tuple(place for place, _ in read))


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
