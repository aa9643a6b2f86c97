"""Yes or no: the answer is drawn first, then the question is worded so that it has this answer.

What is asked about is drawn whatever the picture shows, so no question is asked more of one class than of another.
"""

from octa_svr_dataset.geometry import DIRECTIONS
from octa_svr_dataset.text.answers import YesNoAnswer
from octa_svr_dataset.text.evidence import say_evidence
from octa_svr_dataset.text.lesions import say_microaneurysms
from octa_svr_dataset.text.perfusion import say_diffuse_loss, say_dropout_at
from octa_svr_dataset.text.reply import Reply, stage
from octa_svr_dataset.text.surroundings import say_border, say_quality_and_flaws
from octa_svr_dataset.text.synthesis import say_synthesis
from octa_svr_dataset.text.tasks.objects import KINDS, ids_of
from octa_svr_dataset.text.words import as_place, numeral
from octa_svr_dataset.text.writer import Said, Writer

TOPICS = (*KINDS, "diffuse_loss", "dropout_side", "number", "border", "disease", "quality")
"""What may be asked about."""

MOST_ASKED = 5
"""Questions for "more than n" go up to this n."""


def yes_no(writer: Writer, topic: str) -> Reply:
    """Whether something is so."""
    is_yes = bool(writer.draw(2))
    words, is_so, said, ids = _proposition(writer, topic)
    question = f"question/yes_no_{'present' if topic in KINDS else topic}{'' if is_so == is_yes else '_not'}"
    return Reply(
        question=writer.phrase(question, **words),
        stages=(stage(*said),),
        answer=YesNoAnswer(is_yes=is_yes),
        answer_data={"answer": "yes" if is_yes else "no"},
        rests_on=ids,
        is_answer_first=True,
    )


def _proposition(writer: Writer, topic: str) -> tuple[dict[str, object], bool, list[Said], tuple[str, ...]]:
    """Words of the question, whether it is so, the reasons, and what it rests on."""
    findings = writer.findings
    if topic in KINDS:
        asked = KINDS[topic]
        instances = asked.visible(findings)
        named = {"kind": asked.one, "kinds": asked.several}
        return {**named}, bool(instances), asked.say(writer), ids_of(topic, instances)
    if topic == "dropout_side":
        direction = DIRECTIONS[writer.draw(len(DIRECTIONS))]
        there = tuple(area for area in findings.visible_dropouts if area.direction == direction)
        return (
            {"place": as_place(direction)},
            bool(there),
            [say_dropout_at(writer, direction)],
            ids_of("dropout", there),
        )
    if topic == "number":
        most = 1 + writer.draw(MOST_ASKED)
        dots = findings.visible_microaneurysms
        words = {"number": numeral(most), "is_one": most == 1}
        return words, len(dots) > most, say_microaneurysms(writer), ids_of("microaneurysm", dots)
    if topic == "border":
        is_whole = findings.faz.is_visible and findings.faz.is_delimited and not findings.faz.borders_dropout
        said = say_border(writer)
        return {}, is_whole, said, said[0].findings
    if topic == "diffuse_loss":
        return {}, findings.diffuse_loss.is_visible, [say_diffuse_loss(writer)], ("diffuse_loss",)
    if topic == "disease":
        return {}, findings.label.is_diseased, [*say_evidence(writer), *say_synthesis(writer)], ("label",)
    return {}, findings.quality.grade == "good", say_quality_and_flaws(writer), ("quality",)
