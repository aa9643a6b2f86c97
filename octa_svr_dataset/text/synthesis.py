"""What the findings mean together: the synthesis, and what the grade rests on."""

from collections.abc import Callable

from octa_svr_dataset.findings import Findings
from octa_svr_dataset.grading import FOCAL_MOST_MM2, WIDE_DROPOUT_MM2, severity_of
from octa_svr_dataset.text.words import listed
from octa_svr_dataset.text.writer import Said, Writer

SYNTHESES = ("healthy", "mild", "moderate", "severe", "proliferative")
"""Statement of the synthesis, by severity."""

NAMES = {
    "neovascularization": ("neovascularization", "neovascularization"),
    "irma": ("an intraretinal microvascular abnormality", "intraretinal microvascular abnormalities"),
    "vessel_shape": ("venous beading", "venous beading"),
    "dropout": ("an area of capillary dropout", "areas of capillary dropout"),
    "microaneurysm": ("a microaneurysm", "microaneurysms"),
    "diffuse_loss": ("diffuse capillary loss", "diffuse capillary loss"),
}
"""Each kind of sign as one and as several, the gravest first."""

NUMBERS: dict[str, Callable[[Findings], int]] = {
    "neovascularization": lambda findings: len(findings.visible_neovascularization),
    "irma": lambda findings: len(findings.visible_irma),
    "vessel_shape": lambda findings: int(counts_beading(findings)),
    "dropout": lambda findings: len(findings.visible_dropouts),
    "microaneurysm": lambda findings: len(findings.visible_microaneurysms),
    "diffuse_loss": lambda findings: int(findings.diffuse_loss.is_visible),
}
"""How many of each kind of sign there are that count."""

SEVERE = 3
"""The severity that beaded veins stand for."""

TOP = 4
"""The highest severity."""


def say_synthesis(writer: Writer) -> list[Said]:
    """What the visible signs are consistent with, and which of them are not specific."""
    findings, name = writer.findings, SYNTHESES[writer.findings.severity]
    ids = grounds(findings)
    if not ids:
        limited = "_limited" if findings.quality.grade == "poor" else ""
        said = writer.say(f"synthesis/healthy{limited}", "severity", *(["quality"] if limited else []))
    else:
        if is_mild_loss_alone(findings):
            name = "mild_loss"
        words = {"grounds": _named(findings, ids), "is_one": _is_one(findings, ids)}
        said = writer.say(f"synthesis/{name}", "severity", *ids, *graver(findings), **words)
    return [said, *_say_unspecific(writer), *_say_uncounted_beading(writer)]


def _say_unspecific(writer: Writer) -> list[Said]:
    """That winding vessels or a wide avascular zone decide nothing by themselves."""
    findings, faz = writer.findings, writer.findings.faz
    signs = {}
    if findings.vessel_shape.is_tortuous:
        signs["the tortuosity of the vessels"] = "vessel_shape"
    if faz.is_visible and faz.is_delimited and not faz.borders_dropout and faz.size == "large":
        signs["the size of the avascular zone"] = "faz"
    if not signs:
        return []
    names = writer.shuffled(list(signs))
    ids = dict.fromkeys(signs.values())
    return [writer.say("synthesis/unspecific", *ids, signs=listed(names), is_one=len(names) == 1)]


def _say_uncounted_beading(writer: Writer) -> list[Said]:
    """With what beaded veins would make the grade higher, where they do not."""
    findings = writer.findings
    if not findings.vessel_shape.is_beaded or counts_beading(findings) or findings.severity >= SEVERE:
        return []
    return [writer.say("synthesis/beading", "vessel_shape", "severity")]


def say_grade(writer: Writer) -> list[Said]:
    """What the severity rests on, what would raise it, and what would lower it."""
    findings, severity = writer.findings, writer.findings.severity
    ids = grounds(findings)
    basis = f"grade/basis_{severity}"
    if severity == 2:
        basis += "_wide" if dropout_mm2(findings) > FOCAL_MOST_MM2 else "_focal"
    words: dict[str, object] = {}
    if severity:
        words = {"grounds": _named(findings, ids), "is_one": _is_one(findings, ids)}
        words |= {"decisive": _named(findings, decisive(findings)), "dots": _named(findings, ["microaneurysm"])}
    said = [
        writer.say(basis, "severity", *ids, *graver(findings), **words),
        writer.say("grade/top" if severity == TOP else f"grade/up_{severity}", "severity"),
    ]
    if severity:
        lower, named = str(without_decisive(findings)), _named(findings, decisive(findings), is_definite=True)
        said.append(writer.say("grade/down", "severity", *decisive(findings), decisive=named, lower=lower))
    else:
        said.append(writer.say("grade/bottom", "severity"))
    return said


def decisive(findings: Findings) -> list[str]:
    """The signs without which the severity would be lower."""
    candidates = {
        4: ["neovascularization"],
        3: ["irma", "vessel_shape"],
        2: ["dropout"],
        1: ["dropout", "microaneurysm", "diffuse_loss"],
    }[findings.severity]
    return [kind for kind in grounds(findings) if kind in candidates]


def without_decisive(findings: Findings) -> int:
    """Severity without the signs that decide it."""
    severity = findings.severity
    return severity_of(
        dropout_area_mm2=dropout_mm2(findings) if severity > 2 else 0.0,
        has_diffuse_loss=findings.diffuse_loss.is_visible and severity > 1,
        has_microaneurysms=bool(findings.visible_microaneurysms) and severity > 1,
        has_irma=bool(findings.visible_irma) and severity > 3,
        has_neovascularization=False,
        has_beading=findings.vessel_shape.is_beaded and severity > 3,
    )


def is_mild_loss_alone(findings: Findings) -> bool:
    """Whether mild diffuse loss, which is not specific, is all that there is."""
    return grounds(findings) == ["diffuse_loss"] and findings.diffuse_loss.degree == "mild"


def counts_beading(findings: Findings) -> bool:
    """Whether beaded veins go with so much dropout that they count."""
    return findings.vessel_shape.is_beaded and dropout_mm2(findings) >= WIDE_DROPOUT_MM2


def dropout_mm2(findings: Findings) -> float:
    """Area of all visible dropout, mm2."""
    return sum(area.area_mm2 for area in findings.visible_dropouts)


def grounds(findings: Findings) -> list[str]:
    """Kinds of signs that are visible and count, the gravest first."""
    return [kind for kind in NAMES if NUMBERS[kind](findings)]


def graver(findings: Findings) -> list[str]:
    """Kinds of lesions that would make the severity higher and are absent; all, where it is 0."""
    kinds = [kind for kind in NAMES if kind != "vessel_shape"] if findings.severity == 0 else ["neovascularization"]
    if 0 < findings.severity < 3:
        kinds.append("irma")
    return [kind for kind in kinds if not NUMBERS[kind](findings)]


def _named(findings: Findings, kinds: list[str], *, is_definite: bool = False) -> str:
    """Signs as a list in prose, each as one or as several, with the article that it takes."""
    names = [NAMES[kind][NUMBERS[kind](findings) > 1] for kind in kinds]
    if "diffuse_loss" in kinds:
        names[kinds.index("diffuse_loss")] = f"{findings.diffuse_loss.degree} diffuse capillary loss"
    if is_definite:
        names = [f"the {name.removeprefix('an ').removeprefix('a ')}" for name in names]
    return listed(names)


def _is_one(findings: Findings, kinds: list[str]) -> bool:
    """Whether a verb after the list of signs stands in the singular."""
    if len(kinds) != 1:
        return False
    return NAMES[kinds[0]][0] == NAMES[kinds[0]][1] or NUMBERS[kinds[0]](findings) == 1
