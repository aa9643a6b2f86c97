"""A reply put in a form: one text, and where each of its sentences stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octa_svr_dataset.text.answers import format_answer, format_last_line
from octa_svr_dataset.text.reply import Reply, Stage
from octa_svr_dataset.text.writer import Said

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of an answer and what it rests on."""

    start: int
    """Position of its first character in the message."""

    end: int
    """Position after its last character."""

    findings: tuple[str, ...]
    """Names of findings: "faz", "dropout/2"; an absence is linked to the kind, "dropout"."""


def compose(reply: Reply, form: str) -> tuple[str, tuple[Sentence, ...]]:
    """Text of an answer and its sentences.

    Parameters
    ----------
    reply
        Reasoning and answer.
    form
        "think", "prose", "stages" or "answer_only", as in `octa_svr_dataset.config.TextConfig`.
    """
    return _joined(_parts(reply, form))


def _parts(reply: Reply, form: str) -> list[Said | str]:
    """Sentences, and what stands between them where that is no space."""
    alone = Said(text=format_answer(reply.answer), findings=reply.rests_on)
    line = Said(text=format_last_line(reply.answer), findings=reply.rests_on)
    if reply.has_headings:
        body = [*_headed(reply.stages, "## {}\n", "\n\n"), "\n", line]
        return ["<think>\n", *_headed(reply.thoughts, "", "\n"), "\n</think>\n\n", *body] if form == "think" else body
    if form == "answer_only":
        return [line if reply.is_line else alone]
    stages = [stage for stage in reply.stages if stage.said]
    end = [*reply.summary, "\n", line] if reply.summary else [line if reply.is_line else alone]
    if form == "think":
        return ["<think>\n", *_headed(stages, "", "\n"), "\n</think>\n\n", *end]
    if reply.is_answer_first:
        return [alone, *_headed(stages, "", "")]
    if form == "stages" and all(stage.title for stage in stages):
        return [*_headed(stages, "{}: ", "\n"), "\nSynthesis: ", *reply.summary, "\n", line]
    return [*_headed(stages, "", ""), *reply.summary, "\n", line]


def _headed(stages: Sequence[Stage], title: str, between: str) -> list[Said | str]:
    """What stages say, each after its title."""
    parts: list[Said | str] = []
    for number, stage in enumerate(stages):
        parts += [between * (number > 0) + title.format(stage.title), *stage.said]
    return parts


def _joined(parts: list[Said | str]) -> tuple[str, tuple[Sentence, ...]]:
    text, sentences = "", []
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        for sentence in _SENTENCE_END.split(part.text):
            text += " " * bool(text and not text[-1].isspace())
            start = len(text)
            text += sentence
            sentences.append(Sentence(start=start, end=len(text), findings=part.findings))
    return text, tuple(sentences)
