"""Tasks about the picture as a whole: describe, classify, report, explain the grade."""

from octa_svr_dataset.text.answers import BINARY, THREE, ClassAnswer, GradeAnswer
from octa_svr_dataset.text.evidence import evidence
from octa_svr_dataset.text.lesions import say_microaneurysms, say_new_vessels
from octa_svr_dataset.text.outline import outline
from octa_svr_dataset.text.perfusion import say_perfusion
from octa_svr_dataset.text.reply import Reply, Stage, stage
from octa_svr_dataset.text.surroundings import say_fovea, say_quality, say_vessel_shape
from octa_svr_dataset.text.synthesis import say_grade, say_synthesis
from octa_svr_dataset.text.writer import Writer

SCHEMES = (THREE, BINARY)

TITLES = ("Fovea", "Perfusion", "Microaneurysms", "Vessels", "Image quality")
"""Names of the stages of a description, in the order of a report."""


def describe(writer: Writer) -> Reply:
    """What is seen, from the fovea outward, and the class."""
    label = writer.findings.label
    fovea, *middle, quality = _stages(writer)
    stages = [fovea, *writer.shuffled(middle)]
    stages.insert(writer.draw(2) * len(stages), quality)
    return Reply(
        question=writer.phrase("question/describe"),
        stages=tuple(stages),
        summary=tuple(say_synthesis(writer)),
        answer=ClassAnswer(label=label),
        answer_data={"label": str(label)},
        rests_on=("label",),
        is_line=True,
    )


def report(writer: Writer) -> Reply:
    """The same under headings, in a fixed order."""
    findings = writer.findings
    impression = stage(*say_synthesis(writer), title="Impression")
    return Reply(
        question=writer.phrase("question/report"),
        stages=(*_stages(writer), impression),
        thoughts=(*outline(writer), stage(say_grade(writer)[0])),
        answer=ClassAnswer(label=findings.label),
        answer_data={"label": str(findings.label), "severity": findings.severity},
        rests_on=("label",),
        has_headings=True,
    )


def classify(writer: Writer, scheme: str) -> Reply:
    """The class, of three or of two."""
    label = writer.findings.label
    named = str(label) if scheme == THREE else ("healthy", "diabetic retinopathy")[label.is_diseased]
    return Reply(
        question=writer.phrase(f"question/classify_{scheme}"),
        stages=(*evidence(writer), stage(*say_synthesis(writer))),
        answer=ClassAnswer(label=label, scheme=scheme),
        answer_data={"label": named, "scheme": scheme},
        rests_on=("label",),
    )


def explain_grade(writer: Writer) -> Reply:
    """What the grade rests on, and what would change it."""
    severity = writer.findings.severity
    return Reply(
        question=writer.phrase("question/explain_grade"),
        stages=evidence(writer),
        summary=tuple(say_grade(writer)),
        answer=GradeAnswer(severity=severity),
        answer_data={"severity": severity},
        rests_on=("severity",),
    )


def _stages(writer: Writer) -> list[Stage]:
    """All that is seen, stage by stage."""
    said = (
        say_fovea(writer),
        say_perfusion(writer),
        say_microaneurysms(writer),
        [*say_new_vessels(writer), *say_vessel_shape(writer)],
        say_quality(writer),
    )
    return [stage(*sentences, title=title) for sentences, title in zip(said, TITLES, strict=True)]
