"""Where rows come from: a preset (synthesized ahead or on demand), a folder, the Hugging Face Hub."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import datasets
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, load_dataset, load_from_disk
from PIL import Image

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import simulate
from octa_svr_dataset.finetuning.mixture import Source
from octa_svr_dataset.grading import Label
from octa_svr_dataset.registration import NAME, register
from octa_svr_dataset.row import dialogue_columns, row_id
from octa_svr_dataset.seeding import SceneKey, Split

TRAINED_COLUMNS = ("id", "image", "messages")
"""What training reads of a row."""


class Rows(Protocol):
    """Rows by number: dicts of columns, pictures as PIL images."""

    def __len__(self) -> int:
        """Number of rows."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Rows of a preset that are synthesized when they are asked for; equal to those of `load_dataset`."""

    preset: str
    config: SceneConfig
    seed: int
    split: Split
    number: int

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int) -> dict[str, Any]:
        example = simulate(self.config, SceneKey(seed=self.seed, split=self.split, scene_index=index))
        return {
            "id": row_id(self.preset, example.key),
            "image": Image.fromarray(example.rendering.image),
            "label": list(Label).index(example.findings.label),
            "severity": example.findings.severity,
            "laterality": example.scene.laterality,
            **dialogue_columns(example.dialogue),
        }


def open_source(source: Source, *, streaming: bool, num_proc: int | None) -> Rows:
    """Rows of a source to train on; those of a preset are synthesized now, unless it streams.

    Raises
    ------
    InputError
        There is nothing usable.
    """
    if not source.is_preset:
        return _opened(source)
    number = source.num_synthesized
    if streaming:
        return OnDemand(
            preset=source.source, config=source.resolve(), seed=source.seed, split=Split.TRAIN, number=number
        )
    rows: Rows = _synthesized(source, num_proc=num_proc, num_train=number).select_columns(list(TRAINED_COLUMNS))
    return rows


def open_sources(sources: Sequence[Source], *, streaming: bool, num_proc: int | None) -> list[Rows]:
    """Rows of each source; what only has to be opened comes first, so that a mistake there costs no synthesis."""
    order = sorted(range(len(sources)), key=lambda number: sources[number].is_preset)
    rows = {number: open_source(sources[number], streaming=streaming, num_proc=num_proc) for number in order}
    return [rows[number] for number in range(len(sources))]


def open_validation(source: Source, number: int, *, num_proc: int | None) -> Dataset:
    """Rows of the validation split of a preset, with all columns that scores take."""
    return _synthesized(source, num_proc=num_proc, num_validation=number)


def _synthesized(source: Source, *, num_proc: int | None, **numbers: int) -> Dataset:
    register()
    settings = {f"num_{split.label}": 0 for split in Split} | numbers
    (split,) = load_dataset(
        NAME,
        source.source,
        seed=source.seed,
        overrides=source.overrides,
        config_file=source.config_file,
        num_proc=num_proc,
        **settings,
    ).values()
    return split


def _opened(source: Source) -> Rows:
    """Rows of a folder or of the Hub, found to have pictures and messages."""
    rows = _train_split(source)
    columns = rows.features
    if not isinstance(columns.get("image"), datasets.Image):
        raise InputError(f"{source.field}: {source.source!r} has no pictures, no column image; {_has(rows)}")
    if "messages" not in columns:
        raise InputError(f"{source.field}: {source.source!r} has no column messages; {_has(rows)}")
    if source.num_train is not None and source.num_train > len(rows):
        raise InputError(f"{source.field}: {source.source!r} has {len(rows)} rows, fewer than {source.num_train}")
    number = len(rows) if source.num_train is None else source.num_train
    if "id" not in columns:
        rows = rows.add_column("id", [f"{source.source}#{index}" for index in range(len(rows))])
    taken = rows.select_columns(list(TRAINED_COLUMNS)).select(range(number))
    _require_trainable(source, taken)
    usable: Rows = taken
    return usable


def _require_trainable(source: Source, rows: Dataset) -> None:
    """Refuse rows that nothing can be learned from, before any of them trains."""
    table = rows.flatten_indices().data
    files = table.column("image")
    has_none = pc.and_(pc.is_null(pc.struct_field(files, "bytes")), pc.is_null(pc.struct_field(files, "path")))
    missing = pc.index(has_none, value=True).as_py()
    if missing >= 0:
        raise InputError(f"{source.field}: {source.source!r}: row {rows[missing]['id']} has no picture, image is null")
    for row, turns in zip(table.column("id"), table.column("messages"), strict=True):
        if not is_dialogue(turns.as_py()):
            raise InputError(
                f"{source.field}: {source.source!r}: messages of row {row.as_py()} have no turn of the role assistant, "
                "so nothing to learn, or one without words; allowed: lists of turns with role and content"
            )


def is_dialogue(turns: object) -> bool:
    """Whether something is a list of turns, each with role and content, in which the assistant has one."""
    return (
        isinstance(turns, list)
        and all(isinstance(turn, Mapping) and {"role", "content"} <= turn.keys() for turn in turns)
        and all(isinstance(turn["content"], str | list) for turn in turns)
        and any(turn["role"] == "assistant" for turn in turns)
    )


def _train_split(source: Source) -> Dataset:
    path = Path(source.source)
    place = str(path.resolve()) if path.is_dir() else source.source  # a folder may have the dataset's own name
    try:
        if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
            if source.dataset_config is not None:
                raise InputError(
                    f"{source.field}: dataset_config has no effect on a folder of save_to_disk, got "
                    f"{source.dataset_config!r}"
                )
            rows = load_from_disk(place)
        else:
            rows = load_dataset(place, source.dataset_config)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise InputError(f"{source.field}: cannot open {source.source!r}: {_first_line(error)}") from None
    if not isinstance(rows, DatasetDict):
        return rows
    if "train" not in rows:
        raise InputError(f"{source.field}: {source.source!r} has no split train; it has {', '.join(rows)}")
    return rows["train"]


def _has(rows: Dataset) -> str:
    return f"it has {', '.join(rows.column_names)}"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
