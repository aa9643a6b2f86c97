"""What decides whether something stands out in a picture, and the names of its place; the same for all findings."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from octa_svr_dataset.findings.kernels import counts_of, deviation_of, quantile_of, regions_of
from octa_svr_dataset.geometry import direction_from_fovea, quadrant_from_fovea, ring_of_distance
from octa_svr_dataset.imaging.layers import Layers
from octa_svr_dataset.imaging.rendering import Rendering
from octa_svr_dataset.scene import Scene

LEAST_DIFFERENCE = 8.0
"""Gray levels by which a dark area must lie below its rim to be seen on a screen."""

LEAST_DIFFERENCE_TO_NOISE = 0.5
"""The same, over the median deviation of the gray levels inside it; larger vessels hardly count in that.

An area of hundreds of pixels is seen though single ones are noisier than it is dark.
"""

RIM_WIDTH_MM = 0.15
"""Width of the rim with which an area of dropout is compared."""

KEPT_DIGITS = 6
"""Digits after the point to which findings keep what texts give in numbers: far more than are written.

So a number of a text is rounded once, in its sentence, and is the nearest to what the pixels say.
"""

GRAYS = np.arange(256.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The pixels of one instance in a label map."""

    label: int
    """Its number."""

    area: int
    """Number of pixels."""

    centroid: tuple[float, float]
    """(row, column) where pixel (0, 0) has its center at 0.5, px."""

    bbox: tuple[int, int, int, int]
    """First row, first column, last row + 1, last column + 1, px."""

    @property
    def diameter_px(self) -> float:
        """Diameter of the circle of the same area, px."""
        return math.sqrt(4.0 * self.area / math.pi)


def regions(labels: np.ndarray) -> Iterator[Region]:
    """The instances of a label map, in the order of their numbers."""
    inhabited = np.flatnonzero(labels.max(axis=1))
    if not len(inhabited):
        return
    table = regions_of(labels[inhabited[0] : inhabited[-1] + 1].astype(np.uint16))
    for label, area, rows, columns, *bbox in table.tolist():
        above = int(inhabited[0])
        bbox[0], bbox[2] = bbox[0] + above, bbox[2] + above
        centroid = ((rows + area * above) / area + 0.5, columns / area + 0.5)
        yield Region(label=label, area=area, centroid=centroid, bbox=tuple(bbox))


def largest_first(labels: np.ndarray) -> list[Region]:
    """The instances of a label map by their area, which findings round."""
    return sorted(regions(labels), key=lambda region: -region.area)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A picture that is looked at, and how places in it are named."""

    rendering: Rendering

    laterality: str

    fovea_px: np.ndarray
    """(2,) float64. Fovea (row, column), px: the centroid of the avascular zone, from which a reader judges places."""

    floor: float
    """Gray level where nothing flows; see `floor_of`."""

    @classmethod
    def of(cls, scene: Scene, rendering: Rendering) -> Self:
        """The picture of a scene."""
        zone = next(regions(rendering.layers.faz), None)
        fovea_px = rendering.to_row_col(scene.fovea.position_mm) if zone is None else np.array(zone.centroid)
        return cls(
            rendering=rendering,
            laterality=scene.laterality,
            fovea_px=fovea_px,
            floor=floor_of(rendering.image, rendering.layers),
        )

    def place(self, region: Region) -> dict[str, str]:
        """Names of the place of a region's centroid."""
        offset_mm = self.rendering.fov.to_mm(np.array(region.centroid) - self.fovea_px)
        return {
            "direction": direction_from_fovea(offset_mm),
            "quadrant": quadrant_from_fovea(offset_mm, self.laterality),
            "ring": ring_of_distance(float(np.linalg.norm(offset_mm))),
        }

    def flow_ratio(self, inside_gray: float, rim_gray: float) -> float:
        """Flow signal inside over the rim's, given median gray levels; 1 where the rim shows no flow."""
        rim_flow = rim_gray - self.floor
        return max(inside_gray - self.floor, 0.0) / rim_flow if rim_flow > 0.0 else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaGrays:
    """Gray levels of an area and of its rim; NaN of one without pixels."""

    inside_gray: float
    """Median gray level inside."""

    deviation_gray: float
    """Median distance of the gray levels inside from that."""

    rim_gray: float
    """Median gray level of the rim."""

    @classmethod
    def of(cls, image: np.ndarray, inside: np.ndarray, rim: np.ndarray) -> Self:
        """Those of two masks of a picture."""
        counts = counts_of(np.ascontiguousarray(image), inside)
        level = float(quantile_of(GRAYS, counts, 0.5))
        return cls(
            inside_gray=level,
            deviation_gray=float(deviation_of(counts, level)) if counts.any() else math.nan,
            rim_gray=median_gray(image, rim),
        )

    @property
    def is_darker(self) -> bool:
        """Whether the area is darker than its rim by enough gray levels, and by enough against its own noise."""
        least = max(LEAST_DIFFERENCE, LEAST_DIFFERENCE_TO_NOISE * self.deviation_gray)
        return self.rim_gray - self.inside_gray >= least


def floor_of(image: np.ndarray, layers: Layers) -> float:
    """Gray level where nothing flows: the median of the avascular zone, else the darkest hundredth of the picture.

    Of the zone, only what no tuft covers counts.
    """
    bare = (layers.faz > 0) & (layers.neovascularization == 0)
    return median_gray(image, bare) if bare.any() else float(np.quantile(image, 0.01))


def median_gray(image: np.ndarray, mask: np.ndarray) -> float:
    """Median gray level of the pixels of a mask; NaN of none."""
    return float(quantile_of(GRAYS, counts_of(np.ascontiguousarray(image), mask), 0.5))


def window_around(region: Region, margin_px: int) -> tuple[slice, slice]:
    """Slices of the box around a region, with a margin."""
    first_row, first_column, stop_row, stop_column = region.bbox
    return (
        slice(max(first_row - margin_px, 0), stop_row + margin_px),
        slice(max(first_column - margin_px, 0), stop_column + margin_px),
    )


def center_px(region: Region) -> tuple[float, float]:
    """Centroid of a region, rounded."""
    row, column = region.centroid
    return round(row, 1), round(column, 1)
