"""Settings as users give them: a preset's name, a YAML file, overrides.

Named presets are YAML files in `presets/` that hold only what differs from the defaults. A setting
that a user gives is either honored or refused with an `InputError` that names it.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError


def preset_names() -> list[str]:
    """Names of the presets, sorted."""
    return sorted(Path(entry.name).stem for entry in _preset_folder().iterdir() if entry.name.endswith(".yaml"))


def resolve_config(
    preset: str, *, config_file: str | Path | None = None, overrides: Mapping[str, Any] | None = None
) -> SceneConfig:
    """Settings of a preset, changed by a YAML file, changed by overrides.

    Parameters
    ----------
    preset
        Name of a preset.
    config_file
        YAML file with a mapping of the same shape as `SceneConfig`; it need hold only what changes.
    overrides
        Nested mapping of the same shape; a key may also be a dotted path, as in
        `{"imaging.size_px": 400}`.

    Raises
    ------
    InputError
        A name, a key or a value is not usable; the message names it and what is allowed.
    """
    if not isinstance(overrides, Mapping | None):
        raise InputError(f"overrides: must be a mapping from settings to values, got {overrides!r}")
    if preset not in preset_names():
        raise InputError(f"preset: unknown name {preset!r}; allowed: {', '.join(preset_names())}")
    settings = yaml.safe_load((_preset_folder() / f"{preset}.yaml").read_text(encoding="utf-8")) or {}
    if config_file is not None:
        settings = _merged(settings, _read_settings(Path(config_file)))
    if overrides is not None:
        settings = _merged(settings, _nested(overrides))
    try:
        return SceneConfig.model_validate(settings)
    except ValidationError as error:
        raise InputError(_one_line(error)) from None


def config_hash(config: SceneConfig) -> str:
    """Hash of the resolved settings: 16 hexadecimal digits."""
    canonical = json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _preset_folder() -> Traversable:
    return resources.files("octa_svr_dataset") / "presets"


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"config_file: cannot read {str(path)!r}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"config_file: {str(path)!r} is not YAML: {' '.join(str(error).split())}") from None
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise InputError(f"config_file: {str(path)!r} must hold a mapping of settings, got {type(settings).__name__}")
    return _nested(settings)


def _nested(settings: Mapping[Any, Any]) -> dict[str, Any]:
    """Settings with dotted keys opened: {"a.b": 1} becomes {"a": {"b": 1}}."""
    nested: dict[str, Any] = {}
    for key, value in settings.items():
        head, _, rest = str(key).partition(".")
        if rest:
            value = {rest: value}
        if isinstance(value, Mapping):
            value = _nested(value)
        nested = _merged(nested, {head: value})
    return nested


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        both_are_mappings = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both_are_mappings else value
    return merged


def _one_line(error: ValidationError) -> str:
    problems = []
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"])
        message = (
            problem["msg"].removeprefix("Value error, ").replace("Extra inputs are not permitted", "unknown setting")
        )
        if problem["type"] == "extra_forbidden":
            message += f"; allowed here: {', '.join(_settings_beside(problem['loc']))}"
        problems.append(f"{field}: {message}, got {problem['input']!r}")
    return "; ".join(problems)


def _settings_beside(location: tuple[int | str, ...]) -> list[str]:
    """Names of the settings that exist where an unknown one was given."""
    model: type[BaseModel] = SceneConfig
    for part in location[:-1]:
        model = model.model_fields[str(part)].annotation  # type: ignore[assignment]
    return sorted(model.model_fields)
