"""Findings for tests of the texts: of a healthy eye but for changes, and drawn at random."""

import numpy as np

from octa_svr_dataset.findings import (
    NO_DIFFUSE_LOSS,
    DiffuseLossFinding,
    DropoutFinding,
    FazFinding,
    Findings,
    MeasuredFinding,
    MicroaneurysmFinding,
    NewVesselsFinding,
    QualityFinding,
    RegionFinding,
    VesselShapeFinding,
)
from octa_svr_dataset.geometry import DIRECTIONS, RING_NAMES, FieldOfView

FOV = FieldOfView(width_mm=3.0, size_px=304)

QUADRANTS = ("superior", "nasal", "inferior", "temporal")

MEASURED = MeasuredFinding(
    faz_area_mm2=0.25, faz_circularity=0.8, area_density=0.4, mean_gray=80.0, contrast=0.4, noise_gray=9.0,
    stripe_excess=0.1, sharpness_per_mm=12.0,
)  # fmt: skip


def faz(**changes) -> FazFinding:
    usual = {
        "is_visible": True, "is_delimited": True, "area_mm2": 0.25, "center_px": (150.0, 150.0),
        "displacement": "centered", "borders_dropout": False, "box_px": (125, 125, 175, 175), "circularity": 0.8,
        "size": "usual",
    }  # fmt: skip
    return FazFinding(**{**usual, **changes})


def dropout(number: int, *, area_mm2: float = 0.5, direction: str = "upper", **changes) -> DropoutFinding:
    usual = {"is_visible": True, "quadrant": "superior", "ring": "parafovea", "box_px": (10, 20, 60, 90)}
    return DropoutFinding(
        **{**usual, "instance_id": number, "direction": direction, "area_mm2": area_mm2, "flow_ratio": 0.1, **changes}
    )


def dot(number: int, *, direction: str = "left", **changes) -> MicroaneurysmFinding:
    usual = {"is_visible": True, "quadrant": "nasal", "ring": "parafovea", "center_px": (9.0, 90.0)}
    return MicroaneurysmFinding(
        **{**usual, "instance_id": number, "direction": direction, "diameter_um": 40.0, "contrast": 40.0, **changes}
    )


def vessels(number: int, *, direction: str = "lower", **changes) -> NewVesselsFinding:
    usual = {"is_visible": True, "quadrant": "inferior", "ring": "parafovea", "area_mm2": 0.1, "box_px": (0, 0, 9, 9)}
    return NewVesselsFinding(**{**usual, "instance_id": number, "direction": direction, "contrast": 30.0, **changes})


def diffuse(degree: str, *, is_visible: bool = True) -> DiffuseLossFinding:
    return DiffuseLossFinding(is_visible=is_visible, share=0.1, degree=degree, flow_ratio=0.5)


def regions(*lost: float) -> tuple[RegionFinding, ...]:
    return tuple(RegionFinding(quadrant=q, lost_share=s, density=0.4) for q, s in zip(QUADRANTS, lost, strict=True))


def shape(**changes) -> VesselShapeFinding:
    usual = {"tortuosity": 1.05, "is_tortuous": False, "calibre_um": 22.4, "beading": 0.1, "is_beaded": False}
    return VesselShapeFinding(**{**usual, **changes})


def quality(grade: str = "good", *faults: str) -> QualityFinding:
    names = ("is_noisy", "is_blurred", "has_motion", "is_dark")
    return QualityFinding(grade=grade, **{name: name in faults for name in names})


def findings_of(**changes) -> Findings:
    """Findings of a healthy eye, but for the changes."""
    healthy = {
        "fovea_px": (152.0, 152.0), "faz": faz(), "dropouts": (), "diffuse_loss": NO_DIFFUSE_LOSS,
        "microaneurysms": (), "irma": (),
        "neovascularization": (), "regions": regions(0.0, 0.0, 0.0, 0.0), "vessel_shape": shape(),
        "quality": quality(), "measured": MEASURED,
    }  # fmt: skip
    return Findings(**{**healthy, **changes})


def random_findings(rng: np.random.Generator) -> Findings:
    """Findings of an eye of any severity; lesions that are not visible are among them."""
    severity = int(rng.choice([0, 0, 1, 2, 3, 4, 4]))
    faults = [name for name in ("is_noisy", "is_blurred", "has_motion", "is_dark") if rng.random() < 0.2]
    borders = bool(severity >= 2 and rng.random() < 0.3)
    losses = [NO_DIFFUSE_LOSS, *(diffuse(degree) for degree in ("mild", "moderate", "marked"))]
    return findings_of(
        faz=faz(
            is_visible=rng.random() < 0.95,
            is_delimited=not (borders and rng.random() < 0.3),
            borders_dropout=borders,
            displacement=_one(rng, ["centered", *DIRECTIONS]),
            area_mm2=round(rng.uniform(0.1, 0.6), 2),
            size=_one(rng, ["small", "usual", "usual", "large"]),
        ),
        dropouts=tuple(dropout(n, area_mm2=_area(rng), **_place(rng)) for n in _numbers(rng, severity >= 2, 6)),
        diffuse_loss=losses[int(rng.integers(4)) if severity else 0],
        microaneurysms=tuple(dot(n, center_px=_center(rng), **_place(rng)) for n in _numbers(rng, severity > 0, 8)),
        irma=tuple(vessels(n, **_place(rng)) for n in _numbers(rng, severity >= 3, 4)),
        neovascularization=tuple(
            vessels(n, area_mm2=_area(rng), **_place(rng)) for n in _numbers(rng, severity == 4, 3)
        ),
        regions=regions(*(rng.uniform(0, 0.6, 4).round(3) if severity >= 2 else (0.0, 0.0, 0.0, 0.0))),
        vessel_shape=shape(is_tortuous=rng.random() < 0.2, is_beaded=rng.random() < 0.1),
        quality=quality(("good", "fair", "poor")[min(len(faults), 2)], *faults),
    )


def _one(rng: np.random.Generator, names: list[str]) -> str:
    return names[int(rng.integers(len(names)))]


def _numbers(rng: np.random.Generator, may_be: bool, most: int) -> range:
    return range(1, 1 + int(rng.integers(0, most + 1))) if may_be else range(0)


def _place(rng: np.random.Generator) -> dict[str, object]:
    return {
        "direction": _one(rng, list(DIRECTIONS)),
        "quadrant": _one(rng, list(QUADRANTS)),
        "ring": _one(rng, list(RING_NAMES)),
        "is_visible": rng.random() < 0.8,
    }


def _area(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(0.03, 1.5)), 2)


def _center(rng: np.random.Generator) -> tuple[float, float]:
    row, column = rng.uniform(0, 304, 2).round(1)
    return float(row), float(column)
