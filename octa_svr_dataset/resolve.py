"""Settings as users give them: a preset's name, a YAML file, overrides.

Named presets are YAML files in `presets/` that hold only what differs from the defaults. A setting
that a user gives is either honored or refused with an `InputError` that names it.
"""

import hashlib
import json
import reprlib
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from octa_svr_dataset.config import ImagingConfig, SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.setting_types import NUMERALS, Within

WIDE_FIELD_MM = 4.5
"""Fields of this width or more are pictured as scanners picture 6 mm, narrower ones as 3 mm."""


def preset_names() -> list[str]:
    """Names of the presets, sorted."""
    return sorted(Path(entry.name).stem for entry in _preset_folder().iterdir() if entry.name.endswith(".yaml"))


def resolve_config(
    preset: str,
    *,
    config_file: str | PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    field: str = "preset",
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
    field
        Name of the preset in messages.

    Raises
    ------
    InputError
        A name, a key or a value is not usable; the message names it and what is allowed.
    """
    if not isinstance(config_file, str | PathLike | None):
        raise InputError(f"config_file: must be the path of a YAML file, got {config_file!r}")
    if not isinstance(overrides, Mapping | None):
        raise InputError(f"overrides: must be a mapping from settings to values, got {overrides!r}")
    if preset not in preset_names():
        raise InputError(f"{field}: unknown name {preset!r}; allowed: {', '.join(preset_names())}")
    settings = yaml.safe_load((_preset_folder() / f"{preset}.yaml").read_text(encoding="utf-8")) or {}
    if config_file is not None:
        settings = _merged(settings, read_settings(Path(config_file)))
    if overrides is not None:
        settings = _merged(settings, _nested(overrides, "overrides:"))
    try:
        return SceneConfig.model_validate(_with_templates(_with_appearance(settings)))
    except ValidationError as error:
        raise InputError(_one_line(error)) from None


def config_hash(config: SceneConfig) -> str:
    """Hash of the resolved settings: 16 hexadecimal digits."""
    canonical = json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _preset_folder() -> Traversable:
    return resources.files("octa_svr_dataset") / "presets"


def _with_appearance(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings with the ranges of the appearance that they name, where they do not give others.

    Its name goes, as all ranges are given then: settings mean the same wherever they are read.
    """
    imaging = settings.get("imaging", {})
    if not isinstance(imaging, Mapping) or not isinstance(imaging.get("appearance", "default"), str):
        return settings
    profile = _default_profile(imaging.get("projection", "full"), settings.get("field_of_view_mm"))
    if imaging.get("appearance", "default") != "default":
        profile |= _read_profile(Path(imaging["appearance"]))
    return {**settings, "imaging": {**profile, **imaging, "appearance": "default"}}


def _with_templates(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings with the files of the folder of templates that they name; its name goes, as they are given then."""
    text = settings.get("text", {})
    if not isinstance(text, Mapping) or not isinstance(text.get("templates", "default"), str):
        return settings
    if text.get("templates", "default") == "default":
        return settings
    files, given = _read_templates(Path(text["templates"])), text.get("wordings", {})
    return {**settings, "text": {**text, "templates": "default", "wordings": {**files, **given}}}


def _read_templates(folder: Path) -> dict[str, str]:
    """Texts of the template files in a folder, by their names in it without `.j2`."""
    field = "text.templates"
    if not folder.is_dir():
        raise InputError(f"{field}: {str(folder)!r} is no folder; allowed: default, or a folder with .j2 files")
    files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.j2"))}
    if not files:
        raise InputError(f"{field}: the folder {str(folder)!r} holds no .j2 file")
    texts = {}
    for name, path in files.items():
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"{field}: cannot read {str(path)!r}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise InputError(f"{field}: {str(path)!r} is not a text in UTF-8") from None
    return texts


def _default_profile(projection: Any, field_of_view_mm: Any) -> dict[str, Any]:
    """Ranges that suit a projection and a field; the defaults of `ImagingConfig` suit the full one of 3 mm."""
    is_wide = isinstance(field_of_view_mm, int | float) and field_of_view_mm >= WIDE_FIELD_MM
    profile: dict[str, Any] = {}
    for name in [f"{projection}.yaml", f"{projection}_wide.yaml"][: 1 + is_wide]:
        path = resources.files("octa_svr_dataset") / "appearances" / name
        profile |= yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return profile


def _read_profile(path: Path) -> dict[str, Any]:
    profile = read_settings(path, field="imaging.appearance")
    allowed = sorted(
        name for name, field in ImagingConfig.model_fields.items() if get_origin(field.annotation) is tuple
    )
    for name, value in profile.items():
        if name not in allowed:
            raise InputError(
                f"imaging.appearance: {str(path)!r} holds {name}: {_short(value)}; allowed there: {', '.join(allowed)}"
            )
    return profile


def allowed_values(field: FieldInfo) -> str:
    """The values that a setting accepts, in words."""
    if field.annotation is bool:
        return "true or false"
    if field.annotation is str:
        return "default, or a path"
    if get_origin(field.annotation) is dict:
        return "names of statements with + or not, and their wordings"
    if get_origin(field.annotation) is Literal:
        return " or ".join(str(value) for value in get_args(field.annotation))
    if get_origin(field.annotation) is tuple:
        parts = get_args(field.annotation)
        numbers = f"{NUMERALS[len(parts)]} {'whole numbers' if int in parts else 'numbers'}"
        within = "".join(f", {limit.low:g} to {limit.high:g}" for limit in field.metadata if isinstance(limit, Within))
        return f"{numbers} [low, high]{within}, in order" if len(parts) == 2 else f"{numbers}{within}"
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    limits = [
        f"{sign} {getattr(limit, name):g}"
        for name, sign in signs.items()
        for limit in field.metadata
        if hasattr(limit, name)
    ]
    return ", ".join((["a whole number"] if field.annotation is int else []) + limits)


class _SettingsLoader(yaml.SafeLoader):
    """YAML in which no key may stand twice: the first one would be lost in silence."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise InputError(f"{key.value}: given twice in the file, again in line {line}; allowed: once")
                seen.add(key.value)
        return node


def read_settings(path: Path, *, field: str = "config_file") -> dict[str, Any]:
    """Mapping that a YAML file holds, dotted keys opened; what is unusable is refused under the name of the field."""
    try:
        settings = yaml.load(path.read_text(encoding="utf-8"), _SettingsLoader)  # a SafeLoader
    except OSError as error:
        raise InputError(f"{field}: cannot read {str(path)!r}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{field}: {str(path)!r} is not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise InputError(f"{field}: {str(path)!r} refers to itself, or is nested too deeply") from None
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise InputError(f"{field}: {str(path)!r} must hold a mapping of settings, got {type(settings).__name__}")
    return _nested(settings, f"{field}: {str(path)!r}")


def _nested(settings: Mapping[Any, Any], source: str) -> dict[str, Any]:
    """Settings of a user with dotted keys opened."""
    try:
        return nested_settings(settings)
    except RecursionError:
        raise InputError(f"{source} refers to itself, or is nested too deeply") from None


def nested_settings(settings: Mapping[Any, Any]) -> dict[str, Any]:
    """Settings with dotted keys opened: {"a.b": 1} becomes {"a": {"b": 1}}."""
    nested: dict[str, Any] = {}
    for key, value in settings.items():
        head, _, rest = str(key).partition(".")
        if not rest:
            head = str(key)
        inner = {rest: value} if rest else value
        nested = _merged(nested, {head: nested_settings(inner) if isinstance(inner, Mapping) else inner}, replace=False)
    return nested


def _merged(
    base: Mapping[str, Any], changes: Mapping[str, Any], *, path: str = "", replace: bool = True
) -> dict[str, Any]:
    """Mapping of both; where a setting stands in both, the changed one, or a refusal."""
    merged = dict(base)
    for key, value in changes.items():
        old, name = base.get(key), f"{path}{key}"
        if key not in base:
            merged[key] = value
        elif isinstance(value, Mapping) and isinstance(old, Mapping):
            merged[key] = _merged(old, value, path=f"{name}.", replace=replace)
        elif not replace:
            raise InputError(f"{name}: given twice, as {_short(old)} and as {_short(value)}; allowed: once")
        elif isinstance(value, Mapping):
            raise InputError(f"{name}: is {_short(old)}, so there is nothing in it to set, got {_short(value)}")
        else:
            merged[key] = value
    return merged


def _one_line(error: ValidationError) -> str:
    return "; ".join(_refusal(problem) for problem in error.errors())


def _refusal(problem: ErrorDetails) -> str:
    """One problem in words: the setting, what is wrong, the value, and what is allowed."""
    location, given = problem["loc"], _short(problem["input"])
    name = ".".join(str(part) or "''" for part in location)
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f"{name}: unknown setting; allowed here: {_names(_enclosing(location[:-1]))}, got {given}"
    part = _enclosing(location)
    if isinstance(part, FieldInfo):
        return f"{name}: {message}, got {given}; allowed: {allowed_values(part)}"
    if isinstance(problem["input"], Mapping):
        return f"{name}: {message}"  # of several settings, which it names
    return f"{name}: must be a mapping of settings, got {given}; allowed here: {_names(part)}"


def _enclosing(location: tuple[int | str, ...]) -> FieldInfo | type[BaseModel]:
    """The setting, or the group of settings, in which a location lies."""
    model: type[BaseModel] = SceneConfig
    for part in location:
        field = model.model_fields[str(part)]
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return field
        model = field.annotation
    return model


def _names(group: FieldInfo | type[BaseModel]) -> str:
    assert not isinstance(group, FieldInfo), "a single setting holds no others"
    return ", ".join(sorted(group.model_fields))


def _short(value: Any) -> str:
    """The value as Python writes it, the middle of a long one left out."""
    writer = reprlib.Repr()
    writer.maxlevel, writer.maxstring, writer.maxother = 3, 80, 80
    return writer.repr(value)
