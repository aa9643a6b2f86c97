"""Tasks about quantities: compare quadrants, measure with units."""

from octa_svr_dataset.text.answers import MeasureAnswer, RegionAnswer, format_answer
from octa_svr_dataset.text.perfusion import (
    EQUAL_WITHIN,
    region_id,
    say_diffuse_loss,
    say_dropout,
    say_largest_dropout,
    total_dropout_mm2,
)
from octa_svr_dataset.text.reply import Reply, stage
from octa_svr_dataset.text.surroundings import say_fovea
from octa_svr_dataset.text.tasks.objects import ids_of
from octa_svr_dataset.text.words import decimals, listed, percent
from octa_svr_dataset.text.writer import Said, Writer

VERTICAL = ("superior", "inferior")
QUADRANTS = ("superior", "nasal", "inferior", "temporal")

QUANTITIES = (
    *("faz_area", "largest_dropout_area", "total_dropout_area"),
    *("diffuse_loss_share", "vessel_density", "microaneurysm_density"),
    *(f"lost_share_{quadrant}" for quadrant in QUADRANTS),
)
"""What may be measured."""


def compare_regions(writer: Writer, quadrants: tuple[str, ...]) -> Reply:
    """Which of some quadrants has lost most, by the share that is affected."""
    regions = sorted(
        (region for region in writer.findings.regions if region.quadrant in quadrants),
        key=lambda region: -region.lost_share,
    )
    worst, second = regions[:2]
    is_equal = worst.lost_share - second.lost_share < EQUAL_WITHIN
    ids = tuple(region_id(region) for region in regions)
    names = listed([f"the {quadrant}" for quadrant in writer.shuffled(quadrants)])
    if is_equal and len(regions) == 2:
        said = writer.say("compare/equal", *ids, share=percent(worst.lost_share), other_share=percent(second.lost_share))
    elif is_equal:
        said = writer.say("compare/tied", *ids, region=worst.quadrant, other=second.quadrant)
    else:
        said = writer.say(
            "compare/more",
            *ids,
            region=worst.quadrant,
            share=percent(worst.lost_share),
            other=second.quadrant,
            other_share=percent(second.lost_share),
        )
    answer = "equal" if is_equal else worst.quadrant
    return Reply(
        question=writer.phrase("question/compare_regions", quadrants=names),
        stages=(stage(said),),
        answer=Said(text=format_answer(RegionAnswer(region=answer)), findings=ids),
        answer_data={"region": answer},
        prefix="Answer: ",
    )


def measure(writer: Writer, quantity: str) -> Reply:
    """A quantity with its unit, or that it cannot be measured."""
    value, unit, said, ids = _measured(writer, quantity)
    asked = "lost_share" if quantity.startswith("lost_share") else quantity
    words = {"quadrant": quantity.removeprefix("lost_share_")} if asked == "lost_share" else {}
    return Reply(
        question=writer.phrase(f"question/measure_{asked}", **words),
        stages=(stage(*said),),
        answer=Said(text=format_answer(MeasureAnswer(value=value, unit=unit)), findings=ids),
        answer_data={"quantity": quantity, "value": value, "unit": unit},
        prefix="Answer: ",
    )


def _measured(writer: Writer, quantity: str) -> tuple[float | None, str, list[Said], tuple[str, ...]]:
    """Value, unit, the reasoning, and what it rests on."""
    findings, faz = writer.findings, writer.findings.faz
    dropouts, dots = findings.visible_dropouts, findings.visible_microaneurysms
    if quantity == "faz_area":
        is_closed = faz.is_visible and faz.is_delimited and not faz.borders_dropout
        return faz.area_mm2 if is_closed else None, "mm2", say_fovea(writer)[:1], ("faz",)
    if quantity == "largest_dropout_area":
        largest = dropouts[0].area_mm2 if dropouts else None
        return largest, "mm2", [say_largest_dropout(writer)], ids_of("dropout", dropouts[:1])
    if quantity == "total_dropout_area":
        total_mm2 = round(total_dropout_mm2(writer), 2)
        ids = ids_of("dropout", dropouts)
        said = say_dropout(writer)[:1]
        if len(dropouts) > 1:
            said.append(writer.say("measure/total_dropout_area", *ids, total=decimals(total_mm2)))
        return total_mm2, "mm2", said, ids
    if quantity == "diffuse_loss_share":
        share = findings.diffuse_loss.share if findings.diffuse_loss.is_visible else 0.0
        return round(100.0 * share), "%", [say_diffuse_loss(writer)], ("diffuse_loss",)
    if quantity == "vessel_density":
        density = percent(findings.measured.area_density)
        return float(density), "%", [writer.say("measure/vessel_density", "density", density=density)], ("density",)
    if quantity == "microaneurysm_density":
        per_mm2 = round(len(dots) / writer.fov.width_mm**2, 2)
        ids = ids_of("microaneurysm", dots)
        words = {"number": len(dots), "field": f"{writer.fov.width_mm**2:.3g}", "density": decimals(per_mm2)}
        return per_mm2, "per mm2", [writer.say("measure/microaneurysm_density", *ids, **words)], ids
    region = next(region for region in findings.regions if quantity.endswith(region.quadrant))
    share = percent(region.lost_share)
    said = [writer.say("measure/lost_share", region_id(region), region=region.quadrant, share=share)]
    return float(share), "%", said, (region_id(region),)
