"""Answers on disk, one line a picture and kind, so that what is finished survives a kill."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError

LOCALIZATION_NAME = "localization.jsonl"

Key = tuple[str, str, str]
"""Path of a picture, hash of its pixels, question."""


class AnswerStore:
    """Outputs of one run to questions of where; its settings stand in `run.json`, its questions in each line."""

    def __init__(self, out: Path) -> None:
        """Open the answers in the folder of a run.

        Raises
        ------
        InputError
            A whole line is no answer.
        """
        self._path = out / LOCALIZATION_NAME
        self._outputs = _read_outputs(self._path) if self._path.exists() else {}

    def __contains__(self, key: Key) -> bool:
        """Whether there is an output to a question about a picture already."""
        return key in self._outputs

    def get(self, key: Key) -> str:
        """The output to a question about a picture that there is one of."""
        return self._outputs[key]

    def append(self, key: Key, output: str) -> None:
        """Add one line, which survives the end of this process."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(key, output, {}))
        self._outputs[key] = output

    def rewrite(self, told: Mapping[Key, Mapping[str, Any]]) -> None:
        """Keep the lines of these keys alone, in their order, with what is now known of them."""
        write_whole(self._path, "".join(_line(key, self._outputs[key], more) for key, more in told.items()))


def _line(key: Key, output: str, told: Mapping[str, Any]) -> str:
    path, picture, question = key
    content = {"path": path, "picture": picture, "question": question, **told, "output": output}
    return json.dumps(content, ensure_ascii=False) + "\n"


def _read_outputs(file: Path) -> dict[Key, str]:
    """Outputs of whole lines; one that a kill cut short is removed from the file."""
    text = file.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        with file.open("r+b") as cut:
            cut.truncate(len(whole))
    outputs = {}
    for number, line in enumerate(whole.decode("utf-8").splitlines(), start=1):
        try:
            content = json.loads(line)
            outputs[content["path"], content["picture"], content["question"]] = str(content["output"])
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"out: line {number} of {str(file)!r} is no answer; allowed: another folder, or --overwrite"
            ) from None
    return outputs
