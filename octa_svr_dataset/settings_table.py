"""Every setting of a configuration as a row of a table: name, value, what is allowed, meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.resolve import allowed_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting, in words."""

    name: str
    """Dotted path, as `overrides` and `--set` take it."""

    value: str
    """The value as YAML."""

    allowed: str
    """The values that are accepted."""

    meaning: str
    """What it is, with its unit."""


def settings(config: SceneConfig) -> list[Setting]:
    """All settings in the order of the model."""
    return list(_settings_of(config, ""))


def _settings_of(model: BaseModel, prefix: str) -> Iterator[Setting]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _settings_of(value, f"{prefix}{name}.")
        else:
            meaning = " ".join((field.description or "").split())
            yield Setting(name=prefix + name, value=_as_yaml(value), allowed=allowed_values(field), meaning=meaning)


def _as_yaml(value: Any) -> str:
    plain = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(plain, default_flow_style=True).removesuffix("...\n").strip()
