"""What is said of perfusion: areas of dropout, diffuse loss, and how the quadrants compare."""

from collections.abc import Sequence

from octa_svr_dataset.findings import DropoutFinding, RegionFinding
from octa_svr_dataset.text.words import as_place, decimals, largest, listed, numeral, percent, size_of
from octa_svr_dataset.text.writer import Said, Writer

EQUAL_WITHIN = 0.05
"""Quadrants whose affected shares differ by less count as alike."""

MOST_LISTED = 3
"""Of more areas only the largest is told by its size and place."""


def say_perfusion(writer: Writer) -> list[Said]:
    """Dropout, diffuse loss, and the quadrant that has lost most."""
    loss = writer.findings.diffuse_loss
    if not writer.findings.visible_dropouts and not loss.is_visible and writer.draw(2):
        return [writer.say("perfusion/intact", "dropout", "diffuse_loss")]
    return [*say_dropout(writer), say_diffuse_loss(writer), *say_regions(writer)]


def say_dropout(writer: Writer) -> list[Said]:
    """How many areas of dropout there are, how large, and where."""
    dropouts = writer.findings.visible_dropouts
    if not dropouts:
        return [writer.say("dropout/none", "dropout")]
    if len(dropouts) == 1:
        return [writer.say("dropout/one", dropout_id(dropouts[0]), **_words_of(writer, dropouts[0]))]
    if len(dropouts) <= MOST_LISTED:
        return [say_dropouts(writer, dropouts)]
    return [say_dropout_in_all(writer), say_largest_dropout(writer)]


def say_dropouts(writer: Writer, dropouts: Sequence[DropoutFinding]) -> Said:
    """Each of several areas of dropout, in their order."""
    places = [writer.place_of(dropout) for dropout in dropouts]
    item = writer.draw(len(writer.wordings.of("dropout/item")))
    areas = [
        writer.phrase_in("dropout/item", item, size=size_of(d.area_mm2), area=decimals(d.area_mm2), place=place)
        for d, place in zip(dropouts, places, strict=True)
    ]
    return writer.say("dropout/few", *map(dropout_id, dropouts), number=numeral(len(dropouts)), areas=listed(areas))


def say_dropout_in_all(writer: Writer) -> Said:
    """How many areas of dropout there are, two or more, and how large they are together."""
    dropouts = writer.findings.visible_dropouts
    words = {"number": numeral(len(dropouts)), "total": decimals(total_dropout_mm2(writer))}
    return writer.say("dropout/many", *map(dropout_id, dropouts), **words)


def say_dropout_at(writer: Writer, direction: str) -> Said:
    """Whether an area of dropout lies in a direction from the fovea; the largest that does."""
    dropouts = writer.findings.visible_dropouts
    if not dropouts:
        return writer.say("dropout/none", "dropout")
    place = as_place(direction)
    for dropout in dropouts:
        if dropout.direction == direction:
            return writer.say("dropout/there", dropout_id(dropout), place=place, area=decimals(dropout.area_mm2))
    return writer.say("dropout/elsewhere", *map(dropout_id, dropouts), place=place)


def say_largest_dropout(writer: Writer) -> Said:
    """Which area of dropout is the largest."""
    dropouts = writer.findings.visible_dropouts
    if len(dropouts) < 2:
        return say_dropout(writer)[0]
    words = {"largest": largest(len(dropouts)), **_words_of(writer, dropouts[0])}
    return writer.say("dropout/largest", dropout_id(dropouts[0]), **words)


def say_diffuse_loss(writer: Writer) -> Said:
    """Whether the bed is thinned, and to what degree."""
    loss = writer.findings.diffuse_loss
    if not loss.is_visible:
        return writer.say("diffuse/none", "diffuse_loss")
    statement = "diffuse/mild" if loss.degree == "mild" else "diffuse/present"
    return writer.say(statement, "diffuse_loss", degree=loss.degree)


def say_diffuse_share(writer: Writer) -> Said:
    """How much of the bed is thinned.

    Never beside the degree, which tells how far the density of the bed lies below that of healthy eyes.
    """
    loss = writer.findings.diffuse_loss
    if not loss.is_visible:
        return writer.say("diffuse/none", "diffuse_loss")
    return writer.say("measure/diffuse_loss_share", "diffuse_loss", share=percent(loss.share))


def say_regions(writer: Writer) -> list[Said]:
    """Which quadrant has lost most, where one has; nothing where there is no loss."""
    worst, second, *_, least = sorted(writer.findings.regions, key=lambda region: -region.lost_share)
    if worst.lost_share - second.lost_share >= EQUAL_WITHIN:
        words = {"region": writer.region(worst.quadrant), "share": percent(worst.lost_share)}
        return [writer.say("regions/worst", region_id(worst), **words)]
    if worst.lost_share >= EQUAL_WITHIN and worst.lost_share - least.lost_share < EQUAL_WITHIN:
        ids = [region_id(region) for region in writer.findings.regions]
        return [writer.say("regions/even", *ids)]
    return []


def dropout_id(dropout: DropoutFinding) -> str:
    """Name of an area of dropout in a sentence's record."""
    return f"dropout/{dropout.instance_id}"


def region_id(region: RegionFinding) -> str:
    """Name of a quadrant in a sentence's record."""
    return f"region/{region.quadrant}"


def total_dropout_mm2(writer: Writer) -> float:
    """Area of all visible dropout, mm2."""
    return sum(dropout.area_mm2 for dropout in writer.findings.visible_dropouts)


def _words_of(writer: Writer, dropout: DropoutFinding) -> dict[str, str]:
    return {
        "size": size_of(dropout.area_mm2),
        "area": decimals(dropout.area_mm2),
        "place": writer.place_of(dropout),
    }
