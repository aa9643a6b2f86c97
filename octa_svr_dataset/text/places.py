"""What is said of objects that are to be located: place and size of each, in the order in which they are listed."""

from collections.abc import Sequence

from octa_svr_dataset.findings import DropoutFinding, MicroaneurysmFinding, NewVesselsFinding
from octa_svr_dataset.text.lesions import say_irma, say_microaneurysms, say_neovascularization, say_sides_of_dots
from octa_svr_dataset.text.perfusion import say_dropout, say_dropouts
from octa_svr_dataset.text.words import decimals, listed, numeral
from octa_svr_dataset.text.writer import Said, Writer

MOST_DOTS_LISTED = 4
"""Of more microaneurysms it is said how many lie in each direction."""


def say_places_of_dropout(writer: Writer, areas: Sequence[DropoutFinding]) -> list[Said]:
    """Each area of dropout."""
    return [say_dropouts(writer, areas)] if len(areas) > 1 else say_dropout(writer)


def say_places_of_dots(writer: Writer, dots: Sequence[MicroaneurysmFinding]) -> list[Said]:
    """Each microaneurysm, or how many there are on each side of the fovea."""
    ids = [f"microaneurysm/{dot.instance_id}" for dot in dots]
    if not dots:
        return say_microaneurysms(writer)
    if len(dots) == 1:
        size = writer.say("locate/dot_size", *ids, diameter=f"{dots[0].diameter_um:.0f}")
        return [*say_microaneurysms(writer), size]
    if len(dots) > MOST_DOTS_LISTED:
        return [say_sides_of_dots(writer)]
    wording = writer.draw(len(writer.wordings.of("locate/dot")))
    items = [
        writer.phrase_in("locate/dot", wording, place=writer.place_of(dot), diameter=f"{dot.diameter_um:.0f}")
        for dot in dots
    ]
    return [writer.say("locate/dots", *ids, number=numeral(len(dots)), dots=listed(items))]


def say_places_of_shunts(writer: Writer, shunts: Sequence[NewVesselsFinding]) -> list[Said]:
    """Each intraretinal microvascular abnormality."""
    ids = [f"irma/{shunt.instance_id}" for shunt in shunts]
    if len(shunts) > 1:
        return [writer.say("irma/few", *ids, number=numeral(len(shunts)), places=_items(writer, shunts))]
    said = [say_irma(writer)]
    if shunts:
        said.append(writer.say("locate/shunt_size", *ids, area=decimals(shunts[0].area_mm2)))
    return said


def say_places_of_tufts(writer: Writer, tufts: Sequence[NewVesselsFinding]) -> list[Said]:
    """Each tuft of new vessels."""
    if len(tufts) < 2:
        return [say_neovascularization(writer)]
    ids = [f"neovascularization/{tuft.instance_id}" for tuft in tufts]
    return [writer.say("locate/tufts", *ids, number=numeral(len(tufts)), areas=_items(writer, tufts))]


def _items(writer: Writer, found: Sequence[NewVesselsFinding]) -> str:
    """Area and place of each as a list in prose."""
    wording = writer.draw(len(writer.wordings.of("locate/item")))
    return listed(
        [
            writer.phrase_in("locate/item", wording, area=decimals(one.area_mm2), place=writer.place_of(one))
            for one in found
        ]
    )
