"""Lesions that a clause tells apart."""

from collections.abc import Iterator
from dataclasses import replace

from octa_svr_dataset.verification.claims import Item
from octa_svr_dataset.verification.clauses import Clause, Segment


def read_items(clause: Clause, *, is_total: bool) -> Iterator[Item]:
    """Lesions that are told apart, one after the other."""
    item, is_open = Item(), False
    for segment in clause.segments():
        fresh = _item_of(segment, is_total=is_total)
        overlaps = any(getattr(item, name) and getattr(fresh, name) for name in _ATTRIBUTES)
        overlaps |= bool((item.direction or item.quadrant) and (fresh.direction or fresh.quadrant))
        if is_open and overlaps and not item.is_empty:
            yield item
            item = Item()
        item = _merged(item, fresh)
        is_open = True
    if not item.is_empty:
        yield item


_ATTRIBUTES = ("direction", "quadrant", "size", "area_mm2", "diameter_um")


def _merged(item: Item, fresh: Item) -> Item:
    changes = {name: getattr(fresh, name) for name in (*_ATTRIBUTES, "ring", "rank") if getattr(fresh, name)}
    if fresh.number > 1 and not fresh.is_empty:
        changes["number"] = fresh.number
    return replace(item, **changes)


def _item_of(segment: Segment, *, is_total: bool) -> Item:
    attributes: dict[str, object] = {}
    for mention in segment.mentions:
        if mention.tag in ("direction", "quadrant", "ring", "size"):
            attributes.setdefault(mention.tag, mention.value)
        elif mention.tag == "area" and not is_total:
            attributes.setdefault("area_mm2", mention.value)
        elif mention.tag == "length":
            attributes.setdefault("diameter_um", mention.value)
        elif mention.tag == "rank" and mention.value != "other":
            attributes.setdefault("rank", mention.value)
        elif mention.tag == "number" and isinstance(mention.value, int) and mention.value > 1:
            attributes.setdefault("number", mention.value)
    return Item(**attributes)  # type: ignore[arg-type]
