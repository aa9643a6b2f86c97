"""The folders that the first stage of OCTA-SVR (Li et al., MIDL 2026) leaves, one an eye; and back.

An eye's folder is `vessel_graphs/<id>/`: `<id>.csv` with rows `node1,node2,radius` as shares of the field, a node being
[row column depth]; `art_ven_img_gray.png`, the map of its vessels; `pathology_vis.png`, the picture with the lesions
that can be seen; `dropout_ma.json` and `pathology.yml`. `edges.csv` is ours: kind and layer of each row of the graph.
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.graph_files import read_graph_csv, write_graph_csv
from octa_svr_dataset.publishing.export_rows import ExportRow
from octa_svr_dataset.publishing.export_sharegpt import pathology_of, write_picture
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, VesselLayer

GRAPH_FOLDER, RECORDS_NAME = "vessel_graphs", "records_graphs.jsonl"

EDGES_NAME, VESSELS_NAME, OVERLAY_NAME = "edges.csv", "art_ven_img_gray.png", "pathology_vis.png"
JSON_NAME, YAML_NAME = "dropout_ma.json", "pathology.yml"

USUAL_FIELD_MM = 3.0
"""Width of the field where a folder does not tell it, as in the prior art's own."""

COLORS = {
    "faz": (255, 220, 0),
    "diffuse_loss": (0, 150, 136),
    "dropout": (60, 120, 255),
    "irma": (255, 140, 0),
    "neovascularization": (255, 0, 200),
    "microaneurysms": (255, 40, 40),
}
"""Red, green and blue of each layer in the overlay; later ones lie on top."""

OPACITY = 0.45

_AXES = [1, 0, 2]
"""Our nodes are (x, y, z) with x along columns; theirs have rows first."""


def write_graphs(out: Path, rows: Iterable[ExportRow]) -> int:
    """Write the folders of the rows, their pictures and the list of them; their number comes back."""
    num_rows = 0
    with (out / RECORDS_NAME).open("w", encoding="utf-8") as records:
        for row in rows:
            write_picture(out, row)
            folder = out / GRAPH_FOLDER / row.row_id
            folder.mkdir(parents=True)
            write_eye(folder, row)
            name = f"{GRAPH_FOLDER}/{row.row_id}"
            record = {
                "id": row.row_id,
                "graph_dir": name,
                "graph_csv": f"{name}/{row.row_id}.csv",
                "gray_image": f"{name}/{VESSELS_NAME}",
                "dropout_ma_json": f"{name}/{JSON_NAME}",
                "pathology_yml": f"{name}/{YAML_NAME}",
                **pathology_of(row),
            }
            records.write(json.dumps(record) + "\n")
            num_rows += 1
    return num_rows


def write_eye(folder: Path, row: ExportRow) -> None:
    """Write the files of one eye into its folder, which bears its name."""
    graph, pathology = row.graph, pathology_of(row)
    theirs = replace(graph, position_mm=graph.position_mm[:, _AXES])
    write_graph_csv(theirs, folder / f"{folder.name}.csv", row.field_of_view_mm)
    lines = [
        f"{VesselKind(graph.kind[node]).name.lower()},{VesselLayer(graph.layer[node]).name.lower()}"
        for node in graph.edges[:, 1]
    ]
    (folder / EDGES_NAME).write_text("\n".join(["kind,layer", *lines]) + "\n", encoding="utf-8")
    Image.fromarray(np.where(row.mask("vessels") > 0, 255, 0).astype(np.uint8)).save(folder / VESSELS_NAME)
    Image.fromarray(overlay(row)).save(folder / OVERLAY_NAME)
    (folder / JSON_NAME).write_text(json.dumps(pathology), encoding="utf-8")
    (folder / YAML_NAME).write_text(yaml.safe_dump(_as_yaml(row, pathology), sort_keys=False), encoding="utf-8")


def overlay(row: ExportRow) -> np.ndarray:
    """(H, W, 3) uint8: the picture, with the avascular zone and the lesions that can be seen in color."""
    with Image.open(io.BytesIO(row.png)) as picture:
        pixels = np.repeat(np.asarray(picture.convert("L"), dtype=np.float64)[:, :, None], 3, axis=2)
    findings = row.findings
    for name, color in COLORS.items():
        told = findings["dropouts" if name == "dropout" else name]
        labels = row.mask(name)
        if isinstance(told, list):
            is_shown = np.isin(labels, [lesion["instance_id"] for lesion in told if lesion["is_visible"]])
        else:
            is_shown = (labels > 0) & told["is_visible"]
        pixels[is_shown] = (1 - OPACITY) * pixels[is_shown] + OPACITY * np.array(color)
    return pixels.round().astype(np.uint8)


def read_eye(folder: str | Path, field_of_view_mm: float | None = None) -> VesselGraph:
    """Graph of an eye's folder, of ours or of the prior art's; all of theirs are superficial arteries.

    Parameters
    ----------
    folder
        Folder with a file of its own name and `.csv`.
    field_of_view_mm
        Width of the field, mm; by default that in `pathology.yml`, or `USUAL_FIELD_MM`.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    path = Path(folder)
    graph_file = path / f"{path.resolve().name}.csv"
    if not graph_file.is_file():
        raise InputError(f"{str(path)!r}: holds no {graph_file.name}; allowed: the folder of an eye, as exported")
    kind, layer = _edges(path / EDGES_NAME) if (path / EDGES_NAME).is_file() else (None, None)
    width_mm = _told_field_mm(path / YAML_NAME) if field_of_view_mm is None else field_of_view_mm
    graph = read_graph_csv(graph_file, width_mm, kind=kind, layer=layer)
    return replace(graph, position_mm=graph.position_mm[:, _AXES])


def _edges(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Kind and layer of each row of the graph."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        kind = [VesselKind[row["kind"].upper()] for row in rows]
        layer = [VesselLayer[row["layer"].upper()] for row in rows]
    except (KeyError, AttributeError) as error:
        raise InputError(f"{str(path)!r}: must hold lines kind,layer; missing or unknown: {error}") from None
    return np.array(kind, dtype=np.uint8), np.array(layer, dtype=np.uint8)


def _told_field_mm(path: Path) -> float:
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except yaml.YAMLError as error:
        raise InputError(f"{str(path)!r}: is not YAML: {error}") from None
    width_mm = told.get("field_of_view_mm", USUAL_FIELD_MM) if isinstance(told, dict) else USUAL_FIELD_MM
    if not isinstance(width_mm, int | float) or not width_mm > 0:
        raise InputError(f"{str(path)!r}: field_of_view_mm: must be a number above 0, got {width_mm!r}")
    return float(width_mm)


def _as_yaml(row: ExportRow, pathology: dict[str, Any]) -> dict[str, Any]:
    """What `pathology.yml` holds, by the prior art's keys."""
    new_vessels = [lesion for lesion in row.findings["neovascularization"] if lesion["is_visible"]]
    microaneurysms = pathology["microaneurysms"]
    return {
        "FAZ": pathology["FAZ"],
        "Dropout": {"regions": pathology["dropouts"]},
        "MA": {"count": len(microaneurysms), "instances": microaneurysms},
        "NV": {"regions": new_vessels},
        "label": row.columns["label"],
        "severity": row.columns["severity"],
        "laterality": row.columns["laterality"],
        "field_of_view_mm": row.field_of_view_mm,
    }
