"""Measures of picture files as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.measurement.picture import PictureMeasures, measure_picture
from octa_svr_dataset.picture_files import read_image, square

LEAST_PX = 64
"""Nothing is told of a smaller picture."""

NARROWEST_MM, WIDEST_MM = 1.0, 20.0
"""Fields of view that scanners have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFile:
    """A picture file and its measures."""

    path: Path

    size_px: tuple[int, int]
    """Width and height of the picture in the file; what is measured is the square at its upper left."""

    measures: PictureMeasures

    @property
    def cut(self) -> str:
        """What of the picture was measured, in words; empty if all of it."""
        width_px, height_px = self.size_px
        side_px = self.measures.fov.size_px
        if width_px == height_px:
            return ""
        return f"{self.path}: of {width_px} x {height_px} px, {side_px} x {side_px} px at the upper left were measured"


def measure_files(paths: Sequence[Path], fov_mm: float | None) -> tuple[list[MeasuredFile], list[InputError]]:
    """Measures of each picture, and what is wrong with the files that hold none of a square field."""
    measured, errors = [], []
    for path in paths:
        try:
            picture = np.asarray(read_image(path))
            cut = square(picture, path, field="image", least_px=LEAST_PX)
        except InputError as error:
            errors.append(error)
            continue
        height_px, width_px = picture.shape
        measures = measure_picture(cut, fov_mm)
        measured.append(MeasuredFile(path=path, size_px=(width_px, height_px), measures=measures))
    return measured, errors


def as_table(measured: Sequence[MeasuredFile]) -> Table:
    """One row a measure, one column a picture; what a picture does not show is a dash."""
    table = Table("measure", *_headers([file.path for file in measured]), "unit", box=None, pad_edge=False)
    for row in zip(*(file.measures.listed() for file in measured), strict=True):
        values = ["-" if measure.value is None else f"{measure.value:.4g}" for measure in row]
        table.add_row(row[0].name, *values, row[0].unit)
    return table


def _headers(paths: Sequence[Path]) -> list[str]:
    """Names of the files; where two have the same name, their paths."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def as_json(file: MeasuredFile) -> str:
    """One line: the file, its size, and each measure with its value and unit; what a picture does not show is null."""
    record = {"image": str(file.path), "size_px": list(file.size_px), "measured_px": file.measures.fov.size_px}
    return json.dumps(record | {"measures": [asdict(measure) for measure in file.measures.listed()]})
