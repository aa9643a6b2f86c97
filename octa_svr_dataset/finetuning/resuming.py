"""Going on with a run that was interrupted, and leaving alone what another one left.

Files of a checkpoint are written one after the other, `trainer_state.json` last; one without it was cut off.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.arguments import DataArguments, ModelArguments, TrainingArguments

SETTINGS_NAME = "training_settings.json"
"""Settings of the run in its folder."""

MODEL_MARKERS = ("config.json", "adapter_config.json")
"""A folder with one of these holds a model, or adapters of one."""

_FREE = ("num_proc", "num_scored", "max_new_tokens", "num_validation")
"""Settings of the data that may change when a run goes on: they move no row that is trained on."""

_FIXED = (
    *("seed", "data_seed", "per_device_train_batch_size", "gradient_accumulation_steps", "max_length"),
    *("learning_rate", "lr_scheduler_type", "warmup_steps", "num_train_epochs", "max_steps", "optim", "weight_decay"),
)
"""Settings of the training that decide which rows make a step, and how large it is."""


def run_settings(
    data: DataArguments, model: ModelArguments, training: TrainingArguments, *, num_processes: int
) -> dict[str, Any]:
    """What decides the course of a run, as JSON."""
    settings = {f"data.{name}": value for name, value in asdict(data).items() if name not in _FREE}
    settings |= {f"model.{name}": value for name, value in asdict(model).items()}
    settings |= {f"training.{name}": getattr(training, name) for name in _FIXED}
    settings["num_processes"] = num_processes
    return dict(json.loads(json.dumps(settings, default=str)))


def holds_model(folder: Path) -> bool:
    """Whether a run has been completed there."""
    return any((folder / name).exists() for name in MODEL_MARKERS)


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
            raise InputError(
                f"resume_from_checkpoint: {name.split('.')[-1]} was {earlier.get(name)!r} in the interrupted run, got "
                f"{value!r}; allowed: the same settings, or another output_dir"
            )


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Note the settings of a run in its folder."""
    write_whole(folder / SETTINGS_NAME, json.dumps(settings, indent=1) + "\n")
