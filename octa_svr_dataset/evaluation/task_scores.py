"""How well a model answers the questions of rows that it has not seen: every task, scored by generation.

Knows nothing of models: what answers is a function. Every question is asked alone, as the first of a dialogue; where
an earlier question of its row says which eye it is, so does this one.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from PIL import Image

from octa_svr_dataset.evaluation.intervals import mean_interval, share_interval
from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import Score, Truth, Verdict, read_output, read_truth, score
from octa_svr_dataset.text.answers import THREE, ClassAnswer
from octa_svr_dataset.text.dialogue import QUESTION
from octa_svr_dataset.text.words import EYES

Generate = Callable[[Sequence[Image.Image], Sequence[str]], Sequence[str]]
"""Gives the outputs to one question about each of some pictures, in their order."""

CLASSES = tuple(Label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question about one picture, with its truth."""

    row: str
    """Id of the row."""

    image: Image.Image
    text: str
    task: str
    answer: str
    """JSON of the column `tasks`."""

    label: Label
    severity: int

    @property
    def truth(self) -> Truth:
        """The right answer."""
        return read_truth(self.task, self.answer)

    @property
    def is_of_class(self) -> bool:
        """Whether its answer is one of the three classes."""
        answer = self.truth.answer
        return isinstance(answer, ClassAnswer) and answer.scheme == THREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question, what a model said, and how right that is."""

    question: Question
    output: str
    score: Score

    @property
    def verdict(self) -> Verdict:
        """The class that the output concludes."""
        return read_output(self.output)

    def as_record(self) -> dict[str, Any]:
        """One line of JSON."""
        return {
            "id": self.question.row,
            "task": self.question.task,
            "question": self.question.text,
            "answer": json.loads(self.question.answer),
            "output": self.output,
            "value": self.score.value,
            "kind": self.score.kind,
            "problem": self.score.problem,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share, or a mean of values from 0 to 1, of some questions, with its 95 % interval."""

    value: float
    low: float
    high: float
    number: int

    @classmethod
    def of(cls, values: Sequence[float], num_pictures: int) -> "Share":
        """Mean of the values of questions on so many pictures; the interval (Wilson 1927) is rather too wide."""
        mean = sum(values) / len(values)
        low, high = share_interval(mean, num_pictures)
        return cls(value=mean, low=low, high=high, number=len(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScore:
    """All questions of one task."""

    value: Share
    """Mean value of `scoring.score`."""

    exact: float
    """Share of answers that are right."""

    unparsable: float
    """Share of outputs that give no answer; they count as wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancedAccuracy:
    """Mean of the recalls of all classes, an unparsable output being wrong."""

    recalls: dict[str, Share]
    """By true class; classes of which there is no picture are absent."""

    value: float | None
    """Absent where a class has no picture."""

    low: float | None
    high: float | None
    """Ends of its 95 % interval (Zou and Donner 2008)."""

    @classmethod
    def of(cls, classes: Sequence[str], truths: Sequence[str], is_right: Sequence[bool]) -> "BalancedAccuracy":
        """From the true class of each picture and whether it was told."""
        recalls = {}
        for name in classes:
            hits = [right for truth, right in zip(truths, is_right, strict=True) if truth == name]
            if hits:
                recalls[name] = Share.of(hits, len(hits))
        if len(recalls) < len(classes):
            return cls(recalls=recalls, value=None, low=None, high=None)
        shares = list(recalls.values())
        low, high = mean_interval([share.value for share in shares], [(share.low, share.high) for share in shares])
        value = sum(share.value for share in shares) / len(shares)
        return cls(recalls=recalls, value=value, low=max(low, 0.0), high=min(high, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScores:
    """What a validation by generation finds."""

    num_pictures: int
    num_questions: int
    unparsable: float
    """Share of all outputs that give no answer."""

    tasks: dict[str, TaskScore]
    """By task; those of `locate` also by what is looked for, as in `locate foveal avascular zone`."""

    binary: BalancedAccuracy
    """Healthy against diabetic, from the first answer about each picture that gives a class."""

    three_class: BalancedAccuracy
    """Healthy, npdr, pdr, likewise."""

    called_diseased: dict[str, Share]
    """Share of the pictures that are called diabetic, by true severity, "0" to "4"."""

    def as_record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def questions_of_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Question]:
    """All questions of some rows, in order; see `questions_of`."""
    for row in rows:
        yield from questions_of(row)


def questions_of(row: Mapping[str, Any]) -> list[Question]:
    """Questions of a row, and that of the zero-shot evaluation where none of them asks for one of the three classes.

    Parameters
    ----------
    row
        With the columns `id`, `image`, `messages`, `tasks`, `label`, `severity` and `laterality`.
    """
    label = row["label"]
    label = CLASSES[label] if isinstance(label, int) else Label(label)
    common = {"row": row["id"], "image": row["image"], "label": label, "severity": int(row["severity"])}
    asked = [message["content"] for message in row["messages"] if message["role"] == "user"]
    eye = EYES[row["laterality"]]
    questions = []
    for number, (text, task) in enumerate(zip(asked, row["tasks"], strict=True)):
        is_named_before = eye not in text and any(eye in earlier for earlier in asked[:number])
        text = f"This is a {eye}. {text}" if is_named_before else text
        questions.append(Question(text=text, task=task["task"], answer=task["answer"], **common))
    if not any(question.is_of_class for question in questions):
        answer = json.dumps({"label": str(label)})
        questions.append(Question(text=QUESTION, task="describe", answer=answer, **common))
    return questions


def ask(questions: Iterable[Question], generate: Generate, *, batch_size: int) -> list[Answered]:
    """Ask questions, so many at a time, and score the answers."""
    unasked = iter(questions)
    answered = []
    while batch := list(islice(unasked, batch_size)):
        outputs = generate([question.image for question in batch], [question.text for question in batch])
        for question, output in zip(batch, outputs, strict=True):
            right = score(question.task, question.answer, output)
            answered.append(Answered(question=question, output=output, score=right))
    return answered


def task_scores(answered: Sequence[Answered]) -> TaskScores:
    """Figures of the answers to all questions of at least one row."""
    by_task: dict[str, list[Answered]] = defaultdict(list)
    first_class: dict[str, Answered] = {}
    for entry in answered:
        by_task[entry.question.task].append(entry)
        if entry.question.task == "locate":
            by_task[f"locate {entry.question.truth.kind}"].append(entry)
        if entry.question.is_of_class:
            first_class.setdefault(entry.question.row, entry)
    judged = list(first_class.values())
    verdicts = [entry.verdict for entry in judged]
    labels = [entry.question.label for entry in judged]
    is_diseased = [verdict.is_diseased for verdict in verdicts]
    severities = [str(entry.question.severity) for entry in judged]
    called = [said is True for said in is_diseased]
    return TaskScores(
        num_pictures=len(judged),
        num_questions=len(answered),
        unparsable=_share_unparsable(answered),
        tasks={name: _task_score(by_task[name]) for name in sorted(by_task)},
        binary=BalancedAccuracy.of(
            ("healthy", "diabetic"),
            ["diabetic" if label.is_diseased else "healthy" for label in labels],
            [said == label.is_diseased for said, label in zip(is_diseased, labels, strict=True)],
        ),
        three_class=BalancedAccuracy.of(
            CLASSES, labels, [verdict.is_right(label) for verdict, label in zip(verdicts, labels, strict=True)]
        ),
        called_diseased=BalancedAccuracy.of(sorted(set(severities)), severities, called).recalls,
    )


def _task_score(answered: Sequence[Answered]) -> TaskScore:
    num_pictures = len({entry.question.row for entry in answered})
    return TaskScore(
        value=Share.of([entry.score.value for entry in answered], num_pictures),
        exact=sum(entry.score.kind == "exact" for entry in answered) / len(answered),
        unparsable=_share_unparsable(answered),
    )


def _share_unparsable(answered: Sequence[Answered]) -> float:
    return sum(entry.score.kind == "unparsable" for entry in answered) / len(answered)
