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


def severity_of(
    *,
    has_dropout: bool,
    has_microaneurysms: bool,
    has_irma: bool = False,
    has_beading: bool = False,
    has_neovascularization: bool = False,
) -> int:
    """Severity that lesions stand for, as in `label_of_severity`."""
    if has_neovascularization:
        return 4
    if has_irma or has_beading:
        return 3
    if has_dropout:
        return 2
    return 1 if has_microaneurysms else 0


def label_of_severity(severity: int) -> Label:
    """Class of a severity from 0 to 4.

    The scale is a surrogate in OCTA signs for the international clinical scale (Wilkinson et al. 2003):
    0 none, 1 microaneurysms only, 2 capillary dropout, 3 IRMA or venous beading (severe non-proliferative),
    4 neovascularization (proliferative).
    """
    if not 0 <= severity <= 4:
        raise ValueError(f"severity must be between 0 and 4, got {severity}")
    if severity == 0:
        return Label.HEALTHY
    return Label.PDR if severity == 4 else Label.NPDR
