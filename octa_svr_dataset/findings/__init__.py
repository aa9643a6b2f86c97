"""What can be seen in the final picture, measured and named: the only source of the words.

Places, sizes and boxes come from the label maps inside the picture, visibility from its pixels. A
lesion below the visibility limit is listed with `is_visible` false and never spoken of.
"""

from octa_svr_dataset.findings.facts import (
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
from octa_svr_dataset.findings.observation import observe

__all__ = [
    "NO_DIFFUSE_LOSS",
    "DiffuseLossFinding",
    "DropoutFinding",
    "FazFinding",
    "Findings",
    "MeasuredFinding",
    "MicroaneurysmFinding",
    "NewVesselsFinding",
    "QualityFinding",
    "RegionFinding",
    "VesselShapeFinding",
    "observe",
]
