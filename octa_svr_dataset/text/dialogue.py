"""Findings put into words: a dialogue about one picture."""

import json
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from octa_svr_dataset.config import TextConfig
from octa_svr_dataset.findings import Findings
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.setting_types import Settings
from octa_svr_dataset.text.composition import Sentence, compose
from octa_svr_dataset.text.reply import Reply
from octa_svr_dataset.text.tasks import NEEDS_EYE, TASKS, WHOLE
from octa_svr_dataset.text.wordings import load_wordings
from octa_svr_dataset.text.words import EYES
from octa_svr_dataset.text.writer import Writer

LONG = ("report", "explain_grade")
"""Tasks whose answer cannot be given without reasons."""

OPEN = ("describe", *LONG)
"""Tasks whose question asks for all that is to be said."""

QUESTION = "What do you see in this OCTA image?"
"""The question of the prior art's dataset (OCTA-100K-SVR); evaluation asks the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One side of a turn."""

    role: str
    """"user" or "assistant"."""

    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a question asks for, and its answer for machines."""

    task: str

    answer: str
    """JSON."""

    sentences: tuple[Sentence, ...]
    """Every sentence of the answer, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """Questions and answers about one picture."""

    messages: tuple[Message, ...]
    tasks: tuple[Task, ...]


def write_dialogue(
    findings: Findings, fov: FieldOfView, laterality: str, config: TextConfig, rng: np.random.Generator
) -> Dialogue:
    """Ask about a picture and answer from the findings alone.

    What is asked, in which form and in which words, does not depend on the findings.

    Parameters
    ----------
    findings
        What can be seen.
    fov
        Size of the picture.
    laterality
        "od" or "os"; spoken of only where a question says it.
    config
        Settings of the text.
    rng
        Stream of the text.
    """
    wordings = load_wordings(tuple(sorted(config.wordings.items())))
    writer = Writer(findings=findings, fov=fov, laterality=laterality, wordings=wordings, rng=rng)
    names_eye = rng.random() < config.eye_named
    messages, tasks = [], []
    for number, (task, topic) in enumerate(_questions(config, writer)):
        is_prior_art = number == 0 and config.opening == "prior_art"
        is_naming = not (is_prior_art or writer.names_eye) and (names_eye or (task, topic) in NEEDS_EYE)
        writer = replace(writer, names_eye=writer.names_eye or is_naming)
        reply = TASKS[task][1](writer, topic)
        form = _drawn(config.forms, writer) if config.form == "mixed" else config.form
        form = "prose" if task in LONG and form == "answer_only" else form
        asked = [_eye(writer)] if is_naming else []
        asked += _asked(task, form, reply, writer)
        separator = "\n" if "\n" in reply.question else " "
        question = QUESTION if is_prior_art else separator.join(asked)
        answer, sentences = compose(reply, form)
        messages += [Message(role="user", content=question), Message(role="assistant", content=answer)]
        tasks.append(Task(task=task, answer=json.dumps(reply.answer_data), sentences=sentences))
    return Dialogue(messages=tuple(messages), tasks=tuple(tasks))


def _questions(config: TextConfig, writer: Writer) -> list[tuple[str, str]]:
    """Tasks and what they ask for: as many as the settings say, none twice, as far as there are others."""
    fewest, most = config.turns
    asked = [("describe", WHOLE[0])] if config.opening == "prior_art" else []
    for _ in range(fewest + writer.draw(most - fewest + 1) - len(asked)):
        left = {task: [topic for topic in topics if (task, topic) not in asked] for task, (topics, _) in TASKS.items()}
        task = _drawn(config.tasks, writer, among=[task for task, topics in left.items() if topics])
        if not task:
            break
        asked.append((task, left[task][writer.draw(len(left[task]))]))
    return asked


def _drawn(weights: Settings, writer: Writer, among: list[str] | None = None) -> str:
    """Name of one of the weights, drawn by them; empty where none of those that are left has any."""
    names = [name for name, weight in weights if weight > 0 and (among is None or name in among)]
    limits = list(accumulate(getattr(weights, name) for name in names))
    number = writer.rng.random()
    return names[bisect_right(limits, number * limits[-1])] if names else ""


def _eye(writer: Writer) -> str:
    """Which eye it is."""
    return writer.phrase("question/eye", eye=EYES[writer.laterality])


def _asked(task: str, form: str, reply: Reply, writer: Writer) -> list[str]:
    """The question, and what is said of the form: always that the answer alone is wanted, else half of the time."""
    if form == "answer_only" and task == "describe":
        return [writer.phrase("question/conclude")]
    if form == "answer_only":
        return [reply.question, writer.phrase("question/form_answer_only")]
    if writer.draw(2) or (form != "think" and task in OPEN):
        return [reply.question]
    return [reply.question, writer.phrase(f"question/form_{'think' if form == 'think' else 'prose'}")]
