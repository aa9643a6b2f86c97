"""Quality of a picture alone: brightness, noise, contrast, stripes, sharpness."""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.order import median
from octa_svr_dataset.measurement.sampling import SampledPicture, blurred
from octa_svr_dataset.measurement.spectrum import power_spectrum, radial_power, stripe_excess

STRUCTURE_MM = (0.03, 0.3)
"""Wavelengths of vessels and mesh; longer ones are shading, shorter ones grain."""

COARSE_MM = 0.12
"""A mesh that lost capillaries gains power at longer wavelengths than this, up to 0.3 mm."""

SLOWEST_STRIPE_MM = 0.375
"""Slower changes from row to row are shading, not stripes."""

NOISE_SHARE = 0.9
"""Frequencies above this share of the highest one along an axis hold noise alone."""

VOID_RADIUS_MM = 0.1
"""Radius of the disc without flow in which noise is measured: it fits into small avascular zones (0.05 mm2)."""

VOID_BLUR_MM, VOID_STEP_MM = 0.05, 0.04
"""Blur at which the darkest place is taken for the middle of such a disc, and the pitch at which it is looked for."""

LEAST_VOID_CONTRAST = 0.25
"""A void is at least this much darker than the picture's median, relative to it: as an avascular zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityMeasures:
    """What a scanner, not a retina, does to a picture; only the share of coarse structure is of both."""

    mean_gray: float
    """Mean gray level: overall gain."""

    noise_gray: float | None
    """Standard deviation of the gray level in the darkest disc of 0.1 mm in radius; none where nothing is void.

    That lies in the avascular zone or in an area of dropout, whichever is darker: so it is known of all eyes alike.
    """

    contrast: float
    """Standard deviation at wavelengths of 0.03 to 0.3 mm, relative to the mean gray level."""

    coarse_share: float
    """Share of that power at wavelengths of 0.12 to 0.3 mm."""

    stripe_excess: float
    """Mean log10 ratio of the power from row to row to that from column to column: 0 without motion stripes."""

    sharpness_per_mm: float
    """Frequency below which half of the power at those wavelengths lies, cycles/mm; defocus lowers it."""


def measure_quality(picture: np.ndarray, sampled: SampledPicture) -> QualityMeasures:
    """Quality of a picture.

    White noise, told by the highest frequencies, is taken from the power of the structure.

    Parameters
    ----------
    picture
        (H, H) uint8. The picture.
    sampled
        The same at the pitch for vessels.
    """
    power, fov = power_spectrum(sampled.gray), sampled.fov
    totals, counts = radial_power(power)
    per_mm = np.arange(len(totals)) / fov.width_mm
    highest = fov.size_px / 2 / fov.width_mm
    is_noise = (per_mm >= NOISE_SHARE * highest) & (per_mm <= highest)
    floor = float(totals[is_noise].sum()) / max(int(counts[is_noise].sum()), 1)
    is_structure = (per_mm >= 1 / STRUCTURE_MM[1]) & (per_mm <= min(1 / STRUCTURE_MM[0], NOISE_SHARE * highest))
    structure = np.where(is_structure, np.maximum(totals - floor * counts, 0.0), 0.0)
    whole, mean_gray = float(structure.sum()), float(sampled.gray.mean())
    along = np.abs(np.fft.fftfreq(fov.size_px)) / fov.mm_per_px
    return QualityMeasures(
        mean_gray=mean_gray,
        noise_gray=_noise_gray(picture, sampled),
        contrast=float(np.sqrt(whole)) / fov.size_px / max(mean_gray, 1.0),
        coarse_share=float(structure[per_mm <= 1 / COARSE_MM].sum()) / max(whole, 1e-6),
        stripe_excess=stripe_excess(power, (along >= 1 / SLOWEST_STRIPE_MM) & (along <= NOISE_SHARE * highest)),
        sharpness_per_mm=float(np.interp(whole / 2, np.cumsum(structure), per_mm)) if whole > 0 else 0.0,
    )


def _noise_gray(picture: np.ndarray, sampled: SampledPicture) -> float | None:
    """Standard deviation in the disc around the darkest place, if that is dark."""
    fov = sampled.fov
    step = max(round(fov.length_px(VOID_STEP_MM)), 1)
    broad = blurred(sampled.gray[::step, ::step], fov.length_px(VOID_BLUR_MM) / step)
    margin = int(np.ceil(fov.length_px(VOID_RADIUS_MM) / step))
    inner = broad[margin : len(broad) - margin, margin : len(broad) - margin]
    if not inner.size or inner.min() > (1 - LEAST_VOID_CONTRAST) * median(broad):
        return None
    darkest = np.unravel_index(inner.argmin(), inner.shape)
    scale = len(picture) / fov.size_px
    row, column = ((int(place) + margin) * step * scale + scale / 2 for place in darkest)
    radius_px = FieldOfView(width_mm=fov.width_mm, size_px=len(picture)).length_px(VOID_RADIUS_MM)
    window = tuple(slice(max(round(center - radius_px), 0), round(center + radius_px)) for center in (row, column))
    rows, columns = (np.arange(side.start, min(side.stop, len(picture))) + 0.5 for side in window)
    inside = (rows[:, None] - row) ** 2 + (columns[None, :] - column) ** 2 <= radius_px**2
    return float(picture[window][inside].std())
