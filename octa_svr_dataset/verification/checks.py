"""Compare claims with pixels. Each check gives the reason why a claim is wrong, or an empty string.

What the checks rest on: numbers, places, sizes, boxes and shares on the label maps alone, measured here; whether
something can be seen, how vessels run and how good the picture is on the stored picture, by the definitions of
`findings` and `measurement`; class and grade on both, by the scale of `grading`. No check rests on a stored column.
"""

import re
from collections.abc import Callable, Iterable

from octa_svr_dataset.grading import FOCAL_MOST_MM2, Label, label_of_severity
from octa_svr_dataset.verification.assignment import assignable, box_overlap
from octa_svr_dataset.verification.claims import LESIONS, Claim, Item
from octa_svr_dataset.verification.instances import Instance
from octa_svr_dataset.verification.truth import Truth

SMALL_MOST_MM2, LARGE_LEAST_MM2 = 0.3, 1.0
"""Up to the first area, an area of dropout is small; from the second one on, it is large."""

AREA_TOLERANCE_MM2 = 0.005
"""By which areas that count as alike when ranked may differ: they are rounded before."""

GRADES_OF_KIND = {
    "diffuse_loss": (1,),
    "microaneurysm": (1, 2),
    "dropout": (1, 2),
    "irma": (3,),
    "beaded": (3,),
    "neovascularization": (4,),
}
"""Grades that each kind of lesion may stand for."""

EVEN_WITHIN = 0.05
"""Quadrants whose shares differ by less than this are alike."""

SHARE_TOLERANCE = 0.002

LEAST_OVERLAP = 0.9
"""Intersection over union from which a box is the right one; integers of a thousandth leave more."""

POINT_TOLERANCE = 2.0
"""Thousandths by which a point may be off."""


def contradiction(claim: Claim, truth: Truth) -> str:
    """Why a claim is wrong, or an empty string."""
    return _CHECKS[claim.aspect](claim, truth)


def _wrong(is_so: bool, claim: Claim, fact: str) -> str:
    return "" if is_so == claim.holds else f"in the pixels: {fact}"


def _presence(claim: Claim, truth: Truth) -> str:
    number = len(truth.lesions[claim.subject]) if claim.subject in LESIONS else int(truth.has(claim.subject))
    return _wrong(truth.has(claim.subject), claim, f"{claim.subject}: {number} visible")


def _count(claim: Claim, truth: Truth) -> str:
    number = len(truth.lesions[claim.subject])
    return _wrong(claim.value.holds(number), claim, f"{claim.subject}: {number} visible")


def _fits(item: Item, lesion: Instance, *, surely: bool = False) -> bool:
    """Whether a description fits a lesion; surely, if it has no other right name for its place."""
    places = ((item.direction, lesion.directions), (item.quadrant, lesion.quadrants), (item.ring, lesion.rings))
    return (
        all(not said or (said in names and not (surely and len(names) > 1)) for said, names in places)
        and (not item.size or item.size in sizes_of(lesion.area_mm2))
        and (item.area_mm2 is None or is_rounded(lesion.area_mm2, item.area_mm2, 0.0005))
        and (item.diameter_um is None or is_rounded(lesion.diameter_um, item.diameter_um, 0.1))
    )


def sizes_of(area_mm2: float) -> set[str]:
    """Right words for the size of an area of dropout, which is rounded before it is named."""
    hundredths = {round(area_mm2 + slack, 2) for slack in (-1e-6, 1e-6)}
    return {_size_of(area) for area in hundredths}


def _size_of(area_mm2: float) -> str:
    if area_mm2 >= LARGE_LEAST_MM2:
        return "large"
    return "small" if area_mm2 <= SMALL_MOST_MM2 else "medium"


def is_rounded(value: float, said: tuple[float, int], slack: float) -> bool:
    """Whether a number was rounded to what is said: the number and its digits after the point."""
    number, digits = said
    return abs(value - number) <= 0.5 * 10.0**-digits + slack


def _items(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    wanted = [item for item in claim.value for _ in range(item.number)]
    fits = [
        [place for place in range(len(lesions)) if _fits_rank(item, place, lesions, surely=not claim.holds)]
        for item in wanted
    ]
    is_so = assignable(fits)
    seen = "; ".join(
        f"{'/'.join(sorted(lesion.directions))}, {'/'.join(sorted(lesion.quadrants))}, {lesion.area_mm2:.3f} mm2"
        for lesion in lesions
    )
    return _wrong(is_so, claim, f"{claim.subject}: {seen or 'none visible'}")


def _fits_rank(item: Item, place: int, lesions: tuple[Instance, ...], *, surely: bool) -> bool:
    if not _fits(item, lesions[place], surely=surely):
        return False
    area_mm2 = lesions[place].area_mm2
    if item.rank == "largest":
        return area_mm2 >= lesions[0].area_mm2 - AREA_TOLERANCE_MM2
    if item.rank == "smallest":
        return area_mm2 <= lesions[-1].area_mm2 + AREA_TOLERANCE_MM2
    return item.rank != "second" or place == 1


def _somewhere(claim: Claim, truth: Truth) -> str:
    there = sum(_fits(claim.value, lesion, surely=not claim.holds) for lesion in truth.lesions[claim.subject])
    return _wrong(there > 0, claim, f"{claim.subject}: {there} visible there")


def _count_there(claim: Claim, truth: Truth) -> str:
    """In the place of the first lesions that are told apart, there must not be more than the sentence tells of."""
    first = claim.value[0]
    place = Item(direction=first.direction, quadrant=first.quadrant, ring=first.ring)
    there = sum(_fits(place, lesion, surely=True) for lesion in truth.lesions[claim.subject])
    told = sum(item.number for item in claim.value)
    is_so = place.is_empty or bool(first.rank) or there <= told
    return _wrong(is_so, claim, f"{claim.subject}: {there} visible there")


def _most(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    there = sum(_fits(claim.value, lesion) for lesion in lesions)
    return _wrong(2 * there > len(lesions), claim, f"{claim.subject}: {there} of {len(lesions)} lie there")


def _all(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    there = sum(_fits(claim.value, lesion) for lesion in lesions)
    return _wrong(
        bool(lesions) and there == len(lesions), claim, f"{claim.subject}: {there} of {len(lesions)} lie there"
    )


def _scattered(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    most = max((sum(lesion.directions == {name} for lesion in lesions) for name in _names(lesions)), default=0)
    is_so = len(lesions) >= 2 and 2 * most <= len(lesions)
    return _wrong(is_so, claim, f"{claim.subject}: {most} of {len(lesions)} lie in one direction")


def _names(lesions: Iterable[Instance]) -> set[str]:
    return {name for lesion in lesions for name in lesion.directions}


def _total_area(claim: Claim, truth: Truth) -> str:
    lesions = truth.lesions[claim.subject]
    total_mm2 = sum(lesion.area_mm2 for lesion in lesions)
    is_so = is_rounded(total_mm2, claim.value, 0.005 * len(lesions) + 1e-9)
    return _wrong(is_so, claim, f"{claim.subject}: {total_mm2:.3f} mm2 in all")


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
    return _wrong(is_so, claim, f"{claim.subject}: {seen or 'none'}")


def _zone_visible(claim: Claim, truth: Truth) -> str:
    return _wrong(
        truth.zone.is_visible, claim, f"the avascular zone is {'' if truth.zone.is_visible else 'not '}visible"
    )


def _zone_delimited(claim: Claim, truth: Truth) -> str:
    return _wrong(truth.zone.is_delimited, claim, "the avascular zone's border, of which half must be seen")


def _zone_open(claim: Claim, truth: Truth) -> str:
    is_open = truth.zone.is_visible and truth.zone.is_open
    return _wrong(is_open, claim, f"dropout borders the avascular zone: {truth.zone.is_open}")


def _zone_closed(claim: Claim, truth: Truth) -> str:
    is_closed = truth.zone.is_delimited and not truth.zone.is_open
    return _wrong(is_closed, claim, f"the avascular zone's border is closed: {is_closed}")


def _zone_area(claim: Claim, truth: Truth) -> str:
    if not truth.zone.is_delimited or truth.zone.is_open:
        return "in the pixels: the avascular zone has no closed border to measure"
    return _wrong(
        is_rounded(truth.zone.area_mm2, claim.value, 1e-6), claim, f"avascular zone: {truth.zone.area_mm2:.4f} mm2"
    )


def _zone_measurable(claim: Claim, truth: Truth) -> str:
    return _zone_closed(claim, truth)


def _zone_circularity(claim: Claim, truth: Truth) -> str:
    return _wrong(
        is_rounded(truth.zone.circularity, claim.value, 0.0006), claim, f"circularity: {truth.zone.circularity}"
    )


def _zone_place(claim: Claim, truth: Truth) -> str:
    is_so = truth.zone.is_delimited and claim.value in truth.zone.places
    return _wrong(is_so, claim, f"the avascular zone lies {'/'.join(sorted(truth.zone.places))}")


def _zone_size(claim: Claim, truth: Truth) -> str:
    return _wrong(claim.value == truth.zone.size, claim, f"the size of the avascular zone is {truth.zone.size}")


def _degree(claim: Claim, truth: Truth) -> str:
    loss = truth.diffuse_loss
    is_so = loss.is_visible and claim.value == loss.degree
    return _wrong(is_so, claim, f"diffuse loss: visible {loss.is_visible}, {100 * loss.share:.1f} % of the bed")


def _share(claim: Claim, truth: Truth) -> str:
    loss = truth.diffuse_loss
    percent = 100.0 * loss.share if loss.is_visible else 0.0
    return _wrong(is_rounded(percent, claim.value, 0.06), claim, f"diffuse loss: {percent:.1f} % of the bed")


def _worst_region(claim: Claim, truth: Truth) -> str:
    region, among = claim.value
    shares = {name: truth.lost_share[name] for name in among or truth.lost_share if name in truth.lost_share}
    is_so = region in shares and all(
        shares[region] >= share + EVEN_WITHIN - SHARE_TOLERANCE for name, share in shares.items() if name != region
    )
    return _wrong(is_so, claim, f"lost shares: {_listed(shares)}")


def _even_regions(claim: Claim, truth: Truth) -> str:
    """Quadrants that are told to be alike must be; where others are compared, too, no other may be worse."""
    named, compared, is_spread, is_top = claim.value
    if len(set(named)) < len(named) or not set(named) <= set(truth.lost_share):
        return f"not two quadrants: {', '.join(named)}"
    others = set(compared) if len(compared) > 1 else set(truth.lost_share)
    shares = sorted((truth.lost_share[name] for name in others | set(named)), reverse=True)
    lowest = min(truth.lost_share[name] for name in named) if len(named) > 1 else shares[-1 if is_spread else 1]
    highest = max(truth.lost_share[name] for name in named) if len(named) > 1 and len(compared) < 3 else shares[0]
    is_so = highest - lowest < EVEN_WITHIN + SHARE_TOLERANCE and not (is_top and lowest < shares[1] - SHARE_TOLERANCE)
    return _wrong(is_so, claim, f"lost shares: {_listed(truth.lost_share)}")


def _region_share(claim: Claim, truth: Truth) -> str:
    region, said = claim.value
    is_so = region in truth.lost_share and is_rounded(100.0 * truth.lost_share[region], said, 0.1)
    return _wrong(is_so, claim, f"lost shares: {_listed(truth.lost_share)}")


def _region_density(claim: Claim, truth: Truth) -> str:
    region, said = claim.value
    is_so = region in truth.density and is_rounded(100.0 * truth.density[region], said, 0.01)
    return _wrong(is_so, claim, f"densities: {_listed(truth.density)}")


def _listed(shares: Iterable[str]) -> str:
    return ", ".join(f"{name} {100 * share:.1f} %" for name, share in dict(shares).items())  # type: ignore[arg-type]


def _asked_region(claim: Claim, truth: Truth) -> str:
    del truth
    said, asked = claim.value
    return "" if said == asked else f"the question asks about the {asked} quadrant"


def _trait(claim: Claim, truth: Truth) -> str:
    return _wrong(claim.subject in truth.traits, claim, f"traits: {', '.join(sorted(truth.traits)) or 'none'}")


def _shape_measurable(claim: Claim, truth: Truth) -> str:
    return _wrong(truth.calibre_um is not None, claim, f"calibre: {truth.calibre_um}")


def _calibre(claim: Claim, truth: Truth) -> str:
    is_so = truth.calibre_um is not None and is_rounded(truth.calibre_um, claim.value, 0.06)
    return _wrong(is_so, claim, f"calibre: {truth.calibre_um} um")


def _quality(claim: Claim, truth: Truth) -> str:
    return _wrong(truth.quality in claim.value, claim, f"the quality is {truth.quality}")


def _label(claim: Claim, truth: Truth) -> str:
    is_so = truth.label != Label.HEALTHY if claim.value == "diseased" else claim.value == truth.label
    return _wrong(is_so, claim, f"the class is {truth.label}")


def _grade(claim: Claim, truth: Truth) -> str:
    return _wrong(claim.value == truth.severity, claim, f"the grade is {truth.severity}")


def _option_text(claim: Claim, truth: Truth) -> str:
    del truth
    said, option = (re.sub(r"\W+", " ", text.lower()).strip() for text in claim.value)
    return "" if said == option else f"the option reads {claim.value[1]!r}"


def _scale(claim: Claim, truth: Truth) -> str:
    """What each kind of lesion stands for, on the scale of `grading`; the next grade is the one above this eye's."""
    kinds, grades, labels, is_next = claim.value
    for kind in kinds:
        allowed = (*GRADES_OF_KIND[kind], *((3,) if kind == "dropout" and "beaded" in kinds else ()))
        for grade in grades:
            if grade not in allowed:
                return f"by the scale: {kind} stands for grade {' or '.join(map(str, allowed))}"
        for label in labels:
            if not any(_is_label(grade, label) for grade in GRADES_OF_KIND[kind]):
                return f"by the scale: {kind} does not stand for {label}"
    if is_next and grades and grades[0] != truth.severity + 1:
        return f"the grade is {truth.severity}, and the next one {truth.severity + 1}"
    return ""


def _is_label(grade: int, label: str) -> bool:
    return grade > 0 if label == "diseased" else str(label_of_severity(grade)) == label


def _unspecific(claim: Claim, truth: Truth) -> str:
    """Only what healthy eyes show, too, may be called unspecific, and only where it is there."""
    if claim.subject in ("tortuous", "vessel_shape"):
        return "" if "tortuous" in truth.traits else "in the pixels: no unusual tortuosity"
    if claim.subject == "faz":
        return "" if truth.zone.size != "usual" else "in the pixels: the avascular zone is of the usual size"
    if claim.subject == "diffuse_loss":
        is_so = truth.diffuse_loss.is_visible and truth.diffuse_loss.degree == "mild"
        return "" if is_so else "in the pixels: no mild diffuse loss"
    return f"{claim.subject} is a sign of the disease"


def _limited(claim: Claim, truth: Truth) -> str:
    return _wrong(truth.quality != "good", claim, f"the quality is {truth.quality}")


def _wide_dropout(claim: Claim, truth: Truth) -> str:
    total_mm2 = sum(lesion.area_mm2 for lesion in truth.lesions["dropout"])
    return _wrong(total_mm2 > FOCAL_MOST_MM2, claim, f"dropout: {total_mm2:.3f} mm2 in all")


def _counterfactual(claim: Claim, truth: Truth) -> str:
    added, removed, outcomes, direction = claim.value
    grades = truth.grades_with(added, removed)
    for kind, value in outcomes:
        is_so = any(value == grade if kind == "grade" else _is_label(grade, value) for grade in grades)
        if not is_so:
            stated = " or ".join(map(str, sorted(grades)))
            return f"by the scale: grade {stated} with {sorted(added)}, without {sorted(removed)}"
    if direction == "up" and not any(grade > truth.severity for grade in grades):
        return f"by the scale: the grade stays {truth.severity}"
    if direction == "down" and not any(grade < truth.severity for grade in grades):
        return f"by the scale: the grade stays {truth.severity}"
    return ""


_CHECKS: dict[str, Callable[[Claim, Truth], str]] = {
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
    "zone_visible": _zone_visible,
    "zone_delimited": _zone_delimited,
    "zone_open": _zone_open,
    "zone_closed": _zone_closed,
    "zone_area": _zone_area,
    "zone_measurable": _zone_measurable,
    "zone_circularity": _zone_circularity,
    "zone_place": _zone_place,
    "zone_size": _zone_size,
    "degree": _degree,
    "share": _share,
    "worst_region": _worst_region,
    "even_regions": _even_regions,
    "region_share": _region_share,
    "region_density": _region_density,
    "asked_region": _asked_region,
    "trait": _trait,
    "shape_measurable": _shape_measurable,
    "calibre": _calibre,
    "quality": _quality,
    "label": _label,
    "grade": _grade,
    "option_text": _option_text,
    "scale": _scale,
    "unspecific": _unspecific,
    "limited": _limited,
    "wide_dropout": _wide_dropout,
    "counterfactual": _counterfactual,
}
