"""Tasks about quantities: compare quadrants, measure with units."""

from octa_svr_dataset.text.answers import MeasureAnswer, RegionAnswer
from octa_svr_dataset.text.perfusion import (
    EQUAL_WITHIN,
    MOST_LISTED,
    region_id,
    say_diffuse_share,
    say_dropout,
    say_largest_dropout,
    total_dropout_mm2,
)
from octa_svr_dataset.text.reply import Reply, stage
from octa_svr_dataset.text.surroundings import say_fovea
from octa_svr_dataset.text.tasks.objects import ids_of
from octa_svr_dataset.text.words import decimals, hundredths, listed, percent
from octa_svr_dataset.text.writer import Said, Writer

QUADRANTS = ("superior", "nasal", "inferior", "temporal")

COMPARISONS = {"vertical": ("superior", "inferior"), "horizontal": ("nasal", "temporal"), "all": QUADRANTS}
"""Quadrants that may be compared."""

LEAST_SHARE = 0.0005
"""A smaller share of a quadrant, a strip a pixel wide at its edge, is no loss to compare."""

QUANTITIES = (
    *("faz_area", "largest_dropout_area", "total_dropout_area"),
    *("diffuse_loss_share", "faz_circularity", "vessel_calibre"),
    *(f"{asked}_{quadrant}" for asked in ("lost_share", "vessel_density") for quadrant in QUADRANTS),
)
"""What may be measured."""


def compare_regions(writer: Writer, comparison: str) -> Reply:
    """Which of some quadrants has lost most, by the share that is affected."""
    quadrants = COMPARISONS[comparison]
    regions = sorted(
        (region for region in writer.findings.regions if region.quadrant in quadrants),
        key=lambda region: -region.lost_share,
    )
    worst, second = regions[:2]
    is_equal = worst.lost_share - second.lost_share < EQUAL_WITHIN
    ids = tuple(region_id(region) for region in regions)
    names = [f"the {quadrant}" for quadrant in writer.shuffled(quadrants)]
    words = {"quadrants": listed(names), "either": listed(names, last="or")}
    if worst.lost_share < LEAST_SHARE:
        said = writer.say("compare/none", *ids)
    elif is_equal and len(regions) == 2:
        said = writer.say(
            "compare/equal", *ids, share=percent(worst.lost_share), other_share=percent(second.lost_share)
        )
    elif is_equal:
        said = writer.say("compare/tied", *ids, region=worst.quadrant, other=second.quadrant)
    else:
        said = writer.say(
            "compare/more" if len(regions) == 2 else "compare/most",
            *ids,
            region=worst.quadrant,
            share=percent(worst.lost_share),
            other=second.quadrant,
            other_share=percent(second.lost_share),
        )
    answer = "equal" if is_equal else worst.quadrant
    return Reply(
        question=writer.phrase(f"question/compare_{'two' if len(regions) == 2 else 'regions'}", **words),
        stages=(stage(said),),
        answer=RegionAnswer(region=answer),
        answer_data={"region": answer},
        rests_on=ids,
    )


def measure(writer: Writer, quantity: str) -> Reply:
    """A quantity with its unit, or that it cannot be measured."""
    value, unit, said, ids = _measured(writer, quantity)
    asked, _, quadrant = quantity.rpartition("_")
    if quadrant not in QUADRANTS:
        asked, quadrant = quantity, ""
    return Reply(
        question=writer.phrase(f"question/measure_{asked}", quadrant=quadrant),
        stages=(stage(*said),),
        answer=MeasureAnswer(value=value, unit=unit),
        answer_data={"quantity": quantity, "value": value, "unit": unit},
        rests_on=ids,
    )


def _measured(writer: Writer, quantity: str) -> tuple[float | None, str, list[Said], tuple[str, ...]]:
    """Value, unit, the reasoning, and what it rests on."""
    findings, faz = writer.findings, writer.findings.faz
    dropouts = findings.visible_dropouts
    is_closed = faz.is_visible and faz.is_delimited and not faz.borders_dropout
    if quantity == "faz_area":
        return hundredths(faz.area_mm2) if is_closed else None, "mm2", say_fovea(writer)[:1], ("faz",)
    if quantity == "largest_dropout_area":
        largest = hundredths(dropouts[0].area_mm2) if dropouts else None
        return largest, "mm2", [say_largest_dropout(writer)], ids_of("dropout", dropouts[:1])
    if quantity == "total_dropout_area":
        total_mm2 = total_dropout_mm2(writer)
        ids = ids_of("dropout", dropouts)
        said = say_dropout(writer)[:1]
        if 1 < len(dropouts) <= MOST_LISTED:
            said.append(writer.say("measure/total_dropout_area", *ids, total=decimals(total_mm2)))
        return hundredths(total_mm2), "mm2", said, ids
    if quantity == "diffuse_loss_share":
        share = findings.diffuse_loss.share if findings.diffuse_loss.is_visible else 0.0
        return round(100.0 * share), "%", [say_diffuse_share(writer)], ("diffuse_loss",)
    if quantity == "faz_circularity":
        if not is_closed:
            return None, "", say_fovea(writer)[:1], ("faz",)
        said = [writer.say("measure/faz_circularity", "faz", circularity=decimals(faz.circularity))]
        return hundredths(faz.circularity), "", said, ("faz",)
    if quantity == "vessel_calibre":
        calibre_um = findings.vessel_shape.calibre_um
        if calibre_um is None:
            return None, "um", [writer.say("shape/not_measurable", "vessel_shape")], ("vessel_shape",)
        said = [writer.say("measure/vessel_calibre", "vessel_shape", calibre=f"{calibre_um:.0f}")]
        return round(calibre_um), "um", said, ("vessel_shape",)
    region = next(region for region in findings.regions if quantity.endswith(region.quadrant))
    asked = quantity.removesuffix(f"_{region.quadrant}")
    percentage = percent(region.lost_share if asked == "lost_share" else region.density)
    words = {"region": region.quadrant, "share": percentage}
    if asked == "lost_share" and percentage == "0":
        asked = "no_loss"
    said = [writer.say(f"measure/{asked}", region_id(region), **words)]
    return float(percentage), "%", said, (region_id(region),)
