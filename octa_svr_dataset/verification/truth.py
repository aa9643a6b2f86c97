"""What a row's pixels say: places, numbers and sizes measured here, visibility by the definition of `findings`.

Whether a lesion lies above the limit of visibility, how vessels run and how good a picture is are questions of
definition; they are put again to the stored pixels. One thing alone rests on the stored findings: whether veins are
seen to bead, as no layer shows how wide the veins are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.findings import Findings
from octa_svr_dataset.findings.observation import observe_view
from octa_svr_dataset.findings.visibility import KEPT_DIGITS, View, floor_of
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.grading import FOCAL_MOST_MM2, WIDE_DROPOUT_MM2, label_of_severity, severity_of
from octa_svr_dataset.imaging.layers import Layers
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import Rendering
from octa_svr_dataset.verification.instances import BORDERLINE_DEG, Frame, Instance, directions_of, measure_instances
from octa_svr_dataset.verification.rows import Row

KINDS = ("dropout", "microaneurysm", "irma", "neovascularization")
"""Kinds of lesions that are counted."""

GROUNDS = (*KINDS, "diffuse_loss", "beaded")
"""What a grade may rest on."""

CENTERED_MM = 0.1
"""Up to this distance of its centroid from the center of the picture, the avascular zone is called centered."""

CENTERED_TOLERANCE_MM = 0.006

QUADRANTS = ("superior", "nasal", "inferior", "temporal")

INNER_MM = 0.5
"""Quadrants begin at this distance from the fovea."""

ON_DIAGONAL_PX = 1e-6
"""Centers of pixels as near to a diagonal between quadrants lie on it, and belong to the nasal or temporal one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The foveal avascular zone."""

    is_visible: bool
    is_delimited: bool
    is_open: bool
    """Whether visible dropout borders it."""

    area_mm2: float
    places: frozenset[str]
    """Right names of where it lies in the picture: a direction, or "centered"."""

    box: tuple[float, float, float, float]
    center: tuple[float, float]
    size: str
    circularity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffuseLoss:
    """Capillary loss dispersed over the bed."""

    is_visible: bool
    degree: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All that claims are compared with."""

    lesions: Mapping[str, tuple[Instance, ...]]
    """Visible lesions by kind, the largest first."""

    zone: Zone
    diffuse_loss: DiffuseLoss
    lost_share: Mapping[str, float]
    """Share of each quadrant that is lost, in visible dropout or visible diffuse loss."""

    density: Mapping[str, float]
    """Share of each quadrant that shows a vessel."""

    traits: frozenset[str]
    """"tortuous", "beaded", "noisy", "blurred", "motion" and "dark", as far as they apply."""

    quality: str
    calibre_um: float | None
    """Width of the larger vessels; none where too few can be followed."""

    laterality: str

    @property
    def severity(self) -> int:
        """Grade."""
        return self._grade_of({kind for kind in GROUNDS if self.has(kind)}, self._dropout_mm2())

    def grades_with(self, added: Iterable[str], removed: Iterable[str]) -> set[int]:
        """Grades that could stand if some kinds of lesions were there, or were not.

        Dropout that is added may be focal or wide.
        """
        kinds = ({kind for kind in GROUNDS if self.has(kind)} | set(added)) - set(removed)
        areas_mm2 = {self._dropout_mm2()}
        if "dropout" in added:
            areas_mm2 |= {FOCAL_MOST_MM2 / 2, 2 * FOCAL_MOST_MM2, 2 * WIDE_DROPOUT_MM2}
        return {self._grade_of(kinds, area_mm2) for area_mm2 in areas_mm2}

    def _dropout_mm2(self) -> float:
        return sum(round(dropout.area_mm2, KEPT_DIGITS) for dropout in self.lesions["dropout"])

    @staticmethod
    def _grade_of(kinds: set[str], dropout_mm2: float) -> int:
        return severity_of(
            dropout_area_mm2=dropout_mm2 if "dropout" in kinds else 0.0,
            has_diffuse_loss="diffuse_loss" in kinds,
            has_microaneurysms="microaneurysm" in kinds,
            has_irma="irma" in kinds,
            has_beading="beaded" in kinds,
            has_neovascularization="neovascularization" in kinds,
        )

    @property
    def label(self) -> str:
        """Class."""
        return str(label_of_severity(self.severity))

    def has(self, kind: str) -> bool:
        """Whether anything of a kind can be seen."""
        if kind == "beaded":
            return "beaded" in self.traits
        return self.diffuse_loss.is_visible if kind == "diffuse_loss" else bool(self.lesions[kind])


def truth_of(row: Row) -> Truth:
    """Measure the pixel layers of a row."""
    frame = _frame(row)
    seen = _look_again(row, frame)
    lesions = {
        kind: _visible(row.layers[_layer_of(kind)], frame, findings)
        for kind, findings in zip(
            KINDS, (seen.dropouts, seen.microaneurysms, seen.irma, seen.neovascularization), strict=True
        )
    }
    diffuse_loss = _diffuse_loss(row, seen)
    return Truth(
        lesions=lesions,
        zone=_zone(row, frame, seen),
        diffuse_loss=diffuse_loss,
        lost_share=_lost_shares(row, frame, lesions["dropout"], diffuse_loss),
        density={region.quadrant: region.density for region in seen.regions},
        traits=_traits(row, seen),
        quality=seen.quality.grade,
        calibre_um=seen.vessel_shape.calibre_um,
        laterality=row.laterality,
    )


def _layer_of(kind: str) -> str:
    return "microaneurysms" if kind == "microaneurysm" else kind


def _frame(row: Row) -> Frame:
    zone = row.layers["faz"] > 0
    size_px = row.image.shape[0]
    rows, columns = np.nonzero(zone)
    is_known = bool(len(rows))
    return Frame(
        mm_per_px=row.field_of_view_mm / size_px,
        size_px=size_px,
        laterality=row.laterality,
        fovea_px=(rows.mean() + 0.5, columns.mean() + 0.5) if is_known else (size_px / 2, size_px / 2),
        is_fovea_known=is_known,
    )


def _look_again(row: Row, frame: Frame) -> Findings:
    """Findings of the stored pixels; of them, only what is a matter of definition is used."""
    fov = FieldOfView(width_mm=row.field_of_view_mm, size_px=frame.size_px)
    unread = np.zeros_like(row.layers["faz"])
    rendering = Rendering(
        fov=fov,
        image=row.image,
        layers=Layers(vessels=unread, **row.layers),
        motion=EyeMotion(start=np.zeros(0), shift_mm=np.zeros(1)),
        projection=row.projection,
    )
    floor = floor_of(row.image, rendering.layers)
    return observe_view(
        View(rendering=rendering, laterality=row.laterality, fovea_px=np.array(frame.fovea_px), floor=floor), None
    )


def _visible(layer: np.ndarray, frame: Frame, findings: tuple[object, ...]) -> tuple[Instance, ...]:
    numbers = frozenset(finding.instance_id for finding in findings if finding.is_visible)  # type: ignore[attr-defined]
    visible = [instance for instance in measure_instances(layer, frame, numbers) if instance.is_visible]
    return tuple(sorted(visible, key=lambda instance: -instance.area_mm2))


def _zone(row: Row, frame: Frame, seen: Findings) -> Zone:
    rows, columns = np.nonzero(row.layers["faz"])
    to_thousandths = 1000.0 / frame.size_px
    tenths = (round(float(place), 1) for place in frame.fovea_px)  # as the findings give the centroid
    down_mm, right_mm = ((place - frame.size_px / 2) * frame.mm_per_px for place in tenths)
    distance_mm = float(np.hypot(down_mm, right_mm))
    places = directions_of(float(np.degrees(np.arctan2(down_mm, right_mm))), BORDERLINE_DEG)
    if distance_mm <= CENTERED_MM - CENTERED_TOLERANCE_MM:
        places = frozenset({"centered"})
    elif distance_mm <= CENTERED_MM + CENTERED_TOLERANCE_MM:
        places |= {"centered"}
    box = (0.0, 0.0, 0.0, 0.0)
    if len(rows):
        corners = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        box = tuple(float(corner) * to_thousandths for corner in corners)  # type: ignore[assignment]
    return Zone(
        is_visible=seen.faz.is_visible,
        is_delimited=seen.faz.is_visible and seen.faz.is_delimited,
        is_open=seen.faz.borders_dropout,
        area_mm2=len(rows) * frame.mm_per_px**2,
        places=places,
        box=box,
        center=(frame.fovea_px[1] * to_thousandths, frame.fovea_px[0] * to_thousandths),
        size=seen.faz.size,
        circularity=seen.faz.circularity,
    )


def _diffuse_loss(row: Row, seen: Findings) -> DiffuseLoss:
    bed = (row.layers["faz"] == 0) & (row.layers["dropout"] == 0)
    share = float(((row.layers["diffuse_loss"] > 0) & bed).sum()) / max(float(bed.sum()), 1.0)
    return DiffuseLoss(is_visible=seen.diffuse_loss.is_visible, degree=seen.diffuse_loss.degree, share=share)


def _lost_shares(row: Row, frame: Frame, dropouts: tuple[Instance, ...], diffuse_loss: DiffuseLoss) -> dict[str, float]:
    lost = np.isin(row.layers["dropout"], [dropout.number for dropout in dropouts])
    if diffuse_loss.is_visible:
        lost |= row.layers["diffuse_loss"] > 0
    down, right = np.indices(lost.shape) + 0.5 - np.array(frame.fovea_px)[:, None, None]
    is_outside = (np.hypot(down, right) * frame.mm_per_px >= INNER_MM) & (row.layers["faz"] == 0)
    is_nasal = (right > 0) == (row.laterality == "od")
    is_vertical = np.abs(down) > np.abs(right) + ON_DIAGONAL_PX
    parts = (is_vertical & (down < 0), ~is_vertical & is_nasal, is_vertical & (down > 0), ~is_vertical & ~is_nasal)
    return {
        name: float(lost[part & is_outside].sum()) / max(float((part & is_outside).sum()), 1.0)
        for name, part in zip(QUADRANTS, parts, strict=True)
    }


def _traits(row: Row, seen: Findings) -> frozenset[str]:
    applies = {
        "tortuous": seen.vessel_shape.is_tortuous,
        "beaded": row.findings["vessel_shape"]["is_beaded"],
        "noisy": seen.quality.is_noisy,
        "blurred": seen.quality.is_blurred,
        "motion": seen.quality.has_motion,
        "dark": seen.quality.is_dark,
    }
    return frozenset(name for name, is_so in applies.items() if is_so)
