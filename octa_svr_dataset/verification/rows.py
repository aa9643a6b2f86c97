"""Rows to be verified: of a folder, or made here from a preset."""

import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import simulate, with_other_texts
from octa_svr_dataset.grading import Label
from octa_svr_dataset.row import dialogue_columns, example_row
from octa_svr_dataset.seeding import SceneKey

COLUMNS = ("id", "image", "label", "severity", "laterality", "messages", "tasks", "findings", "provenance", "masks")

LAYERS = ("faz", "dropout", "diffuse_loss", "microaneurysms", "irma", "neovascularization")
"""Pixel layers that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What of a row is read."""

    row_id: str

    image: np.ndarray
    """(H, W) uint8."""

    layers: Mapping[str, np.ndarray]
    """(H, W) each."""

    laterality: str
    field_of_view_mm: float
    projection: str

    messages: tuple[tuple[str, str], ...]
    """(role, content) of each."""

    label: str
    severity: int
    tasks: tuple[Mapping[str, Any], ...]
    findings: Mapping[str, Any]

    @property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """(question, answer) of each turn."""
        contents = [content for _, content in self.messages]
        return tuple(zip(contents[::2], contents[1::2], strict=True))


def row_of_columns(columns: Mapping[str, Any], source: str) -> Row:
    """A row from its plain columns, as `example_row` makes them or a file holds them.

    Raises
    ------
    InputError
        A column is missing or not usable; the message names it.
    """
    missing = [name for name in COLUMNS if columns.get(name) is None]
    if missing:
        remedy = "; build it with include_masks=True" if "masks" in missing else ""
        raise InputError(f"{source}: the rows have no column {', '.join(missing)}{remedy}")
    provenance = columns["provenance"]
    if "field_of_view_mm" not in provenance or "projection" not in provenance:
        raise InputError(
            f"{source}: provenance must hold field_of_view_mm and projection, got {', '.join(sorted(provenance))}"
        )
    absent = [name for name in LAYERS if columns["masks"].get(name) is None]
    if absent:
        raise InputError(f"{source}: masks must hold {', '.join(LAYERS)}; missing: {', '.join(absent)}")
    for task in columns["tasks"]:
        _parsed(task["answer"], f"{source}: tasks: answer")
    label = columns["label"]
    return Row(
        row_id=columns["id"],
        image=_pixels(columns["image"]),
        layers={name: _pixels(columns["masks"][name]) for name in LAYERS},
        laterality=columns["laterality"],
        field_of_view_mm=float(provenance["field_of_view_mm"]),
        projection=provenance["projection"],
        messages=tuple((message["role"], message["content"]) for message in columns["messages"]),
        label=str(tuple(Label)[label]) if isinstance(label, int) else str(label),
        severity=int(columns["severity"]),
        tasks=tuple(columns["tasks"]),
        findings=_parsed(columns["findings"], f"{source}: findings"),
    )


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{place} must hold JSON, got {text[:40]!r}: {error}") from None


def rows_of_folder(folder: Path, num: int | None) -> Iterator[Row]:
    """Rows of the Parquet shards or of the `save_to_disk` dataset in a folder, in the order of their names."""
    files = sorted(path for pattern in ("*.parquet", "*.arrow") for path in folder.rglob(pattern))
    is_saved = any(folder.rglob("state.json"))
    if not files and not is_saved:
        raise InputError(f"{str(folder)!r} holds no Parquet shards and no dataset of save_to_disk")
    number = 0
    for path in files:
        for batch in _batches(path):
            for columns in batch.to_pylist():
                if num is not None and number >= num:
                    return
                number += 1
                yield row_of_columns(columns, str(path))
    if not number:
        raise InputError(f"{str(folder)!r} holds a dataset without rows; there is nothing to verify")


def rows_of_preset(
    preset: str, config: SceneConfig, keys: Iterable[SceneKey], *, texts_per_scene: int = 1
) -> Iterator[Row]:
    """Rows made here, some texts a scene; they share the pixels."""
    for key in keys:
        example = simulate(config, key)
        first = row_of_columns(example_row(example, preset, include_masks=True), preset)
        yield first
        for other in itertools.islice(with_other_texts(example), texts_per_scene - 1):
            columns = dialogue_columns(other.dialogue)
            yield replace(
                first,
                messages=tuple((message["role"], message["content"]) for message in columns["messages"]),
                tasks=tuple(columns["tasks"]),
            )


def count_rows(folder: Path) -> int:
    """Number of rows of the Parquet shards of a folder, without reading them; 0 where there are none."""
    try:
        return sum(pq.ParquetFile(path).metadata.num_rows for path in folder.rglob("*.parquet"))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{str(folder)!r} holds a Parquet file that cannot be read: {error}") from None


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            present = [name for name in COLUMNS if name in file.schema_arrow.names]
            yield from file.iter_batches(batch_size=16, columns=present)
        else:
            with pa.memory_map(str(path)) as source:
                for batch in pa.ipc.open_stream(source):
                    yield from (batch.slice(start, 16) for start in range(0, batch.num_rows, 16))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{str(path)!r} cannot be read: {error}") from None


def _pixels(column: Any) -> np.ndarray:
    if isinstance(column, Mapping):
        column = Image.open(io.BytesIO(column["bytes"]))
    return np.asarray(column)
