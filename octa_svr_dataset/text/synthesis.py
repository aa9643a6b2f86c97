"""What the findings mean together: the synthesis, and what the grade rests on."""

from collections.abc import Sequence

from octa_svr_dataset.findings import Findings
from octa_svr_dataset.grading import FOCAL_MOST_MM2, severity_of
from octa_svr_dataset.text.words import listed
from octa_svr_dataset.text.writer import Said, Writer

SYNTHESES = ("healthy", "mild", "moderate", "severe", "proliferative")
"""Statement of the synthesis, by severity."""

NAMES = {
    "neovascularization": ("neovascularization", "neovascularization"),
    "irma": ("an intraretinal microvascular abnormality", "intraretinal microvascular abnormalities"),
    "dropout": ("an area of capillary dropout", "areas of capillary dropout"),
    "microaneurysm": ("a microaneurysm", "microaneurysms"),
    "diffuse_loss": ("diffuse capillary loss", "diffuse capillary loss"),
}
"""Each kind of sign as one and as several."""

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
        said = writer.say(f"synthesis/{name}", "severity", *ids, *graver(findings), **words_of_grounds(findings))
    return [said, *_say_unspecific(writer)]


def _say_unspecific(writer: Writer) -> list[Said]:
    """That winding vessels or a wide avascular zone decide nothing by themselves."""
    signs = {}
    if writer.findings.vessel_shape.is_tortuous:
        signs["the tortuosity of the vessels"] = "vessel_shape"
    faz = writer.findings.faz
    if faz.is_visible and faz.is_delimited and not faz.borders_dropout and faz.size == "large":
        signs["the size of the avascular zone"] = "faz"
    if not signs:
        return []
    names = writer.shuffled(list(signs))
    return [writer.say("synthesis/unspecific", *signs.values(), signs=listed(names), is_one=len(names) == 1)]


def is_mild_loss_alone(findings: Findings) -> bool:
    """Whether mild diffuse loss, which is not specific, is all that there is."""
    return grounds(findings) == ["diffuse_loss"] and findings.diffuse_loss.degree == "mild"


def grounds(findings: Findings) -> list[str]:
    """Kinds of lesions that are visible, the gravest first."""
    present = {
        "neovascularization": findings.visible_neovascularization,
        "irma": findings.visible_irma,
        "dropout": findings.visible_dropouts,
        "microaneurysm": findings.visible_microaneurysms,
        "diffuse_loss": (findings.diffuse_loss,) if findings.diffuse_loss.is_visible else (),
    }
    return [kind for kind, instances in present.items() if instances]


def graver(findings: Findings) -> list[str]:
    """Kinds of lesions that would make the severity higher and are absent."""
    present = grounds(findings)
    return [kind for kind in ("neovascularization", "irma")[: max(4 - findings.severity, 0)] if kind not in present]


def words_of_grounds(findings: Findings) -> dict[str, object]:
    """The visible signs as a list in prose, and whether it is one thing."""
    instances = {
        "irma": findings.visible_irma,
        "dropout": findings.visible_dropouts,
        "microaneurysm": findings.visible_microaneurysms,
    }
    kinds = grounds(findings)
    names = [_named(kind, instances.get(kind, ())) for kind in kinds]
    if "diffuse_loss" in kinds:
        names[-1] = f"{findings.diffuse_loss.degree} {names[-1]}"
    return {"grounds": listed(names), "is_one": len(kinds) == 1 and len(instances.get(kinds[0], ())) < 2}


def say_grade(writer: Writer) -> list[Said]:
    """What the severity rests on, what would raise it, and what would lower it."""
    findings, severity = writer.findings, writer.findings.severity
    ids = ["severity", *grounds(findings), *graver(findings)]
    basis = f"grade/basis_{severity}"
    if severity == 2:
        basis += "_wide" if sum(area.area_mm2 for area in findings.visible_dropouts) > FOCAL_MOST_MM2 else "_focal"
    words = words_of_grounds(findings) if severity else {}
    words |= {"dots": _named("microaneurysm", findings.visible_microaneurysms)}
    words |= {"shunts": _named("irma", findings.visible_irma)}
    said = [writer.say(basis, *ids, **words)]
    said.append(writer.say("grade/top" if severity == TOP else f"grade/up_{severity}", "severity"))
    if severity:
        lower = str(without_decisive(findings))
        said.append(writer.say("grade/down", *grounds(findings), decisive=_decisive(findings), lower=lower))
    else:
        said.append(writer.say("grade/bottom", "severity"))
    return said


def without_decisive(findings: Findings) -> int:
    """Severity without the sign that decides it."""
    severity = findings.severity
    return severity_of(
        dropout_area_mm2=sum(area.area_mm2 for area in findings.visible_dropouts) if severity > 2 else 0.0,
        has_diffuse_loss=findings.diffuse_loss.is_visible and severity > 1,
        has_microaneurysms=bool(findings.visible_microaneurysms) and severity > 1,
        has_irma=bool(findings.visible_irma) and severity > 3,
        has_neovascularization=False,
    )


def _decisive(findings: Findings) -> str:
    """The sign that decides the severity, or all of them where it is 1."""
    if findings.severity == 1:
        return str(words_of_grounds(findings)["grounds"])
    if findings.severity == 3:
        return "this shunt" if len(findings.visible_irma) == 1 else "these shunts"
    return "the dropout" if findings.severity == 2 else "the new vessels"


def _named(kind: str, instances: Sequence[object]) -> str:
    """One of a kind with its article, or several."""
    return NAMES[kind][len(instances) > 1]
