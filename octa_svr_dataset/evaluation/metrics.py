"""How often a model is right: one value a class, balanced over the classes, with its uncertainty.

An unparsable output is wrong; "diabetic retinopathy" alone is no class, but counts in the binary question. Intervals
take pictures of one patient to be judged alike. Where the pictures do not allow a metric, it is absent and a reason
says why.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix

from octa_svr_dataset.evaluation.folder import FolderImage
from octa_svr_dataset.evaluation.patients import independent_number
from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import Verdict

UNPARSABLE = "unparsable"
"""Column of the outputs from which no class can be read."""

BINARY_CLASSES = ("healthy", "diabetic")
"""Classes of the primary question."""

NORMAL_975 = 1.959964
"""Quantile 0.975 of the normal distribution, for 95 % intervals."""


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
    """(K, K + 1) int64. Pictures by true class (row) and predicted class (column); unparsable ones come last."""

    recalls: dict[str, Recall]
    """By class, for those that occur."""

    balanced_accuracy: float | None
    """Mean of the recalls; absent unless every class of the question occurs."""

    interval: tuple[float, float] | None
    """95 % interval of the balanced accuracy, from those of the recalls (Zou and Donner 2008)."""

    reason: str
    """Why the balanced accuracy is undefined; empty where it is not."""


def binary_metrics(scored: Sequence[Scored]) -> ClassMetrics:
    """Healthy against diabetic retinopathy of any kind: the primary question."""
    labeled = [
        (entry.image.truth.is_diseased, entry.verdict.is_diseased, entry.image.patient)
        for entry in scored
        if entry.image.truth is not None
    ]
    truths = [BINARY_CLASSES[int(is_diseased)] for is_diseased, *_ in labeled]
    predictions = [UNPARSABLE if told is None else BINARY_CLASSES[int(told)] for _, told, _ in labeled]
    patients = [patient for *_, patient in labeled]
    return _class_metrics(BINARY_CLASSES, truths, predictions, patients, "the folder has no labels")


def three_class_metrics(scored: Sequence[Scored]) -> ClassMetrics:
    """Healthy, npdr, pdr; over the pictures whose class is known."""
    labeled = [
        (entry.image.truth.label, entry.verdict.predicted, entry.image.patient)
        for entry in scored
        if entry.image.truth is not None and entry.image.truth.label is not None
    ]
    truths = [str(label) for label, *_ in labeled]
    predictions = [UNPARSABLE if predicted is None else str(predicted) for _, predicted, _ in labeled]
    patients = [patient for *_, patient in labeled]
    classes = tuple(str(label) for label in Label)
    return _class_metrics(classes, truths, predictions, patients, "no picture has a class that is known")


def answer_counts(scored: Sequence[Scored]) -> dict[str, int]:
    """How often each class was answered, and how often none could be read."""
    counts = Counter(
        UNPARSABLE if entry.verdict.predicted is None else str(entry.verdict.predicted) for entry in scored
    )
    return {answer: counts[answer] for answer in (*(str(label) for label in Label), UNPARSABLE)}


def _class_metrics(
    classes: tuple[str, ...],
    truths: list[str],
    predictions: list[str],
    patients: list[str | None],
    reason_without_truth: str,
) -> ClassMetrics:
    names = [*classes, UNPARSABLE]
    confusion = np.zeros((len(classes), len(names)), np.int64)
    if truths:
        confusion = confusion_matrix(truths, predictions, labels=names)[:-1]
    patients_of = {name: [patients[i] for i, truth in enumerate(truths) if truth == name] for name in classes}
    recalls = {
        name: _recall(int(row[column]), int(row.sum()), independent_number(patients_of[name]))
        for column, (name, row) in enumerate(zip(classes, confusion, strict=True))
        if row.sum()
    }
    missing = [name for name in classes if name not in recalls]
    reason = f"no picture with a label is of the class {' or '.join(missing)}" if missing else ""
    return ClassMetrics(
        classes=classes,
        confusion=confusion,
        recalls=recalls,
        balanced_accuracy=None if missing else float(np.mean([recall.value for recall in recalls.values()])),
        interval=None if missing else _interval_of_mean(list(recalls.values())),
        reason=reason if truths else reason_without_truth,
    )


def _recall(recognized: int, total: int, independent: float) -> Recall:
    share, z2 = recognized / total, NORMAL_975**2
    center = (share + z2 / (2 * independent)) / (1 + z2 / independent)
    spread = math.sqrt(share * (1 - share) / independent + z2 / (4 * independent**2))
    half = NORMAL_975 / (1 + z2 / independent) * spread
    return Recall(recognized=recognized, total=total, low=max(0.0, center - half), high=min(1.0, center + half))


def _interval_of_mean(recalls: list[Recall]) -> tuple[float, float]:
    mean = sum(recall.value for recall in recalls) / len(recalls)
    below = math.sqrt(sum((recall.value - recall.low) ** 2 for recall in recalls)) / len(recalls)
    above = math.sqrt(sum((recall.high - recall.value) ** 2 for recall in recalls)) / len(recalls)
    return max(0.0, mean - below), min(1.0, mean + above)
