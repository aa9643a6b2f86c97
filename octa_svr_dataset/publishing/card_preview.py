"""The sheet of pictures in a dataset card."""

import io
from collections import defaultdict
from itertools import islice
from typing import Any

from PIL import Image

from octa_svr_dataset.grading import Label
from octa_svr_dataset.publishing.folder import BuiltFolder

NUM_PICTURES, NUM_ACROSS = 8, 4
ROWS_LOOKED_AT = 64
"""Among so many rows of a split the pictures are chosen."""

PICTURE_PX, GAP_PX = 240, 6


def preview_name(preset: str) -> str:
    """File of the sheet, beside the card."""
    return f"preview-{preset}.jpg"


def preview(built: BuiltFolder, preset: str, split: str) -> tuple[bytes, list[str]]:
    """A sheet of the first pictures of each class as JPEG, and the classes of its pictures, line by line."""
    rows = _of_all_classes(list(islice(built.rows(preset, split, ["image", "label"]), ROWS_LOOKED_AT)))
    names = [str(label) for label in Label]
    num_lines = -(-len(rows) // NUM_ACROSS)
    pitch = PICTURE_PX + GAP_PX
    size_px = (min(len(rows), NUM_ACROSS) * pitch - GAP_PX, num_lines * pitch - GAP_PX)
    sheet = Image.new("L", size_px, color=255)
    for number, row in enumerate(rows):
        with Image.open(io.BytesIO(row["image"]["bytes"])) as picture:
            scaled = picture.convert("L").resize((PICTURE_PX, PICTURE_PX), Image.Resampling.LANCZOS)
        sheet.paste(scaled, (number % NUM_ACROSS * pitch, number // NUM_ACROSS * pitch))
    buffer = io.BytesIO()
    sheet.save(buffer, format="JPEG", quality=88)
    return buffer.getvalue(), [names[row["label"]] for row in rows]


def _of_all_classes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first rows of each class, as evenly as they suffice, ordered by class."""
    of_class: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        of_class[row["label"]].append(row)
    chosen: list[dict[str, Any]] = []
    while len(chosen) < NUM_PICTURES and any(of_class.values()):
        for label in sorted(of_class):
            if of_class[label] and len(chosen) < NUM_PICTURES:
                chosen.append(of_class[label].pop(0))
    return sorted(chosen, key=lambda row: int(row["label"]))
