"""What is said of microaneurysms, intraretinal microvascular abnormalities and new vessels."""

from collections import Counter

from octa_svr_dataset.text.words import as_place, decimals, largest, listed, most_common, numeral
from octa_svr_dataset.text.writer import Said, Writer

MOST_LISTED = 3
"""The places of no more shunts are listed."""

LEAST_SCATTERED = 4
"""Of fewer microaneurysms the places are listed; so many without a common side are said to be scattered."""


def say_microaneurysms(writer: Writer) -> list[Said]:
    """How many there are, and where most of them lie."""
    dots, quality = writer.findings.visible_microaneurysms, writer.findings.quality
    if not dots:
        if quality.grade == "poor" and (quality.is_noisy or quality.is_blurred):
            flaw = "noisy" if quality.is_noisy else "blurred"
            return [writer.say("microaneurysms/none_limited", "microaneurysm", "quality", flaw=flaw)]
        return [writer.say("microaneurysms/none", "microaneurysm")]
    ids = [f"microaneurysm/{dot.instance_id}" for dot in dots]
    directions = [dot.direction for dot in dots]
    if len(dots) == 1:
        return [writer.say("microaneurysms/one", *ids, place=writer.place_of(dots[0]))]
    if len(dots) == 2 and directions[0] != directions[1]:
        first, second = (f"{as_place(direction)} the fovea" for direction in directions)
        return [writer.say("microaneurysms/two", *ids, first=first, second=second)]
    if len(dots) < LEAST_SCATTERED:
        return [say_sides_of_dots(writer)]
    said = [writer.say("microaneurysms/many", *ids, number=numeral(len(dots)))]
    main = most_common(directions)
    if main:
        return [*said, writer.say("microaneurysms/most", *ids, place=f"{as_place(main)} the fovea")]
    return [*said, writer.say("microaneurysms/scattered", *ids)]


def say_sides_of_dots(writer: Writer) -> Said:
    """How many microaneurysms lie in each direction from the fovea."""
    dots = writer.findings.visible_microaneurysms
    ids = [f"microaneurysm/{dot.instance_id}" for dot in dots]
    places = by_direction([dot.direction for dot in dots])
    return writer.say("microaneurysms/places", *ids, number=numeral(len(dots)), places=places)


def say_new_vessels(writer: Writer) -> list[Said]:
    """Shunts and tufts, or that there are none of either."""
    findings = writer.findings
    if not findings.visible_irma and not findings.visible_neovascularization and writer.draw(2):
        return [writer.say("vessels/none", "irma", "neovascularization")]
    return [say_irma(writer), say_neovascularization(writer)]


def say_irma(writer: Writer, *, most_listed: int = MOST_LISTED) -> Said:
    """Intraretinal microvascular abnormalities: how many, and where, if there are no more than are to be listed."""
    shunts = writer.findings.visible_irma
    if not shunts:
        return writer.say("irma/none", "irma")
    ids = [f"irma/{shunt.instance_id}" for shunt in shunts]
    if len(shunts) == 1:
        return writer.say("irma/one", *ids, place=writer.place_of(shunts[0]))
    if len(shunts) > most_listed:
        return writer.say("irma/many", *ids, number=numeral(len(shunts)))
    return writer.say("irma/few", *ids, number=numeral(len(shunts)), places=by_direction([s.direction for s in shunts]))


def say_neovascularization(writer: Writer) -> Said:
    """New vessels: how many tufts, how large, and where."""
    tufts = writer.findings.visible_neovascularization
    if not tufts:
        return writer.say("neovascularization/none", "neovascularization")
    ids = [f"neovascularization/{tuft.instance_id}" for tuft in tufts]
    words = {"place": writer.place_of(tufts[0]), "area": decimals(tufts[0].area_mm2)}
    if len(tufts) == 1:
        return writer.say("neovascularization/one", *ids, **words)
    return writer.say("neovascularization/many", *ids, number=numeral(len(tufts)), largest=largest(len(tufts)), **words)


def by_direction(directions: list[str]) -> str:
    """How many lie in each direction, as a list in prose: "two above the fovea and one to the left of the fovea"."""
    counts = Counter(directions)
    if len(counts) == 1:
        every = "both" if len(directions) == 2 else f"all {numeral(len(directions))}"
        return f"{every} {as_place(directions[0])} the fovea"
    return listed([f"{numeral(count)} {as_place(direction)} the fovea" for direction, count in counts.items()])
