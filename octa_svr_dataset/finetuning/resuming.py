"""Going on with a run that was interrupted, and leaving alone what another one left.

Files of a checkpoint are written one after the other, `trainer_state.json` last; one without it was cut off.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.arguments import DataArguments, ModelArguments, TrainingArguments
from octa_svr_dataset.finetuning.mixture import Source, data_files
from octa_svr_dataset.finetuning.saving import MARKERS
from octa_svr_dataset.resolve import config_hash
from octa_svr_dataset.version import VERSION

SETTINGS_NAME = "training_settings.json"
"""Settings of the run in its folder."""

_FREE = ("num_proc", "num_scored", "max_new_tokens", "num_validation")
"""Settings of the data that may change when a run goes on: they move no row that is trained on."""

_FREE_IN_TRAINING = re.compile(
    "output_dir|overwrite_output|resume_from_checkpoint|do_(train|eval|predict)|run_name|project|disable_tqdm|debug|"
    "log(ging)?_.*|report_to|trackio_.*|save_(strategy|steps|total_limit|only_model|on_each_node)|enable_jit_checkpoint|"
    "push_to_hub|hub_.*|dataloader_(num_workers|pin_memory|persistent_workers|prefetch_factor)|dataset_num_proc|"
    "ddp_timeout|local_rank|include_.*|per_device_eval_batch_size|eval_accumulation_steps|skip_memory_metrics"
)
"""Settings of the training that may change when a run goes on: they move neither a step nor which weights are kept."""

_TAIL = 65_536
"""So many bytes at the end of a file of rows tell it from others: there Parquet has statistics of its columns."""


def run_settings(
    data: DataArguments, model: ModelArguments, training: TrainingArguments, *, num_processes: int
) -> dict[str, Any]:
    """What decides the course of a run, as JSON."""
    settings = {f"data.{name}": value for name, value in asdict(data).items() if name not in _FREE}
    settings |= {f"model.{name}": value for name, value in asdict(model).items()}
    names = [entry.name for entry in fields(training) if entry.init]
    settings |= {f"training.{name}": getattr(training, name) for name in names if not _FREE_IN_TRAINING.fullmatch(name)}
    settings["num_processes"] = num_processes
    settings["version of the data"] = VERSION
    settings |= {f"rows of source {number}": _content(source) for number, source in enumerate(data.sources, start=1)}
    return dict(json.loads(json.dumps(settings, default=str)))


def _content(source: Source) -> str:
    """A hash of what decides a source's rows, whatever its name; only the name of one on the Hub."""
    if source.is_preset:
        return config_hash(source.resolve())
    folder = Path(source.source)
    if not folder.is_dir():
        return source.source
    digest = hashlib.sha256()
    for path in data_files(folder):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            file.seek(max(0, size - _TAIL))
            digest.update(file.read())
    return digest.hexdigest()[:16]


def holds_model(folder: Path) -> bool:
    """Whether a run has been completed there."""
    return any((folder / name).exists() for name in MARKERS)


def find_start(folder: Path, training: TrainingArguments, settings: Mapping[str, Any]) -> str | None:
    """Checkpoint to go on from; None for a new run.

    Raises
    ------
    InputError
        The folder holds something that is not to be lost, or a run with other settings.
    """
    given = training.resume_from_checkpoint
    newest = newest_checkpoint(folder)
    if given is None:
        _require_unused(folder, newest, training)
        return None
    if training.overwrite_output:
        raise InputError("overwrite_output: not allowed with resume_from_checkpoint, got true")
    start = newest if given == "true" else Path(given)
    if start is not None or holds_model(folder):
        _require_alike(folder if start is None else start.parent, settings)
    if start is not None and not holds_model(folder) and not any(start.glob("rng_state*.pth")):
        raise InputError(
            f"resume_from_checkpoint: {str(start)!r} has weights alone, as save_only_model: true leaves them, and no "
            "state of the optimizer; allowed: a checkpoint with it, or overwrite_output: true, which starts anew"
        )
    return None if start is None else str(start)


def newest_checkpoint(folder: Path) -> Path | None:
    """The whole checkpoint of most steps; None where there is none."""
    steps = {
        int(match[1]): path
        for path in folder.glob("checkpoint-*")
        if (match := re.fullmatch(r"checkpoint-(\d+)", path.name)) and _is_whole(path)
    }
    return steps[max(steps)] if steps else None


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _require_unused(folder: Path, newest: Path | None, training: TrainingArguments) -> None:
    if training.overwrite_output:
        return
    if holds_model(folder):
        raise InputError(
            f"output_dir: {str(folder)!r} already holds a model; allowed: another folder, "
            "or overwrite_output: true, which removes that model"
        )
    if newest is not None:
        raise InputError(
            f"output_dir: {str(folder)!r} holds {newest.name} of an interrupted run; allowed: resume_from_checkpoint: "
            "true, which goes on with it, overwrite_output: true, which starts anew, or another folder"
        )


def _require_alike(folder: Path, settings: Mapping[str, Any]) -> None:
    path = folder / SETTINGS_NAME
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"resume_from_checkpoint: cannot read {str(path)!r}: {error}") from None
    for name, value in settings.items():
        if earlier.get(name) != value:
            setting = re.sub("^(data|model|training)[.]", "", name)
            raise InputError(
                f"resume_from_checkpoint: {setting} was {earlier.get(name)!r} in the interrupted run, got "
                f"{value!r}; allowed: the same settings, or another output_dir"
            )


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Note the settings of a run in its folder."""
    write_whole(folder / SETTINGS_NAME, json.dumps(settings, indent=1) + "\n")
