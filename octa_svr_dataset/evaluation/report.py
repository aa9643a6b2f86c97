"""What an evaluation finds, and `report.json`, which holds all of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.evaluation.bootstrap import FEWEST_CLUSTERS, NUM_RESAMPLES
from octa_svr_dataset.evaluation.calibration import NUM_BINS, Calibration
from octa_svr_dataset.evaluation.comparison import Difference, McNemar
from octa_svr_dataset.evaluation.explained import Explanation
from octa_svr_dataset.evaluation.folder import ImageFolder
from octa_svr_dataset.evaluation.localization.table import LocalizationTable
from octa_svr_dataset.evaluation.metrics import UNPARSABLE, ClassMetrics, Scored, answer_counts
from octa_svr_dataset.evaluation.patients import count_patients
from octa_svr_dataset.evaluation.protocol import Protocol, Response
from octa_svr_dataset.evaluation.table import Row
from octa_svr_dataset.version import VERSION

REPORT_NAME = "report.json"
PAGE_NAME = "report.html"

SYNTHETIC_WARNING = "The pictures are synthetic; this says nothing about real eyes."


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside another one of the same pictures."""

    other: str
    """File of its predictions."""

    accuracy: float | None
    """Its balanced accuracy."""

    difference: Difference | None
    """Balanced accuracy of this run less its."""

    mcnemar: McNemar


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an evaluation."""

    protocol: Protocol
    folder: ImageFolder
    scored: tuple[Scored, ...]
    """One entry a picture of the folder, or for the first of them."""

    responses: tuple[Response, ...]
    """What the model said of each."""

    binary: ClassMetrics
    three_class: ClassMetrics
    table: tuple[Row, ...]
    """The model and the baselines; empty where the folder has no labels."""

    calibration: Calibration | None
    """Of the label likelihood, over pictures that have one; absent where none has, or without labels."""

    conclusion_calibration: Calibration | None = None
    """Of the likelihood of the conclusion, over answers that conclude; absent where none does, or without labels."""

    comparison: Comparison | None = None
    localization: tuple[LocalizationTable, ...] = ()
    """Where things lie, by source of pictures; empty where it was not asked."""

    explanation: Explanation | None = None
    """Claims of the free answers against what their pictures measure; absent where that was not looked at."""

    @property
    def answers(self) -> dict[str, int]:
        """How often each class was answered, and how often none could be read, not even whether there is disease."""
        return answer_counts(self.scored)

    @property
    def unparsable_rate(self) -> float:
        """Share of the outputs from which not even healthy or diseased can be read."""
        return self.answers[UNPARSABLE] / len(self.scored)

    @property
    def label_mass(self) -> float | None:
        """Mean probability that the reply to the question for the class is one of its answers."""
        masses = [response.label_mass for response in self.responses if response.label_mass is not None]
        return sum(masses) / len(masses) if masses else None


def remove_report(out: Path) -> None:
    """Remove what an earlier evaluation concluded, so that it is not taken for the next one's."""
    for name in (REPORT_NAME, PAGE_NAME):
        (out / name).unlink(missing_ok=True)


def write_report(report: Report, out: Path) -> None:
    """Write `report.json` into a folder, whole or not at all."""
    write_whole(out / REPORT_NAME, json.dumps(summary(report), indent=2, ensure_ascii=False) + "\n")


def summary(report: Report) -> dict[str, Any]:
    """All that was found, as JSON holds it."""
    return {
        **report.protocol.as_record(),
        "is_synthetic": report.folder.is_synthetic,
        "note": SYNTHETIC_WARNING if report.folder.is_synthetic else "",
        "folder": report.folder.as_record(),
        "num_images": len(report.scored),
        "num_patients": count_patients(entry.image.patient for entry in report.scored),
        "balanced_accuracy": report.binary.balanced_accuracy,
        "balanced_accuracy_95": report.binary.interval,
        "answers": report.answers,
        "unparsable_rate": report.unparsable_rate,
        "binary": _metrics(report.binary),
        "three_class": _metrics(report.three_class),
        "table": [_row(row) for row in report.table],
        "calibration": _calibration(
            report.calibration, of=report.protocol.likelihood, mean_label_mass=report.label_mass
        ),
        "calibration_of_conclusion": _calibration(report.conclusion_calibration),
        "comparison": None if report.comparison is None else asdict(report.comparison),
        "localization": [asdict(table) for table in report.localization],
        "explanation": None if report.explanation is None else asdict(report.explanation),
        "intervals": {
            "level": 0.95,
            "bootstrap_samples": NUM_RESAMPLES,
            "clusters": "patients, where known; else pictures; drawn within each class",
            "analytic_below": f"{FEWEST_CLUSTERS} clusters in a class, or where all or none of a class are recognized",
            "none_for": "the same answer to every picture",
        },
        "version": VERSION,
    }


def _metrics(metrics: ClassMetrics) -> dict[str, Any]:
    return {
        "balanced_accuracy": metrics.balanced_accuracy,
        "balanced_accuracy_95": metrics.interval,
        "interval_method": metrics.interval_method,
        "balanced_accuracy_undefined_because": metrics.reason or None,
        "recall": {
            name: {
                "value": recall.value,
                "interval_95": [recall.low, recall.high],
                "recognized": recall.recognized,
                "total": recall.total,
            }
            for name, recall in metrics.recalls.items()
        },
        "precision": metrics.precisions,
        "confusion": {
            truth: dict(zip((*metrics.classes, metrics.unread), row.tolist(), strict=True))
            for truth, row in zip(metrics.classes, metrics.confusion, strict=True)
        },
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "reader": row.name,
        "basis": row.basis,
        "missing": row.missing or None,
        "binary": None if row.metrics is None else _metrics(row.metrics),
        "auc": None if row.auc is None else asdict(row.auc),
        "lead_of_the_model": None if row.lead is None else asdict(row.lead),
    }


def _calibration(calibration: Calibration | None, **beside: Any) -> dict[str, Any] | None:
    if calibration is None:
        return None
    return {**beside, "num_pictures": calibration.count, "num_bins": NUM_BINS, **asdict(calibration)}


def words(value: float | None, interval: Sequence[float] | None) -> str:
    """A share with its interval, in percent."""
    if value is None:
        return "undefined"
    if interval is None:
        return f"{value:.1%} (no interval)"
    return f"{value:.1%} [{interval[0]:.1%}, {interval[1]:.1%}]"
