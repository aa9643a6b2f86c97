"""The settings of TRL and `transformers` that mislead here, or would fail only after hours: refused at once."""

import importlib.util
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers.integrations import get_available_reporting_integrations
from transformers.utils import is_flash_attn_2_available, is_flash_attn_3_available

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.text.tasks import TASKS

if TYPE_CHECKING:
    from octa_svr_dataset.finetuning.arguments import DataArguments, ModelArguments, TrainingArguments

_OF_PUSHING = "training/push.py uploads a model that is complete"

_FIXED: dict[str, tuple[Any, str]] = {
    "do_train": (True, "training is all that is done"),
    "do_predict": (False, "eval/zero_shot.py evaluates a trained model"),
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
    "dataset_num_proc": (None, "see num_proc"),
    "include_for_metrics": ([], "scores are computed from answers: see num_scored"),
    "push_to_hub": (False, _OF_PUSHING),
    "hub_model_id": (None, _OF_PUSHING),
    "hub_strategy": ("every_save", _OF_PUSHING),
    "hub_private_repo": (None, _OF_PUSHING),
    "hub_always_push": (False, _OF_PUSHING),
    "hub_revision": (None, _OF_PUSHING),
}
"""The one value of settings that have no effect, or cannot have another, and why."""

_TRAINERS_METRICS = ("loss", "entropy", "mean_token_accuracy")
_METRICS_OF_SCORES = ("binary_balanced_accuracy", "three_class_balanced_accuracy", "unparsable")
_SMALLER_IS_BETTER = ("loss", "entropy", "unparsable")


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
    packages = {
        "flash_attention_2": ("flash-attn", is_flash_attn_2_available),
        "flash_attention_3": ("flash-attn-3", is_flash_attn_3_available),
    }
    allowed = ("eager", "sdpa", "flex_attention", *packages)
    if name not in allowed:
        raise InputError(f"attn_implementation: unknown value {name!r}; allowed: {', '.join(allowed)}")
    if name in packages:
        package, is_available = packages[name]
        if not is_available():
            raise InputError(f"attn_implementation: {name} needs the package {package} and a GPU; allowed: sdpa")


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
    scores = (*_METRICS_OF_SCORES, *(f"{task}_value" for task in TASKS))
    if name not in (*_TRAINERS_METRICS, *scores):
        raise InputError(
            f"metric_for_best_model: unknown value {metric!r}; allowed: {', '.join((*_TRAINERS_METRICS, *scores))}"
        )
    if name in scores and not data.num_scored:
        raise InputError(f"metric_for_best_model: {metric!r} is known where num_scored is at least 1, got 0")


def is_smaller_better(metric: str) -> bool:
    """Whether the best weights have the smallest value of it; `transformers` knows that of losses alone."""
    return metric.removeprefix("eval_") in _SMALLER_IS_BETTER


def require_metric(metric: str | None, figures: Collection[str]) -> None:
    """Refuse a choice of the best weights by a score that the questions of the scored rows cannot give.

    Parameters
    ----------
    metric
        `metric_for_best_model`.
    figures
        Names of what an evaluation gives, each with `eval_`.

    Raises
    ------
    InputError
        No question of these rows is of that task, or they lack a class.
    """
    name = (metric or "loss").removeprefix("eval_")
    if name not in _TRAINERS_METRICS and f"eval_{name}" not in figures:
        there = ", ".join(figure.removeprefix("eval_") for figure in figures)
        raise InputError(
            f"metric_for_best_model: the scored rows (num_scored) have no question, or not every class, for {name!r}; "
            f"allowed: more of them, or one of {', '.join(_TRAINERS_METRICS)}, {there}"
        )
