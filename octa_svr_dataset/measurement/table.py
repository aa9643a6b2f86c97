"""Measures of picture files as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.table import Table

from octa_svr_dataset.measurement.picture import PictureMeasures, measure_picture
from octa_svr_dataset.picture_files import read_image, square

LEAST_PX = 64
"""Nothing is told of a smaller picture."""

NARROWEST_MM, WIDEST_MM = 1.0, 20.0
"""Fields of view that scanners have."""


def measure_files(paths: Sequence[Path], fov_mm: float | None) -> list[PictureMeasures]:
    """Measures of each picture.

    Raises
    ------
    InputError
        A file holds no picture of a square field.
    """
    pictures = [square(np.asarray(read_image(path)), path, field="image", least_px=LEAST_PX) for path in paths]
    return [measure_picture(picture, fov_mm) for picture in pictures]


def as_table(paths: Sequence[Path], measured: Sequence[PictureMeasures]) -> Table:
    """One row a measure, one column a picture; what a picture does not show is a dash."""
    table = Table("measure", *(path.name for path in paths), "unit", box=None, pad_edge=False)
    for row in zip(*(measures.listed() for measures in measured), strict=True):
        values = ["-" if measure.value is None else f"{measure.value:.4g}" for measure in row]
        table.add_row(row[0].name, *values, row[0].unit)
    return table


def as_json(path: Path, measures: PictureMeasures) -> str:
    """One line: the file, and each measure with its value and unit; what a picture does not show is null."""
    return json.dumps({"image": str(path), "measures": [asdict(measure) for measure in measures.listed()]})
