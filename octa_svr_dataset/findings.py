"""What can be seen in the final picture, measured and named: the only source of the words.

Places, sizes and boxes come from the label maps inside the picture, visibility from its pixels. A
lesion below the visibility limit is listed with `is_visible` false and never spoken of.
"""

import json
from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from octa_svr_dataset.geometry import direction_from_fovea, quadrant_from_fovea, ring_of_distance
from octa_svr_dataset.grading import Label, label_of_severity
from octa_svr_dataset.imaging.rendering import Rendering
from octa_svr_dataset.scene import Scene

DROPOUT_LEAST_AREA_MM2 = 0.03
"""A smaller gap lies within what healthy capillary beds show."""

DROPOUT_MOST_FLOW_RATIO = 0.6
"""A darker area stands out to the eye: its flow signal is at most this share of its rim's."""

RIM_WIDTH_MM = 0.15
"""Width of the rim with which an area of dropout is compared."""

MICROANEURYSM_LEAST_CONTRAST = 30.0
"""Gray levels by which a dot must outshine its surroundings."""

MICROANEURYSM_LEAST_DIAMETER_PX = 3.0
"""A smaller dot cannot be told from a grain of noise."""

CENTERED_WITHIN_MM = 0.1
"""The fovea counts as centered up to this distance from the center of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FazFinding:
    """The foveal avascular zone."""

    is_visible: bool
    """Whether a zone free of vessels lies at the fovea."""

    area_mm2: float
    """Area, mm2, without dropout that borders it."""

    center_px: tuple[float, float]
    """Centroid (row, column), px."""

    displacement: str
    """Direction of the centroid from the center of the picture, or "centered"."""

    borders_dropout: bool
    """Whether visible capillary dropout touches it, so that its border is open there."""


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
    """Flow signal inside over that of the rim outside; the noise floor is subtracted from both."""


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
    """Mean gray level above that of the surroundings."""


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
        if self.visible_dropouts:
            return 2
        return 1 if self.visible_microaneurysms else 0

    @property
    def label(self) -> Label:
        """Class that the visible lesions stand for."""
        return label_of_severity(self.severity)

    def to_json(self) -> str:
        """Findings as JSON, visible or not."""
        return json.dumps(asdict(self) | {"severity": self.severity, "label": self.label})


def observe(scene: Scene, rendering: Rendering) -> Findings:
    """Measure what the picture of a scene shows."""
    fovea_px = rendering.fov.to_row_col(scene.fovea.position_mm)
    dropouts = _observe_dropouts(scene.laterality, fovea_px, rendering)
    return Findings(
        faz=_observe_faz(rendering, dropouts),
        dropouts=dropouts,
        microaneurysms=_observe_microaneurysms(scene.laterality, fovea_px, rendering),
    )


def _place(center_px: np.ndarray, fovea_px: np.ndarray, laterality: str, rendering: Rendering) -> dict[str, str]:
    offset_mm = rendering.fov.to_mm(center_px - fovea_px)
    return {
        "direction": direction_from_fovea(offset_mm),
        "quadrant": quadrant_from_fovea(offset_mm, laterality),
        "ring": ring_of_distance(float(np.linalg.norm(offset_mm))),
    }


def _observe_faz(rendering: Rendering, dropouts: tuple[DropoutFinding, ...]) -> FazFinding:
    zone = rendering.layers.faz > 0
    if not zone.any():
        return FazFinding(
            is_visible=False, area_mm2=0.0, center_px=(0.0, 0.0), displacement="centered", borders_dropout=False
        )
    center_px = np.argwhere(zone).mean(axis=0) + 0.5
    offset_mm = rendering.fov.to_mm(center_px - rendering.fov.size_px / 2)
    is_centered = np.linalg.norm(offset_mm) <= CENTERED_WITHIN_MM
    visible = [dropout.instance_id for dropout in dropouts if dropout.is_visible]
    neighborhood = ndimage.binary_dilation(zone, iterations=2)
    return FazFinding(
        is_visible=True,
        area_mm2=round(rendering.fov.area_mm2(float(zone.sum())), 3),
        center_px=_rounded(center_px),
        displacement="centered" if is_centered else direction_from_fovea(offset_mm),
        borders_dropout=bool(np.isin(rendering.layers.dropout[neighborhood], visible).any()),
    )


def _observe_dropouts(laterality: str, fovea_px: np.ndarray, rendering: Rendering) -> tuple[DropoutFinding, ...]:
    layers = rendering.layers
    instances = layers.dropout
    is_excluded = (instances > 0) | (layers.faz > 0)
    floor = _noise_floor(rendering)
    margin_px = int(np.ceil(rendering.fov.length_px(RIM_WIDTH_MM)))
    findings = []
    for instance_id, box in enumerate(ndimage.find_objects(instances), start=1):
        if box is None:
            continue
        window = tuple(slice(max(side.start - margin_px, 0), side.stop + margin_px) for side in box)
        inside = instances[window] == instance_id
        rim = (ndimage.distance_transform_edt(~inside) <= margin_px) & ~is_excluded[window]
        image = rendering.image[window].astype(float)
        rim_flow = image[rim].mean() - floor if rim.any() else 0.0
        flow_ratio = max(image[inside].mean() - floor, 0.0) / rim_flow if rim_flow > 0 else 1.0
        area_mm2 = rendering.fov.area_mm2(float(inside.sum()))
        center_px = np.argwhere(inside).mean(axis=0) + 0.5 + [window[0].start, window[1].start]
        findings.append(
            DropoutFinding(
                instance_id=instance_id,
                is_visible=bool(area_mm2 >= DROPOUT_LEAST_AREA_MM2 and flow_ratio <= DROPOUT_MOST_FLOW_RATIO),
                **_place(center_px, fovea_px, laterality, rendering),
                area_mm2=round(area_mm2, 3),
                box_px=(box[0].start, box[1].start, box[0].stop, box[1].stop),
                flow_ratio=round(float(flow_ratio), 3),
            )
        )
    return tuple(findings)


def _observe_microaneurysms(
    laterality: str, fovea_px: np.ndarray, rendering: Rendering
) -> tuple[MicroaneurysmFinding, ...]:
    instances = rendering.layers.microaneurysms
    findings = []
    for instance_id, box in enumerate(ndimage.find_objects(instances), start=1):
        if box is None:
            continue
        window = tuple(slice(max(side.start - 6, 0), side.stop + 6) for side in box)
        dot = instances[window] == instance_id
        distance_px = ndimage.distance_transform_edt(~dot)
        surroundings = (distance_px > 1.5) & (distance_px <= 5.0)
        image = rendering.image[window].astype(float)
        contrast = float(image[dot].mean() - image[surroundings].mean())
        diameter_px = 2.0 * float(np.sqrt(dot.sum() / np.pi))
        center_px = np.argwhere(dot).mean(axis=0) + 0.5 + [window[0].start, window[1].start]
        is_visible = diameter_px >= MICROANEURYSM_LEAST_DIAMETER_PX and contrast >= MICROANEURYSM_LEAST_CONTRAST
        findings.append(
            MicroaneurysmFinding(
                instance_id=instance_id,
                is_visible=bool(is_visible),
                **_place(center_px, fovea_px, laterality, rendering),
                center_px=_rounded(center_px),
                diameter_um=round(diameter_px * rendering.fov.mm_per_px * 1000.0, 1),
                contrast=round(contrast, 1),
            )
        )
    return tuple(findings)


def _noise_floor(rendering: Rendering) -> float:
    """Mean gray level where nothing flows: in the avascular zone, else the darkest hundredth of the picture."""
    zone = rendering.layers.faz > 0
    return float(rendering.image[zone].mean() if zone.any() else np.quantile(rendering.image, 0.01))


def _rounded(position_px: np.ndarray) -> tuple[float, float]:
    return round(float(position_px[0]), 1), round(float(position_px[1]), 1)
