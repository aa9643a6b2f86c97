"""The embedded tiny model: the architecture of Qwen3-VL, made in code, with a tokenizer of its own.

It trains in minutes on a laptop and proves the way, not the method. Its eye begins with filters (`tiny_filters`).
"""

import re
from importlib import resources
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2VLImageProcessorPil,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

from octa_svr_dataset.geometry import DIRECTIONS, RING_NAMES
from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import ClassAnswer, format_last_line
from octa_svr_dataset.text.tasks.description import TITLES
from octa_svr_dataset.text.tasks.quantities import QUADRANTS
from octa_svr_dataset.text.wordings import embedded_templates
from octa_svr_dataset.text.words import NUMERALS, SIZES
from octa_svr_dataset.tiny_filters import NUM_BLOCKS, begin_with_filters, usual_textures

_SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)

_VOCABULARY = 2048
"""Entries of the tiny tokenizer: 8 special ones, 256 bytes, and the words of the texts."""

_TEXT: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 32,
    "max_position_embeddings": 4096,
    "initializer_range": 0.06,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 10_000.0,
        "mrope_section": [8, 4, 4],
        "mrope_interleaved": True,
    },
}
"""The published 0.02 suits layers 20 times as wide; from it, so narrow a model does not learn to look."""

_VISION: dict[str, Any] = {
    "depth": NUM_BLOCKS,
    "hidden_size": 240,
    "intermediate_size": 960,
    "num_heads": 6,
    "patch_size": 16,
    "spatial_merge_size": 2,
    "temporal_patch_size": 1,
    "out_hidden_size": 128,
    "num_position_embeddings": 256,
    "deepstack_visual_indexes": [NUM_BLOCKS - 1],
    "initializer_range": 0.03,
}

_PIXELS = {
    "size": {"shortest_edge": 64 * 64, "longest_edge": 200 * 200},
    "image_mean": [0.3] * 3,
    "image_std": [0.2] * 3,
}
"""Square pictures are shrunk to 192 x 192 px, the most whole merged patches within 200 x 200, and centered on the
brightness of an OCTA image."""

MEAN_GRAY = 77.0
"""Every picture is given this mean brightness: brightness is the first thing that so small a model learns, and the
last that carries over to another scanner."""


def make_model(tokenizer: PreTrainedTokenizerFast, seed: int, dtype: torch.dtype) -> PreTrainedModel:
    """The model, untrained, for the words of a tokenizer; its first weights are a function of the seed."""
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = Qwen3VLConfig(
        text_config=_TEXT | ends | {"vocab_size": len(tokenizer)},
        vision_config=_VISION,
        image_token_id=tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        video_token_id=tokenizer.convert_tokens_to_ids("<|video_pad|>"),
        vision_start_token_id=tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=tokenizer.convert_tokens_to_ids("<|vision_end|>"),
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3VLForConditionalGeneration(config).eval()
    begin_with_filters(model.model.visual, usual_textures())
    model.to(dtype)
    model.generation_config.update(**ends)
    return model


def make_image_processor() -> Qwen2VLImageProcessorPil:
    """What cuts pictures into patches that fit the model."""
    return Qwen2VLImageProcessorPil(
        patch_size=_VISION["patch_size"],
        merge_size=_VISION["spatial_merge_size"],
        temporal_patch_size=_VISION["temporal_patch_size"],
        **_PIXELS,
    )


def read_chat_template() -> str:
    """The chat template of Qwen3-VL, as TRL ships it."""
    return (resources.files("trl") / "chat_templates" / "qwen3_vl.jinja").read_text(encoding="utf-8")


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level tokenizer that knows the words of this package's texts and can write any other text in bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[AddedToken(token, normalized=False, special=True) for token in _SPECIAL_TOKENS],
        show_progress=False,
    )
    tokenizer.train_from_iterator([_corpus()], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=list(_SPECIAL_TOKENS),
        clean_up_tokenization_spaces=False,
    )


def _corpus() -> str:
    """The words that the texts are made of, each after a space as in a sentence."""
    sources = [re.sub(r"{{.*?}}|{#.*?#}", " ", template) for template in embedded_templates().values()]
    sources += [*(format_last_line(ClassAnswer(label=label)) for label in Label), *QUADRANTS, *RING_NAMES, *DIRECTIONS]
    sources += [*SIZES, *NUMERALS, *(numeral.capitalize() for numeral in NUMERALS)]
    lines = "".join(f"{line}:\n" for line in (*TITLES, "Synthesis", "Conclusion", "Answer", "Grade"))
    return lines + " ".join(re.sub(r"[^\w.,:]", " ", " ".join(sources)).split())
