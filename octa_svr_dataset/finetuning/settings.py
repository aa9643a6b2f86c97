"""Settings from a YAML file and the command line, each refused in one line where it is not known or understood."""

import difflib
import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml
from transformers.hf_argparser import string_to_bool
from trl import TrlParser

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.arguments import DataArguments, ModelArguments, TrainingArguments


class _SettingsParser(TrlParser):  # type: ignore[misc]
    """TRL's parser, with an `InputError` for every setting that it does not know or understand."""

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
    names = [argument.partition("=")[0] for argument in given if argument.startswith("--")]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(f"command line: {twice} is given twice; allowed: once")
    parser = _SettingsParser((DataArguments, ModelArguments, TrainingArguments), allow_abbrev=False)
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
    if training.eval_strategy != "no" and data.num_validation == 0:
        raise InputError("num_validation: must be at least 1 with eval_strategy, got 0")
    return data, model, training


def _require_unique(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        yaml.load(file, _UniqueKeys)
