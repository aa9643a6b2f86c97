"""What command lines share: whole numbers, and settings of a scene."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from octa_svr_dataset.errors import InputError

ConfigFile = Annotated[Path | None, typer.Option(help="YAML file with settings that differ from the preset.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be given again.")]


def whole_number(text: str) -> int:
    """The number that an option holds."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"must be a whole number, got {text!r}") from None


def parse_overrides(changes: list[str] | None) -> dict[str, Any]:
    """Settings of `--set KEY=VALUE`; the values are read as YAML."""
    overrides = {}
    for change in changes or []:
        key, equals, text = change.partition("=")
        if not (key and equals):
            raise InputError(f"--set: must be KEY=VALUE, got {change!r}")
        try:
            overrides[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set: the value of {key} must be YAML, got {text!r}") from None
    return overrides
