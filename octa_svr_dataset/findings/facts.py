"""What is said to be seen: one record a finding."""

import json
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from octa_svr_dataset.grading import Label, label_of_severity, severity_of


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

    box_px: tuple[int, int, int, int]
    """Bounding box (first row, first column, last row + 1, last column + 1), px."""

    circularity: float
    """4 pi A / P^2 of its outline: 1 for a circle."""

    size: str
    """"small", "usual" or "large" among healthy eyes; to be said only of a delimited zone that no dropout borders."""


NO_ZONE = FazFinding(
    is_visible=False,
    is_delimited=False,
    area_mm2=0.0,
    center_px=(0.0, 0.0),
    displacement="centered",
    borders_dropout=False,
    box_px=(0, 0, 0, 0),
    circularity=0.0,
    size="usual",
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
    """Median flow signal inside over that of the rim outside; the noise floor is subtracted from both.

    Where new vessels lie, neither counts."""


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
class DiffuseLossFinding:
    """Capillary loss that is dispersed over the bed, between and beside the areas of dropout."""

    is_visible: bool

    share: float
    """Share of the bed that is thinned, avascular zone and dropout left out."""

    degree: str
    """"mild", "moderate" or "marked", by the share of its flow signal that the bed lacks."""

    flow_ratio: float
    """Median flow signal in the gaps over that of the bed around them; the noise floor is subtracted from both.

    Where new vessels lie, neither counts."""


NO_DIFFUSE_LOSS = DiffuseLossFinding(is_visible=False, share=0.0, degree="mild", flow_ratio=1.0)
"""What is said of a picture of a bed without gaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVesselsFinding:
    """An intraretinal microvascular abnormality, or a tuft of neovascularization."""

    instance_id: int
    is_visible: bool
    direction: str
    quadrant: str
    ring: str

    area_mm2: float
    """Area inside the picture, mm2; that of a tuft includes the gaps between its vessels."""

    box_px: tuple[int, int, int, int]
    """Bounding box (first row, first column, last row + 1, last column + 1), px."""

    contrast: float
    """Median gray level above that of the surroundings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFinding:
    """A quadrant of the picture, from 0.5 mm from the fovea outward."""

    quadrant: str
    """ETDRS quadrant: "superior", "nasal", "inferior" or "temporal"."""

    lost_share: float
    """Share of it in visible dropout or visible diffuse loss, the avascular zone left out."""

    density: float
    """Share of it that shows a vessel, by the picture alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselShapeFinding:
    """How the larger vessels run, and how wide they are; none of it where the picture shows too few of them."""

    tortuosity: float | None
    """Arc over chord, see `octa_svr_dataset.measurement.branches.BranchMeasures`."""

    is_tortuous: bool
    """Whether they wind more than those of nearly all healthy eyes."""

    calibre_um: float | None
    """Mean apparent width, um."""

    beading: float | None
    """How far the width in the picture swings with the beads of the veins, relative to it; none where no vein beads."""

    is_beaded: bool
    """Whether that is more than pictures of healthy eyes show at the same places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFinding:
    """What the exposure does to the picture, whatever the eye, among pictures of healthy eyes."""

    grade: str
    """"good", "fair" or "poor"."""

    is_noisy: bool
    is_blurred: bool
    has_motion: bool
    is_dark: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFinding:
    """What the picture alone tells, as `octa-svr measure` tells it of a real scan; rounded."""

    faz_area_mm2: float | None
    """Area of the avascular zone, mm2; none where none is found, or where dropout hides its border."""

    faz_circularity: float | None
    """4 pi A / P^2 of that zone."""

    area_density: float
    """Share of the area that shows a vessel."""

    mean_gray: float
    contrast: float
    noise_gray: float | None
    stripe_excess: float
    sharpness_per_mm: float
    """Quality, see `octa_svr_dataset.measurement.quality.QualityMeasures`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that may be said of a picture."""

    fovea_px: tuple[float, float]
    """Fovea (row, column), px, from which directions, rings and quadrants are told.

    The centroid of the avascular zone; in a picture without one, where the scene has its fovea.
    """

    faz: FazFinding
    dropouts: tuple[DropoutFinding, ...]
    diffuse_loss: DiffuseLossFinding
    microaneurysms: tuple[MicroaneurysmFinding, ...]
    irma: tuple[NewVesselsFinding, ...]
    neovascularization: tuple[NewVesselsFinding, ...]
    regions: tuple[RegionFinding, ...]
    """Superior, nasal, inferior, temporal."""

    vessel_shape: VesselShapeFinding
    quality: QualityFinding
    measured: MeasuredFinding

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
    def visible_irma(self) -> tuple[NewVesselsFinding, ...]:
        """Intraretinal microvascular abnormalities that can be seen."""
        return tuple(shunt for shunt in self.irma if shunt.is_visible)

    @property
    def visible_neovascularization(self) -> tuple[NewVesselsFinding, ...]:
        """Tufts of new vessels that can be seen, the largest first."""
        visible = [tuft for tuft in self.neovascularization if tuft.is_visible]
        return tuple(sorted(visible, key=lambda tuft: -tuft.area_mm2))

    @property
    def severity(self) -> int:
        """Severity from 0 to 4 that the visible lesions stand for."""
        return severity_of(
            dropout_area_mm2=sum(dropout.area_mm2 for dropout in self.visible_dropouts),
            has_diffuse_loss=self.diffuse_loss.is_visible,
            has_microaneurysms=bool(self.visible_microaneurysms),
            has_irma=bool(self.visible_irma),
            has_beading=self.vessel_shape.is_beaded,
            has_neovascularization=bool(self.visible_neovascularization),
        )

    @property
    def label(self) -> Label:
        """Class that the visible lesions stand for."""
        return label_of_severity(self.severity)

    def to_json(self) -> str:
        """Findings as JSON, visible or not."""
        return json.dumps(_named(self) | {"severity": self.severity, "label": self.label}, default=_named)

    @classmethod
    def from_json(cls, text: str) -> "Findings":
        """The findings that `to_json` wrote."""
        stored = json.loads(text)
        return cls(**{name: _restored(hint, stored[name]) for name, hint in get_type_hints(cls).items()})


def _named(record: Any) -> dict[str, Any]:
    """The fields of a record by their names, as they are; `asdict` would copy all that they hold."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _restored(kind: Any, value: Any) -> Any:
    """A record, a tuple of them, or a plain value, from what JSON holds of it."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _restored(hint, value[name]) for name, hint in get_type_hints(kind).items()})
    if isinstance(value, list):
        return tuple(_restored(get_args(kind)[0], item) for item in value)
    return value
