"""Multiple choice: the options of a topic are always the same, in an order that is drawn."""

from octa_svr_dataset.findings import Findings
from octa_svr_dataset.text.answers import ChoiceAnswer
from octa_svr_dataset.text.evidence import say_evidence
from octa_svr_dataset.text.lesions import say_irma, say_neovascularization
from octa_svr_dataset.text.perfusion import say_diffuse_loss, say_dropout
from octa_svr_dataset.text.reply import Reply, stage
from octa_svr_dataset.text.surroundings import say_border, say_quality_and_flaws
from octa_svr_dataset.text.synthesis import grounds, say_synthesis
from octa_svr_dataset.text.tasks.objects import KINDS, ids_of
from octa_svr_dataset.text.writer import Said, Writer

OPTIONS = {
    "class": (
        "Healthy retina",
        "Non-proliferative diabetic retinopathy",
        "Proliferative diabetic retinopathy",
    ),
    "severity": (
        "No diabetic retinopathy",
        "Mild non-proliferative diabetic retinopathy",
        "Moderate non-proliferative diabetic retinopathy",
        "Severe non-proliferative diabetic retinopathy",
        "Proliferative diabetic retinopathy",
    ),
    "dropout_number": ("No area", "One area", "Two or three areas", "Four areas or more"),
    "microaneurysm_number": ("None", "One or two", "Three to five", "Six or more"),
    "diffuse_loss": ("None", "Mild", "Moderate", "Marked"),
    "gravest": (
        "Neovascularization",
        "Intraretinal microvascular abnormalities",
        "Capillary dropout without new vessels or shunts",
        "None of these",
    ),
    "border": (
        "The border can be followed all the way round",
        "The border is open where dropout adjoins it",
        "No delimited avascular zone can be made out",
    ),
    "quality": ("Good", "Fair", "Poor"),
}
"""Options of each topic, from the least to the most or as it is natural."""


def multiple_choice(writer: Writer, topic: str) -> Reply:
    """Which option is true."""
    options = OPTIONS[topic]
    right = options[_place_of_right(writer.findings, topic)]
    lettered = dict(zip("ABCDE", writer.shuffled(options), strict=False))
    letter = next(letter for letter, option in lettered.items() if option == right)
    said, ids = _reasons(writer, topic)
    listing = "\n".join(f"{letter}) {option}" for letter, option in lettered.items())
    return Reply(
        question=f"{writer.phrase(f'question/choice_{topic}')}\n{listing}",
        stages=(stage(*said),),
        answer=ChoiceAnswer(letter=letter),
        answer_data={"choice": letter, "options": lettered},
        rests_on=ids,
    )


def _place_of_right(findings: Findings, topic: str) -> int:
    """Place of the true option."""
    if topic == "class":
        return 0 if findings.severity == 0 else 1 + (findings.severity == 4)
    if topic == "severity":
        return findings.severity
    if topic == "dropout_number":
        return _bin(len(findings.visible_dropouts), (0, 1, 3))
    if topic == "microaneurysm_number":
        return _bin(len(findings.visible_microaneurysms), (0, 2, 5))
    if topic == "diffuse_loss":
        degrees = ("mild", "moderate", "marked")
        return 1 + degrees.index(findings.diffuse_loss.degree) if findings.diffuse_loss.is_visible else 0
    if topic == "gravest":
        kinds = ("neovascularization", "irma", "dropout")
        return next((place for place, kind in enumerate(kinds) if kind in grounds(findings)), len(kinds))
    if topic == "border":
        faz = findings.faz
        return 2 if not (faz.is_visible and faz.is_delimited) else int(faz.borders_dropout)
    return ("good", "fair", "poor").index(findings.quality.grade)


def _bin(count: int, most: tuple[int, ...]) -> int:
    """Number of limits that a count exceeds."""
    return sum(count > limit for limit in most)


def _reasons(writer: Writer, topic: str) -> tuple[list[Said], tuple[str, ...]]:
    """What the choice rests on: sentences, and names of findings."""
    if topic in ("class", "severity"):
        return [*say_evidence(writer), *say_synthesis(writer)], ("severity", *grounds(writer.findings))
    if topic in ("dropout_number", "microaneurysm_number"):
        kind = topic.removesuffix("_number")
        return KINDS[kind].say(writer), ids_of(kind, KINDS[kind].visible(writer.findings))
    if topic == "diffuse_loss":
        return [say_diffuse_loss(writer)], ("diffuse_loss",)
    if topic == "gravest":
        said = [say_neovascularization(writer), say_irma(writer), say_dropout(writer)[0]]
        return said, ("neovascularization", "irma", "dropout")
    if topic == "border":
        border = say_border(writer)
        return border, border[0].findings
    return say_quality_and_flaws(writer), ("quality",)
