"""What is asked of every picture, in the same words: one question to be scored, one that yields probabilities.

The question in free words is answered greedily, once, and read by the one grammar. Beside it, the model is asked for
the class alone, and how likely it finds each class's answer is read off without generating anything.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import ClassAnswer, format_answer, format_last_line
from octa_svr_dataset.text.answers.output import CLOSES
from octa_svr_dataset.text.dialogue import QUESTION

CLASS_QUESTION = "Classify this OCTA image as healthy, NPDR or PDR. Give only the answer, without an explanation."
"""Wording of the training texts for the class alone (`templates/question/classify_three.j2` and
`form_answer_only.j2`)."""

CLASS_ANSWERS = tuple(format_answer(ClassAnswer(label=label)) for label in Label)
"""Canonical answer of each class; none begins with another."""

CONCLUSION = "Conclusion:"
"""What the last line of the training texts begins with; what a model says before it are its reasons."""

CONCLUSION_ANSWERS = tuple(format_last_line(ClassAnswer(label=label)).removeprefix(CONCLUSION) for label in Label)
"""How that line goes on for each class; none begins with another."""

DECODING = "greedy, one output a picture, no second try"

FULL_ANSWER, FIRST_TOKEN = "full answer", "first token"
"""What label likelihoods are of: every token of the canonical answers; the first one, where a server tells no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How the outputs came about: all that must be alike for two outputs to belong to one run."""

    model: str
    """Name, as given."""

    model_fingerprint: str
    """Tells weights apart that were saved under the same name; empty where a server has them."""

    endpoint: str | None
    """Address of the server; absent where the model runs here."""

    real_dir: str
    """Folder of the pictures."""

    track: str | None
    """Width of field that was taken of a folder with several."""

    limit: int | None
    """Only so many pictures of it, spread over it; all where absent."""

    max_new_tokens: int

    dtype: str
    """Type of the weights as asked for; "auto" where the device, or a server, decides."""

    preprocessing: Mapping[str, Any]
    question: str = QUESTION
    class_question: str = CLASS_QUESTION
    class_answers: tuple[str, ...] = CLASS_ANSWERS
    conclusion_answers: tuple[str, ...] = CONCLUSION_ANSWERS
    decoding: str = DECODING

    def as_record(self) -> dict[str, Any]:
        """Every setting by its name, as JSON holds it."""
        settings = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lists = {name: list(getattr(self, name)) for name in ("class_answers", "conclusion_answers")}
        return settings | lists | {"label_likelihood": self.likelihood}

    @property
    def likelihood(self) -> str:
        """What label likelihoods are of."""
        return FULL_ANSWER if self.endpoint is None else FIRST_TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a model says of one picture."""

    output: str
    """To the question in free words."""

    class_log_probabilities: tuple[float, ...] | None
    """Of the class answers, to the other question; absent where a server does not tell."""

    conclusion_log_probabilities: tuple[float, ...] | None = None
    """Of each class as the conclusion of its own output, after all that it says before; absent where it concludes
    nothing, or a server has the model."""

    @property
    def disease_probability(self) -> float | None:
        """Of NPDR or PDR, given that the reply is one of the three classes."""
        return _disease_share(self.class_log_probabilities)

    @property
    def concluded_probability(self) -> float | None:
        """Of NPDR or PDR, given its own reasons and that it concludes one of the three classes."""
        return _disease_share(self.conclusion_log_probabilities)

    @property
    def label_mass(self) -> float | None:
        """Probability that the reply is one of the three at all; absent where their shares are."""
        if self.disease_probability is None or self.class_log_probabilities is None:
            return None
        return math.fsum(map(math.exp, self.class_log_probabilities))


def reasons(output: str) -> str | None:
    """An output up to where it concludes a class, that word included; absent where it does not conclude."""
    before, mark, conclusion = output.rpartition(CONCLUSION)
    return before + mark if mark and conclusion.strip() and CLOSES not in conclusion else None


def _disease_share(logs: Sequence[float] | None) -> float | None:
    """Absent, too, where a model computes what is no number, as in a type of weights that is too narrow."""
    if logs is None or any(map(math.isnan, logs)) or math.isinf(max(logs)):
        return None
    shares = np.exp(np.array(logs) - max(logs))
    return float(1.0 - shares[0] / shares.sum())
