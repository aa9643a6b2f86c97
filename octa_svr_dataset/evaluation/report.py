"""What an evaluation leaves behind: `report.json` and, one line a picture, `predictions.jsonl`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.evaluation.folder import ImageFolder
from octa_svr_dataset.evaluation.metrics import (
    UNPARSABLE,
    ClassMetrics,
    Scored,
    answer_counts,
    binary_metrics,
    three_class_metrics,
)
from octa_svr_dataset.evaluation.patients import count_patients
from octa_svr_dataset.version import VERSION

REPORT_NAME = "report.json"
PREDICTIONS_NAME = "predictions.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How the outputs came about."""

    model: str
    question: str
    max_new_tokens: int
    decoding: str = "greedy, one output a picture, no second try"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an evaluation."""

    protocol: Protocol
    folder: ImageFolder
    scored: tuple[Scored, ...]
    """One entry a picture of the folder, or for the first of them."""

    binary: ClassMetrics
    three_class: ClassMetrics

    @property
    def answers(self) -> dict[str, int]:
        """How often each class was answered, and how often none could be read."""
        return answer_counts(self.scored)

    @property
    def unparsable_rate(self) -> float:
        """Share of the outputs from which no class can be read."""
        return self.answers[UNPARSABLE] / len(self.scored)


def make_report(protocol: Protocol, folder: ImageFolder, scored: Sequence[Scored]) -> Report:
    """Measure how often the outputs are right."""
    return Report(
        protocol=protocol,
        folder=folder,
        scored=tuple(scored),
        binary=binary_metrics(scored),
        three_class=three_class_metrics(scored),
    )


def remove_report(out: Path) -> None:
    """Remove what an earlier evaluation left in a folder, so that it is not taken for the next one's."""
    (out / REPORT_NAME).unlink(missing_ok=True)
    (out / PREDICTIONS_NAME).unlink(missing_ok=True)


def write_report(report: Report, out: Path) -> None:
    """Write both files into a folder, each whole or not at all; the report comes last."""
    lines = [json.dumps(_prediction(entry), ensure_ascii=False) + "\n" for entry in report.scored]
    remove_report(out)
    write_whole(out / PREDICTIONS_NAME, "".join(lines))
    write_whole(out / REPORT_NAME, json.dumps(_summary(report), indent=2, ensure_ascii=False) + "\n")


def _summary(report: Report) -> dict[str, Any]:
    return {
        "model": report.protocol.model,
        "real_dir": str(report.folder.root),
        "is_synthetic": report.folder.is_synthetic,
        "note": (
            "The pictures are synthetic; this says nothing about real eyes." if report.folder.is_synthetic else ""
        ),
        "num_images": len(report.scored),
        "num_patients": count_patients(entry.image.patient for entry in report.scored),
        "question": report.protocol.question,
        "decoding": report.protocol.decoding,
        "max_new_tokens": report.protocol.max_new_tokens,
        "balanced_accuracy": report.binary.balanced_accuracy,
        "answers": report.answers,
        "unparsable_rate": report.unparsable_rate,
        "binary": _metrics(report.binary),
        "three_class": _metrics(report.three_class),
        "version": VERSION,
    }


def _metrics(metrics: ClassMetrics) -> dict[str, Any]:
    return {
        "balanced_accuracy": metrics.balanced_accuracy,
        "balanced_accuracy_95": metrics.interval,
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
        "confusion": {
            truth: dict(zip((*metrics.classes, UNPARSABLE), row.tolist(), strict=True))
            for truth, row in zip(metrics.classes, metrics.confusion, strict=True)
        },
    }


def _prediction(entry: Scored) -> dict[str, Any]:
    truth, predicted = entry.image.truth, entry.verdict.predicted
    return {
        "path": entry.image.path.as_posix(),
        "truth": None if truth is None else str(truth.label or "diabetic"),
        "output": entry.output,
        "predicted": None if predicted is None else str(predicted),
        "is_right": entry.is_right,
        "is_class_right": entry.is_class_right,
        "problem": entry.verdict.problem,
    }
