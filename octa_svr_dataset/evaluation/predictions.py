"""Responses on disk, one line a picture, so that a run that was killed goes on where it was.

`run.json` holds the settings. A run with others refuses to add to them; a picture that has changed is asked about
again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage
from octa_svr_dataset.evaluation.folders.images import class_name
from octa_svr_dataset.evaluation.localization.store import LOCALIZATION_NAME, SET_ASIDE, json_line, whole_lines
from octa_svr_dataset.evaluation.metrics import Scored
from octa_svr_dataset.evaluation.protocol import Protocol, Response
from octa_svr_dataset.scoring import read_output

PREDICTIONS_NAME = "predictions.jsonl"
RUN_NAME = "run.json"


def picture_hash(picture: Image.Image) -> str:
    """Tells pictures apart by size and pixels."""
    return hashlib.sha256(f"{picture.width} {picture.height} ".encode() + picture.tobytes()).hexdigest()[:16]


def scored(image: FolderImage, response: Response) -> Scored:
    """A response, read once by the grammar."""
    return Scored(image=image, output=response.output, verdict=read_output(response.output))


class PredictionStore:
    """Responses of one run in its folder."""

    def __init__(self, out: Path, protocol: Protocol) -> None:
        """Open the folder of a run, new or to be continued.

        Raises
        ------
        InputError
            It holds responses that came about under other settings.
        """
        self._path = out / PREDICTIONS_NAME
        settings = protocol.as_record()
        self._finished: dict[tuple[str, str], Response] = {}
        self._lines: dict[tuple[str, str], dict[str, Any]] = {}
        if self._path.exists() or (out / LOCALIZATION_NAME).exists():
            require_alike(out, settings)
        if self._path.exists():
            self._finished, self._lines = _read_responses(self._path)
        write_whole(out / RUN_NAME, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")

    def find(self, image: FolderImage, digest: str) -> Response | None:
        """The response to a picture, where there is one already."""
        return self._finished.get((image.path.as_posix(), digest))

    def append(self, image: FolderImage, digest: str, response: Response) -> None:
        """Add one line, which survives the end of this process."""
        content, key = _content(image, digest, response), (image.path.as_posix(), digest)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json_line(content))
        self._finished[key], self._lines[key] = response, content

    def rewrite(self, images: Sequence[FolderImage], digests: Sequence[str]) -> tuple[Response, ...]:
        """Put the lines of these pictures first, in their order, with what is now known of them; their responses.

        The others follow, set aside: they were paid for, but do not belong to the result.
        """
        keys = [(image.path.as_posix(), digest) for image, digest in zip(images, digests, strict=True)]
        responses = tuple(self._finished[key] for key in keys)
        present = [_content(*entry) for entry in zip(images, digests, responses, strict=True)]
        asked = set(keys)
        aside = [line | {SET_ASIDE: True} for key, line in self._lines.items() if key not in asked]
        write_whole(self._path, "".join(map(json_line, [*present, *aside])))
        return responses


def remove_run(out: Path) -> None:
    """Remove the responses of an earlier run and its settings."""
    for name in (PREDICTIONS_NAME, LOCALIZATION_NAME, RUN_NAME):
        (out / name).unlink(missing_ok=True)


def read_predictions(file: Path, *, field: str) -> list[dict[str, Any]]:
    """Lines of a file of predictions, each an object, but for those that are set aside.

    Raises
    ------
    InputError
        There is no such file, or it holds other lines.
    """
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
    except OSError as error:
        raise InputError(f"{field}: cannot read {str(file)!r}: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{field}: {str(file)!r} holds a line that is no JSON: {error}") from None
    if not lines or not all(isinstance(line, dict) and isinstance(line.get("path"), str) for line in lines):
        raise InputError(f"{field}: {str(file)!r} holds no predictions; allowed: one JSON object with a path a line")
    return [line for line in lines if not line.get(SET_ASIDE)]


def _content(image: FolderImage, digest: str, response: Response) -> dict[str, Any]:
    entry = scored(image, response)
    probability = response.disease_probability
    return {
        "path": image.path.as_posix(),
        "picture": digest,
        "patient": image.patient,
        "field_of_view_mm": image.field_of_view_mm,
        "truth": None if image.truth is None else class_name(image.truth),
        "output": response.output,
        "predicted": entry.verdict.predicted,
        "predicted_diseased": entry.verdict.is_diseased,
        "is_right": entry.is_right,
        "is_class_right": entry.is_class_right,
        "problem": entry.verdict.problem,
        "class_log_probabilities": response.class_log_probabilities,
        "disease_probability": None if probability is None else round(probability, 6),
        "conclusion_log_probabilities": response.conclusion_log_probabilities,
    }


def require_alike(out: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to add to predictions in a folder that came about under other settings.

    Raises
    ------
    InputError
        They differ, or nothing says under which they came about.
    """
    file = out / RUN_NAME
    others = "allowed: another folder, or --overwrite"
    try:
        earlier = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(
            f"out: {str(out)!r} holds predictions, but no {RUN_NAME} that says how they came about; {others}"
        ) from None
    was = _flat(earlier if isinstance(earlier, dict) else {})
    for name, value in _flat(json.loads(json.dumps(settings))).items():
        if was.get(name) != value:
            raise InputError(
                f"out: {str(out)!r} holds predictions under other settings: {name} was {was.get(name)!r} and is "
                f"{value!r}; allowed: the same settings, another folder, or --overwrite"
            )


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of settings under both names, so that a difference is told by the one that differs."""
    parts = {name: value if isinstance(value, dict) else {"": value} for name, value in settings.items()}
    return {f"{name}.{inner}".rstrip("."): value for name, part in parts.items() for inner, value in part.items()}


def _read_responses(file: Path) -> tuple[dict[tuple[str, str], Response], dict[tuple[str, str], dict[str, Any]]]:
    """What whole lines say of each picture, and the lines."""
    responses, lines = {}, {}
    for number, line in enumerate(whole_lines(file), start=1):
        try:
            content = json.loads(line.decode("utf-8"))
            key = content["path"], content["picture"]
            responses[key] = Response(
                output=content["output"],
                class_log_probabilities=_logs(content["class_log_probabilities"]),
                conclusion_log_probabilities=_logs(content["conclusion_log_probabilities"]),
            )
            lines[key] = content
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"out: line {number} of {str(file)!r} is no prediction; allowed: another folder, or --overwrite"
            ) from None
    return responses, lines


def _logs(logs: list[float] | None) -> tuple[float, ...] | None:
    return None if logs is None else tuple(logs)
