"""What a transfer probe leaves behind: `report.json`, `report.md` and `predictions.jsonl`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.evaluation.discrimination import Auc, best_threshold, measure_auc
from octa_svr_dataset.evaluation.folder import FolderImage, ImageFolder
from octa_svr_dataset.evaluation.metrics import ClassMetrics, Scored, binary_metrics
from octa_svr_dataset.evaluation.patients import count_patients
from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import Verdict
from octa_svr_dataset.version import VERSION

REPORT_NAME = "report.json"
TABLE_NAME = "report.md"
PREDICTIONS_NAME = "predictions.jsonl"

COLUMNS = ("reader", "threshold", "synthetic AUC", "AUC", "balanced accuracy")
"""Columns of the table of results."""

SYNTHETIC_WARNING = "These pictures are synthetic: the result says nothing about real eyes."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One probe, their mean, or a baseline, cut where it tells synthetic pictures apart best, on N others."""

    name: str

    threshold: float
    """Above it, a picture counts as diseased; chosen on synthetic validation pictures alone."""

    synthetic_auc: Auc
    """On those."""

    scores: np.ndarray
    """(N,) float64. Probability of disease, or the baseline's value."""

    scored: tuple[Scored, ...]
    """The N pictures with what the reader makes of them."""

    auc: Auc | None
    """Absent unless the pictures have labels of both classes."""

    binary: ClassMetrics
    """Healthy against diabetic retinopathy of any kind."""

    @classmethod
    def of(
        cls,
        name: str,
        scores: np.ndarray,
        images: Sequence[FolderImage],
        *,
        validation_scores: np.ndarray,
        validation_truths: np.ndarray,
        validation_patients: Sequence[str],
    ) -> Self:
        """Choose the threshold on synthetic validation pictures of both classes, and measure on those of a folder."""
        threshold = best_threshold(validation_scores, validation_truths)
        synthetic_auc = measure_auc(validation_scores, validation_truths, validation_patients)
        assert synthetic_auc is not None, "both classes are among the validation pictures"
        scored = tuple(_scored(image, score, threshold) for image, score in zip(images, scores, strict=True))
        known = [image.truth is not None for image in images]
        truths = np.array([image.truth.is_diseased for image in images if image.truth is not None], dtype=bool)
        patients = [image.patient for image in images if image.truth is not None]
        return cls(
            name=name,
            threshold=threshold,
            synthetic_auc=synthetic_auc,
            scores=scores,
            scored=scored,
            auc=measure_auc(scores[known], truths, patients),
            binary=binary_metrics(scored),
        )

    @property
    def row(self) -> tuple[str, ...]:
        """Its line in the table of results."""
        accuracy = _words(self.binary.balanced_accuracy, self.binary.interval)
        areas = (_auc_words(self.synthetic_auc), _auc_words(self.auc))
        return (self.name, f"{self.threshold:.3g}", *areas, accuracy)


def remove_probe_report(out: Path) -> None:
    """Remove what an earlier probe left in a folder, so that it is not taken for the next one's."""
    for name in (REPORT_NAME, TABLE_NAME, PREDICTIONS_NAME):
        (out / name).unlink(missing_ok=True)


def write_probe_report(readers: Sequence[Reader], folder: ImageFolder, protocol: Mapping[str, Any], out: Path) -> None:
    """Write the three files into a folder, each whole or not at all; `report.json` comes last.

    Parameters
    ----------
    readers
        What was measured; all on the pictures of the folder.
    folder
        Where these are from.
    protocol
        Settings under which it was measured, for the reader of the report.
    out
        Where to write.
    """
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for reader in readers for line in _predictions(reader)]
    summary = {
        **protocol,
        "real_dir": str(folder.root),
        "is_synthetic": folder.is_synthetic,
        "num_images": len(folder.images),
        "num_patients": count_patients(image.patient for image in folder.images),
        "folder": folder.as_record(),
        "readers": [_summary(reader) for reader in readers],
        "version": VERSION,
    }
    remove_probe_report(out)
    write_whole(out / PREDICTIONS_NAME, "".join(lines))
    write_whole(out / TABLE_NAME, _page(readers, folder, protocol))
    write_whole(out / REPORT_NAME, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")


def _scored(image: FolderImage, score: float, threshold: float) -> Scored:
    """The score as a verdict; NPDR stands for any disease, as only healthy or not is asked."""
    verdict = Verdict(predicted=Label.NPDR if score > threshold else Label.HEALTHY, problem="")
    return Scored(image=image, output=f"{score:.6g}", verdict=verdict)


def _predictions(reader: Reader) -> list[dict[str, Any]]:
    return [
        {
            "reader": reader.name,
            "path": entry.image.path.as_posix(),
            "is_diseased": None if entry.image.truth is None else entry.image.truth.is_diseased,
            "score": float(score),
            "threshold": reader.threshold,
            "predicted_diseased": bool(score > reader.threshold),
            "is_right": entry.is_right,
        }
        for entry, score in zip(reader.scored, reader.scores, strict=True)
    ]


def _summary(reader: Reader) -> dict[str, Any]:
    return {
        "reader": reader.name,
        "threshold": reader.threshold,
        "synthetic_auc": asdict(reader.synthetic_auc),
        "auc": None if reader.auc is None else asdict(reader.auc),
        "balanced_accuracy": reader.binary.balanced_accuracy,
        "balanced_accuracy_95": reader.binary.interval,
        "balanced_accuracy_undefined_because": reader.binary.reason or None,
        "recall": {name: recall.value for name, recall in reader.binary.recalls.items()},
    }


def _page(readers: Sequence[Reader], folder: ImageFolder, protocol: Mapping[str, Any]) -> str:
    settings = "\n".join(f"- {name}: {value}" for name, value in protocol.items())
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(reader.row for reader in readers)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    warning = f"{SYNTHETIC_WARNING}\n\n" if folder.is_synthetic else ""
    reason = readers[0].binary.reason
    num_patients = count_patients(image.patient for image in folder.images)
    whose = (
        f"for {num_patients} patient{'s' if num_patients > 1 else ''}"
        if num_patients
        else "as if each picture were of another patient"
    )
    undefined = f"\n\nBalanced accuracy is undefined, as {reason}." if reason else ""
    return (
        f"# Transfer probe on {folder.root}\n\n{warning}{table}{undefined}\n\n"
        f"95 % intervals in brackets, {whose}; thresholds chosen on synthetic validation pictures alone.\n\n"
        f"{settings}\n"
    )


def _auc_words(auc: Auc | None) -> str:
    return _words(None, None) if auc is None else _words(auc.value, (auc.low, auc.high))


def _words(value: float | None, interval: tuple[float, float] | None) -> str:
    return "undefined" if value is None or interval is None else f"{value:.2f} [{interval[0]:.2f}, {interval[1]:.2f}]"
