"""Quality of the exposure, in words."""

from octa_svr_dataset.findings.facts import QualityFinding
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.reference import HealthyRanges

UNUSUAL = 90
"""Percentile of healthy eyes beyond which a measure is called by its fault."""


def observe_quality(picture: PictureAlone, healthy: HealthyRanges) -> QualityFinding:
    """Name the faults of a picture; none is good, one is fair, more are poor."""
    quality = picture.quality
    is_noisy = healthy.is_above("noise_gray", UNUSUAL, quality.noise_gray)
    is_blurred = healthy.is_below("sharpness_per_mm", 100 - UNUSUAL, quality.sharpness_per_mm)
    has_motion = healthy.is_above("stripe_excess", UNUSUAL, quality.stripe_excess)
    is_dark = healthy.is_below("mean_gray", 100 - UNUSUAL, quality.mean_gray)
    num_faults = sum((is_noisy, is_blurred, has_motion, is_dark))
    return QualityFinding(
        grade=("good", "fair", "poor")[min(num_faults, 2)],
        is_noisy=is_noisy,
        is_blurred=is_blurred,
        has_motion=has_motion,
        is_dark=is_dark,
    )
