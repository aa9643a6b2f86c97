"""Answers on disk, one line a picture and kind, so that what is finished survives a kill."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError

LOCALIZATION_NAME = "localization.jsonl"

SET_ASIDE = "set_aside"
"""Entry of the lines that were paid for, but do not belong to the result beside them."""

_PIECE_BYTES = 1 << 16

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
        self._lines = _read_lines(self._path) if self._path.exists() else {}

    def __contains__(self, key: Key) -> bool:
        """Whether there is an output to a question about a picture already."""
        return key in self._lines

    def get(self, key: Key) -> str:
        """The output to a question about a picture that there is one of."""
        return str(self._lines[key]["output"])

    def append(self, key: Key, output: str) -> None:
        """Add one line, which survives the end of this process."""
        content = _content(key, output, {})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json_line(content))
        self._lines[key] = content

    def rewrite(self, told: Mapping[Key, Mapping[str, Any]]) -> None:
        """Put the lines of these keys first, in their order, with what is now known of them; set the others aside."""
        present = [_content(key, self.get(key), more) for key, more in told.items()]
        aside = [line | {SET_ASIDE: True} for key, line in self._lines.items() if key not in told]
        write_whole(self._path, "".join(map(json_line, [*present, *aside])))


def json_line(content: Mapping[str, Any]) -> str:
    """An object as one line."""
    return json.dumps(content, ensure_ascii=False) + "\n"


def whole_lines(file: Path) -> list[bytes]:
    """Lines of a file; one that a kill cut short is removed from it."""
    cut_unfinished_line(file)
    return file.read_bytes().split(b"\n")[:-1]


def cut_unfinished_line(file: Path) -> None:
    """Remove the end of a file after its last whole line, which a kill cut short."""
    with file.open("r+b") as cut:
        end = cut.seek(0, os.SEEK_END)
        while end > 0:
            start = max(end - _PIECE_BYTES, 0)
            cut.seek(start)
            found = cut.read(end - start).rfind(b"\n")
            if found >= 0:
                cut.truncate(start + found + 1)
                return
            end = start
        cut.truncate(0)


def _content(key: Key, output: str, told: Mapping[str, Any]) -> dict[str, Any]:
    path, picture, question = key
    return {"path": path, "picture": picture, "question": question, **told, "output": output}


def _read_lines(file: Path) -> dict[Key, dict[str, Any]]:
    lines = {}
    for number, line in enumerate(whole_lines(file), start=1):
        try:
            content = json.loads(line.decode("utf-8"))
            lines[content["path"], content["picture"], content["question"]] = content | {
                "output": str(content["output"])
            }
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"out: line {number} of {str(file)!r} is no answer; allowed: another folder, or --overwrite"
            ) from None
    return lines
