"""What is measured of one picture: spectrum, gray levels, contrast, texture, vessels, stripes, avascular zone.

All measures are taken at the sampling of `realism.sampling`, so frequencies are cycles per picture and lengths are in
px of 1/304 of its width; only who knows the field of view may turn them into millimeters. Gray levels are absolute:
a picture that is brighter or richer in contrast is another picture.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, stats
from skimage.feature import local_binary_pattern

from octa_svr_dataset.measurement.spectrum import power_spectrum, stripe_excess
from octa_svr_dataset.realism.avascular import AvascularMeasures, measure_avascular_zone
from octa_svr_dataset.realism.sampling import SIZE_PX, standardized, standardized_mask

BAND_EDGES = np.geomspace(4.0, 144.0, 11)
"""(11,) float64. Limits of the bands, cycles per picture: from 1.3 to 48 cycles/mm in a field of 3 mm."""

QUANTILE_LEVELS = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)
"""Which quantiles of the gray levels are taken."""

CONTRAST_WINDOWS_PX = (7, 21, 63)
"""Widths of the windows for local contrast."""

RING_EDGES_PX = tuple(SIZE_PX * share for share in (0.1, 0.2, 0.3, 0.4, 0.5))
"""Radii between which vessel density is taken: 0.3 to 1.5 mm in a field of 3 mm."""

VESSEL_THRESHOLD = 0.15
"""A pixel shows a vessel where the picture, blurred by 1 px less blurred by 4 px, exceeds this share of its mean."""

VOID_SHARE = 0.01
"""The darkest share of the picture, blurred by `VOID_BLUR_PX`, stands for where no blood flows."""

VOID_BLUR_PX = 4.0
"""Standard deviation of that blur."""

_STRIPE_LEAST_CYCLES = 8
"""Slower changes from row to row are shading, not stripes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureMeasures:
    """One picture in numbers."""

    band_log_power: np.ndarray
    """(10,) float64. log10 of the mean spectral power in each band; white noise of standard deviation s has s**2."""

    gray_quantiles: np.ndarray
    """(7,) float64. Gray levels below which the shares `QUANTILE_LEVELS` of the pixels lie."""

    local_contrast: np.ndarray
    """(3,) float64. Standard deviation relative to the mean, in windows of each width, averaged over the picture."""

    gradient_kurtosis: float
    """Excess kurtosis of the slope of the brightness; sparse sharp edges have more than noise."""

    pattern_entropy: float
    """Entropy of the uniform local binary patterns (Ojala et al. 2002), bits; regular structures have less."""

    coherence: float
    """Mean coherence of the structure tensor, 0 for grain without direction, 1 for lines."""

    ring_density: np.ndarray
    """(4,) float64. Share of the pixels that show a vessel, between successive `RING_EDGES_PX` around the fovea."""

    void_gray: float
    """Mean gray level of the darkest areas, whose outline need not be known."""

    void_spread: float
    """Standard deviation of the gray level there, apart from slow changes."""

    stripe_excess: float
    """Mean over frequencies of log10 of the power from row to row, relative to that from column to column."""

    avascular_zone: AvascularMeasures | None
    """Of the foveal avascular zone; absent where its outline is not known."""

    def by_name(self) -> dict[str, float]:
        """All measures as single numbers, in a fixed order; those of an unknown avascular zone are left out."""
        bands = zip(BAND_EDGES[:-1], BAND_EDGES[1:], self.band_log_power, strict=True)
        quantiles = zip(QUANTILE_LEVELS, self.gray_quantiles, strict=True)
        contrasts = zip(CONTRAST_WINDOWS_PX, self.local_contrast, strict=True)
        named = {f"log10 power, {low:.3g}-{high:.3g} cycles": power for low, high, power in bands}
        named |= {f"gray quantile, {100 * level:.0f} %": gray for level, gray in quantiles}
        named |= {f"local contrast, {width_px} px": contrast for width_px, contrast in contrasts}
        named |= {
            "gradient kurtosis": self.gradient_kurtosis,
            "pattern entropy": self.pattern_entropy,
            "coherence": self.coherence,
        }
        named |= {f"vessel density, ring {ring}": density for ring, density in enumerate(self.ring_density, start=1)}
        named |= {"void, gray": self.void_gray, "void, spread": self.void_spread, "stripe excess": self.stripe_excess}
        if self.avascular_zone is not None:
            named |= self.avascular_zone.by_name()
        return {name: float(value) for name, value in named.items()}


def measure_picture(image: np.ndarray, avascular_zone: np.ndarray | None = None) -> PictureMeasures:
    """Measure a picture.

    Parameters
    ----------
    image
        (H, H) uint8. The picture; 304 px or more.
    avascular_zone
        (H, H). Not zero in the foveal avascular zone. Without it, the center of the picture is taken for the fovea.
    """
    picture = standardized(image)
    zone = None if avascular_zone is None else standardized_mask(avascular_zone)
    center_px = (len(picture) - 1) / 2
    fovea_row_col = (center_px, center_px) if zone is None or not zone.any() else ndimage.center_of_mass(zone)
    power = power_spectrum(picture)
    cycles = np.abs(_cycles(len(power)))
    void_gray, void_spread = _void(picture)
    return PictureMeasures(
        band_log_power=_band_log_power(power),
        gray_quantiles=np.quantile(picture, QUANTILE_LEVELS),
        local_contrast=np.array([_local_contrast(picture, width_px) for width_px in CONTRAST_WINDOWS_PX]),
        gradient_kurtosis=_gradient_kurtosis(picture),
        pattern_entropy=_pattern_entropy(picture),
        coherence=_coherence(picture),
        ring_density=_ring_density(picture, fovea_row_col),
        void_gray=void_gray,
        void_spread=void_spread,
        stripe_excess=stripe_excess(power, (cycles >= _STRIPE_LEAST_CYCLES) & (cycles <= BAND_EDGES[-1])),
        avascular_zone=None if zone is None or not zone.any() else measure_avascular_zone(picture, zone),
    )


def _void(picture: np.ndarray) -> tuple[float, float]:
    """Mean gray level of the darkest areas, and the standard deviation of what the blur takes from them."""
    blurred = ndimage.gaussian_filter(picture, VOID_BLUR_PX)
    is_void = blurred <= np.quantile(blurred, VOID_SHARE)
    return float(picture[is_void].mean()), float((picture - blurred)[is_void].std())


def _cycles(size_px: int) -> np.ndarray:
    """(S,) float64. Frequencies of the spectrum, cycles per 304 px."""
    return np.fft.fftfreq(size_px) * SIZE_PX


def _band_log_power(power: np.ndarray) -> np.ndarray:
    cycles = _cycles(len(power))
    band = np.searchsorted(BAND_EDGES, np.hypot(cycles[:, None], cycles[None, :]).ravel(), side="right")
    totals = np.bincount(band, power.ravel(), minlength=len(BAND_EDGES) + 1)
    counts = np.bincount(band, minlength=len(BAND_EDGES) + 1)
    return np.asarray(np.log10(np.maximum(totals / counts, 1e-6)))[1:-1]


def _local_contrast(picture: np.ndarray, width_px: int) -> float:
    mean = ndimage.uniform_filter(picture, width_px)
    variance = ndimage.uniform_filter(picture * picture, width_px) - mean * mean
    return float((np.sqrt(np.maximum(variance, 0.0)) / np.maximum(mean, 1.0)).mean())


def _gradient_kurtosis(picture: np.ndarray) -> float:
    slopes = np.concatenate([ndimage.gaussian_filter1d(picture, 1.0, axis, order=1).ravel() for axis in (0, 1)])
    return float(stats.kurtosis(slopes)) if slopes.any() else 0.0


def _pattern_entropy(picture: np.ndarray) -> float:
    patterns = local_binary_pattern(np.rint(picture).astype(np.uint8), P=8, R=1, method="uniform")
    return float(stats.entropy(np.bincount(patterns.astype(int).ravel(), minlength=10), base=2))


def _coherence(picture: np.ndarray) -> float:
    along_row, along_column = (ndimage.gaussian_filter(picture, 1.0, order=order) for order in ((0, 1), (1, 0)))
    row_sq, column_sq, cross = (
        ndimage.gaussian_filter(product, 3.0)
        for product in (along_row * along_row, along_column * along_column, along_row * along_column)
    )
    difference = np.hypot(row_sq - column_sq, 2.0 * cross)
    return float((difference / np.maximum(row_sq + column_sq, 1e-6)).mean())


def _ring_density(picture: np.ndarray, fovea_row_col: tuple[float, float]) -> np.ndarray:
    detail = ndimage.gaussian_filter(picture, 1.0) - ndimage.gaussian_filter(picture, 4.0)
    is_vessel = detail > VESSEL_THRESHOLD * picture.mean()
    rows, columns = np.indices(picture.shape)
    distance_px = np.hypot(rows - fovea_row_col[0], columns - fovea_row_col[1])
    ring = np.searchsorted(RING_EDGES_PX, distance_px.ravel(), side="right")
    counts = np.bincount(ring, minlength=len(RING_EDGES_PX) + 1)
    return np.asarray(np.bincount(ring, is_vessel.ravel(), minlength=len(counts)) / np.maximum(counts, 1))[1:-1]
