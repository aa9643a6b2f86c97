"""Where rows come from: a preset (synthesized ahead or on demand), a folder, the Hugging Face Hub."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import datasets
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, load_dataset, load_from_disk
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]
from PIL import Image

from octa_svr_dataset.builder import NUM_TRAIN, USUAL_NUM_TRAIN
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError, require_whole_number
from octa_svr_dataset.example import simulate
from octa_svr_dataset.grading import Label
from octa_svr_dataset.registration import NAME, register
from octa_svr_dataset.resolve import preset_names, resolve_config
from octa_svr_dataset.row import dialogue_columns, row_id
from octa_svr_dataset.seeding import LARGEST_SEED, SceneKey, Split

TRAINED_COLUMNS = ("id", "image", "messages")
"""What training reads of a row."""


class Rows(Protocol):
    """Rows by number: dicts of columns, pictures as PIL images."""

    def __len__(self) -> int:
        """Number of rows."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One part of what a model is trained on, checked as far as nothing has to be opened for it."""

    source: str
    """A preset; else a folder that `octa-svr build` or `save_to_disk` wrote; else a name on the Hub."""

    weight: float = 1.0
    """Share of the rows in a mixture, relative to the other weights."""

    seed: int = 0
    """Of the scenes of a preset."""

    num_train: int | None = None
    """Rows to take; where absent, of a preset as many as `load_dataset` makes, else all."""

    overrides: Mapping[str, Any] | None = None
    """Settings of the scenes that differ from the preset."""

    config_file: str | None = None
    """YAML file with settings of the scenes that differ from the preset."""

    dataset_config: str | None = None
    """Name of a configuration in a folder or on the Hub that holds several."""

    field: str = "preset"
    """Name of the setting, for messages."""

    def __post_init__(self) -> None:
        if not isinstance(self.source, str) or not self.source:
            raise InputError(f"{self.field}: must be a preset, a folder or a name on the Hub, got {self.source!r}")
        if isinstance(self.weight, bool) or not isinstance(self.weight, int | float) or not 0 < self.weight < 1e9:
            raise InputError(f"{self.field}: weight must be a number above 0, got {self.weight!r}")
        require_whole_number(f"{self.field}: seed", self.seed, largest=LARGEST_SEED)
        if self.num_train is not None and require_whole_number(f"{self.field}: num_train", self.num_train) == 0:
            raise InputError(f"{self.field}: num_train must be at least 1, got 0")
        if self.is_preset:
            self.resolve()
            if self.dataset_config is not None:
                raise InputError(
                    f"{self.field}: dataset_config is of folders and of the Hub, got preset {self.source!r}"
                )
            return
        if self.overrides is not None or self.config_file is not None:
            raise InputError(
                f"{self.field}: overrides and config_file are settings of presets; {self.source!r} is none of them: "
                f"{', '.join(preset_names())}"
            )
        self._require_place()

    @property
    def is_preset(self) -> bool:
        """Whether the rows are synthesized."""
        return self.source in preset_names()

    @property
    def num_synthesized(self) -> int:
        """Rows of a preset to train on."""
        return NUM_TRAIN.get(self.source, USUAL_NUM_TRAIN) if self.num_train is None else self.num_train

    def resolve(self) -> SceneConfig:
        """All settings of the scenes of a preset."""
        return resolve_config(self.source, config_file=self.config_file, overrides=self.overrides)

    def _require_place(self) -> None:
        path = Path(self.source)
        if path.is_dir():
            if not data_files(path):
                raise InputError(
                    f"{self.field}: the folder {self.source!r} holds no dataset: no Parquet or Arrow file; "
                    "allowed: a folder of octa-svr build or save_to_disk"
                )
            return
        try:
            validate_repo_id(self.source)
            is_name = self.source.count("/") == 1 and not path.is_file()
        except HFValidationError:
            is_name = False
        if not is_name:
            raise InputError(
                f"{self.field}: {self.source!r} is no preset, no folder and no name on the Hub (my-org/octa_svr); "
                f"presets: {', '.join(preset_names())}"
            )


def parse_mixture(mixture: object) -> tuple[Source, ...]:
    """Sources of the setting `mixture`: a list of mappings, or JSON of one.

    Raises
    ------
    InputError
        It is something else, or one of them is not usable.
    """
    if isinstance(mixture, str):
        try:
            mixture = json.loads(mixture)
        except ValueError as error:
            raise InputError(f"mixture: not JSON ({error}), got {mixture!r}") from None
    if not isinstance(mixture, list) or not mixture:
        raise InputError(f"mixture: must be a list of at least one source, got {mixture!r}")
    allowed = [entry.name for entry in fields(Source) if entry.name != "field"]
    sources = []
    for number, settings in enumerate(mixture):
        name = f"mixture[{number}]"
        if not isinstance(settings, Mapping) or "source" not in settings:
            raise InputError(f"{name}: must be a mapping with source, got {settings!r}")
        for key in settings:
            if key not in allowed:
                raise InputError(f"{name}: unknown key {key!r}; allowed: {', '.join(allowed)}")
        sources.append(Source(**settings, field=name))
    return tuple(sources)


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
                "so nothing to learn; allowed: lists of turns with role and content"
            )


def is_dialogue(turns: object) -> bool:
    """Whether something is a list of turns, each with role and content, in which the assistant says something."""
    return (
        isinstance(turns, list)
        and all(isinstance(turn, Mapping) and {"role", "content"} <= turn.keys() for turn in turns)
        and any(turn["role"] == "assistant" for turn in turns)
    )


def data_files(folder: Path) -> list[Path]:
    """Files of rows in a folder."""
    return sorted(path for kind in ("parquet", "arrow") for path in folder.rglob(f"*.{kind}"))


def _train_split(source: Source) -> Dataset:
    path = Path(source.source)
    place = str(path.resolve()) if path.is_dir() else source.source  # a folder may have the dataset's own name
    try:
        if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
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
