"""Settings of TRL and `transformers` that change nothing here, or would fail only after hours: refused at once."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers.integrations import get_available_reporting_integrations
from transformers.utils import is_flash_attn_2_available

from octa_svr_dataset.errors import InputError

if TYPE_CHECKING:
    from octa_svr_dataset.finetuning.arguments import DataArguments, ModelArguments, TrainingArguments

_FIXED = {
    "remove_unused_columns": (False, "rows have the columns that training takes"),
    "trust_remote_code": (False, "no code is run that comes with a model"),
    "packing": (False, "rows with pictures cannot be packed"),
    "eval_packing": (None, "rows with pictures cannot be packed"),
    "packing_strategy": ("bfd", "rows with pictures cannot be packed"),
    "padding_free": (False, "rows with pictures are padded"),
    "truncation_mode": ("keep_start", "nothing is cut"),
    "dataset_text_field": ("text", "rows are messages"),
    "dataset_kwargs": (None, "rows are made ready one by one"),
    "shuffle_dataset": (False, "every epoch is shuffled by seed"),
    "completion_only_loss": (None, "rows are messages: see assistant_only_loss"),
    "model_init_kwargs": (None, "see the settings of the model"),
    "push_to_hub": (False, "training/push.py uploads a model that is complete"),
}
"""The one value of settings that have no effect, or cannot have another, and why."""

_TRAINERS_METRICS = ("loss", "entropy", "mean_token_accuracy")
_METRICS_OF_SCORES = ("binary_balanced_accuracy", "three_class_balanced_accuracy", "unparsable")


def require_at_least(least: int, **counts: Any) -> None:
    """Refuse a setting that is not a whole number or too small."""
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            raise InputError(f"{name}: must be a whole number of at least {least}, got {count!r}")


def require_usable(training: "TrainingArguments") -> None:
    """Refuse settings as they are given, before TRL looks at them.

    Raises
    ------
    InputError
        One of them has no effect here, is out of its range, or needs what is not there.
    """
    for name, (value, reason) in _FIXED.items():
        if getattr(training, name) != value:
            raise InputError(f"{name}: must be {value}, got {getattr(training, name)!r}: {reason}")
    for name in ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps"):
        require_at_least(1, **{name: getattr(training, name)})
    require_at_least(0, dataloader_num_workers=training.dataloader_num_workers)
    for name in ("adam_beta1", "adam_beta2"):
        if not 0 <= getattr(training, name) < 1:
            raise InputError(f"{name}: must be a number from 0 and below 1, got {getattr(training, name)!r}")
    for name, package in (("deepspeed", "deepspeed"), ("use_liger_kernel", "liger_kernel")):
        if getattr(training, name) and importlib.util.find_spec(package) is None:
            raise InputError(f"{name}: needs the package {package.replace('_', '-')}, which is not installed")
    template = training.chat_template_path
    if template is not None and not Path(template).exists():
        raise InputError(f"chat_template_path: there is no file {template!r}; allowed: a Jinja file, a model's folder")
    _require_reporting(training.report_to)


def _require_reporting(names: str | list[str] | None) -> None:
    there = get_available_reporting_integrations()
    for name in [names] if isinstance(names, str) else names or []:
        if name not in ("none", "all", *there):
            raise InputError(
                f"report_to: {name!r} is unknown, or its package is not installed; "
                f"allowed: {', '.join(['none', 'all', *there])}"
            )


def require_attention(model: "ModelArguments") -> None:
    """Refuse a kind of attention that is not known or not there.

    Raises
    ------
    InputError
        It is; or the model is one that is made and not read.
    """
    name = model.attn_implementation
    if name is None:
        return
    allowed = ("eager", "sdpa", "flex_attention", "flash_attention_2")
    if name not in allowed:
        raise InputError(f"attn_implementation: unknown value {name!r}; allowed: {', '.join(allowed)}")
    if name == "flash_attention_2" and not is_flash_attn_2_available():
        raise InputError("attn_implementation: flash_attention_2 needs the package flash-attn and a GPU; allowed: sdpa")


def require_validation(training: "TrainingArguments", data: "DataArguments") -> None:
    """Refuse evaluations of nothing, and a choice of the best weights by what no evaluation tells.

    Raises
    ------
    InputError
        There is no validation, or not that metric.
    """
    if training.eval_strategy != "no" and data.num_validation == 0:
        raise InputError("num_validation: must be at least 1 with eval_strategy, got 0")
    metric = training.metric_for_best_model
    if metric is None:
        return
    name = metric.removeprefix("eval_")
    is_score = name in _METRICS_OF_SCORES or name.endswith("_value")
    if name not in _TRAINERS_METRICS and not is_score:
        raise InputError(
            f"metric_for_best_model: unknown value {metric!r}; allowed: "
            f"{', '.join((*_TRAINERS_METRICS, *_METRICS_OF_SCORES))}, or a task with _value, such as yes_no_value"
        )
    if is_score and not data.num_scored:
        raise InputError(f"metric_for_best_model: {metric!r} is known where num_scored is at least 1, got 0")
