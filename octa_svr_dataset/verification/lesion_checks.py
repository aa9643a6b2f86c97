"""Claims on lesions against the label maps: how many there are, where, how large."""

from collections.abc import Iterable

from octa_svr_dataset.grading import FOCAL_MOST_MM2
from octa_svr_dataset.verification.assignment import assignable, box_overlap
from octa_svr_dataset.verification.claims import LESIONS, Claim, Item
from octa_svr_dataset.verification.comparison import KEPT_SLACK, WRITTEN_AREA_DIGITS, is_rounded, outcome
from octa_svr_dataset.verification.instances import Instance
from octa_svr_dataset.verification.truth import Truth

SMALL_MOST_MM2, LARGE_LEAST_MM2 = 0.3, 1.0
"""Up to the first area, an area of dropout is small; from the second one on, it is large."""

LEAST_OVERLAP = 0.9
"""Intersection over union from which a box is the right one; integers of a thousandth leave more."""

POINT_TOLERANCE = 2.0
"""Thousandths by which a point may be off."""


def _presence(claim: Claim, truth: Truth) -> str:
    number = len(truth.lesions[claim.subject]) if claim.subject in LESIONS else int(truth.has(claim.subject))
    return outcome(truth.has(claim.subject), claim, f"{claim.subject}: {number} visible")


def _count(claim: Claim, truth: Truth) -> str:
    number = len(truth.lesions[claim.subject])
    return outcome(claim.value.holds(number), claim, f"{claim.subject}: {number} visible")


def _fits(item: Item, lesion: Instance, *, surely: bool = False) -> bool:
    """Whether a description fits a lesion; surely, if it has no other right name for its place."""
    places = ((item.direction, lesion.directions), (item.quadrant, lesion.quadrants), (item.ring, lesion.rings))
    return (
        all(not said or (said in names and not (surely and len(names) > 1)) for said, names in places)
        and (not item.size or item.size in sizes_of(lesion.area_mm2))
        and (item.area_mm2 is None or is_rounded(lesion.area_mm2, item.area_mm2))
        and (item.diameter_um is None or is_rounded(lesion.diameter_um, item.diameter_um))
    )


def sizes_of(area_mm2: float) -> set[str]:
    """Right words for the size of an area of dropout, which is rounded before it is named."""
    hundredths = {round(area_mm2 + slack, WRITTEN_AREA_DIGITS) for slack in (-KEPT_SLACK, KEPT_SLACK)}
    return {_size_of(area) for area in hundredths}


def _size_of(area_mm2: float) -> str:
    if area_mm2 >= LARGE_LEAST_MM2:
        return "large"
    return "small" if area_mm2 <= SMALL_MOST_MM2 else "medium"


def _items(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    wanted = [item for item in claim.value for _ in range(item.number)]
    fits = [[place for place in range(len(lesions)) if _fits_rank(item, place, lesions, claim)] for item in wanted]
    is_so = assignable(fits)
    seen = "; ".join(
        f"{'/'.join(sorted(lesion.directions))}, {'/'.join(sorted(lesion.quadrants))}, {lesion.area_mm2:.3f} mm2"
        for lesion in lesions
    )
    return outcome(is_so, claim, f"{claim.subject}: {seen or 'none visible'}")


def _fits_rank(item: Item, place: int, lesions: tuple[Instance, ...], claim: Claim) -> bool:
    """Whether a lesion is the one that is told of; of lesions of one size, each has the rank of all."""
    if not _fits(item, lesions[place], surely=not claim.holds):
        return False
    ranks = {"largest": 0, "second": 1, "smallest": len(lesions) - 1}
    if item.rank not in ranks:
        return True
    rank = ranks[item.rank]
    return rank < len(lesions) and abs(lesions[place].area_mm2 - lesions[rank].area_mm2) <= KEPT_SLACK


def _somewhere(claim: Claim, truth: Truth) -> str:
    there = sum(_fits(claim.value, lesion, surely=not claim.holds) for lesion in truth.lesions[claim.subject])
    return outcome(there > 0, claim, f"{claim.subject}: {there} visible there")


def _count_there(claim: Claim, truth: Truth) -> str:
    """In the place of the first lesions that are told apart, there must not be more than the sentence tells of."""
    first = claim.value[0]
    place = Item(direction=first.direction, quadrant=first.quadrant, ring=first.ring)
    there = sum(_fits(place, lesion, surely=True) for lesion in truth.lesions[claim.subject])
    told = sum(item.number for item in claim.value)
    is_so = place.is_empty or bool(first.rank) or there <= told
    return outcome(is_so, claim, f"{claim.subject}: {there} visible there")


def _most(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    there = sum(_fits(claim.value, lesion) for lesion in lesions)
    return outcome(2 * there > len(lesions), claim, f"{claim.subject}: {there} of {len(lesions)} lie there")


def _all(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    there = sum(_fits(claim.value, lesion) for lesion in lesions)
    return outcome(
        bool(lesions) and there == len(lesions), claim, f"{claim.subject}: {there} of {len(lesions)} lie there"
    )


def _scattered(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    most = max((sum(lesion.directions == {name} for lesion in lesions) for name in _names(lesions)), default=0)
    is_so = len(lesions) >= 2 and 2 * most <= len(lesions)
    return outcome(is_so, claim, f"{claim.subject}: {most} of {len(lesions)} lie in one direction")


def _names(lesions: Iterable[Instance]) -> set[str]:
    return {name for lesion in lesions for name in lesion.directions}


def _total_area(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    total_mm2 = sum(lesion.area_mm2 for lesion in lesions)
    is_so = is_rounded(total_mm2, claim.value)
    return outcome(is_so, claim, f"{claim.subject}: {total_mm2:.3f} mm2 in all")


def _objects(claim: Claim, truth: Truth) -> str:
    if claim.subject == "faz":
        boxes = [(truth.zone.box, truth.zone.center)] if truth.zone.is_delimited else []
    elif claim.subject in LESIONS:
        boxes = [(lesion.box, lesion.center) for lesion in truth.lesions[claim.subject]]
    else:
        boxes = []
    fits = [
        [
            place
            for place, (box, center) in enumerate(boxes)
            if (len(said) == 4 and box_overlap(said, box) >= LEAST_OVERLAP)
            or (len(said) == 2 and max(abs(said[0] - center[0]), abs(said[1] - center[1])) <= POINT_TOLERANCE)
        ]
        for said in claim.value
    ]
    is_so = len(fits) == len(boxes) and assignable(fits)
    seen = ", ".join(f"[{box[0]:.0f}, {box[1]:.0f}, {box[2]:.0f}, {box[3]:.0f}]" for box, _ in boxes)
    return outcome(is_so, claim, f"{claim.subject}: {seen or 'none'}")


def _wide_dropout(claim: Claim, truth: Truth) -> str:
    total_mm2 = sum(lesion.area_mm2 for lesion in truth.lesions["dropout"])
    if abs(total_mm2 - FOCAL_MOST_MM2) <= KEPT_SLACK:
        return ""
    return outcome(total_mm2 > FOCAL_MOST_MM2, claim, f"dropout: {total_mm2:.3f} mm2 in all")


CHECKS = {
    "presence": _presence,
    "count": _count,
    "items": _items,
    "count_there": _count_there,
    "somewhere": _somewhere,
    "most": _most,
    "all": _all,
    "scattered": _scattered,
    "total_area": _total_area,
    "objects": _objects,
    "wide_dropout": _wide_dropout,
}
"""Check of each aspect."""
