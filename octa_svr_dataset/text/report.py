"""Findings put into words: reasoning in stages, then the conclusion.

Templates see `words_of`, facts already measured, rounded and in words; which wording to use is chosen
here, before, by the text stream.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from octa_svr_dataset.config import TextConfig
from octa_svr_dataset.findings import DropoutFinding, Findings
from octa_svr_dataset.text.answers import ClassAnswer, format_last_line

QUESTION = "What do you see in this OCTA image?"
"""The question of the prior art's dataset (OCTA-100K-SVR); evaluation asks the same."""

NUM_WORDINGS = 3
"""Wordings of each stage in the templates."""

STAGES = ("fovea", "perfusion", "microaneurysms", "vessels")

LARGE_AREA_MM2 = 1.0
"""An area of dropout from this size on is called large: more than a tenth of a 3 mm field."""

SMALL_AREA_MM2 = 0.3
"""An area of dropout up to this size is called small: about that of a healthy foveal avascular zone."""

NUMERALS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a dialogue."""

    role: str
    """"user" or "assistant"."""

    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a question asks for, and its answer for machines."""

    task: str
    answer: str
    """JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """Questions and answers about one picture."""

    messages: tuple[Message, ...]
    tasks: tuple[Task, ...]


_TEMPLATES = SandboxedEnvironment(
    loader=PackageLoader("octa_svr_dataset", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,
)


def write_dialogue(findings: Findings, config: TextConfig, rng: np.random.Generator) -> Dialogue:
    """Ask what the picture shows, and answer from the findings alone.

    Parameters
    ----------
    findings
        What can be seen.
    config
        Settings of the text.
    rng
        Stream of the text.
    """
    wordings = {stage: int(rng.integers(NUM_WORDINGS)) for stage in STAGES}
    lines = []
    if config.form == "stages":
        words = words_of(findings)
        for stage in STAGES:
            text = _TEMPLATES.get_template(f"{stage}.j2").render(words, wording=wordings[stage])
            lines.append(f"{stage.capitalize()}: {' '.join(text.split())}")
    lines.append(format_last_line(ClassAnswer(label=findings.label)))
    return Dialogue(
        messages=(
            Message(role="user", content=QUESTION),
            Message(role="assistant", content="\n".join(lines)),
        ),
        tasks=(Task(task="describe", answer=json.dumps({"label": findings.label})),),
    )


def words_of(findings: Findings) -> dict[str, Any]:
    """Facts as the templates see them: rounded, in words' units."""
    dots = findings.visible_microaneurysms
    directions = [dot.direction for dot in dots]
    return {
        "faz": {
            "is_visible": findings.faz.is_visible,
            "is_delimited": findings.faz.is_delimited,
            "area_mm2": f"{findings.faz.area_mm2:.2f}",
            "place": _place_in_picture(findings.faz.displacement),
            "borders_dropout": findings.faz.borders_dropout,
        },
        "dropouts": [_words_of_dropout(dropout) for dropout in findings.visible_dropouts],
        "num_dropouts": _numeral(len(findings.visible_dropouts)),
        "diffuse_loss": findings.diffuse_loss.degree if findings.diffuse_loss.is_visible else "",
        "num_microaneurysms": _numeral(len(dots)),
        "is_one_microaneurysm": len(dots) == 1,
        "main_direction": _most_common(directions),
        "irma": [_as_place(shunt.direction) for shunt in findings.visible_irma],
        "num_irma": _numeral(len(findings.visible_irma)),
        "tufts": [_as_place(tuft.direction) for tuft in findings.visible_neovascularization],
        "num_tufts": _numeral(len(findings.visible_neovascularization)),
    }


def _words_of_dropout(dropout: DropoutFinding) -> dict[str, str]:
    size = "medium-sized"
    if dropout.area_mm2 >= LARGE_AREA_MM2:
        size = "large"
    elif dropout.area_mm2 <= SMALL_AREA_MM2:
        size = "small"
    return {"size": size, "area_mm2": f"{dropout.area_mm2:.2f}", "direction": _as_place(dropout.direction)}


def _place_in_picture(displacement: str) -> str:
    if displacement == "centered":
        return "at the center of the picture"
    return f"{_as_place(displacement)} the center of the picture"


def _as_place(direction: str) -> str:
    """A direction as it is said: "above", "to the upper left of"."""
    return {"upper": "above", "lower": "below"}.get(direction, f"to the {direction} of")


def _numeral(count: int) -> str:
    return NUMERALS[count] if count < len(NUMERALS) else str(count)


def _most_common(directions: list[str]) -> str:
    """Where most of the dots lie, if more than half of at least three lie in one direction; else empty."""
    for direction in sorted(set(directions)):
        if len(directions) >= 3 and 2 * directions.count(direction) > len(directions):
            return _as_place(direction)
    return ""
