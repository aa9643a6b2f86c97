"""What is said of the fovea, the shape of vessels, and the quality of the picture."""

from octa_svr_dataset.text.words import as_place, decimals, listed
from octa_svr_dataset.text.writer import Said, Writer


def say_fovea(writer: Writer) -> list[Said]:
    """Where the avascular zone lies, how large it is, and what its border shows."""
    faz = writer.findings.faz
    if not faz.is_visible:
        return [writer.say("faz/unseen", "faz")]
    if not faz.is_delimited:
        ids = ("faz", *_bordering(writer))
        return [writer.say("faz/merged", *ids), writer.say("faz/involved", *ids)]
    is_centered = faz.displacement == "centered"
    words = {} if is_centered else {"place": as_place(faz.displacement)}
    position = "centered" if is_centered else "displaced"
    if faz.borders_dropout:
        return [writer.say(f"faz/open_{position}", "faz", *_bordering(writer), **words)]
    zone = writer.say(f"faz/delimited_{position}", "faz", area=decimals(faz.area_mm2), **words)
    return [zone, writer.say(f"faz/{faz.size}", "faz")]


def say_border(writer: Writer) -> list[Said]:
    """Whether the border of the avascular zone can be followed all the way round."""
    faz = writer.findings.faz
    if faz.is_visible and faz.is_delimited and not faz.borders_dropout:
        return [writer.say("faz/closed", "faz")]
    return say_fovea(writer)


def _bordering(writer: Writer) -> list[str]:
    return ["dropout"] if writer.findings.visible_dropouts else []


def say_vessel_shape(writer: Writer) -> list[Said]:
    """How the larger vessels run, and whether their width varies."""
    shape = writer.findings.vessel_shape
    if shape.tortuosity is None:
        return [writer.say("shape/not_measurable", "vessel_shape")]
    if not shape.is_tortuous and not shape.is_beaded:
        return [writer.say("shape/usual", "vessel_shape")]
    said = [writer.say("shape/tortuous", "vessel_shape")] if shape.is_tortuous else []
    if shape.is_beaded:
        said.append(writer.say("shape/beaded", "vessel_shape"))
    return writer.shuffled(said)


def say_quality_and_flaws(writer: Writer) -> list[Said]:
    """The same; of a good picture also that nothing is wrong with it."""
    said = say_quality(writer)
    if writer.findings.quality.grade == "good":
        said.append(writer.say("quality/flawless", "quality"))
    return said


def say_quality(writer: Writer) -> list[Said]:
    """Grade of the picture, what is wrong with it, and what that limits."""
    quality = writer.findings.quality
    flaws = [
        writer.phrase(f"quality/{name}")
        for name, is_so in (
            ("noise", quality.is_noisy),
            ("blur", quality.is_blurred),
            ("motion", quality.has_motion),
            ("darkness", quality.is_dark),
        )
        if is_so
    ]
    if not flaws:
        return [writer.say(f"quality/{quality.grade}", "quality")]
    said = [writer.say(f"quality/{quality.grade}_because", "quality", flaws=listed(writer.shuffled(flaws)))]
    if quality.grade == "poor":
        said.append(writer.say("quality/limits", "quality"))
    return said
