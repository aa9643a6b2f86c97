"""What can be seen in the final picture, measured and named: the only source of the words.

Places, sizes and boxes come from the label maps inside the picture, visibility from its pixels. A
lesion below the visibility limit is listed with `is_visible` false and never spoken of.
"""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.measure import regionprops

from octa_svr_dataset.geometry import direction_from_fovea, quadrant_from_fovea, ring_of_distance
from octa_svr_dataset.grading import Label, label_of_severity, severity_of
from octa_svr_dataset.imaging.rendering import Rendering
from octa_svr_dataset.scene import Scene

Region = Any
"""What `skimage.measure.regionprops` yields for each instance of a label map."""

DROPOUT_LEAST_AREA_MM2 = 0.03
"""A smaller gap lies within what healthy capillary beds show."""

DROPOUT_MOST_FLOW_RATIO = 0.6
"""A darker area stands out to the eye: its flow signal is at most this share of its rim's."""

LEAST_DIFFERENCE = 12.0
"""Gray levels by which a dark area must lie below its rim to be seen on a screen."""

LEAST_DIFFERENCE_TO_NOISE = 1.0
"""The same, over the median deviation of the gray levels inside it; larger vessels hardly count in that."""

RIM_WIDTH_MM = 0.15
"""Width of the rim with which an area of dropout is compared."""

MICROANEURYSM_LEAST_CONTRAST = 42.0
"""Gray levels by which a dot must outshine nine tenths of its surroundings, capillaries and noise included.

Set so that the brightest spots of a healthy eye, of the same size, pass less than once in two pictures.
"""

MICROANEURYSM_LEAST_DIAMETER_PX = 4.5
"""A smaller dot cannot be told from a knot of capillaries."""

SURROUNDINGS_PX = (1.5, 5.0)
"""Distances from a dot between which its surroundings lie."""

DOT_PITCH_MM = 3.0 / 304
"""These limits hold for pixels of this width or wider; finer ones show no more than the scanner saw, and count less."""

OPEN_RIM_MM = 0.02
"""Dropout this close to the avascular zone opens its border."""

DELIMITED_MOST_OPEN = 0.5
"""With a larger share of its border open, the avascular zone has no place or size that can be seen."""

CENTERED_WITHIN_MM = 0.1
"""The fovea counts as centered up to this distance from the center of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FazFinding:
    """The foveal avascular zone."""

    is_visible: bool
    """Whether a zone free of vessels stands out at the fovea."""

    is_delimited: bool
    """Whether at least half of its border can be seen; dropout may adjoin the rest."""

    area_mm2: float
    """Area, mm2; in the picture it can be measured only where no dropout borders it."""

    center_px: tuple[float, float]
    """Centroid (row, column), px."""

    displacement: str
    """Direction of the centroid from the center of the picture, or "centered"."""

    borders_dropout: bool
    """Whether visible capillary dropout touches it, so that its border is open there."""


NO_ZONE = FazFinding(
    is_visible=False,
    is_delimited=False,
    area_mm2=0.0,
    center_px=(0.0, 0.0),
    displacement="centered",
    borders_dropout=False,
)
"""What is said of a picture in which no avascular zone lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutFinding:
    """An area of capillary dropout."""

    instance_id: int
    is_visible: bool
    direction: str
    """Picture direction of its centroid from the fovea."""

    quadrant: str
    """ETDRS quadrant of its centroid."""

    ring: str
    """ETDRS ring of its centroid."""

    area_mm2: float
    """Area inside the picture, mm2."""

    box_px: tuple[int, int, int, int]
    """Bounding box (first row, first column, last row + 1, last column + 1), px."""

    flow_ratio: float
    """Median flow signal inside over that of the rim outside; the noise floor is subtracted from both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroaneurysmFinding:
    """A microaneurysm."""

    instance_id: int
    is_visible: bool
    direction: str
    quadrant: str
    ring: str
    center_px: tuple[float, float]
    """Center (row, column), px."""

    diameter_um: float
    """Diameter, um."""

    contrast: float
    """Mean gray level above the ninth decile of the surroundings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that may be said of a picture."""

    faz: FazFinding
    dropouts: tuple[DropoutFinding, ...]
    microaneurysms: tuple[MicroaneurysmFinding, ...]

    @property
    def visible_dropouts(self) -> tuple[DropoutFinding, ...]:
        """Areas of dropout that can be seen, the largest first."""
        visible = [dropout for dropout in self.dropouts if dropout.is_visible]
        return tuple(sorted(visible, key=lambda dropout: -dropout.area_mm2))

    @property
    def visible_microaneurysms(self) -> tuple[MicroaneurysmFinding, ...]:
        """Microaneurysms that can be seen."""
        return tuple(dot for dot in self.microaneurysms if dot.is_visible)

    @property
    def severity(self) -> int:
        """Severity from 0 to 4 that the visible lesions stand for."""
        return severity_of(
            has_dropout=bool(self.visible_dropouts), has_microaneurysms=bool(self.visible_microaneurysms)
        )

    @property
    def label(self) -> Label:
        """Class that the visible lesions stand for."""
        return label_of_severity(self.severity)

    def to_json(self) -> str:
        """Findings as JSON, visible or not."""
        return json.dumps(asdict(self) | {"severity": self.severity, "label": self.label})


def observe(scene: Scene, rendering: Rendering) -> Findings:
    """Measure what the picture of a scene shows."""
    fovea_px = rendering.to_row_col(scene.fovea.position_mm)
    dropouts = _observe_dropouts(scene.laterality, fovea_px, rendering)
    return Findings(
        faz=_observe_faz(rendering, dropouts),
        dropouts=dropouts,
        microaneurysms=_observe_microaneurysms(scene.laterality, fovea_px, rendering),
    )


def _place(region: Region, fovea_px: np.ndarray, laterality: str, rendering: Rendering) -> dict[str, str]:
    """Names of the place of a region's centroid."""
    offset_mm = rendering.fov.to_mm(np.array(region.centroid) + 0.5 - fovea_px)
    return {
        "direction": direction_from_fovea(offset_mm),
        "quadrant": quadrant_from_fovea(offset_mm, laterality),
        "ring": ring_of_distance(float(np.linalg.norm(offset_mm))),
    }


def _observe_faz(rendering: Rendering, dropouts: tuple[DropoutFinding, ...]) -> FazFinding:
    zones = regionprops(rendering.layers.faz)
    if not zones:
        return NO_ZONE
    layers, fov = rendering.layers, rendering.fov
    center_px = _center_px(zones[0])
    rim_px = fov.length_px(RIM_WIDTH_MM)
    window = _window(zones[0], math.ceil(rim_px))
    zone, dropout = layers.faz[window] > 0, layers.dropout[window]
    distance_px = ndimage.distance_transform_edt(~zone)
    border = (distance_px > 0) & (distance_px <= max(fov.length_px(OPEN_RIM_MM), 1.5))
    rim = (distance_px > 0) & (distance_px <= rim_px) & (dropout == 0)
    if not border.any():  # no vessel delimits it
        return NO_ZONE
    visible = [finding.instance_id for finding in dropouts if finding.is_visible]
    share_open = float(np.isin(dropout[border], visible).mean())
    return FazFinding(
        is_visible=_stands_out(rendering.image[window], zone, rim),
        is_delimited=share_open <= DELIMITED_MOST_OPEN,
        area_mm2=round(fov.area_mm2(float(zones[0].area)), 2),
        center_px=center_px,
        displacement=_displacement(fov.to_mm(np.array(center_px) - fov.size_px / 2)),
        borders_dropout=share_open > 0.0,
    )


def _displacement(offset_mm: np.ndarray) -> str:
    if np.linalg.norm(offset_mm) <= CENTERED_WITHIN_MM:
        return "centered"
    return direction_from_fovea(offset_mm)


def _observe_dropouts(laterality: str, fovea_px: np.ndarray, rendering: Rendering) -> tuple[DropoutFinding, ...]:
    margin_px = math.ceil(rendering.fov.length_px(RIM_WIDTH_MM))
    is_excluded = (rendering.layers.dropout > 0) | (rendering.layers.faz > 0)
    floor = _noise_floor(rendering)
    findings = []
    for region in regionprops(rendering.layers.dropout):
        window = _window(region, margin_px)
        inside = rendering.layers.dropout[window] == region.label
        rim = (ndimage.distance_transform_edt(~inside) <= margin_px) & ~is_excluded[window]
        flow_ratio = _flow_ratio(rendering.image[window], inside, rim, floor)
        area_mm2 = rendering.fov.area_mm2(float(region.area))
        is_dark = flow_ratio <= DROPOUT_MOST_FLOW_RATIO and _stands_out(rendering.image[window], inside, rim)
        findings.append(
            DropoutFinding(
                instance_id=int(region.label),
                is_visible=is_dark and area_mm2 >= DROPOUT_LEAST_AREA_MM2,
                **_place(region, fovea_px, laterality, rendering),
                area_mm2=round(area_mm2, 2),
                box_px=region.bbox,
                flow_ratio=round(flow_ratio, 3),
            )
        )
    return tuple(findings)


def _observe_microaneurysms(
    laterality: str, fovea_px: np.ndarray, rendering: Rendering
) -> tuple[MicroaneurysmFinding, ...]:
    findings = []
    scale = max(rendering.fov.length_px(DOT_PITCH_MM), 1.0)
    nearest_px, farthest_px = (scale * limit_px for limit_px in SURROUNDINGS_PX)
    for region in regionprops(rendering.layers.microaneurysms):
        window = _window(region, math.ceil(farthest_px))
        distance_px = ndimage.distance_transform_edt(rendering.layers.microaneurysms[window] != region.label)
        surroundings = (distance_px > nearest_px) & (distance_px <= farthest_px)
        image = rendering.image[window]
        contrast = float(image[distance_px == 0].mean() - np.quantile(image[surroundings], 0.9))
        diameter_px = float(region.equivalent_diameter_area)
        findings.append(
            MicroaneurysmFinding(
                instance_id=int(region.label),
                is_visible=diameter_px >= scale * MICROANEURYSM_LEAST_DIAMETER_PX
                and contrast >= MICROANEURYSM_LEAST_CONTRAST
                and _is_whole(region),
                **_place(region, fovea_px, laterality, rendering),
                center_px=_center_px(region),
                diameter_um=round(diameter_px * rendering.fov.mm_per_px * 1000.0, 1),
                contrast=round(contrast, 1),
            )
        )
    return tuple(findings)


def _flow_ratio(image: np.ndarray, inside: np.ndarray, rim: np.ndarray, floor: float) -> float:
    """Median flow signal inside over the rim's; 1 where the rim shows no flow to compare with."""
    rim_flow = float(np.median(image[rim])) - floor if rim.any() else 0.0
    if rim_flow <= 0.0:
        return 1.0
    return max(float(np.median(image[inside])) - floor, 0.0) / rim_flow


def _stands_out(image: np.ndarray, inside: np.ndarray, rim: np.ndarray) -> bool:
    """Whether an area is darker than its rim by enough gray levels, and by enough against its own noise."""
    if not rim.any():
        return False
    level = float(np.median(image[inside]))
    noise = float(np.median(np.abs(image[inside] - level)))
    return float(np.median(image[rim])) - level >= max(LEAST_DIFFERENCE, LEAST_DIFFERENCE_TO_NOISE * noise)


def _noise_floor(rendering: Rendering) -> float:
    """Median gray level where nothing flows: in the avascular zone, else the darkest hundredth of the picture."""
    zone = rendering.layers.faz > 0
    return float(np.median(rendering.image[zone]) if zone.any() else np.quantile(rendering.image, 0.01))


def _window(region: Region, margin_px: int) -> tuple[slice, slice]:
    """Slices of the box around a region, with a margin."""
    first_row, first_column, stop_row, stop_column = region.bbox
    return (
        slice(max(first_row - margin_px, 0), stop_row + margin_px),
        slice(max(first_column - margin_px, 0), stop_column + margin_px),
    )


def _is_whole(region: Region) -> bool:
    """Whether a region hangs together; eye movements may cut one in two."""
    return int(ndimage.label(region.image, structure=np.ones((3, 3)))[1]) == 1


def _center_px(region: Region) -> tuple[float, float]:
    """Centroid (row, column) where pixel (0, 0) has its center at 0.5, px."""
    row, column = region.centroid
    return round(float(row) + 0.5, 1), round(float(column) + 0.5, 1)
