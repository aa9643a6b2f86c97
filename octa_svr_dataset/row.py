"""One example as a row of the dataset: plain values, and pictures as PNG."""

import io
import zlib
from dataclasses import fields
from typing import Any

import numpy as np
from PIL import Image

from octa_svr_dataset.example import Example
from octa_svr_dataset.imaging.layers import Layers
from octa_svr_dataset.resolve import config_hash
from octa_svr_dataset.seeding import SceneKey
from octa_svr_dataset.text.dialogue import Dialogue, Task
from octa_svr_dataset.version import VERSION

LAYER_NAMES = tuple(field.name for field in fields(Layers))
"""The pixel layers of a row with masks, one picture each."""


def row_id(preset: str, key: SceneKey) -> str:
    """Name of a row, as in `dropout_ma-s7-train-00000012`."""
    return f"{preset}-s{key.seed}-{key.split.label}-{key.scene_index:08d}"


def example_row(
    example: Example, preset: str, *, include_masks: bool = False, include_graph: bool = False
) -> dict[str, Any]:
    """The columns of an example.

    Parameters
    ----------
    example
        What `make_example` returns.
    preset
        Name of the preset, for the row's id.
    include_masks
        Adds `masks`, one PNG a pixel layer; the value of a pixel is an instance's or a kind's number.
    include_graph
        Adds `graph`, the columns of the `VesselGraph`, in millimeters.
    """
    row: dict[str, Any] = {
        "id": row_id(preset, example.key),
        "image": png_column(example.rendering.image),
        "label": str(example.findings.label),
        "severity": example.findings.severity,
        "laterality": example.scene.laterality,
        **dialogue_columns(example.dialogue),
        "findings": example.findings.to_json(),
        "provenance": _provenance(example),
    }
    if include_masks:
        row["masks"] = {name: png_column(layer) for name, layer in example.rendering.layers.as_dict().items()}
    if include_graph:
        graph = example.scene.graph
        row["graph"] = {field.name: getattr(graph, field.name).tolist() for field in fields(graph)}
    return row


def dialogue_columns(dialogue: Dialogue) -> dict[str, list[dict[str, Any]]]:
    """The columns of a dialogue: `messages` and `tasks`."""
    return {
        "messages": [{"role": message.role, "content": message.content} for message in dialogue.messages],
        "tasks": [_task_column(task) for task in dialogue.tasks],
    }


def encode_png(pixels: np.ndarray) -> bytes:
    """(H, W) uint8 or uint16 pixels as a PNG of 8 or 16 bits of gray; decoding gives the same pixels.

    Looking for runs only is quicker on grainy pictures than the search for longer matches, and no larger.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def png_column(pixels: np.ndarray) -> dict[str, bytes | None]:
    """Pixels as the `Image` feature stores them.

    The path stays empty: `datasets` would prefer a file of that name in the working folder to the bytes.
    """
    return {"bytes": encode_png(pixels), "path": None}


def _task_column(task: Task) -> dict[str, Any]:
    sentences = [
        {"start": sentence.start, "end": sentence.end, "findings": list(sentence.findings)}
        for sentence in task.sentences
    ]
    return {"task": task.task, "answer": task.answer, "sentences": sentences}


def _provenance(example: Example) -> dict[str, Any]:
    return {
        "version": VERSION,
        "seed": example.key.seed,
        "split": example.key.split.label,
        "index": example.key.scene_index,
        "config_hash": config_hash(example.config),
        "field_of_view_mm": example.config.field_of_view_mm,
        "projection": example.config.imaging.projection,
    }
