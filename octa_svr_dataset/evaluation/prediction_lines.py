"""Predictions on disk, one line a picture, however many there are: nothing of a line but its place is kept in memory.

As those of an evaluation (`predictions.py`) they survive a kill, go on where they were, and refuse other settings.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from octa_svr_dataset.command import unfinished_path, write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.localization.store import SET_ASIDE, cut_unfinished_line, json_line
from octa_svr_dataset.evaluation.predictions import PREDICTIONS_NAME, RUN_NAME, require_alike

Key = tuple[str, str]
"""Path of a picture, hash of its pixels."""


class PredictionLines:
    """Lines of one run in its folder, found by picture."""

    def __init__(self, out: Path, settings: Mapping[str, Any]) -> None:
        """Open the folder of a run, new or to be continued.

        Raises
        ------
        InputError
            It holds predictions that came about under other settings, or a line that is none.
        """
        self.path = out / PREDICTIONS_NAME
        self._starts: dict[Key, int] = {}
        if self.path.exists():
            require_alike(out, settings)
            cut_unfinished_line(self.path)
            self._starts = {_key(line): start for start, line in self._read()}
        write_whole(out / RUN_NAME, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")

    def __contains__(self, key: Key) -> bool:
        """Whether there is a line on a picture already."""
        return key in self._starts

    def get(self, key: Key) -> dict[str, Any]:
        """The line on a picture that there is one of."""
        with self.path.open("rb") as file:
            file.seek(self._starts[key])
            content: dict[str, Any] = json.loads(file.readline())
        return content

    def append(self, content: Mapping[str, Any]) -> None:
        """Add one line, which survives the end of this process."""
        with self.path.open("ab") as file:
            self._starts[_key(content)] = file.tell()
            file.write(json_line(content).encode())

    def rewrite(self, keys: Sequence[Key]) -> None:
        """Put the lines of these keys first, in their order; the others follow, set aside."""
        if list(self._starts) == list(keys) and not any(SET_ASIDE in line for _, line in self._read()):
            return
        asked = set(keys)
        ordered = [(key, False) for key in keys] + [(key, True) for key in self._starts if key not in asked]
        unfinished = unfinished_path(self.path)
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                for key, is_aside in ordered:
                    content = {name: value for name, value in self.get(key).items() if name != SET_ASIDE}
                    file.write(json_line(content | {SET_ASIDE: True} if is_aside else content))
            unfinished.replace(self.path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._starts = {_key(line): start for start, line in self._read()}

    def _read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every line and where it begins."""
        start = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    content = json.loads(line)
                    _key(content)
                except (ValueError, KeyError, TypeError):
                    raise InputError(
                        f"out: line {number} of {str(self.path)!r} is no prediction; "
                        "allowed: another folder, or --overwrite"
                    ) from None
                yield start, content
                start += len(line)


def _key(content: Mapping[str, Any]) -> Key:
    return content["path"], content["picture"]
