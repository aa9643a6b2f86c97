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
    return sum(
        _write_split(out, out / ANNOTATION_FOLDER / f"instances_{split}.json", split_rows)
        for split, split_rows in rows.items()
    )


def _write_split(out: Path, path: Path, rows: Iterable[ExportRow]) -> int:
    """Write a file of annotations as the rows come, so that memory does not grow with their masks."""
    start = {
        "info": {"description": "Synthetic OCTA images. Not for clinical use.", "version": VERSION},
        "licenses": [{"id": 1, "name": "MIT", "url": ""}],
        "categories": [
            {"id": number, "name": name, "supercategory": kind}
            for number, (name, kind) in enumerate(CATEGORIES.items(), start=1)
        ],
    }
    pictures: list[dict[str, Any]] = []
    num_annotations = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{json.dumps(start)[:-1]}, "annotations": [')
        for row in rows:
            write_picture(out, row)
            size_px = row.size_px
            picture = {"id": len(pictures) + 1, "file_name": row.picture_name, "width": size_px, "height": size_px}
            pictures.append(picture | {"label": row.columns["label"], "severity": row.columns["severity"]})
            for annotation in annotations_of(row):
                num_annotations += 1
                file.write(",\n" if num_annotations > 1 else "\n")
                file.write(json.dumps({"id": num_annotations, "image_id": len(pictures), **annotation}))
        file.write(f'], "images": {json.dumps(pictures)}}}\n')
    return len(pictures)


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
    """Lengths of the runs of an (H, W) mask, column by column, beginning with one of zeros."""
    values = mask.ravel(order="F").astype(bool)
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    ends = np.concatenate([[0], changes, [len(values)]])
    lengths = np.diff(ends).tolist()
    return [0, *lengths] if values[0] else lengths


def packed(lengths: list[int]) -> str:
    """Run lengths as COCO packs them: from the fourth on, each less the one two before it, in characters of five bits.

    The lowest bits come first; a sixth bit says that more follow, and the highest bit of the last ones is the sign.
    """
    characters = []
    for number, length in enumerate(lengths):
        rest, has_more = length - (lengths[number - 2] if number > 2 else 0), True
        while has_more:
            bits, rest = rest & 31, rest >> 5
            has_more = rest != (-1 if bits & 16 else 0)
            characters.append(chr(48 + bits + 32 * has_more))
    return "".join(characters)


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
            "segmentation": {"counts": packed(run_lengths(mask)), "size": list(mask.shape)},
            "iscrowd": int(is_crowd),
        }
    ]
