"""Quality of the exposure, in words."""

from octa_svr_dataset.findings.facts import QualityFinding
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.reference import HealthyRanges

UNUSUAL, EXTREME = 90, 98
"""Percentiles of healthy eyes beyond which a measure is called by its fault, and beyond which one alone is enough."""


def observe_quality(picture: PictureAlone, healthy: HealthyRanges) -> QualityFinding:
    """Name the faults of a picture: good without any, poor with several or an extreme one, else fair."""
    exposure = picture.exposure
    raised = {"noise_share": exposure.noise_share, "edge_um": exposure.edge_um, "line_share": exposure.line_share}
    faults = {name: healthy.is_above(name, UNUSUAL, value) for name, value in raised.items()}
    is_dark = healthy.is_below("vessel_gray", 100 - UNUSUAL, exposure.vessel_gray)
    is_extreme = healthy.is_below("vessel_gray", 100 - EXTREME, exposure.vessel_gray) or any(
        healthy.is_above(name, EXTREME, value) for name, value in raised.items()
    )
    num_faults = sum(faults.values()) + is_dark
    return QualityFinding(
        grade="poor" if is_extreme or num_faults > 1 else "fair" if num_faults else "good",
        is_noisy=faults["noise_share"],
        is_blurred=faults["edge_um"],
        has_motion=faults["line_share"],
        is_dark=is_dark,
    )
