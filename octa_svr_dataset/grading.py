"""The classes of a picture, and the severity scale behind them."""

from enum import StrEnum


class Label(StrEnum):
    """Class of an eye; the order is that of the dataset's ClassLabel."""

    HEALTHY = "healthy"
    NPDR = "npdr"
    PDR = "pdr"

    @property
    def is_diseased(self) -> bool:
        """The binary view: any diabetic retinopathy."""
        return self is not Label.HEALTHY


FOCAL_MOST_MM2 = 0.15
"""Dropout of no more than this area in all is a focal loss: about half a healthy foveal avascular zone."""

WIDE_DROPOUT_MM2 = 0.5
"""Beaded veins make an eye severe from this area of dropout on in all: about twice a healthy avascular zone, and
more than a twentieth of a field of 3 mm.

Beading has other causes, and the clinical scale asks for it in two quadrants (4-2-1 rule); dropout is what goes with it
where it is due to ischemia.
"""


def severity_of(
    *,
    dropout_area_mm2: float,
    has_diffuse_loss: bool,
    has_microaneurysms: bool,
    has_irma: bool,
    has_beading: bool = False,
    has_neovascularization: bool,
) -> int:
    """Severity that visible lesions stand for, as in `label_of_severity`."""
    if has_neovascularization:
        return 4
    if has_irma or (has_beading and dropout_area_mm2 >= WIDE_DROPOUT_MM2):
        return 3
    if dropout_area_mm2 > FOCAL_MOST_MM2 or (dropout_area_mm2 > 0.0 and has_microaneurysms):
        return 2
    return 1 if dropout_area_mm2 > 0.0 or has_diffuse_loss or has_microaneurysms else 0


def label_of_severity(severity: int) -> Label:
    """Class of a severity from 0 to 4.

    The scale is a surrogate in OCTA signs for the international clinical scale (Wilkinson et al. 2003): 0 none;
    1 microaneurysms, diffuse capillary loss or a focal one only; 2 dropout with microaneurysms, or wider dropout;
    3 intraretinal microvascular abnormalities, or venous beading with wide dropout; 4 neovascularization.
    """
    if not 0 <= severity <= 4:
        raise ValueError(f"severity must be between 0 and 4, got {severity}")
    if severity == 0:
        return Label.HEALTHY
    return Label.PDR if severity == 4 else Label.NPDR
