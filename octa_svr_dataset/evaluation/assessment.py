"""From responses to a report: metrics, baselines, calibration, comparison, all over one set of bootstrap samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from octa_svr_dataset.evaluation.bootstrap import Resamples
from octa_svr_dataset.evaluation.calibration import Calibration, measure_calibration
from octa_svr_dataset.evaluation.comparison import accuracy_difference, exact_mcnemar
from octa_svr_dataset.evaluation.explained import Explanation
from octa_svr_dataset.evaluation.folder import FolderImage, ImageFolder
from octa_svr_dataset.evaluation.localization.table import LocalizationTable
from octa_svr_dataset.evaluation.metrics import (
    Judgments,
    Scored,
    binary_metrics,
    three_class_metrics,
)
from octa_svr_dataset.evaluation.one_number import one_number_scores
from octa_svr_dataset.evaluation.predictions import scored
from octa_svr_dataset.evaluation.preprocessing import Preprocessing
from octa_svr_dataset.evaluation.protocol import Protocol, Response
from octa_svr_dataset.evaluation.report import Comparison, Report
from octa_svr_dataset.evaluation.table import Labeled, Measured, Row, make_table
from octa_svr_dataset.measurement.picture import PictureMeasures, measure_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """N pictures of a folder, how they were shown, and what the model said of them."""

    protocol: Protocol
    folder: ImageFolder
    preprocessing: Preprocessing
    images: tuple[FolderImage, ...]
    responses: tuple[Response, ...]

    def picture(self, image: FolderImage) -> Image.Image:
        """A picture as the model saw it."""
        return self.preprocessing.apply(self.folder.read(image), image.field_of_view_mm)

    def measured(
        self,
        image: FolderImage,
        features: Callable[[np.ndarray], np.ndarray],
        deep: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> Measured:
        """What the baselines see of a picture; `features` and `deep` give (K,) float64 of an (S, S) uint8 one."""
        gray, width_mm = np.asarray(self.picture(image)), self.width_mm(image)
        return Measured(
            one_number=one_number_scores(gray, width_mm),
            width_mm=width_mm,
            features=features(gray),
            deep=None if deep is None else deep(gray),
        )

    def measures(self, image: FolderImage, projection: str) -> PictureMeasures:
        """What `octa-svr measure` tells of a picture as the model saw it."""
        is_known = image.field_of_view_mm is not None or self.preprocessing.field_of_view_mm is not None
        width_mm = self.width_mm(image) if is_known else None
        return measure_picture(np.asarray(self.picture(image)), width_mm, projection)

    @property
    def labeled(self) -> list[FolderImage]:
        """Those of the pictures of which something is known."""
        return [image for image in self.images if image.truth is not None]

    def width_mm(self, image: FolderImage) -> float:
        """Width of the field that the model saw; where nobody knows it, that of training."""
        return self.preprocessing.width_mm(image.field_of_view_mm)


def assess(
    evaluated: Evaluated,
    measured: Sequence[Measured],
    rng: np.random.Generator,
    *,
    probe: Mapping[Path, tuple[float, bool]] | None = None,
    other: tuple[str, tuple[Scored, ...]] | None = None,
    localization: tuple[LocalizationTable, ...] = (),
    explanation: Explanation | None = None,
) -> Report:
    """Measure how often a model is right, beside what takes no model.

    Parameters
    ----------
    evaluated
        The pictures and what the model said.
    measured
        What the baselines see of each of the labeled ones.
    rng
        Draws bootstrap samples and folds.
    probe
        Scores of the transfer probe by path.
    other
        File of another run and what it said of the same pictures.
    localization
        How well it says where things lie.
    explanation
        What became of its claims.
    """
    entries = tuple(
        scored(image, response) for image, response in zip(evaluated.images, evaluated.responses, strict=True)
    )
    judged = Judgments.binary(entries)
    resamples = judged.resamples(rng)
    three_class = three_class_metrics(entries, Judgments.three_class(entries).resamples(rng))
    return Report(
        protocol=evaluated.protocol,
        folder=evaluated.folder,
        scored=entries,
        responses=evaluated.responses,
        binary=binary_metrics(entries, resamples),
        three_class=three_class,
        table=_table(evaluated, judged, measured, probe, resamples, rng),
        calibration=_calibration(evaluated, [response.disease_probability for response in evaluated.responses]),
        conclusion_calibration=_calibration(
            evaluated, [response.concluded_probability for response in evaluated.responses]
        ),
        comparison=None if other is None else _comparison(judged, *other, resamples),
        localization=localization,
        explanation=explanation,
    )


def _table(
    evaluated: Evaluated,
    judged: Judgments,
    measured: Sequence[Measured],
    probe: Mapping[Path, tuple[float, bool]] | None,
    resamples: Resamples,
    rng: np.random.Generator,
) -> tuple[Row, ...]:
    known = [pair for pair in zip(evaluated.images, evaluated.responses, strict=True) if pair[0].truth is not None]
    if not known:
        return ()
    labeled = Labeled(
        measured=tuple(measured),
        ages=tuple(image.age for image, _ in known),
        probe=None if probe is None else tuple(probe[image.path] for image, _ in known),
        probabilities=tuple(response.disease_probability for _, response in known),
        concluded=tuple(response.concluded_probability for _, response in known),
    )
    return tuple(make_table(evaluated.protocol.model, judged, labeled, resamples, rng))


def _calibration(evaluated: Evaluated, probabilities: Sequence[float | None]) -> Calibration | None:
    """Of one probability a picture, over the labeled ones that have one; absent where none has."""
    pairs = [
        (probability, image.truth.is_diseased)
        for image, probability in zip(evaluated.images, probabilities, strict=True)
        if image.truth is not None and probability is not None
    ]
    return measure_calibration(*map(np.array, zip(*pairs, strict=True))) if pairs else None


def _comparison(judged: Judgments, name: str, other: tuple[Scored, ...], resamples: Resamples) -> Comparison | None:
    """Absent where no picture has a label."""
    judged_other = Judgments.binary(other)
    if not len(judged.truths):
        return None
    return Comparison(
        other=name,
        accuracy=binary_metrics(other, resamples).balanced_accuracy,
        difference=accuracy_difference(judged, judged_other, resamples),
        mcnemar=exact_mcnemar(judged, judged_other),
    )
