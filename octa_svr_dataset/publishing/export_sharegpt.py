"""The files that users of OCTA-SVR (Li et al., MIDL 2026) hold: pairs.jsonl, metadata.jsonl and images."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from octa_svr_dataset.publishing.export_rows import ExportRow

PAIRS_NAME, METADATA_NAME = "pairs.jsonl", "metadata.jsonl"

IMAGE_TOKEN = "<image>"

_SPEAKERS = {"user": "human", "assistant": "gpt"}


def write_sharegpt(out: Path, rows: Iterable[ExportRow]) -> int:
    """Write the files of the rows into a folder; their number comes back."""
    num_rows = 0
    with (
        (out / PAIRS_NAME).open("w", encoding="utf-8") as pairs,
        (out / METADATA_NAME).open("w", encoding="utf-8") as metadata,
    ):
        for row in rows:
            write_picture(out, row)
            pair = {"id": row.row_id, "image": row.picture_name, "conversations": conversations(row)}
            pairs.write(json.dumps(pair, ensure_ascii=False) + "\n")
            metadata.write(json.dumps(metadata_of(row), ensure_ascii=False) + "\n")
            num_rows += 1
    return num_rows


def write_picture(out: Path, row: ExportRow) -> None:
    """Write the picture of a row where its export keeps it."""
    path = out / row.picture_name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(row.png)


def conversations(row: ExportRow) -> list[dict[str, str]]:
    """Turns from `human` and `gpt`; the first one begins with the placeholder of the picture."""
    turns = [{"from": _SPEAKERS[message["role"]], "value": message["content"]} for message in row.columns["messages"]]
    turns[0]["value"] = f"{IMAGE_TOKEN}\n{turns[0]['value']}"
    return turns


def metadata_of(row: ExportRow) -> dict[str, Any]:
    """The line of an eye in metadata.jsonl: what can be seen in its picture."""
    return {
        "id": row.row_id,
        "image": row.picture_name,
        "label": row.columns["label"],
        "severity": row.columns["severity"],
        "laterality": row.columns["laterality"],
        **pathology_of(row),
        "findings": row.findings,
    }


def pathology_of(row: ExportRow) -> dict[str, Any]:
    """`dropouts`, `microaneurysms` and `FAZ` by the prior art's keys; only what can be seen.

    A center is (row, column), that of an area of dropout the center of its box; a radius is that of the disc of
    the same area; both are shares of the picture's width. The area of a zone that dropout adjoins is not known.
    """
    findings, size_px, width_mm = row.findings, row.size_px, row.field_of_view_mm
    dropouts = [lesion for lesion in findings["dropouts"] if lesion["is_visible"]]
    largest = max((lesion["area_mm2"] for lesion in dropouts), default=0.0)
    faz = findings["faz"]
    return {
        "dropouts": [
            {
                "center_norm": _box_center(lesion["box_px"], size_px),
                "radius_norm": _radius_norm(lesion["area_mm2"], width_mm),
                "quadrant": lesion["quadrant"],
                "is_largest": lesion["area_mm2"] == largest,
                "area_mm2": lesion["area_mm2"],
                "box_px": lesion["box_px"],
            }
            for lesion in dropouts
        ],
        "microaneurysms": [
            {
                "center_norm": _norm(lesion["center_px"], size_px),
                "radius_mm": lesion["diameter_um"] / 2000,
                "quadrant": lesion["quadrant"],
            }
            for lesion in findings["microaneurysms"]
            if lesion["is_visible"]
        ],
        "FAZ": {
            "center_norm": _norm(faz["center_px"], size_px),
            "radius_norm": None if faz["borders_dropout"] else _radius_norm(faz["area_mm2"], width_mm),
            "area_mm2": None if faz["borders_dropout"] else faz["area_mm2"],
        }
        if faz["is_visible"]
        else None,
    }


def _box_center(box_px: list[int], size_px: int) -> list[float]:
    first_row, first_column, end_row, end_column = box_px
    return _norm(((first_row + end_row - 1) / 2, (first_column + end_column - 1) / 2), size_px)


def _norm(center_px: Iterable[float], size_px: int) -> list[float]:
    """Pixel (row, column) as shares of the picture."""
    return [round((coordinate + 0.5) / size_px, 4) for coordinate in center_px]


def _radius_norm(area_mm2: float, width_mm: float) -> float:
    return round(math.sqrt(area_mm2 / math.pi) / width_mm, 4)
