"""The settings of a fine-tuning run, checked when they are made: what to train on, what to train, how."""

import importlib.util
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from trl import ModelConfig, SFTConfig

from octa_svr_dataset.checkpoint import TINY, find_checkpoint
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.limits import is_smaller_better, require_at_least, require_attention, require_usable
from octa_svr_dataset.finetuning.mixture import Source, parse_mixture
from octa_svr_dataset.finetuning.scratch import parse_scratch
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.vlm import require_trained_part

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass
class DataArguments:
    """What to train on, and what to validate on."""

    preset: str = "dropout_ma"
    """Named settings of the scenes to train on, unless `dataset` or `mixture` is given, and of those to validate on."""

    dataset_seed: int = 0
    """Seed of the scenes; not that of the training."""

    num_train: int | None = None
    """Pictures to train on; where absent, of a preset as many as `load_dataset` makes, of a dataset all."""

    num_validation: int = 0
    """Pictures of the preset's validation split, which are never trained on."""

    num_scored: int = 0
    """So many of them are also asked all their questions, at every evaluation and at the end."""

    max_new_tokens: int = 512
    """Longest answer when they are asked."""

    overrides: dict | str | None = None  # type: ignore[type-arg]
    """Settings of the scenes that differ from the preset: a mapping in YAML, JSON on the command line."""

    config_file: str | None = None
    """YAML file with settings of the scenes that differ from the preset."""

    dataset: str | None = None
    """Trains on this instead: a folder of `octa-svr build` or `save_to_disk`, or a name on the Hub."""

    dataset_config: str | None = None
    """Name of a configuration of `dataset`, where it has several."""

    mixture: list | str | None = None  # type: ignore[type-arg]
    """Trains on several sources instead: mappings with source (preset, folder or Hub name), weight, seed, num_train,
    overrides, config_file, dataset_config; JSON on the command line. Sources take turns by their weights until the
    first ends."""

    streaming: bool = False
    """Synthesize rows of presets when they are trained on, in the data loader's workers, and write nothing."""

    num_proc: int | None = None
    """Processes that synthesize ahead; as many as there are CPUs where absent."""

    def __post_init__(self) -> None:
        require_at_least(1, max_new_tokens=self.max_new_tokens)
        require_at_least(0, dataset_seed=self.dataset_seed, num_validation=self.num_validation)
        require_at_least(0, num_scored=self.num_scored)
        if self.num_train is not None:
            require_at_least(1, num_train=self.num_train)
        if self.num_scored > self.num_validation:
            raise InputError(
                f"num_scored: must be at most num_validation, {self.num_validation}, got {self.num_scored}"
            )
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
        if (self.dataset is not None or self.mixture is not None) and not self.num_validation:
            reason = "a dataset or mixture where num_validation is 0: no scene would have it"
            self._require_absent(reason, overrides=self.overrides or None, config_file=self.config_file)
            if self.mixture is None:
                self._require_absent(reason, dataset_seed=self.dataset_seed or None)
        if self.mixture is not None:
            self._require_absent("mixture", dataset=self.dataset, num_train=self.num_train)
        if self.dataset is None:
            self._require_absent("a preset", dataset_config=self.dataset_config)
        is_any_preset = any(source.is_preset for source in self.sources)
        if self.streaming and not is_any_preset:
            raise InputError("streaming: rows of presets alone are synthesized on demand, and none is trained on")

    @property
    def validation(self) -> Source:
        """The preset, with its settings."""
        return Source(
            source=self.preset,
            seed=self.dataset_seed,
            num_train=self.num_train,
            overrides=self.overrides,  # type: ignore[arg-type]
            config_file=self.config_file,
        )

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is trained on."""
        if self.mixture is not None:
            return parse_mixture(self.mixture)
        if self.dataset is not None:
            return (
                Source(
                    source=self.dataset,
                    num_train=self.num_train,
                    dataset_config=self.dataset_config,
                    field="dataset",
                ),
            )
        return (self.validation,)

    def _require_absent(self, reason: str, **settings: Any) -> None:
        for name, value in settings.items():
            if value is not None:
                raise InputError(f"{name}: not allowed with {reason}, got {value!r}")


@dataclass
class ModelArguments(ModelConfig):  # type: ignore[misc]
    """What to train: TRL's settings of a model and its adapters, and which parts stay as they are."""

    model_name_or_path: str = TINY
    """The embedded model `tiny`, a folder, or a name on the Hugging Face Hub."""

    scratch: dict | str | None = None  # type: ignore[type-arg]
    """Trains a Qwen3-VL of these sizes from random weights instead: see `finetuning.scratch`; JSON on the command
    line."""

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
        if self.load_in_8bit and self.load_in_4bit:
            raise InputError("load_in_8bit, load_in_4bit: at most one may be true, got both")
        super().__post_init__()
        if self.dtype not in DTYPES:
            raise InputError(f"dtype: unknown value {self.dtype!r}; allowed: {', '.join(DTYPES)}")
        if self.max_pixels is not None:
            require_at_least(64 * 64, max_pixels=self.max_pixels)
        self._require_adapters()
        require_trained_part(self.freeze_vision_tower, self.freeze_multi_modal_projector, self.freeze_language_model)
        if self.scratch is not None:
            if self.model_name_or_path != TINY or self.use_peft or self.dtype != "float32":
                raise InputError("scratch: not allowed with model_name_or_path, use_peft or another dtype than float32")
            self.scratch = asdict(parse_scratch(self.scratch))
        for name in ("attn_implementation", "load_in_4bit", "load_in_8bit"):
            if self.model_name_or_path == TINY and getattr(self, name):
                raise InputError(f"{name}: of a model from files only, got {getattr(self, name)!r}")
        require_attention(self)
        if self.model_name_or_path != TINY:
            self.model_name_or_path = str(find_checkpoint(self.model_name_or_path, field="model_name_or_path"))

    def _require_adapters(self) -> None:
        """Refuse settings of adapters and of quantization that would change nothing or cannot work."""
        usual = {entry.name: entry.default for entry in fields(ModelConfig)}
        for name, default in usual.items():
            is_of_adapters = name.startswith("lora_") or name in ("use_rslora", "use_dora")
            if is_of_adapters and not self.use_peft and getattr(self, name) != default:
                raise InputError(f"{name}: has an effect with use_peft: true only, got {getattr(self, name)!r}")
        require_at_least(1, lora_r=self.lora_r, lora_alpha=self.lora_alpha)
        for name in ("load_in_4bit", "load_in_8bit"):
            if not getattr(self, name):
                continue
            if not self.use_peft:
                raise InputError(f"{name}: weights of few bits do not train themselves; allowed: with use_peft: true")
            if importlib.util.find_spec("bitsandbytes") is None:
                raise InputError(f"{name}: needs the package bitsandbytes and a GPU; pip install bitsandbytes")
        if self.model_revision != "main":
            raise InputError(f"model_revision: must be main, got {self.model_revision!r}; allowed: a downloaded folder")


@dataclass
class TrainingArguments(SFTConfig):  # type: ignore[misc]
    """TRL's settings; the loss counts the answers alone, and no answer is cut, unless set otherwise."""

    overwrite_output: bool = False
    """Train into a folder that already holds a model or checkpoints, which are lost."""

    do_train: bool = True
    greater_is_better: bool | None = None
    assistant_only_loss: bool = True
    max_length: int | None = None
    report_to: str = "none"
    gradient_checkpointing: bool | None = None  # the old name of activation_checkpointing; TRL's True would warn
    remove_unused_columns: bool = False
    ddp_find_unused_parameters: bool | None = False
    resume_from_checkpoint: str | None = field(
        default=None,
        metadata={
            "help": "true: from the newest whole checkpoint in output_dir, or from the start where there is none; "
            "or the path of a checkpoint."
        },
    )

    def __post_init__(self) -> None:
        require_usable(self)
        if not 0 < self.learning_rate < math.inf:
            raise InputError(f"learning_rate: must be a number above 0, got {self.learning_rate!r}")
        if self.max_steps <= 0 and not 0 < self.num_train_epochs < math.inf:
            raise InputError(f"num_train_epochs: must be a number above 0, got {self.num_train_epochs!r}")
        if self.greater_is_better is None and self.metric_for_best_model is not None:
            self.greater_is_better = not is_smaller_better(self.metric_for_best_model)
        given = str(self.resume_from_checkpoint).lower()
        if given in ("false", "none", "no", "0"):
            self.resume_from_checkpoint = None
        elif given in ("true", "yes", "1"):
            self.resume_from_checkpoint = "true"
        elif not (Path(str(self.resume_from_checkpoint)) / "trainer_state.json").is_file():
            raise InputError(
                f"resume_from_checkpoint: {self.resume_from_checkpoint!r} is no whole checkpoint: it has no "
                "trainer_state.json; allowed: true, or the path of a checkpoint"
            )
        super().__post_init__()
