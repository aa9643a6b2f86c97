"""A model's folder, complete: what `transformers` and vLLM look for beside the weights, whole or not at all."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from octa_svr_dataset.adapter_files import ADAPTER_CONFIG, is_adapter, record_base
from octa_svr_dataset.checkpoint import TINY, read_json
from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.model_card import write_model_card
from octa_svr_dataset.finetuning.record import PROVENANCE_NAME, TrainingRecord
from octa_svr_dataset.publishing.card import CARD_NAME
from octa_svr_dataset.vlm import Vlm

VIDEO_SETTINGS = "video_preprocessor_config.json"

_VIDEO_PROCESSORS = {
    "qwen3_vl": "Qwen3VLVideoProcessor",
    "qwen3_vl_moe": "Qwen3VLVideoProcessor",
    "qwen2_5_vl": "Qwen2VLVideoProcessor",
}
"""Class of the processor of videos, by kind of model."""

_SHARED = ("image_mean", "image_std", "patch_size", "temporal_patch_size", "merge_size", "rescale_factor", "resample")
"""Settings that pictures and videos have in common."""

UNFINISHED = ".unfinished"
"""Name of a folder within that of a model, where nobody takes what is written for whole."""

MARKERS = ("config.json", ADAPTER_CONFIG)
"""A folder with one of these holds a model, or an adapter of one."""

_WEIGHTS = ("model*.safetensors", "model.safetensors.index.json", "adapter_model*", "base_model.json", "chat_template*")
"""Files that belong to one model alone."""

_SIZE = re.compile(r"[1-9]\d*(?:\.\d+)?(?:KB|MB|GB)")


def finish_folder(folder: Path, record: TrainingRecord, *, base: str, seed: int) -> None:
    """Add to a trained model, or a trained adapter, what its users need beside it: settings, its model, a card.

    Parameters
    ----------
    folder
        Where it lies, with `task_scores.jsonl` if it was scored.
    record
        How it was trained.
    base
        The model that it was trained from: `TINY`, or its folder.
    seed
        Seed of the first weights of `TINY`.
    """
    if is_adapter(folder):
        record_base(folder, base, seed=seed)
    else:
        complete_processor(folder, None if base == TINY else Path(base))
    write_model_card(folder, record)


def complete_processor(folder: Path, base: Path | None) -> None:
    """Write the settings of the processor of videos, and those of pictures under their older name, where they lack.

    `AutoProcessor` wants the former wherever torchvision is installed, though nothing here shows a model a video, and
    the processor that is trained with has no part for them.

    Parameters
    ----------
    folder
        That of the model.
    base
        That of the model that it was trained from, whose settings these are; absent where it has none.
    """
    pictures = _image_settings(folder)
    if not (folder / "preprocessor_config.json").exists():
        write_whole(folder / "preprocessor_config.json", _text(pictures))
    if (folder / VIDEO_SETTINGS).exists():
        return
    kind = read_json(folder / "config.json", "model").get("model_type")
    settings = {name: pictures[name] for name in _SHARED if name in pictures} | {
        "processor_class": read_json(folder / "processor_config.json", "model").get("processor_class"),
        "video_processor_type": _VIDEO_PROCESSORS[str(kind)],
    }
    write_whole(folder / VIDEO_SETTINGS, _text(settings | _video_settings(base)))


def write_unfinished(vlm: Vlm, folder: Path, *, base: Path | None, max_shard_size: str) -> Path:
    """Write a model with its processor to a folder within another one, for `put_in_place`.

    Parameters
    ----------
    vlm
        Model and processor.
    folder
        Where it is to lie.
    base
        Folder of the model whose settings of videos are kept.
    max_shard_size
        Weights of more bytes go to several files with an index, as in "5GB".
    """
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    with disk_errors():
        vlm.model.save_pretrained(unfinished, max_shard_size=max_shard_size)
    vlm.processor.save_pretrained(unfinished)
    complete_processor(unfinished, base)
    return unfinished


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what safetensors raises where a disk is full, and the like, into the `OSError` that it was.

    `output_folder` tells such in one line.
    """
    try:
        yield
    except SafetensorError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def put_in_place(unfinished: Path, folder: Path, *, results: Sequence[str] = ()) -> None:
    """Move the files of a complete model into a folder, instead of the model there; what marks it as one comes last.

    Parameters
    ----------
    unfinished
        Where they lie.
    folder
        Where they are to lie. A card there goes with its model, if `provenance.json` tells that it is of one.
    results
        Names of files of a training that go with that model, too.
    """
    remove_model(folder)
    card = (CARD_NAME, PROVENANCE_NAME) if (folder / PROVENANCE_NAME).exists() else ()
    for name in (*results, *card):
        (folder / name).unlink(missing_ok=True)
    for path in sorted(unfinished.iterdir(), key=lambda path: path.name in MARKERS):
        path.replace(folder / path.name)
    unfinished.rmdir()


def remove_model(folder: Path) -> None:
    """Make a folder hold no model and no weights; without its marks it is none from the first moment on."""
    for pattern in (*MARKERS, *_WEIGHTS):
        for stale in folder.glob(pattern):
            stale.unlink()


def require_shard_size(size: str) -> None:
    """Refuse a size that is none.

    Raises
    ------
    InputError
        It is no number with a unit.
    """
    if not _SIZE.fullmatch(size):
        raise InputError(f"max_shard_size: must be a number with KB, MB or GB, such as 5GB, got {size!r}")


def _image_settings(folder: Path) -> dict[str, Any]:
    """Settings of pictures, under their own name or in those of the whole processor."""
    if (folder / "preprocessor_config.json").exists():
        return read_json(folder / "preprocessor_config.json", "model")
    settings: dict[str, Any] = read_json(folder / "processor_config.json", "model")["image_processor"]
    return settings


def _video_settings(base: Path | None) -> dict[str, Any]:
    """Settings of videos of a model, wherever it has them; empty where it has none."""
    if base is None:
        return {}
    if (base / VIDEO_SETTINGS).exists():
        return read_json(base / VIDEO_SETTINGS, "model")
    whole = read_json(base / "processor_config.json", "model") if (base / "processor_config.json").exists() else {}
    settings: dict[str, Any] = whole.get("video_processor", {})
    return settings


def _text(settings: dict[str, Any]) -> str:
    return json.dumps(settings, indent=2, sort_keys=True) + "\n"
