"""Where a model's files lie, checked before anything heavy is loaded.

A model is named by a folder or by its name on the Hugging Face Hub. Only weights in safetensors and
plain data files are looked at or downloaded, never code.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from octa_svr_dataset.errors import InputError

TINY = "tiny"
"""Name of the embedded model, which needs no files."""

MODEL_TYPES = ("qwen3_vl", "qwen3_vl_moe", "qwen2_5_vl")
"""Kinds of model that are understood, as named in their `config.json`."""

_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt")
_WEIGHTS = "model.safetensors"
_WEIGHTS_INDEX = "model.safetensors.index.json"
_PROCESSOR_FILES = (
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer_config.json",
    "vocab.json",
    "chat_template.json",
    "video_preprocessor_config.json",
    "generation_config.json",
)
"""JSON files beside the model's own that are read where they exist."""

_HUB_TIMEOUT_S = 10.0

_NUM_SAMPLES, _SAMPLE_BYTES = 64, 1 << 16
"""So many pieces of so many bytes of each file stand for it in a fingerprint: whole files would take minutes."""


def find_checkpoint(model: str, *, field: str = "model") -> Path:
    """Folder with the files of a model, downloaded if need be.

    Parameters
    ----------
    model
        A folder, or a name on the Hub; not `TINY`.
    field
        Name of the setting that held it, for the message.

    Raises
    ------
    InputError
        There is no such model, or its files are not usable.
    """
    folder = Path(model)
    if not folder.is_dir():
        folder = _download(model, field)
    _check_kind(folder, field)
    _check_weights(folder, field)
    _check_processor(folder, field)
    return folder


def fingerprint(folder: Path) -> str:
    """A hash that tells weights in a folder from others: over names, sizes and evenly spaced pieces of the files."""
    digest = hashlib.sha256()
    for path in _weight_files(folder, "model"):
        size = path.stat().st_size
        digest.update(f"{path.name} {size} ".encode())
        with path.open("rb") as file:
            for number in range(_NUM_SAMPLES):
                file.seek(number * max(size - _SAMPLE_BYTES, 0) // (_NUM_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def _download(model: str, field: str) -> Path:
    """Files of a model on the Hub; from the local cache alone where the Hub cannot be reached."""
    try:
        HfApi().model_info(model, timeout=_HUB_TIMEOUT_S)
        is_offline = False
    except (httpx.HTTPError, OfflineModeIsEnabled):
        is_offline = True
    except HFValidationError:
        raise InputError(f"{field}: there is no folder {model!r}, and it cannot be a name on the Hub") from None
    try:
        return Path(snapshot_download(model, allow_patterns=list(_FILES), local_files_only=is_offline))
    except LocalEntryNotFoundError:
        raise InputError(
            f"{field}: there is no folder {model!r}, and no model of that name in the local cache or, as far as it "
            f"can be reached, on the Hub; allowed: {TINY!r}, a folder with a model, a name on the Hub"
        ) from None


def _check_kind(folder: Path, field: str) -> None:
    if not (folder / "config.json").exists():
        raise InputError(f"{field}: the folder {str(folder)!r} holds no model: it has no config.json")
    settings = _read_json(folder / "config.json", field)
    kind = settings.get("model_type")
    if kind not in MODEL_TYPES:
        raise InputError(
            f"{field}: the model in {str(folder)!r} is of the kind {kind!r}; allowed: {', '.join(MODEL_TYPES)}"
        )
    if kind == "qwen2_5_vl":  # published files of this kind name the sizes of the text at the top
        settings.setdefault("text_config", settings)
    for part in ("text_config", "vision_config"):
        part_settings = settings.get(part)
        if not isinstance(part_settings, dict) or "hidden_size" not in part_settings:
            raise InputError(
                f"{field}: config.json in {str(folder)!r} does not describe the model: no {part}.hidden_size"
            )


def _check_weights(folder: Path, field: str) -> None:
    for path in _weight_files(folder, field):
        try:
            with safe_open(path, framework="numpy"):
                pass
        except (SafetensorError, OSError) as error:
            raise InputError(f"{field}: cannot read the weights {str(path)!r}: {error}") from None


def _weight_files(folder: Path, field: str) -> list[Path]:
    """The one file with all weights, or else those that the index names."""
    if (folder / _WEIGHTS).exists():
        return [folder / _WEIGHTS]
    if not (folder / _WEIGHTS_INDEX).exists():
        raise InputError(
            f"{field}: the folder {str(folder)!r} holds no weights: it has no {_WEIGHTS} and no {_WEIGHTS_INDEX}"
        )
    weight_map = _read_json(folder / _WEIGHTS_INDEX, field).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise InputError(f"{field}: {_WEIGHTS_INDEX} in {str(folder)!r} names no weights: it has no weight_map")
    names = sorted({str(name) for name in weight_map.values()})
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise InputError(
            f"{field}: the folder {str(folder)!r} lacks {absent[0]!r}, one of {len(absent)} absent files of the "
            f"{len(names)} that {_WEIGHTS_INDEX} names"
        )
    return [folder / name for name in names]


def _check_processor(folder: Path, field: str) -> None:
    """Files of the processor: for pictures, for words, and for the form of a dialogue."""
    settings = {name: _read_json(folder / name, field) for name in _PROCESSOR_FILES if (folder / name).exists()}
    if not {"preprocessor_config.json", "processor_config.json"} & settings.keys():
        raise InputError(
            f"{field}: the folder {str(folder)!r} holds no processor of pictures: it has no preprocessor_config.json "
            "and no processor_config.json"
        )
    if (folder / "tokenizer.json").exists():
        _check_tokenizer(folder / "tokenizer.json", field)
    elif "vocab.json" not in settings or not (folder / "merges.txt").is_file():
        raise InputError(
            f"{field}: the folder {str(folder)!r} holds no tokenizer: it has no tokenizer.json, nor vocab.json with "
            "merges.txt"
        )
    has_template = (folder / "chat_template.jinja").is_file() or any(
        isinstance(settings.get(name, {}).get("chat_template"), str) for name in _PROCESSOR_FILES
    )
    if not has_template:
        raise InputError(
            f"{field}: the folder {str(folder)!r} holds no chat template: it has no chat_template.jinja, and no JSON "
            "file with one"
        )


def _check_tokenizer(path: Path, field: str) -> None:
    try:
        Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise InputError(f"{field}: cannot read the tokenizer {str(path)!r}: {error}") from None


def _read_json(path: Path, field: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{field}: cannot read {path.name} in {str(path.parent)!r}: {error}") from None
    if not isinstance(content, dict):
        raise InputError(
            f"{field}: {path.name} in {str(path.parent)!r} must hold a JSON object, got {type(content).__name__}"
        )
    return content
