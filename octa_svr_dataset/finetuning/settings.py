"""Settings from a YAML file and the command line, each refused in one line where it is not known or understood."""

import difflib
import os
import re
import sys
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from transformers.hf_argparser import string_to_bool
from trl import TrlParser

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.arguments import DataArguments, ModelArguments, TrainingArguments
from octa_svr_dataset.finetuning.limits import require_validation

_OF_SCENES = ("overrides", "config_file")
_REPLACED = {
    "dataset": (*_OF_SCENES, "dataset_seed", "dataset_config", "mixture", "streaming"),
    "mixture": (*_OF_SCENES, "dataset", "dataset_config", "num_train"),
}
"""Settings of a file that say which rows to train on, by the option whose rows take their place."""

_OF_VALIDATION = (*_OF_SCENES, "dataset_seed")
"""Those of them that the scenes of the validation have as well."""


class _SettingsParser(TrlParser):  # type: ignore[misc]
    """TRL's parser, with an `InputError` for every setting that it does not know or understand."""

    given: Mapping[str, str]
    """What the command line says, by the names of the settings."""

    def error(self, message: str) -> None:
        """Refuse a value of the wrong type."""
        raise InputError(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, with nothing left over."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            raise InputError(f"command line: unknown option {unknown[0]!r}; --help lists what is allowed")
        return known, unknown

    def set_defaults_with_config(self, **settings: Any) -> list[str]:
        """Take the settings of a YAML file, in the same way as those of the command line."""
        settings = self._without_replaced(settings)
        actions = {action.dest: action for action in self._actions}
        for name, value in settings.items():
            if name not in actions:
                similar = difflib.get_close_matches(name, actions, n=3, cutoff=0.4)
                allowed = (
                    f"allowed are, for example: {', '.join(similar)}" if similar else "--help lists what is allowed"
                )
                raise InputError(f"{name}: unknown setting, got {value!r}; {allowed}")
            if value is not None and actions[name].type in (int, float, string_to_bool):
                settings[name] = str(value)
        return list(super().set_defaults_with_config(**settings))

    def _without_replaced(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of a file, but for those of rows that others of the command line take the place of; it is told."""
        option = next((name for name in _REPLACED if name in self.given), None)
        if option is None:
            return dict(settings)
        has_validation = str(self.given.get("num_validation", settings.get("num_validation", 0))) != "0"
        replaced = [
            name
            for name in _REPLACED[option]
            if settings.get(name) is not None
            and name not in self.given
            and not (has_validation and name in _OF_VALIDATION)
        ]
        if replaced and os.environ.get("RANK", "0") == "0":
            print(f"--{option} takes the place of the file's {', '.join(replaced)}", file=sys.stderr)
        return {name: value for name, value in settings.items() if name not in replaced}


class _UniqueKeys(yaml.SafeLoader):
    """YAML in which no key comes twice; PyYAML would take the last without a word."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping, all of whose keys differ."""
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                where = str(key_node.start_mark).strip()
                raise InputError(f"config: the name of a setting must be text, got {key!r} {where}")
            if key in seen:
                raise InputError(f"config: {key!r} is set twice, the second time {str(key_node.start_mark).strip()}")
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_settings(given: Sequence[str]) -> tuple[DataArguments, ModelArguments, TrainingArguments]:
    """Settings of a command line and of the YAML file that it names; the command line goes first.

    Raises
    ------
    InputError
        One of them is not usable.
    """
    given = [part for argument in given for part in re.split("(?<=^--config)=", argument)]
    if given[-1:] == ["--config"]:
        raise InputError("config: the path of a YAML file is missing")
    names = [_name_of(argument) for argument in given if argument.startswith("--")]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(f"command line: --{twice} is given twice; allowed: once")
    parser = _SettingsParser((DataArguments, ModelArguments, TrainingArguments), allow_abbrev=False)
    parser.given = _by_name(given)
    try:
        if "--config" in given:
            _require_unique(Path(given[given.index("--config") + 1]))
        data, model, training = parser.parse_args_and_config(given)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"config: cannot read {error.filename!r}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"config: not YAML: {error}") from None
    except ValueError as error:
        raise InputError(f"settings: {error}") from None
    require_validation(training, data)
    return data, model, training


def _by_name(given: Sequence[str]) -> dict[str, str]:
    """Options of a command line, `--name value` or `--name=value`, by their names; a flag's value is empty."""
    values = {}
    for argument, following in zip(given, [*given[1:], "--"], strict=True):
        name, equals, value = argument.partition("=")
        if name.startswith("--"):
            values[_name_of(name)] = value if equals or following.startswith("--") else following
    return values


def _name_of(option: str) -> str:
    """Name of the setting that an option gives: `HfArgumentParser` takes `--num-train` for `--num_train`."""
    return option.partition("=")[0].removeprefix("--").replace("-", "_")


def _require_unique(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        yaml.load(file, _UniqueKeys)
