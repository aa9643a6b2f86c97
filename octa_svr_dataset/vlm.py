"""Vision-language models: load one with its processor, freeze its parts, let it answer.

Qwen3-VL and Qwen2.5-VL are spoken here; `"tiny"` is the embedded model of `tiny_vlm`.
Weights are read as safetensors only, and no code ever comes with them.
"""

import textwrap
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from PIL import Image
from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedModel

from octa_svr_dataset.adapter_files import find_model, require_fit
from octa_svr_dataset.checkpoint import TINY, require_dtype
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.tiny_vlm import MEAN_GRAY, make_image_processor, make_model, make_tokenizer, read_chat_template
from octa_svr_dataset.vlm_processors import Processor, Qwen3VLProcessor, read_processor

SMALL_HIDDEN_SIZE = 512
"""Models narrower than this lose more time to the coordination of threads than these save."""

PROJECTOR_NAMES = ("merger", "deepstack_merger_list")
"""Modules of the picture's encoder that carry its features into the language model; Qwen2.5-VL has the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vlm:
    """A model and the processor that belongs to it."""

    model: PreTrainedModel
    processor: Processor


def load_vlm(
    name: str,
    *,
    adapter: str | Path | None = None,
    merged: bool = False,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    max_pixels: int | None = None,
    field: str = "model",
    **loading: Any,
) -> Vlm:
    """Load a model with its processor.

    Parameters
    ----------
    name
        `"tiny"`, a folder, or a name on the Hugging Face Hub; the folder of an adapter stands for its model with it.
    adapter
        Folder of a LoRA adapter to put on top of the model.
    merged
        Whether an adapter becomes part of the model's own weights; else it stays apart from them, exact in any type.
    seed
        Seed of the first weights of `"tiny"`, unless an adapter was fitted to others; a model from files has no
        chance in it.
    dtype
        Type of the weights.
    max_pixels
        Larger pictures are shrunk to this many pixels; as the model's files say where absent.
    field
        Name of the setting that held `name`, for the message.
    loading
        Of a model from files: how `transformers` loads it, as `attn_implementation` and `quantization_config`.

    Raises
    ------
    InputError
        There is no such model, its files are not usable, or the adapter belongs to another one.
    """
    files = find_model(name, adapter=adapter, field=field)
    if files.base is None:
        vlm = _make_tiny(seed if files.seed is None else files.seed, dtype)
    else:
        vlm = _load_files(files.base, dtype, field, loading)
    if files.adapter is not None:
        _put_on(vlm.model, files.adapter, field if adapter is None else "adapter", merged)
    if max_pixels is not None:
        vlm.processor.image_processor.size["longest_edge"] = max_pixels
    return vlm


def freeze(
    model: PreTrainedModel, *, vision_tower: bool = False, projector: bool = False, language_model: bool = False
) -> None:
    """Keep parts of a model as they are in training.

    Parameters
    ----------
    model
        Changed in place: every parameter trains but those of the parts named.
    vision_tower
        Patch embedding, positions and blocks of the picture's encoder.
    projector
        What carries the picture's features into the language model.
    language_model
        Word embeddings, layers and output head.
    """
    require_trained_part(vision_tower, projector, language_model)
    visual = model.model.visual
    projectors = [getattr(visual, name) for name in PROJECTOR_NAMES if hasattr(visual, name)]
    model.requires_grad_(not language_model)
    visual.requires_grad_(not vision_tower)
    for part in projectors:
        part.requires_grad_(not projector)


def require_trained_part(*is_frozen: bool) -> None:
    """Refuse to train a model whose parts are all frozen.

    Raises
    ------
    InputError
        They are.
    """
    if all(is_frozen):
        raise InputError("freeze_*: all three parts are frozen, so nothing is left to train; allowed: at most two")


def limit_threads(model: PreTrainedModel) -> None:
    """Compute on one thread where the model is small and on the CPU; many times as fast there.

    A product of small matrices takes less time than waking a second thread for it.
    """
    if model.device.type == "cpu" and model.config.get_text_config().hidden_size < SMALL_HIDDEN_SIZE:
        torch.set_num_threads(1)


def move_to(model: PreTrainedModel, device: str, *, field: str = "device") -> None:
    """Put a model where it shall compute: "cpu", "cuda", "cuda:1" and so on."""
    try:
        model.to(torch.device(device))
    except (RuntimeError, AssertionError) as error:
        reason = textwrap.shorten(str(error), 160)
        raise InputError(f"{field}: cannot compute on {device!r} ({reason}); allowed: cpu, or a device here") from None


def load_ready(name: str, *, adapter: str | Path | None = None, device: str = "auto", dtype: str = "auto") -> Vlm:
    """Load a model where it shall answer.

    Parameters
    ----------
    name, adapter
        As of `load_vlm`.
    device
        "cpu", "cuda", "cuda:1" and so on; "auto" is a GPU where there is one.
    dtype
        "float32", "bfloat16"; "auto" is the first on the CPU, else the second.
    """
    require_dtype(dtype)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if dtype == "auto":
        dtype = "float32" if device == "cpu" else "bfloat16"
    vlm = load_vlm(name, adapter=adapter, dtype=getattr(torch, dtype))
    move_to(vlm.model, device)
    limit_threads(vlm.model)
    return vlm


@torch.inference_mode()
def generate(
    vlm: Vlm, images: Sequence[Image.Image], question: str | Sequence[str], *, max_new_tokens: int, **options: Any
) -> list[str]:
    """Let a model answer one question about each of a batch of pictures, or each its own, once, greedily.

    An answer depends on its own picture, not on those beside it: prompts are padded on the left and the
    padding is masked. `options` are those of `transformers` beside these.
    """
    inputs = prompt_inputs(vlm, images, question)
    tokens = vlm.model.generate(**inputs, do_sample=False, num_beams=1, max_new_tokens=max_new_tokens, **options)
    answers = tokens[:, inputs["input_ids"].shape[1] :]
    return list(vlm.processor.tokenizer.batch_decode(answers, skip_special_tokens=True))


def prompt_inputs(
    vlm: Vlm, images: Sequence[Image.Image], question: str | Sequence[str], begun: Sequence[str] = ()
) -> Any:
    """What a model takes in before it replies to one question about each of a batch of pictures, or each its own.

    `begun` is how each of the replies has begun already; nothing of any of them where empty.
    """
    questions = [question] * len(images) if isinstance(question, str) else question
    dialogues = [
        [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}] for text in questions
    ]
    prompts = vlm.processor.apply_chat_template(dialogues, add_generation_prompt=True, tokenize=False)
    return vlm.processor(
        images=[[image] for image in images],
        text=[prompt + start for prompt, start in zip(prompts, begun or [""] * len(images), strict=True)],
        padding=True,
        padding_side="left",
        return_tensors="pt",
    ).to(vlm.model.device)


def _make_tiny(seed: int, dtype: torch.dtype) -> Vlm:
    tokenizer = make_tokenizer()
    processor = Qwen3VLProcessor(
        make_image_processor(), tokenizer, chat_template=read_chat_template(), mean_gray=MEAN_GRAY
    )
    return Vlm(model=make_model(tokenizer, seed, dtype), processor=processor)


def _load_files(folder: Path, dtype: torch.dtype, field: str, options: Mapping[str, Any]) -> Vlm:
    try:
        config = AutoConfig.from_pretrained(folder)
        processor = read_processor(folder, config.model_type)
    except Exception as error:  # transformers lets through whatever a strange file makes it stumble over
        reason = textwrap.shorten(str(error), 200)
        raise InputError(f"{field}: cannot use the model's files in {str(folder)!r}: {reason}") from None
    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # it would print as a table what is refused below
    try:
        model, loading = AutoModelForImageTextToText.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **options,
        )
    finally:
        transformers.logging.set_verbosity(verbosity)
    _require_whole(loading, folder, field)
    return Vlm(model=model, processor=processor)


def _put_on(model: PreTrainedModel, adapter: Path, field: str, merged: bool) -> None:
    """Put an adapter into the layers of a model, beside their own weights or into them."""
    shapes = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    require_fit(adapter, shapes, model.config.name_or_path or TINY, field=field)
    from peft import PeftModel  # takes seconds, and few models have one

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = PeftModel.from_pretrained(model, str(adapter)).eval()
    lacking = [str(warning.message) for warning in caught if "missing adapter keys" in str(warning.message)]
    if lacking:
        raise InputError(f"{field}: the adapter in {str(adapter)!r} is not whole: {textwrap.shorten(lacking[0], 200)}")
    if merged:
        adapted.merge_and_unload(safe_merge=True)


def _require_whole(loading: Mapping[str, Any], folder: Path, field: str) -> None:
    """Refuse weights that are not those of the model: transformers would draw the rest at random."""
    kinds = {
        "missing": sorted(loading["missing_keys"]),
        "of another shape": sorted(key for key, *_ in loading["mismatched_keys"]),
        "unknown": sorted(loading["unexpected_keys"]),
    }
    problems = [
        f"{len(keys)} {kind} ({', '.join(keys[:3])}{', ...' if len(keys) > 3 else ''})"
        for kind, keys in kinds.items()
        if keys
    ]
    if problems:
        raise InputError(f"{field}: the weights in {str(folder)!r} do not fit its config.json: {'; '.join(problems)}")
