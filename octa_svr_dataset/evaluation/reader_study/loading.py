"""Runs of `eval/zero_shot.py` as the outputs that a study is about."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.localization.store import LOCALIZATION_NAME
from octa_svr_dataset.evaluation.metrics import DISEASED
from octa_svr_dataset.evaluation.predictions import RUN_NAME, picture_hash, read_predictions
from octa_svr_dataset.evaluation.preprocessing import Preprocessing
from octa_svr_dataset.evaluation.reader_study.items import Output
from octa_svr_dataset.picture_files import read_image


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run on disk."""

    model: str
    root: Path
    """Folder of its pictures."""

    preprocessing: Preprocessing
    outputs: tuple[Output, ...]
    fields_mm: Mapping[str, float | None]
    digests: Mapping[str, str]
    """By path of a picture: width of its field, hash of its pixels."""

    def picture(self, output: Output) -> Image.Image:
        """A picture as the model saw it.

        Raises
        ------
        InputError
            It is not there any more, or is another one.
        """
        picture = read_image(self.root / output.path)
        if picture_hash(picture) != self.digests[output.path]:
            raise InputError(
                f"predictions: {output.path!r} in {str(self.root)!r} is not the picture that was asked about"
            )
        return self.preprocessing.apply(picture, self.fields_mm[output.path])


def load_runs(files: Sequence[Path]) -> list[Run]:
    """Runs about the same pictures; boxes and points come with them where all have some, as else they betray a model.

    Raises
    ------
    InputError
        A file or the `run.json` beside it is none of a run, a file is given twice, or the pictures differ.
    """
    has_marks = all(file.with_name(LOCALIZATION_NAME).exists() for file in files)
    runs = [_load(file, has_marks=has_marks) for file in files]
    for file, run in zip(files, runs, strict=True):
        if run.digests != runs[0].digests:
            raise InputError(
                f"predictions: {str(file)!r} is about other pictures than {str(files[0])!r}; allowed: the same"
            )
    if len({file.resolve() for file in files}) < len(files):
        raise InputError(f"predictions: {', '.join(map(str, files))}: one stands twice; allowed: each run once")
    return [replace(run, model=name, outputs=tuple(replace(output, model=name) for output in run.outputs))
            for run, name in zip(runs, run_names([run.model for run in runs], files), strict=True)]  # fmt: skip


def run_names(models: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Names that tell runs apart: those of the models, of one model with the folder of each run, as long as needed.

    Parameters
    ----------
    models, files
        (N,) Name of the model of each run, and its file of predictions; no file twice.

    Raises
    ------
    InputError
        Two runs of one model are in one folder.
    """
    folders = [file.resolve().parent.parts for file in files]
    for depth in range(max(map(len, folders)) + 1):
        names = [
            f"{model} ({'/'.join(parts[-depth:])})" if depth and models.count(model) > 1 else model
            for model, parts in zip(models, folders, strict=True)
        ]
        if len(set(names)) == len(names):
            return names
    raise InputError(
        f"predictions: {', '.join(map(str, files))}: two of one model in one folder; allowed: a folder each"
    )


def picture_reader(runs: Sequence[Run]) -> Callable[[Output], Image.Image]:
    """Gives the picture of an output."""
    by_model = {run.model: run for run in runs}
    return lambda output: by_model[output.model].picture(output)


def _load(file: Path, *, has_marks: bool) -> Run:
    lines = sorted(read_predictions(file, field="predictions"), key=lambda line: str(line["path"]))
    beside = file.with_name(RUN_NAME)
    try:
        settings = json.loads(beside.read_text(encoding="utf-8"))
        steps = {name: value for name, value in settings["preprocessing"].items() if name != "matched_quantiles"}
        levels = steps.pop("training_levels")
        preprocessing = Preprocessing(**steps, training_levels=None if levels is None else tuple(levels))
        model, root = str(settings["model"]), Path(settings["real_dir"])
    except OSError as error:
        raise InputError(f"predictions: cannot read {str(beside)!r}, beside them: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"predictions: {str(beside)!r} is none of eval/zero_shot.py; allowed: as it was written"
        ) from None
    marks = _marks(file.with_name(LOCALIZATION_NAME)) if has_marks else {}
    try:
        outputs = tuple(_output(line, model, marks.get(line["path"], ())) for line in lines)
        fields_mm = {line["path"]: line["field_of_view_mm"] for line in lines}
        digests = {line["path"]: line["picture"] for line in lines}
    except KeyError as error:
        raise InputError(f"predictions: {str(file)!r} holds no {error}; allowed: those of eval/zero_shot.py") from None
    return Run(
        model=model,
        root=root,
        preprocessing=preprocessing,
        outputs=outputs,
        fields_mm=fields_mm,
        digests=digests,
    )


def _output(line: Mapping[str, Any], model: str, marks: tuple[tuple[str, tuple[float, ...]], ...]) -> Output:
    predicted = line["predicted"] or (DISEASED if line["predicted_diseased"] else None)
    return Output(
        model=model,
        path=line["path"],
        patient=line["patient"],
        truth=line["truth"],
        predicted=predicted,
        words=line["output"],
        marks=marks,
    )


def _marks(file: Path) -> dict[str, tuple[tuple[str, tuple[float, ...]], ...]]:
    """Boxes and points by picture."""
    marks: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {}
    for line in read_predictions(file, field="predictions"):
        places = tuple((line["kind"], tuple(next(iter(place.values())))) for place in line.get("answered") or ())
        marks[line["path"]] = (*marks.get(line["path"], ()), *places)
    return marks
