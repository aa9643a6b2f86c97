"""Which outputs are rated, by whom, in which order: drawn once, kept in a sealed key."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from octa_svr_dataset.errors import InputError

KEY_NAME = "key.json"

LEAST_APART = 0.25
"""A repeated item comes at least this share of the outputs after its first showing, so that few remember it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What one model says of one picture."""

    model: str
    path: str
    patient: str | None
    truth: str | None
    predicted: str | None
    """Classes in one word, "diabetic" where no more is known; absent where nobody says."""

    words: str
    marks: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Name of the kind and coordinates, in thousandths, of the boxes and points that the model gives."""

    @property
    def cluster(self) -> str:
        """What is resampled together: all pictures of a patient; of unknown patients, a picture."""
        return f"picture {self.path}" if self.patient is None else f"patient {self.patient}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One place in a reader's sheet."""

    code: str
    output: int
    """Index of the output."""

    is_repeat: bool
    """Whether it was shown before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Outputs and the sheets of all readers."""

    outputs: tuple[Output, ...]
    sheets: Mapping[str, tuple[Item, ...]]
    """By reader."""

    @property
    def seal(self) -> str:
        """Hash of all that is in the key; sheets carry it, so that neither can be changed without being noticed."""
        content = json.dumps(self._content(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def models(self) -> tuple[str, ...]:
        """Names, in order of appearance."""
        return tuple(dict.fromkeys(output.model for output in self.outputs))

    def to_json(self) -> str:
        """The key: which item is what. Not for the eyes of readers."""
        note = "Sealed until all sheets are back: readers must not see it."
        return json.dumps({"note": note, "seal": self.seal, **self._content()}, indent=1, ensure_ascii=False) + "\n"

    def _content(self) -> dict[str, Any]:
        sheets = {reader: [asdict(item) for item in items] for reader, items in self.sheets.items()}
        return {"outputs": [asdict(output) for output in self.outputs], "sheets": sheets}


def draw_study(
    runs: Sequence[Sequence[Output]],
    readers: Sequence[str],
    num_pictures: int,
    num_repeats: int,
    rng: np.random.Generator,
) -> Study:
    """Draw pictures, and shuffle what all models say of them anew for each reader.

    Parameters
    ----------
    runs
        What each model says of the same pictures, in the same order.
    readers
        Their names.
    num_pictures
        So many are drawn.
    num_repeats
        So many items of each sheet are shown twice, the same ones to every reader.
    rng
        Source of chance.

    Raises
    ------
    InputError
        There are fewer pictures, or fewer items than are to be shown twice.
    """
    if not 1 <= num_pictures <= len(runs[0]):
        raise InputError(
            f"num: must be a whole number from 1 to {len(runs[0])}, the pictures there are, got {num_pictures}"
        )
    chosen = np.sort(rng.permutation(len(runs[0]))[:num_pictures])
    outputs = tuple(run[index] for index in chosen for run in runs)
    if not 0 <= num_repeats <= len(outputs):
        raise InputError(f"repeats: must be a whole number from 0 to {len(outputs)}, got {num_repeats}")
    repeated = rng.permutation(len(outputs))[:num_repeats].tolist()
    return Study(outputs=outputs, sheets={reader: _sheet(reader, len(outputs), repeated, rng) for reader in readers})


def read_key(file: Path) -> Study:
    """The study of a key.

    Raises
    ------
    InputError
        It cannot be read, is no key, or was changed.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        outputs = tuple(
            Output(**{**output, "marks": tuple((name, tuple(place)) for name, place in output["marks"])})
            for output in content["outputs"]
        )
        sheets = {reader: tuple(Item(**item) for item in items) for reader, items in content["sheets"].items()}
        study, seal = Study(outputs=outputs, sheets=sheets), content["seal"]
    except OSError as error:
        raise InputError(f"key: cannot read {str(file)!r}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"key: {str(file)!r} is no key; allowed: the {KEY_NAME} of a study") from None
    if seal != study.seal:
        raise InputError(f"key: {str(file)!r} was changed after the study was made; allowed: the {KEY_NAME} as it was")
    return study


def _sheet(reader: str, num_outputs: int, repeated: Sequence[int], rng: np.random.Generator) -> tuple[Item, ...]:
    """All outputs in random order; the repeated ones stand in the first half, and again at random places later on."""
    order = [(int(output), False) for output in rng.permutation(num_outputs)]
    for output in repeated:
        order.remove((output, False))
        order.insert(int(rng.integers(num_outputs // 2 + 1)), (output, False))
    for output in repeated:
        earliest = min(order.index((output, False)) + 1 + math.ceil(LEAST_APART * num_outputs), len(order))
        order.insert(int(rng.integers(earliest, len(order) + 1)), (output, True))
    return tuple(
        Item(code=f"{reader}-{number:03d}", output=output, is_repeat=is_repeat)
        for number, (output, is_repeat) in enumerate(order, start=1)
    )
