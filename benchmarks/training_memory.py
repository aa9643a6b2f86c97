"""Memory that fine-tuning takes, computed from the sizes of the published models, not measured.

    python benchmarks/training_memory.py

Weights are counted on models without memory (PyTorch's meta device). Counted are: frozen weights in 16 bits (or 4), and
what trains in 32 bits with a gradient of 32 and two moments of 32 (AdamW): 16 bytes a weight; and the inputs of all
blocks, which activation checkpointing keeps, in 16 bits. Not counted are what one block takes while it is computed,
the vocabulary's logits, buffers of communication and fragmentation: leave a fifth of the card, at least 4 GB, for them.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

from octa_svr_dataset.finetuning.adapting import PARTS, linear_pattern, part_of

GB = 1e9
TOKENS = 1024
"""Of a row, its picture included: a generous bound for rows of the presets at 304 px."""

PATCHES = 400
"""Of a picture of 304 px before every four are merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A published model's sizes."""

    name: str
    kind: Any
    config: Any


def qwen3(name: str, *, tied: bool, text: dict[str, int], vision: dict[str, Any]) -> Model:
    """A Qwen3-VL; sizes as in its config.json."""
    common = {"vocab_size": 151_936, "head_dim": 128, "num_key_value_heads": 8}
    config = Qwen3VLConfig(
        text_config=common | text,
        vision_config={"num_heads": 16, "out_hidden_size": text["hidden_size"]} | vision,
        tie_word_embeddings=tied,
    )
    return Model(name=name, kind=Qwen3VLForConditionalGeneration, config=config)


MODELS = (
    qwen3(
        "Qwen3-VL-8B",
        tied=False,
        text={"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36, "num_attention_heads": 32},
        vision={"depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "deepstack_visual_indexes": [8, 16, 24]},
    ),
    qwen3(
        "Qwen3-VL-2B",
        tied=True,
        text={"hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28, "num_attention_heads": 16},
        vision={"depth": 24, "hidden_size": 1024, "intermediate_size": 4096, "deepstack_visual_indexes": [5, 11, 17]},
    ),
    Model(
        name="Qwen2.5-VL-7B",
        kind=Qwen2_5_VLForConditionalGeneration,
        config=Qwen2_5_VLConfig(
            text_config={
                "hidden_size": 3584,
                "intermediate_size": 18944,
                "num_hidden_layers": 28,
                "num_attention_heads": 28,
                "num_key_value_heads": 4,
                "vocab_size": 152_064,
            },
            vision_config={"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "out_hidden_size": 3584},
        ),
    ),
)


def main() -> None:
    """Print a table."""
    columns = ("model", "what trains", "weights that train", "frozen", "trained, with AdamW", "blocks' inputs, a row")
    print(f"| {' | '.join((*columns, 'sum, 4 rows'))} |")
    print("|---|---|---|---|---|---|---|")
    for model in MODELS:
        with torch.device("meta"):
            net = model.kind(model.config)
        numbers = dict.fromkeys(PARTS, 0)
        for name, weight in net.named_parameters():
            numbers[part_of(name)] += weight.numel()
        total = sum(numbers.values())
        inputs = blocks_inputs(model.config)
        vision = numbers["vision_tower"] + numbers["projector"]
        adapters = {rank: adapter_weights(net, rank) for rank in (16, 32)}
        show(model.name, "all", total, 0.0, inputs)
        show(model.name, "vision tower and projector", vision, 2.0 * (total - vision), inputs)
        for rank, number in adapters.items():
            show(model.name, f"adapters of rank {rank}", number, 2.0 * total, inputs)
        show(model.name, "adapters of rank 16, weights of 4 bits", adapters[16], 0.5 * total, inputs)


def blocks_inputs(config: Any) -> float:
    """Bytes of the inputs of all blocks, of one row."""
    text, vision = config.text_config, config.vision_config
    return 2.0 * (TOKENS * text.hidden_size * text.num_hidden_layers + PATCHES * vision.hidden_size * vision.depth)


def adapter_weights(net: nn.Module, rank: int) -> int:
    """Weights of adapters in all linear layers but the output head."""
    pattern = re.compile(linear_pattern(net, list(PARTS)))
    layers = [module for name, module in net.named_modules() if pattern.fullmatch(name)]
    return sum(rank * (layer.in_features + layer.out_features) for layer in layers if isinstance(layer, nn.Linear))


def show(name: str, what: str, trained: int, frozen_bytes: float, inputs: float) -> None:
    """Print a row."""
    trained_bytes = 16.0 * trained
    total = frozen_bytes + trained_bytes + 4 * inputs
    cells = [f"{math.ceil(value / GB * 10) / 10:.1f} GB" for value in (frozen_bytes, trained_bytes, inputs, total)]
    print(f"| {name} | {what} | {trained / 1e6:,.0f} million | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
