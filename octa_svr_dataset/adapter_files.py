"""Where an adapter's files lie, and whether they belong to a model: checked before anything heavy is loaded.

An adapter is what LoRA adds to a model (Hu et al. 2022, arXiv 2106.09685), as PEFT saves it: `adapter_config.json` and
`adapter_model.safetensors`. `base_model.json`, which the trainer adds, says to which weights it was fitted; without it,
names and shapes of the layers decide.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from octa_svr_dataset.checkpoint import TINY, find_checkpoint, fingerprint, read_json, weight_files
from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
BASE_NAME = "base_model.json"

_PEFT_PREFIX = "base_model.model."
_PAIRS = {
    ".lora_A.weight": (1, 1),
    ".lora_B.weight": (0, 0),
    ".lora_B.bias": (0, 0),
    ".lora_magnitude_vector": (0, 0),
    ".lora_magnitude_vector.weight": (0, 0),
    ".lora_embedding_A": (1, 0),
    ".lora_embedding_B": (0, 1),
}
"""Of each half of an adapter's layer: its axis that must be as long as that axis of the layer's weight."""

_SNAPSHOT = re.compile(r"(?:^|/)models--([\w.-]+?)--([\w.-]+)/snapshots/\w+/?$", re.ASCII)
_REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)

_OUTER = re.compile(r"^(?:model\.|language_model\.)*")

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of each weight of a model, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A model and, where there is one, the adapter that changes it."""

    base: Path | None
    """Folder of the model; absent where it is the embedded one."""

    adapter: Path | None = None

    seed: int | None = None
    """Seed of the first weights of the embedded model, where the adapter says it."""

    @property
    def fingerprint(self) -> str:
        """Tells weights from others: that of the model, and that of the adapter; empty where neither has files."""
        parts = [] if self.base is None else [fingerprint(self.base)]
        return "+".join(parts if self.adapter is None else [*parts, fingerprint(self.adapter, [ADAPTER_WEIGHTS])])


def is_adapter(folder: str | Path) -> bool:
    """Whether a folder holds an adapter and no model."""
    return (Path(folder) / ADAPTER_CONFIG).is_file() and not (Path(folder) / "config.json").exists()


def find_model(model: str, *, adapter: str | Path | None = None, field: str = "model") -> ModelFiles:
    """Files of a model, with an adapter or without one.

    Parameters
    ----------
    model
        `TINY`, a folder, or a name on the Hub; the folder of an adapter stands for it on top of its own model.
    adapter
        Folder of an adapter to put on top of the model.
    field
        Name of the setting that held the model, for the message.

    Raises
    ------
    InputError
        There is no such model or adapter, its files are not usable, or the adapter belongs to another model.
    """
    if not is_adapter(model):
        base = None if model == TINY else find_checkpoint(model, field=field)
        return ModelFiles(base=base) if adapter is None else _checked(base, Path(adapter), "adapter")
    if adapter is not None:
        raise InputError(f"{field}: {model!r} is an adapter, too; allowed with --adapter: the model that it belongs to")
    folder = Path(model)
    name = _base_of(folder, field)
    if not name:
        raise InputError(
            f"{field}: {ADAPTER_CONFIG} in {model!r} does not say to which model the adapter belongs; "
            f"allowed: --model with that model, and --adapter {model}"
        )
    try:
        base = None if name == TINY else find_checkpoint(name, field=field)
    except InputError as error:
        raise InputError(f"{error} ({model!r} is an adapter that belongs to it; allowed: --model with the place where "
                         f"it lies now, and --adapter {model})") from None  # fmt: skip
    return _checked(base, folder, field)


def record_base(folder: Path, name: str, *, seed: int) -> None:
    """Write beside an adapter to which weights it was fitted; a download from the Hub goes by its name there.

    Parameters
    ----------
    folder
        That of the adapter.
    name
        The model: `TINY`, or its folder.
    seed
        Seed of the first weights, which matters to the embedded model alone.
    """
    public = hub_name(name) or name
    base = {"name": name, "seed": seed} if name == TINY else {"name": public, "fingerprint": fingerprint(Path(name))}
    config = read_json(folder / ADAPTER_CONFIG, "adapter") | {"base_model_name_or_path": public}
    write_whole(folder / ADAPTER_CONFIG, json.dumps(config, indent=2, sort_keys=True) + "\n")
    write_whole(folder / BASE_NAME, json.dumps(base, indent=2) + "\n")


def hub_name(model: str) -> str | None:
    """Name on the Hub of a model: of a download, by the folder that the Hub's client made; absent where it has none."""
    snapshot = _SNAPSHOT.search(Path(model).as_posix())
    if snapshot:
        return f"{snapshot[1]}/{snapshot[2]}"
    return model if _REPO.fullmatch(model) and not Path(model).exists() else None


def require_fit(adapter: Path, shapes: Shapes, model: str, *, field: str) -> None:
    """Refuse an adapter that changes layers which a model does not have, or has in another shape.

    Parameters
    ----------
    adapter
        Its folder.
    shapes
        Of the model's weights.
    model, field
        Name of the model, and of the setting that held the adapter, for the message.
    """
    known = {_inner(weight): shape for weight, shape in shapes.items()}
    known.setdefault("lm_head.weight", known.get("embed_tokens.weight", ()))
    for name, shape in shapes_of(adapter / ADAPTER_WEIGHTS, field).items():
        layer = name.removeprefix(_PEFT_PREFIX).replace(".base_layer", "")
        if ".experts" in layer:
            continue  # files name and shape them in other ways than the model in memory
        half = next((half for half in _PAIRS if layer.endswith(half)), None)
        weight = layer if half is None else layer.removesuffix(half) + ".weight"
        own = known.get(_inner(weight))
        reason = f"it changes {weight}, which that model does not have"
        if own is not None:
            is_alike = shape == own if half is None else shape[_PAIRS[half][0]] == own[_PAIRS[half][1]]
            if is_alike:
                continue
            reason = f"its {layer} of the shape {list(shape)} does not fit {weight} of the shape {list(own)}"
        raise InputError(f"{field}: the adapter in {str(adapter)!r} does not belong to the model {model!r}: {reason}")


def _inner(weight: str) -> str:
    """Name of a weight without the levels that files and memory do not agree on."""
    return _OUTER.sub("", weight)


def shapes_of(file: Path, field: str) -> dict[str, tuple[int, ...]]:
    """Shape of each tensor in a file of safetensors; no value is read."""
    try:
        with safe_open(file, framework="numpy") as tensors:
            return {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{field}: cannot read the weights {str(file)!r}: {error}") from None


def _checked(base: Path | None, folder: Path, field: str) -> ModelFiles:
    """Both, once the adapter is found to be usable and to belong to the model."""
    if not is_adapter(folder):
        what = "no adapter: it has no " + ADAPTER_CONFIG if folder.is_dir() else "no folder"
        raise InputError(f"{field}: {str(folder)!r} is {what}")
    kind = read_json(folder / ADAPTER_CONFIG, field).get("peft_type")
    if kind != "LORA":
        raise InputError(f"{field}: the adapter in {str(folder)!r} is of the kind {kind!r}; allowed: LORA")
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise InputError(f"{field}: the folder {str(folder)!r} holds no weights: it has no {ADAPTER_WEIGHTS}")
    name, fitted = TINY if base is None else str(base), _fitted_to(folder, field)
    is_of_others = bool(fitted) and (fitted.get("name") == TINY) != (base is None)
    if base is not None and "fingerprint" in fitted:
        is_of_others = is_of_others or fitted["fingerprint"] != fingerprint(base)
    if is_of_others:
        raise InputError(
            f"{field}: the adapter in {str(folder)!r} belongs to the weights of {fitted.get('name')!r}; "
            f"the model {name!r} has others"
        )
    if base is not None:
        shapes = {key: shape for file in weight_files(base, field) for key, shape in shapes_of(file, field).items()}
        require_fit(folder, shapes, name, field=field)
    return ModelFiles(base=base, adapter=folder, seed=fitted.get("seed") if base is None else None)


def _base_of(folder: Path, field: str) -> str:
    """Name of the model that an adapter says it belongs to; empty where it does not say."""
    said = read_json(folder / ADAPTER_CONFIG, field).get("base_model_name_or_path")
    return str(_fitted_to(folder, field).get("name") or said or "")


def _fitted_to(folder: Path, field: str) -> dict[str, Any]:
    """What the trainer noted of the model beside an adapter; empty where it did not."""
    return read_json(folder / BASE_NAME, field) if (folder / BASE_NAME).exists() else {}
