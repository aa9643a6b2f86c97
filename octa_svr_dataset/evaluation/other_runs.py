"""Predictions that other commands made of the same pictures: another run's, and the transfer probe's."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage
from octa_svr_dataset.evaluation.metrics import Scored
from octa_svr_dataset.evaluation.predictions import read_predictions
from octa_svr_dataset.scoring import read_output

PROBE_READER = "probes, mean"
"""Of the readers in a probe's predictions, the one that is taken."""


def read_run(file: Path, images: Sequence[FolderImage], digests: Sequence[str], *, field: str) -> tuple[Scored, ...]:
    """Outputs of another run for the same pictures, read by the present grammar.

    Raises
    ------
    InputError
        The file holds no such outputs, or is about other pictures.
    """
    by_path = {line["path"]: line for line in read_predictions(file, field=field)}
    _require_same(by_path, images, file, field)
    entries = []
    for image, digest in zip(images, digests, strict=True):
        line = by_path[image.path.as_posix()]
        if not isinstance(line.get("output"), str):
            raise InputError(f"{field}: {str(file)!r} holds no output for {line['path']!r}; allowed: predictions of "
                             "eval/zero_shot.py")  # fmt: skip
        if line.get("picture") != digest:
            raise InputError(f"{field}: {str(file)!r} is about another picture under the name {line['path']!r}")
        entries.append(Scored(image=image, output=line["output"], verdict=read_output(line["output"])))
    return tuple(entries)


def read_probe(file: Path, images: Iterable[FolderImage], *, field: str) -> dict[Path, tuple[float, bool]]:
    """Score of the transfer probe for each picture, and whether it counts as diseased there.

    Raises
    ------
    InputError
        The file holds no such scores, or lacks a picture.
    """
    lines = [line for line in read_predictions(file, field=field) if line.get("reader") == PROBE_READER]
    by_path = {line["path"]: line for line in lines}
    scores = {}
    for image in images:
        line = by_path.get(image.path.as_posix(), {})
        score, said = line.get("score"), line.get("predicted_diseased")
        if not isinstance(score, float) or not isinstance(said, bool):
            raise InputError(
                f"{field}: {str(file)!r} holds no score of {PROBE_READER!r} for {image.path.as_posix()!r}; allowed: "
                "predictions of eval/transfer_probe.py for the same folder"
            )
        scores[image.path] = (score, said)
    return scores


def _require_same(by_path: Mapping[str, Any], images: Sequence[FolderImage], file: Path, field: str) -> None:
    ours = {image.path.as_posix() for image in images}
    for name, more, fewer in (("lacks", ours, by_path.keys()), ("also has", by_path.keys(), ours)):
        absent = sorted(more - fewer)
        if absent:
            raise InputError(
                f"{field}: {str(file)!r} {name} {len(absent)} pictures, the first of them {absent[0]!r}; allowed: "
                "predictions for the same pictures"
            )
