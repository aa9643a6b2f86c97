"""Fine-tune a vision-language model on synthesized pictures and their texts (TRL's SFTTrainer).

    python training/sft.py --config training/configs/tiny_cpu.yaml
    python training/sft.py --config training/configs/tiny_cpu.yaml --learning_rate 1e-3 --num_train 64

The settings of a run are those of `DataArguments`, `ModelArguments` and TRL's `SFTConfig`; a YAML file
holds them by name, and the command line goes before it. The output folder gets the model with its
processor, and `loss_curve.json`.
"""

import difflib
import json
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from datasets import Dataset, load_dataset
from transformers.hf_argparser import string_to_bool
from trl import SFTConfig, SFTTrainer, TrlParser

import octa_svr_dataset  # noqa: F401 (registers the dataset)
from octa_svr_dataset.checkpoint import TINY, find_checkpoint
from octa_svr_dataset.command import exit_on_input_error, output_folder, write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.model_card import SHOWN_SETTINGS, TrainedOn, TrainingRecord
from octa_svr_dataset.finetuning.saving import finish_folder
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.vlm import Vlm, freeze, limit_threads, load_vlm, token_count

LOSS_CURVE_NAME = "loss_curve.json"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass
class DataArguments:
    """What to train on."""

    preset: str = "dropout_ma"
    """Named settings of the scenes."""

    dataset_seed: int = 0
    """Seed of the scenes; not that of the training."""

    num_train: int = 1000
    """Pictures to train on."""

    num_validation: int = 0
    """Pictures of the validation split, for the loss beside the training's."""

    overrides: dict | str | None = None
    """Settings of the scenes that differ from the preset: a mapping in YAML, JSON on the command line."""

    config_file: str | None = None
    """YAML file with settings of the scenes that differ from the preset."""

    num_proc: int | None = None
    """Processes that synthesize; as many as there are CPUs where absent."""

    def __post_init__(self) -> None:
        require_at_least(1, num_train=self.num_train)
        require_at_least(0, dataset_seed=self.dataset_seed, num_validation=self.num_validation)
        self.num_proc = os.cpu_count() if self.num_proc is None else self.num_proc
        require_at_least(1, num_proc=self.num_proc)
        if isinstance(self.overrides, str):
            try:
                self.overrides = json.loads(self.overrides)
            except ValueError as error:
                raise InputError(f"overrides: not JSON ({error}), got {self.overrides!r}") from None
        if not isinstance(self.overrides, Mapping | None):
            raise InputError(f"overrides: must be a mapping of settings, got {self.overrides!r}")
        resolve_config(self.preset, config_file=self.config_file, overrides=self.overrides)


@dataclass
class ModelArguments:
    """What to train."""

    model_name_or_path: str = TINY
    """The embedded model `tiny`, a folder, or a name on the Hugging Face Hub."""

    dtype: str = "float32"
    """Type of the frozen weights, float32 or bfloat16; those that train have 32 bits."""

    max_pixels: int | None = None
    """Larger pictures are shrunk to this many pixels; as the model's files say where absent."""

    freeze_vision_tower: bool = False
    """Keep the picture's encoder as it is."""

    freeze_multi_modal_projector: bool = False
    """Keep what carries the picture's features into the language model as it is."""

    freeze_language_model: bool = False
    """Keep the language model as it is."""

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InputError(f"dtype: unknown value {self.dtype!r}; allowed: {', '.join(DTYPES)}")
        if self.max_pixels is not None:
            require_at_least(64 * 64, max_pixels=self.max_pixels)
        if self.model_name_or_path != TINY:
            self.model_name_or_path = str(find_checkpoint(self.model_name_or_path, field="model_name_or_path"))


@dataclass
class TrainingArguments(SFTConfig):
    """TRL's settings; the loss counts the answers alone, and no answer is cut, unless set otherwise."""

    overwrite_output: bool = False
    """Train into a folder that already holds a model, which is lost."""

    assistant_only_loss: bool = True
    max_length: int | None = None
    report_to: str = "none"
    gradient_checkpointing: bool | None = None  # the old name of activation_checkpointing; TRL's True would warn


class SettingsParser(TrlParser):
    """TRL's parser, with an `InputError` for every setting that it does not know or understand."""

    def error(self, message: str) -> None:
        """Refuse a value of the wrong type."""
        raise InputError(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, with nothing left over."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            raise InputError(f"command line: unknown option {unknown[0]!r}; --help lists what is allowed")
        return known, unknown

    def set_defaults_with_config(self, **settings: Any) -> list[str]:
        """Take the settings of a YAML file, in the same way as those of the command line."""
        actions = {action.dest: action for action in self._actions}
        for name, value in settings.items():
            if name not in actions:
                similar = difflib.get_close_matches(name, actions, n=3, cutoff=0.4)
                allowed = (
                    f"allowed are, for example: {', '.join(similar)}" if similar else "--help lists what is allowed"
                )
                raise InputError(f"{name}: unknown setting, got {value!r}; {allowed}")
            if value is not None and actions[name].type in (int, float, string_to_bool):
                settings[name] = str(value)
        return super().set_defaults_with_config(**settings)


def main() -> None:
    """Parse the settings, synthesize, train, save."""
    started = time.monotonic()
    data_arguments, model_arguments, training_arguments = read_settings()
    if training_arguments.eval_strategy != "no" and data_arguments.num_validation == 0:
        raise InputError("num_validation: must be at least 1 with eval_strategy, got 0")
    require_no_model(training_arguments)
    with output_folder(training_arguments.output_dir, field="output_dir") as folder:
        with training_arguments.main_process_first(desc="synthesis"):
            splits = synthesize(data_arguments)
        vlm = load_trainable(model_arguments, seed=training_arguments.seed)
        for split, rows in splits.items():
            require_length(vlm, rows, training_arguments.max_length, split)
        trainer = SFTTrainer(
            model=vlm.model,
            processing_class=vlm.processor,
            args=training_arguments,
            train_dataset=splits["train"],
            eval_dataset=splits.get("validation"),
        )
        if training_arguments.overwrite_output:
            remove_model(folder)
        trainer.train(resume_from_checkpoint=training_arguments.resume_from_checkpoint)
        save_whole(trainer, folder)
    if trainer.is_world_process_zero():
        record = record_of(data_arguments, model_arguments, training_arguments, trainer.state.log_history)
        finish_folder(folder, record, base=model_arguments.model_name_or_path, seed=training_arguments.seed)
        report(trainer.state.log_history, folder, time.monotonic() - started)


def read_settings(arguments: list[str] | None = None) -> tuple[DataArguments, ModelArguments, TrainingArguments]:
    """Settings of the command line (`sys.argv` where absent) and of the YAML file that it names."""
    given = sys.argv[1:] if arguments is None else arguments
    given = [part for argument in given for part in re.split("(?<=^--config)=", argument)]
    if given[-1:] == ["--config"]:
        raise InputError("config: the path of a YAML file is missing")
    parser = SettingsParser((DataArguments, ModelArguments, TrainingArguments), allow_abbrev=False)
    try:
        return parser.parse_args_and_config(given)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"config: cannot read {error.filename!r}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise InputError(f"config: not YAML: {error}") from None
    except ValueError as error:
        raise InputError(f"settings: {error}") from None


def require_at_least(least: int, **counts: Any) -> None:
    """Refuse a setting that is not a whole number or too small."""
    for name, count in counts.items():
        if not isinstance(count, int) or count < least:
            raise InputError(f"{name}: must be a whole number of at least {least}, got {count!r}")


def require_no_model(arguments: TrainingArguments) -> None:
    """Refuse a folder that holds a model: were this run to end early, that model would stand for its result."""
    may_hold_model = arguments.overwrite_output or arguments.resume_from_checkpoint
    if not may_hold_model and (Path(arguments.output_dir) / "config.json").exists():
        raise InputError(
            f"output_dir: {arguments.output_dir!r} already holds a model; allowed: another folder, "
            "overwrite_output: true, which removes that model, or resume_from_checkpoint"
        )


def remove_model(folder: Path) -> None:
    """Make a folder hold no model and no loss curve, so that those of an earlier run are not taken for this one's."""
    for name in ("config.json", LOSS_CURVE_NAME):
        (folder / name).unlink(missing_ok=True)


def synthesize(arguments: DataArguments) -> dict[str, Dataset]:
    """The rows of each split that is not empty: pictures and messages."""
    splits = load_dataset(
        "octa_svr",
        arguments.preset,
        seed=arguments.dataset_seed,
        num_train=arguments.num_train,
        num_validation=arguments.num_validation,
        num_test=0,
        overrides=arguments.overrides,
        config_file=arguments.config_file,
        num_proc=arguments.num_proc,
    )
    return {name: rows.select_columns(["image", "messages"]) for name, rows in splits.items() if len(rows)}


def load_trainable(arguments: ModelArguments, *, seed: int) -> Vlm:
    """The model, with the parts frozen that are to stay as they are."""
    vlm = load_vlm(
        arguments.model_name_or_path,
        seed=seed,
        dtype=DTYPES[arguments.dtype],
        max_pixels=arguments.max_pixels,
        field="model_name_or_path",
    )
    freeze(
        vlm.model,
        vision_tower=arguments.freeze_vision_tower,
        projector=arguments.freeze_multi_modal_projector,
        language_model=arguments.freeze_language_model,
    )
    for weight in vlm.model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()  # most steps of an optimizer are too small for bfloat16 to hold
    limit_threads(vlm.model)
    return vlm


def require_length(vlm: Vlm, rows: Dataset, max_length: int | None, split: str) -> None:
    """Refuse rows whose answers would be cut: TRL cuts them in silence, down to nothing to learn."""
    if max_length is None:
        return
    for index, row in enumerate(rows):
        length = token_count(vlm.processor, row["image"], row["messages"])
        if length > max_length:
            raise InputError(
                f"max_length: row {index} of the {split} split has {length} tokens, more than {max_length}; "
                "allowed: null, which cuts nothing, or at least the longest row"
            )


def save_whole(trainer: SFTTrainer, folder: Path) -> None:
    """Write the model with its processor; `config.json`, without which a folder holds no model, comes last."""
    unfinished = folder / ".unfinished"
    trainer.save_model(str(unfinished))
    trainer.accelerator.wait_for_everyone()
    if not trainer.is_world_process_zero():
        return
    (folder / "config.json").unlink(missing_ok=True)
    for path in sorted(unfinished.iterdir(), key=lambda path: path.name == "config.json"):
        path.replace(folder / path.name)
    unfinished.rmdir()


def record_of(
    data: DataArguments, model: ModelArguments, training: TrainingArguments, log_history: list[dict[str, float]]
) -> TrainingRecord:
    """What the model's card tells of the run."""
    config = resolve_config(data.preset, config_file=data.config_file, overrides=data.overrides)
    return TrainingRecord(
        base=model.model_name_or_path,
        data=(TrainedOn.of_preset(data.preset, config, seed=data.dataset_seed, num_rows=data.num_train),),
        settings={name: str(getattr(training, name)) for name in SHOWN_SETTINGS},
        log=log_history,
        validation={"preset": data.preset, "num_rows": data.num_validation},
    )


def report(log_history: list[dict[str, float]], folder: Path, duration_s: float) -> None:
    """Write the loss curve; print where it began, where it ended and where to look."""
    write_whole(folder / LOSS_CURVE_NAME, json.dumps(log_history, indent=1) + "\n")
    losses = [entry["loss"] for entry in log_history if "loss" in entry]
    if losses:
        print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f} in {duration_s:.0f} s, synthesis included")
    print(f"model: {folder}\nloss curve: {folder / 'loss_curve.json'}")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
