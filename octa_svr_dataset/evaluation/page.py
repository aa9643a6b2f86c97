"""`report.html`: the result of an evaluation as one page that needs nothing beside it."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined
from PIL import Image
from sklearn.metrics import roc_curve

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.evaluation.calibration import NUM_BINS, Calibration
from octa_svr_dataset.evaluation.explained import CheckedClaim
from octa_svr_dataset.evaluation.folder import FolderImage
from octa_svr_dataset.evaluation.folders.images import class_name
from octa_svr_dataset.evaluation.metrics import Scored, said
from octa_svr_dataset.evaluation.patients import said_of_patients
from octa_svr_dataset.evaluation.printing import explained
from octa_svr_dataset.evaluation.protocol import Response
from octa_svr_dataset.evaluation.report import PAGE_NAME, SYNTHETIC_WARNING, Report, summary, words
from octa_svr_dataset.evaluation.table import LIKELIHOOD_CUT
from octa_svr_dataset.version import VERSION

MOST_SHOWN = 12
"""So many pictures are shown: errors, those of which the model is surest first; without labels, the first ones."""

THUMBNAIL_PX = 256

PLOT_PX = 240
"""Width and height of the area of a plot, in units of its drawing."""

_LONGEST_OUTPUT = 700
_MOST_LEFT_OUT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture with what the model says of it."""

    path: str
    truth: str
    """Empty where nobody knows it."""

    predicted: str
    probability: float | None
    """Of disease, by the likelihood of the conclusion, or else by label likelihood."""

    output: str
    picture: str
    """Data URL of a PNG."""


def write_page(report: Report, read: Callable[[FolderImage], Image.Image], out: Path) -> None:
    """Write the page into a folder, whole or not at all.

    Parameters
    ----------
    report
        What was found.
    read
        Gives a picture as the model saw it.
    out
        Where to write.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=_percent, span=_span, signed=_signed)
    source = (resources.files("octa_svr_dataset.evaluation") / "page.html.j2").read_text(encoding="utf-8")
    left_out = report.folder.left_out
    html = environment.from_string(source).render(
        report=report,
        record=summary(report),
        explained=[] if report.explanation is None else explained(report.explanation),
        contradicted=_contradicted(report),
        synthetic_warning=SYNTHETIC_WARNING if report.folder.is_synthetic else "",
        pictures=said_of_patients([entry.image.patient for entry in report.scored]),
        headline=words(report.binary.balanced_accuracy, report.binary.interval),
        curves=_curves(report),
        num_bins=NUM_BINS,
        num_labeled=sum(entry.image.truth is not None for entry in report.scored),
        plot_px=PLOT_PX,
        shown=shown(report, read),
        num_mistakes=sum(entry.is_right is False for entry in report.scored),
        left_out=left_out[:_MOST_LEFT_OUT],
        num_not_listed=max(len(left_out) - _MOST_LEFT_OUT, 0),
        version=VERSION,
    )
    write_whole(out / PAGE_NAME, html)


def shown(report: Report, read: Callable[[FolderImage], Image.Image]) -> list[Shown]:
    """The worst errors of the primary question: those of which the model is surest, then the others.

    How sure it is of what it says is the likelihood of its conclusion, or else the label likelihood. Without labels,
    the first pictures.
    """
    pairs = zip(report.scored, map(_probability, report.responses), strict=True)
    candidates = [pair for pair in pairs if pair[0].is_right is False or not report.table]

    def distance(pair: tuple[Scored, float | None]) -> float:
        truth, probability = pair[0].image.truth, pair[1]
        return -1.0 if probability is None or truth is None else abs(probability - float(truth.is_diseased))

    return [
        Shown(
            path=entry.image.path.as_posix(),
            truth="" if entry.image.truth is None else class_name(entry.image.truth),
            predicted=said(entry.verdict),
            probability=probability,
            output=entry.output if len(entry.output) <= _LONGEST_OUTPUT else f"{entry.output[:_LONGEST_OUTPUT]} ...",
            picture=_data_url(read(entry.image)),
        )
        for entry, probability in sorted(candidates, key=distance, reverse=True)[:MOST_SHOWN]
    ]


def _probability(response: Response) -> float | None:
    concluded = response.concluded_probability
    return response.disease_probability if concluded is None else concluded


def _contradicted(report: Report) -> list[CheckedClaim]:
    """The first claims that their pictures contradict."""
    claims = () if report.explanation is None else report.explanation.claims
    return [claim for claim in claims if claim.outcome == "contradicted"][:MOST_SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What one kind of likelihood looks like in both plots."""

    name: str
    color: str
    roc: str
    """Points of the ROC curve, as the attribute of a polyline; empty without one."""

    auc: float | None
    dots: list[dict[str, float]]
    """Place and size of the dot of each bin of the reliability curve."""

    calibration: Calibration


def _curves(report: Report) -> list[Curve]:
    """The label likelihood, and that of the conclusion, where they are known."""
    of_labels = [response.disease_probability for response in report.responses]
    of_conclusions = [response.concluded_probability for response in report.responses]
    curves = []
    for name, color, calibration, probabilities in (
        ("label likelihood", "#0b5cad", report.calibration, of_labels),
        ("likelihood of its conclusion", "#b8570b", report.conclusion_calibration, of_conclusions),
    ):
        if calibration is not None:
            row = next(row for row in report.table if row.name == f"{report.protocol.model}, {name}")
            curves.append(
                Curve(
                    name=name,
                    color=color,
                    roc=_roc(report, probabilities),
                    auc=None if row.auc is None else row.auc.value,
                    dots=_dots(calibration),
                    calibration=calibration,
                )
            )
    return curves


def _roc(report: Report, probabilities: Sequence[float | None]) -> str:
    """Pictures without a probability are undecided, as in the table."""
    pairs = [
        (LIKELIHOOD_CUT if probability is None else probability, entry.image.truth.is_diseased)
        for entry, probability in zip(report.scored, probabilities, strict=True)
        if entry.image.truth is not None
    ]
    scores, truths = np.array([score for score, _ in pairs]), np.array([is_diseased for _, is_diseased in pairs])
    if not 0 < truths.sum() < len(truths):
        return ""
    false_positives, sensitivity, _ = roc_curve(truths, scores)
    return " ".join(
        f"{PLOT_PX * x:.1f},{PLOT_PX * (1 - y):.1f}" for x, y in zip(false_positives, sensitivity, strict=True)
    )


def _dots(calibration: Calibration) -> list[dict[str, float]]:
    largest = max(part.count for part in calibration.bins)
    return [
        {
            "x": PLOT_PX * part.mean_probability,
            "y": PLOT_PX * (1 - part.diseased_share),
            "radius": 3 + 9 * float(np.sqrt(part.count / largest)),
            "count": part.count,
            "mean": part.mean_probability,
            "share": part.diseased_share,
        }
        for part in calibration.bins
    ]


def _data_url(picture: Image.Image) -> str:
    """A small copy of a picture."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    png = io.BytesIO()
    small.save(png, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _span(interval: Sequence[float]) -> str:
    return f"{interval[0]:.2f} to {interval[1]:.2f}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
