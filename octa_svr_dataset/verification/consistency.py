"""Claims of one dialogue that refute each other, whatever the picture shows."""

from collections.abc import Iterator

from octa_svr_dataset.verification.claims import Range
from octa_svr_dataset.verification.reader import Reading

_SINGLE_VALUED = ("label", "grade", "quality", "degree", "zone_size", "zone_area", "zone_place")
"""Aspects of which only one value can hold."""


def inconsistencies(readings: tuple[Reading, ...]) -> Iterator[tuple[str, str, str]]:
    """(kind, sentence, reason) of each claim that a former one refutes."""
    said: dict[tuple[str, str], tuple[object, str]] = {}
    for reading in readings:
        for claim in reading.claims:
            key = (claim.aspect, claim.subject)
            value: object = claim.value if claim.aspect in _SINGLE_VALUED and claim.holds else None
            if claim.aspect in ("presence", "zone_visible", "trait"):
                value = claim.holds
            elif claim.aspect == "count" and claim.holds:
                value = claim.value
            if claim.aspect == "quality" and len(claim.value) > 1:
                value = None
            if value is None or value == "diseased":
                continue
            former = said.get(key)
            if former is not None and _refutes(former[0], value):
                yield f"inconsistent {claim.subject}", reading.sentence.text, f"said before: {former[1]!r}"
            said.setdefault(key, (value, reading.sentence.text))


def _refutes(one: object, other: object) -> bool:
    if isinstance(one, Range) and isinstance(other, Range):
        lowest = max(one.low, other.low)
        highest = min(end for end in (one.high, other.high, float("inf")) if end is not None)
        return lowest > highest
    if isinstance(one, tuple) and isinstance(other, tuple) and isinstance(one[0], float):
        return bool(abs(one[0] - other[0]) > 10.0 ** -min(one[1], other[1]))
    return one != other
