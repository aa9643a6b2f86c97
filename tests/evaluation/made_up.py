"""A made-up evaluation: noise for pictures, and a reader whose every answer is known."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from octa_svr_dataset.evaluation.assessment import Evaluated
from octa_svr_dataset.evaluation.folder import open_image_folder
from octa_svr_dataset.evaluation.preprocessing import Preprocessing
from octa_svr_dataset.evaluation.protocol import Protocol, Response
from octa_svr_dataset.evaluation.table import Measured
from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import ClassAnswer, format_last_line

HEALTHY, NPDR, PDR = Label

PREPROCESSING = Preprocessing(
    field_of_view_mm=None, training_field_mm=3.0, crop=False, contrast="none", size_px=64, training_levels=None
)


def response_of(said: Label | None, *, probability: float | None = None) -> Response:
    """A reply that names a class, or none, with a probability of disease."""
    logs = None
    if probability is not None:
        logs = (math.log(1.0 - probability), math.log(0.6 * probability), math.log(0.4 * probability))
    output = "I cannot tell." if said is None else format_last_line(ClassAnswer(label=said))
    return Response(output=output, class_log_probabilities=logs)


def folder_of(root: Path, truths: Sequence[Label], *, is_labeled: bool = True) -> Path:
    """A folder of pictures of noise, darker in disease."""
    for number, truth in enumerate(truths):
        path = root / (str(truth) if is_labeled else ".") / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        bright = 200 if truth is HEALTHY else 140
        Image.fromarray(np.random.default_rng(number).integers(20, bright, (64, 64), np.uint8)).save(path)
    return root


def evaluated(root: Path, responses: Sequence[Response], **settings: object) -> Evaluated:
    """Responses to the pictures of a folder, in the order of their paths."""
    folder = open_image_folder(root)
    protocol = Protocol(
        model="made up",
        model_fingerprint="",
        endpoint=None,
        real_dir=str(root),
        track=None,
        limit=None,
        max_new_tokens=5,
        dtype="auto",
        preprocessing=PREPROCESSING.as_record(),
    )
    given = {"protocol": protocol, "folder": folder, "preprocessing": PREPROCESSING, "images": folder.images}
    return Evaluated(**(given | settings), responses=tuple(responses))


def measured(made_up: Evaluated) -> list[Measured]:
    """What the baselines see; the supervised one knows three gray levels."""
    return [made_up.measured(image, lambda gray: np.quantile(gray, (0.1, 0.5, 0.9))) for image in made_up.labeled]
