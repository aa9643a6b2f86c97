"""How often a reader is right: one value a class, balanced over the classes, with its uncertainty.

An unparsable output is wrong; "diabetic retinopathy" alone is no class, but counts in the binary question. Analytic
intervals take pictures of one patient to be judged alike. Where the pictures do not allow a metric, it is absent and a
reason says why.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.metrics import confusion_matrix

from octa_svr_dataset.evaluation.bootstrap import Resamples, percentile_interval
from octa_svr_dataset.evaluation.folder import FolderImage
from octa_svr_dataset.evaluation.intervals import mean_interval, share_interval
from octa_svr_dataset.evaluation.patients import independent_number
from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import Verdict

UNPARSABLE = "unparsable"
"""Column of the outputs from which not even healthy or diseased can be read."""

NO_CLASS = "no class"
"""Column of the outputs that tell none of three classes: the unparsable ones, and diabetic retinopathy of no stage."""

BINARY_CLASSES = ("healthy", "diabetic")
"""Classes of the primary question."""

DISEASED = BINARY_CLASSES[1]
"""Answer that there is diabetic retinopathy, of a kind not told: one to the primary question, none of three classes."""

THREE_CLASSES = tuple(str(label) for label in Label)

BOOTSTRAP = "cluster bootstrap"
ANALYTIC = "analytic"
CONSTANT_REASON = "the same answer to every picture has this value in any folder"
CONSTANT = f"none: {CONSTANT_REASON}"
"""How intervals came about. Recalls of a constant answer are 1 and 0 by its very nature; what its reader would say of
other pictures, a folder in which it says one thing cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A picture, what a model said of it, and how that reads."""

    image: FolderImage
    output: str
    verdict: Verdict

    @property
    def is_right(self) -> bool | None:
        """Whether healthy and diseased are told apart rightly; absent without truth."""
        if self.image.truth is None:
            return None
        return self.verdict.is_diseased == self.image.truth.is_diseased

    @property
    def is_class_right(self) -> bool | None:
        """Whether the class is the true one; absent where the class is not known."""
        if self.image.truth is None or self.image.truth.label is None:
            return None
        return self.verdict.is_right(self.image.truth.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgments:
    """What a reader says of N pictures whose class, of K, is known."""

    classes: tuple[str, ...]
    """Names of the K classes."""

    truths: np.ndarray
    """(N,) int64. Number of the class."""

    predictions: np.ndarray
    """(N,) int64. Number of the class that the reader says; K where that cannot be read."""

    patients: tuple[str | None, ...]
    """(N,) Whose pictures they are."""

    @classmethod
    def binary(cls, scored: Sequence[Scored]) -> Self:
        """Healthy against diabetic retinopathy of any kind, of the pictures of which that is known."""
        known = [entry for entry in scored if entry.image.truth is not None]
        return cls(
            classes=BINARY_CLASSES,
            truths=np.array([entry.image.truth.is_diseased for entry in known if entry.image.truth], dtype=np.int64),
            predictions=np.array([_number(entry.verdict.is_diseased) for entry in known], dtype=np.int64),
            patients=tuple(entry.image.patient for entry in known),
        )

    @classmethod
    def three_class(cls, scored: Sequence[Scored]) -> Self:
        """Healthy, npdr, pdr, of the pictures whose class is known."""
        known = [(entry, entry.image.truth.label) for entry in scored if entry.image.truth and entry.image.truth.label]
        names = [entry.verdict.predicted or NO_CLASS for entry, _ in known]
        return cls(
            classes=THREE_CLASSES,
            truths=np.array([THREE_CLASSES.index(label) for _, label in known], dtype=np.int64),
            predictions=np.array([(*THREE_CLASSES, NO_CLASS).index(name) for name in names], dtype=np.int64),
            patients=tuple(entry.image.patient for entry, _ in known),
        )

    @property
    def is_right(self) -> np.ndarray:
        """(N,) bool."""
        return np.asarray(self.truths == self.predictions)

    @property
    def is_constant(self) -> bool:
        """Whether the reader gives the same answer to every picture."""
        return len(np.unique(self.predictions)) == 1

    @property
    def missing(self) -> list[str]:
        """Classes of which there is no picture."""
        return [name for number, name in enumerate(self.classes) if not (self.truths == number).any()]

    @property
    def reason(self) -> str:
        """Why there is no balanced accuracy; empty where there is."""
        return f"no picture with a label is of the class {' or '.join(self.missing)}" if self.missing else ""

    def resamples(self, rng: np.random.Generator) -> Resamples:
        """Bootstrap samples of these pictures."""
        return Resamples.draw(self.truths, self.patients, rng)

    def independent(self, number: int) -> float:
        """How many independent pictures tell as much as those of a class."""
        return independent_number(
            patient for patient, truth in zip(self.patients, self.truths, strict=True) if truth == number
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Share of the pictures of a class that are recognized."""

    recognized: int
    total: int
    low: float
    high: float
    """Ends of its 95 % interval (Wilson 1927), for as many pictures as are independent."""

    @property
    def value(self) -> float:
        """The share."""
        return self.recognized / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMetrics:
    """How well the classes of a question are told apart."""

    classes: tuple[str, ...]
    """Names of the K classes of the question."""

    confusion: np.ndarray
    """(K, K + 1) int64. Pictures by true class (row) and predicted class (column); see `unread` for the last."""

    recalls: dict[str, Recall]
    """By class, for those that occur."""

    precisions: dict[str, float]
    """Share of the pictures said to be of a class that are, by class, for those that are said."""

    balanced_accuracy: float | None
    """Mean of the recalls; absent unless every class of the question occurs."""

    interval: tuple[float, float] | None
    """95 % interval of the balanced accuracy; absent where that is, and of a constant answer."""

    interval_method: str | None
    """`CONSTANT`, `BOOTSTRAP`, or `ANALYTIC` (Zou and Donner 2008) where there are no samples, few patients, or a class
    of which all or no pictures are recognized, whose recall would not vary between samples."""

    reason: str
    """Why the balanced accuracy is undefined; empty where it is not."""

    @property
    def unread(self) -> str:
        """Name of the last column: outputs that answer the question with none of its classes."""
        return UNPARSABLE if self.classes == BINARY_CLASSES else NO_CLASS

    @classmethod
    def of(cls, judged: Judgments, resamples: Resamples | None = None, *, reason_without_truth: str) -> Self:
        """Measure what a reader says, with intervals over bootstrap samples of the same pictures where there are."""
        confusion = np.zeros((len(judged.classes), len(judged.classes) + 1), np.int64)
        if len(judged.truths):
            labels = range(len(judged.classes) + 1)
            confusion = confusion_matrix(judged.truths, judged.predictions, labels=labels)[:-1]
        recalls = {
            name: _recall(int(row[number]), int(row.sum()), judged.independent(number))
            for number, (name, row) in enumerate(zip(judged.classes, confusion, strict=True))
            if row.sum()
        }
        said = confusion.sum(axis=0)
        shares = [recall.value for recall in recalls.values()]
        interval, method = (None, None) if judged.missing else _interval(judged, recalls, resamples)
        return cls(
            classes=judged.classes,
            confusion=confusion,
            recalls=recalls,
            precisions={
                name: float(confusion[number, number] / said[number])
                for number, name in enumerate(judged.classes)
                if said[number]
            },
            balanced_accuracy=None if judged.missing else float(np.mean(shares)),
            interval=interval,
            interval_method=method,
            reason=judged.reason if len(judged.truths) else reason_without_truth,
        )


def binary_metrics(scored: Sequence[Scored], resamples: Resamples | None = None) -> ClassMetrics:
    """Healthy against diabetic retinopathy of any kind: the primary question."""
    return ClassMetrics.of(Judgments.binary(scored), resamples, reason_without_truth="the folder has no labels")


def three_class_metrics(scored: Sequence[Scored], resamples: Resamples | None = None) -> ClassMetrics:
    """Healthy, npdr, pdr; over the pictures whose class is known."""
    reason = "no picture has a class that is known"
    return ClassMetrics.of(Judgments.three_class(scored), resamples, reason_without_truth=reason)


def answer_counts(scored: Sequence[Scored]) -> dict[str, int]:
    """How often each class was answered, disease of a kind not told, and how often not even that could be read."""
    counts = Counter(said(entry.verdict) for entry in scored)
    return {answer: counts[answer] for answer in (*THREE_CLASSES, DISEASED, UNPARSABLE)}


def said(verdict: Verdict) -> str:
    """What an output says, in one word."""
    return verdict.predicted or (DISEASED if verdict.is_diseased else UNPARSABLE)


def _number(is_diseased: bool | None) -> int:
    return len(BINARY_CLASSES) if is_diseased is None else int(is_diseased)


def _recall(recognized: int, total: int, independent: float) -> Recall:
    low, high = share_interval(recognized / total, independent)
    return Recall(recognized=recognized, total=total, low=low, high=high)


def _interval(
    judged: Judgments, recalls: dict[str, Recall], resamples: Resamples | None
) -> tuple[tuple[float, float] | None, str]:
    if judged.is_constant:
        return None, CONSTANT
    shares = [recall.value for recall in recalls.values()]
    if resamples is not None and resamples.are_many and all(0.0 < share < 1.0 for share in shares):
        return percentile_interval(resamples.balanced_accuracies(judged.truths, judged.is_right)), BOOTSTRAP
    low, high = mean_interval(shares, [(recall.low, recall.high) for recall in recalls.values()])
    return (max(0.0, low), min(1.0, high)), ANALYTIC
