"""Measures in a text, and their units."""

import math
import re

from octa_svr_dataset.text.answers.forms import MeasureAnswer
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines

_NUMBER = (
    r"(?<!\d)(?:\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?|(?:\d{1,15}(?:[.,]\d{1,20})?|\.\d{1,20})(?:e[-+]?\d{1,2})?)(?!\d)"
)
"""Bounded in length, so that an output of nothing but digits takes no longer than others."""

ROUNDED = 0.02
"""The same measure in two units may differ by so much: one of them is rounded."""

_POWER_OF_TEN = re.compile(r"\s?[x\u00d7*]\s?10\s?\^\s?\{?(-?\d+)\}?")
_MM, _CM, _UM = (
    r"(?:mm|milli(?:meter|metre)s?)",
    r"(?:cm|centi(?:meter|metre)s?)",
    r"(?:[uµμ]m|micro(?:meter|metre)s?|microns?)",
)
_SQUARED, _SQUARE = r"\s?(?:\^\s?\{?2\}?|2|²|squared|sq\b)", r"(?:sq(?:uare|\.)?\s?)"
_UNIT = (
    rf"(?P<mm2>{_MM}{_SQUARED}|{_SQUARE}{_MM})|(?P<um2>{_UM}{_SQUARED}|{_SQUARE}{_UM})"
    rf"|(?P<cm2>{_CM}{_SQUARED}|{_SQUARE}{_CM})"
    rf"|(?P<mm>{_MM})|(?P<um>{_UM})|(?P<cm>{_CM})|(?P<percent>\\?%|per ?cent)"
    rf"|(?P<other>(?:{_SQUARE})?(?:px|pixels?|nm|inch(?:es)?|met(?:er|re)s?|degrees?|disc areas)(?:{_SQUARED})?"
    rf"|(?:m|in){_SQUARED}|[mcuµμ]m(?:³|\s?\^?\s?3)|[cm]?l|[kmuµμ]?g|mmHg|dB|k?Hz|ms|diopters?"
    r"|arc(?:min|sec)|°)"
)
_MEASURE = re.compile(rf"(?<![\w.,-])(?P<number>{_NUMBER})\s?-?(?:(?:{_UNIT})(?![\w²^]))?", re.IGNORECASE)
_SOLE = re.compile(
    rf"^\W*(?:(?:about|approximately|around|roughly|circa|ca|is)\W+)?{_NUMBER}\s?(?P<unit>[^\W\d_]{{1,12}}[²³]?)\W*$",
    re.IGNORECASE,
)
"""A number and one word after it, which is a unit whatever it says, but for those that belong to no unit."""

_NO_UNIT = ("approximately", "approx", "roughly", "about", "estimated", "total", "overall", "dimensionless", "unitless")

_FACTORS = {"cm2": 100.0, "cm": 10.0}
"""What a measure in centimeters is multiplied by to be in millimeters."""

_MARGIN = re.compile(rf"\s?(?:±|\+/-)\s?{_NUMBER}")
FIELD = re.compile(
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
REFUSAL = re.compile(r"\b(?:sorry|as an AI|cannot (?:assist|help)|(?:I'm|I am) (?:unable|not able))\b", re.IGNORECASE)
_NOT_APPLICABLE = re.compile(r"^(?:n/?a|not applicable|unmeasured)[.!]?$", re.IGNORECASE)
_RANGE = re.compile(rf"{_NUMBER}\s?(?:-|to|or)\s?{_NUMBER}|\bbetween\s{_NUMBER}", re.IGNORECASE)
_MEASURE_BOUND = re.compile(
    r"(?:[<>≤≥]|\b(?:less|more|greater|smaller|larger|at least|at most|under|over|below|above|up to)\b(?: than)?)\s?\d",
    re.IGNORECASE,
)


def read_measure(text: str) -> MeasureAnswer:
    """The measure that a text ends on, or else the only one in it that stands outside parentheses."""
    lines = last_lines(text, "answer", "value", "measurement", "area", "faz area", "diameter", "density")
    measures = [
        _measure(_MARGIN.sub("", FIELD.sub("", _POWER_OF_TEN.sub(r"e\1", passage)))) for passage in lines or [text]
    ]
    if len(set(measures)) > 1:
        raise UnparsableAnswerError("the output names more than one measure")
    return measures[0]


def _measure(passage: str) -> MeasureAnswer:
    """The only measure in a passage; numbers without a unit do not count where one has a unit."""
    if REFUSAL.search(passage):
        raise UnparsableAnswerError("the output refuses to answer")
    outside = re.sub(r"\([^()]*\)", " ", passage)
    measures = _measures(outside) or _measures(passage)
    if _NOT_MEASURABLE.search(outside) or _NOT_APPLICABLE.match(passage):
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
    if _RANGE.search(outside) or not all(_are_equal(measures[0], measure) for measure in measures):
        raise UnparsableAnswerError("the output names more than one measure")
    return measures[0]


def _measures(text: str) -> list[MeasureAnswer]:
    return [MeasureAnswer(value=_converted(match), unit=_unit_of(match)) for match in _MEASURE.finditer(text)]


def _are_equal(one: MeasureAnswer, other: MeasureAnswer) -> bool:
    """Whether two measures are the same, if need be in another unit: 0.31 mm² is 310,000 µm²."""
    if one.value is None or other.value is None or one.unit == other.unit:
        return one == other
    scales = {"mm2": ("area", 1.0), "um2": ("area", 1e-6), "mm": ("length", 1.0), "um": ("length", 1e-3)}
    (kind, scale), (other_kind, other_scale) = (scales.get(unit, (unit, 1.0)) for unit in (one.unit, other.unit))
    return kind == other_kind and math.isclose(one.value * scale, other.value * other_scale, rel_tol=ROUNDED)


def _other_unit(text: str) -> str:
    """A unit that no measure has, if one stands after a number; else empty."""
    if (sole := _SOLE.match(text)) and sole["unit"].lower() not in _NO_UNIT:
        return sole["unit"]
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


def without_measures(text: str) -> str:
    """A text without the numbers that have a unit."""
    return _MEASURE.sub(lambda match: "" if _unit_of(match) else match[0], text)
