"""Boxes and masks as COCO instances, one file of annotations a split."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from octa_svr_dataset.publishing.export_rows import ExportRow
from octa_svr_dataset.publishing.export_sharegpt import write_picture
from octa_svr_dataset.version import VERSION

ANNOTATION_FOLDER = "annotations"

INSTANCES = {
    "dropout": "dropouts",
    "microaneurysms": "microaneurysms",
    "irma": "irma",
    "neovascularization": "neovascularization",
}
"""Layers with a number an instance, and where the findings tell of each whether it can be seen."""

REGIONS = {"faz": "faz", "diffuse_loss": "diffuse_loss"}
"""Layers with one region, and where the findings tell whether it can be seen."""

VESSELS = {"artery": 1, "vein": 2}
"""Values of the layer `vessels`."""

CATEGORIES = {
    "foveal_avascular_zone": "region",
    "capillary_dropout": "lesion",
    "diffuse_capillary_loss": "lesion",
    "microaneurysm": "lesion",
    "intraretinal_microvascular_abnormality": "lesion",
    "neovascularization": "lesion",
    "artery": "vessel",
    "vein": "vessel",
}
"""Names of the categories in the order of their numbers, from 1, and what they are kinds of."""

_CATEGORY = {
    "faz": "foveal_avascular_zone",
    "dropout": "capillary_dropout",
    "diffuse_loss": "diffuse_capillary_loss",
    "microaneurysms": "microaneurysm",
    "irma": "intraretinal_microvascular_abnormality",
}


def write_coco(out: Path, rows: Mapping[str, Iterable[ExportRow]]) -> int:
    """Write pictures and `annotations/instances_<split>.json` into a folder; the number of pictures comes back."""
    (out / ANNOTATION_FOLDER).mkdir()
    num_rows = 0
    for split, split_rows in rows.items():
        pictures: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for row in split_rows:
            write_picture(out, row)
            picture_id = len(pictures) + 1
            pictures.append(
                {
                    "id": picture_id,
                    "file_name": row.picture_name,
                    "width": row.size_px,
                    "height": row.size_px,
                    "label": row.columns["label"],
                    "severity": row.columns["severity"],
                }
            )
            annotations += [
                {"id": len(annotations) + number, "image_id": picture_id, **one}
                for number, one in enumerate(annotations_of(row), start=1)
            ]
        content = {
            "info": {"description": "Synthetic OCTA images. Not for clinical use.", "version": VERSION},
            "licenses": [{"id": 1, "name": "MIT", "url": ""}],
            "categories": [
                {"id": number, "name": name, "supercategory": kind}
                for number, (name, kind) in enumerate(CATEGORIES.items(), start=1)
            ],
            "images": pictures,
            "annotations": annotations,
        }
        path = out / ANNOTATION_FOLDER / f"instances_{split}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        num_rows += len(pictures)
    return num_rows


def annotations_of(row: ExportRow) -> list[dict[str, Any]]:
    """Annotations of a picture without their numbers: lesions and regions that can be seen, and all vessels."""
    findings = row.findings
    found: list[dict[str, Any]] = []
    for layer, name in REGIONS.items():
        if findings[name]["is_visible"]:
            found += _annotation(row.mask(layer) > 0, _CATEGORY[layer])
    for layer, name in INSTANCES.items():
        visible = [lesion["instance_id"] for lesion in findings[name] if lesion["is_visible"]]
        labels = row.mask(layer)
        for instance in visible:
            found += _annotation(labels == instance, _CATEGORY.get(layer, layer))
    vessels = row.mask("vessels")
    for name, value in VESSELS.items():
        found += _annotation(vessels == value, name, is_crowd=True)
    return found


def run_lengths(mask: np.ndarray) -> list[int]:
    """Lengths of the runs of an (H, W) mask, column by column, beginning with one of zeros: COCO's uncompressed RLE."""
    values = mask.ravel(order="F").astype(bool)
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    ends = np.concatenate([[0], changes, [len(values)]])
    lengths = np.diff(ends).tolist()
    return [0, *lengths] if values[0] else lengths


def _annotation(mask: np.ndarray, category: str, *, is_crowd: bool = False) -> list[dict[str, Any]]:
    """The annotation of a mask, in a list; none where the mask is empty."""
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if not len(rows):
        return []
    box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
    return [
        {
            "category_id": list(CATEGORIES).index(category) + 1,
            "bbox": [int(number) for number in box],
            "area": int(mask.sum()),
            "segmentation": {"counts": run_lengths(mask), "size": list(mask.shape)},
            "iscrowd": int(is_crowd),
        }
    ]
