"""Where low-rank adapters go: into the linear layers of the parts that train."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from peft import PeftConfig
from torch import nn
from trl import get_peft_config

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.arguments import ModelArguments
from octa_svr_dataset.vlm import PROJECTOR_NAMES

PARTS = ("vision_tower", "projector", "language_model")


def part_of(name: str) -> str:
    """Part of a model that a module or a weight belongs to, by its name: one of `PARTS`."""
    levels = name.split(".")
    if "visual" not in levels:
        return "language_model"
    return "projector" if any(level in PROJECTOR_NAMES for level in levels) else "vision_tower"


def adapter_settings(model: nn.Module, arguments: ModelArguments) -> PeftConfig | None:
    """Settings of the adapters, if there are to be any; their places, where none are given, are all linear layers.

    Those of frozen parts, and the output head, have none.
    """
    settings = get_peft_config(arguments)
    if settings is None:
        return None
    names = [name for name, _ in model.named_modules()]
    for wanted in settings.modules_to_save or []:
        if not any(name == wanted or name.endswith(f".{wanted}") for name in names):
            raise InputError(f"lora_modules_to_save: the model has no module {wanted!r}; allowed: such as merger")
    if settings.target_modules is None:
        settings.target_modules = linear_pattern(model, _trained_parts(arguments))
    return settings


def counts(model: nn.Module) -> Mapping[str, int]:
    """Number of weights that train, by part; those of adapters count for the part that they stand in."""
    numbers = dict.fromkeys(PARTS, 0)
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            numbers[part_of(name)] += weight.numel()
    return numbers


def widen(model: nn.Module) -> None:
    """Hold what trains in 32 bits: most steps of an optimizer are too small for bfloat16 to hold."""
    for weight in model.parameters():
        if weight.requires_grad and weight.dtype is not torch.float32:
            weight.data = weight.data.float()


def _trained_parts(arguments: ModelArguments) -> list[str]:
    frozen: dict[str, Any] = {
        "vision_tower": arguments.freeze_vision_tower,
        "projector": arguments.freeze_multi_modal_projector,
        "language_model": arguments.freeze_language_model,
    }
    return [part for part in PARTS if not frozen[part]]


def linear_pattern(model: nn.Module, parts: list[str]) -> str:
    """A regular expression of the names of all linear layers of some parts, with the numbers of blocks left open."""
    names = [name.split(".") for name in _linear_names(model) if part_of(name) in parts]
    patterns = {
        r"\.".join([*(r"\d+" if level.isdigit() else level for level in levels[:-1]), levels[-1]]) for levels in names
    }
    return "|".join(sorted(patterns))


def _linear_names(model: nn.Module) -> Iterator[str]:
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and not name.endswith("lm_head"):
            yield name
