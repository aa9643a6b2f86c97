"""A Qwen3-VL of any size with random weights, and a processor to go with it: nothing to download."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from transformers import Qwen2VLImageProcessorPil, Qwen3VLConfig, Qwen3VLForConditionalGeneration

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.tiny_vlm import make_tokenizer, read_chat_template
from octa_svr_dataset.vlm import Vlm
from octa_svr_dataset.vlm_processors import Qwen3VLProcessor

_KEYS = ("text_config", "vision_config", "pixels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """Sizes of a model."""

    text_config: Mapping[str, Any]
    """As in `Qwen3VLTextConfig`, without the vocabulary, which is that of the embedded tokenizer."""

    vision_config: Mapping[str, Any]
    """As in `Qwen3VLVisionConfig`."""

    pixels: int
    """Pictures are scaled to about so many."""

    def as_config(self, tokenizer: Any) -> Qwen3VLConfig:
        """All settings of the model."""
        ids = {
            f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{token}|>")
            for name, token in (
                ("image", "image_pad"),
                ("video", "video_pad"),
                ("vision_start", "vision_start"),
                ("vision_end", "vision_end"),
            )
        }
        ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
        return Qwen3VLConfig(
            text_config=dict(self.text_config) | ends | {"vocab_size": len(tokenizer)},
            vision_config=dict(self.vision_config),
            tie_word_embeddings=True,
            **ids,
        )


def parse_scratch(given: object) -> Scratch:
    """Sizes of the setting `scratch`: a mapping, or JSON of one.

    Raises
    ------
    InputError
        They are something else, or make no model.
    """
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise InputError(f"scratch: not JSON ({error}), got {given!r}") from None
    if not isinstance(given, Mapping) or sorted(given) != sorted(_KEYS):
        raise InputError(f"scratch: must be a mapping with {', '.join(_KEYS)}, got {given!r}")
    sizes = Scratch(**given)
    if not isinstance(sizes.pixels, int) or sizes.pixels < 64 * 64:
        raise InputError(f"scratch: pixels must be a whole number of at least 4096, got {sizes.pixels!r}")
    for key in _KEYS[:2]:
        if not isinstance(getattr(sizes, key), Mapping):
            raise InputError(f"scratch: {key} must be a mapping, got {getattr(sizes, key)!r}")
    try:
        with torch.device("meta"):
            Qwen3VLForConditionalGeneration(sizes.as_config(make_tokenizer()))
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, AssertionError) as error:
        raise InputError(f"scratch: {asdict(sizes)} make no Qwen3-VL: {error}") from None
    return sizes


def make_from_scratch(sizes: Scratch, *, seed: int) -> Vlm:
    """A model with random weights, the same for the same seed."""
    tokenizer = make_tokenizer()
    config = sizes.as_config(tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3VLForConditionalGeneration(config).eval()
    model.generation_config.update(pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id)
    image_processor = Qwen2VLImageProcessorPil(
        patch_size=config.vision_config.patch_size,
        merge_size=config.vision_config.spatial_merge_size,
        temporal_patch_size=config.vision_config.temporal_patch_size,
        size={"shortest_edge": sizes.pixels, "longest_edge": sizes.pixels},
        image_mean=[0.3] * 3,
        image_std=[0.2] * 3,
    )
    return Vlm(model=model, processor=Qwen3VLProcessor(image_processor, tokenizer, chat_template=read_chat_template()))
