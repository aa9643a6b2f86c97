"""Where a model's files lie, checked before anything heavy is loaded.

A model is named by a folder or by its name on the Hugging Face Hub. Only weights in safetensors and
plain data files are looked at or downloaded, never code.
"""

import json
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]
from safetensors import SafetensorError, safe_open

from octa_svr_dataset.errors import InputError

TINY = "tiny"
"""Name of the embedded model, which needs no files."""

MODEL_TYPES = ("qwen3_vl", "qwen3_vl_moe")
"""Kinds of model that are understood, as named in their `config.json`."""

_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt")
_HUB_TIMEOUT_S = 10.0


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
    return folder


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
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{field}: the folder {str(folder)!r} holds no model: it has no config.json") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{field}: cannot read config.json in {str(folder)!r}: {error}") from None
    kind = settings.get("model_type") if isinstance(settings, dict) else None
    if kind not in MODEL_TYPES:
        raise InputError(
            f"{field}: the model in {str(folder)!r} is of the kind {kind!r}; allowed: {', '.join(MODEL_TYPES)}"
        )


def _check_weights(folder: Path, field: str) -> None:
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise InputError(f"{field}: the folder {str(folder)!r} holds no weights: it has no *.safetensors file")
    for path in weights:
        try:
            with safe_open(path, framework="numpy"):
                pass
        except (SafetensorError, OSError) as error:
            raise InputError(f"{field}: cannot read the weights {str(path)!r}: {error}") from None
