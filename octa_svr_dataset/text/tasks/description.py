"""Tasks about the picture as a whole: describe, classify, report, explain the grade."""

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import ClassAnswer, GradeAnswer, format_answer
from octa_svr_dataset.text.lesions import say_microaneurysms, say_new_vessels
from octa_svr_dataset.text.perfusion import say_perfusion
from octa_svr_dataset.text.reply import Reply, Stage, stage
from octa_svr_dataset.text.surroundings import say_fovea, say_quality, say_vessel_shape
from octa_svr_dataset.text.synthesis import grounds, say_grade, say_synthesis
from octa_svr_dataset.text.writer import Said, Writer

SCHEMES = ("three", "binary")


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
        answer=_conclusion(writer),
        answer_data={"label": str(label)},
    )


def report(writer: Writer) -> Reply:
    """The same under headings, in a fixed order."""
    findings = writer.findings
    impression = stage(*say_synthesis(writer), title="Impression")
    return Reply(
        question=writer.phrase("question/report"),
        stages=(*_stages(writer), impression),
        summary=(say_grade(writer)[0],),
        answer=_conclusion(writer),
        answer_data={"label": str(findings.label), "severity": findings.severity},
        has_headings=True,
    )


def classify(writer: Writer, scheme: str) -> Reply:
    """The class, of three or of two."""
    label = writer.findings.label
    ids = grounds(writer.findings) or ["label"]
    named = str(label) if scheme == "three" else ("healthy", "diabetic retinopathy")[label.is_diseased]
    answer = format_answer(ClassAnswer(label=label, scheme=scheme))
    return Reply(
        question=writer.phrase(f"question/classify_{scheme}"),
        stages=(
            stage(*say_perfusion(writer)),
            stage(*say_microaneurysms(writer)),
            stage(*say_new_vessels(writer)),
            stage(*say_synthesis(writer)),
        ),
        answer=Said(text=answer, findings=("label", *ids)),
        answer_data={"label": named, "scheme": scheme},
        prefix="Conclusion: ",
    )


def explain_grade(writer: Writer) -> Reply:
    """What the grade rests on, and what would change it."""
    severity = writer.findings.severity
    return Reply(
        question=writer.phrase("question/explain_grade"),
        stages=(
            stage(*say_perfusion(writer)),
            stage(*say_microaneurysms(writer)),
            stage(*say_new_vessels(writer)),
        ),
        summary=tuple(say_grade(writer)),
        answer=Said(text=format_answer(GradeAnswer(severity=severity)), findings=("severity",)),
        answer_data={"severity": severity},
    )


def _stages(writer: Writer) -> list[Stage]:
    """All that is seen, stage by stage."""
    return [
        stage(*say_fovea(writer), title="Fovea"),
        stage(*say_perfusion(writer), title="Perfusion"),
        stage(*say_microaneurysms(writer), title="Microaneurysms"),
        stage(*say_new_vessels(writer), *say_vessel_shape(writer), title="Vessels"),
        stage(*say_quality(writer), title="Image quality"),
    ]


def _conclusion(writer: Writer) -> Said:
    label = writer.findings.label
    return Said(text=conclusion_of(label), findings=("label",))


def conclusion_of(label: Label) -> str:
    """The last line of a description or a report."""
    return f"Conclusion: {label}."
