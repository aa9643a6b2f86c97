"""What one number of a picture tells of the disease: the measures that a trained probe has to beat.

Each is larger where more disease is to be expected, by a direction that is fixed here and not fitted.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.sampling import fine
from octa_svr_dataset.measurement.vessels import map_vessels

PERFUSION_SCALE_MM = 0.06
"""Standard deviation of the window over which local perfusion is averaged, mm: about the distance of capillaries."""

LOW_PERCENTILE = 10
"""Percentile of local perfusion that counts as low; the avascular zone of a healthy eye covers less than that."""

MESH_WAVELENGTHS_MM = (0.12, 0.30)
"""Wavelengths at which a coarsened capillary mesh has its power, mm."""

VISIBLE_WAVELENGTHS_MM = (0.04, 1.0)
"""Wavelengths over which the spectrum is normalized, mm: below lies noise, above them shading."""

_LEAST_BRIGHTNESS = 1e-6
"""Keeps an all black picture from being divided by zero."""


def darkness(gray: np.ndarray, fov: FieldOfView) -> float:  # noqa: ARG001
    """Brightness that is missing: capillary loss darkens a picture, but so does a weaker scan.

    Parameters
    ----------
    gray
        (S, S) uint8. Picture.
    fov
        Its field of view.
    """
    return 1.0 - float(gray.mean()) / 255.0


def low_perfusion(gray: np.ndarray, fov: FieldOfView) -> float:
    """How far the low percentile of local perfusion lies below its median, relative to it."""
    perfusion = _local_perfusion(gray, fov)
    return 1.0 - float(np.percentile(perfusion, LOW_PERCENTILE)) / max(float(np.median(perfusion)), _LEAST_BRIGHTNESS)


def uneven_perfusion(gray: np.ndarray, fov: FieldOfView) -> float:
    """Coefficient of variation of local perfusion."""
    perfusion = _local_perfusion(gray, fov)
    return float(perfusion.std()) / max(float(perfusion.mean()), _LEAST_BRIGHTNESS)


def coarse_mesh_power(gray: np.ndarray, fov: FieldOfView) -> float:
    """Share of a picture's spectral power that lies at the wavelengths of a coarsened capillary mesh."""
    window = np.hanning(fov.size_px)
    contrast = (gray - gray.mean()) * np.outer(window, window)
    power = np.abs(np.fft.rfft2(contrast)) ** 2
    vertical, horizontal = np.fft.fftfreq(fov.size_px, fov.mm_per_px), np.fft.rfftfreq(fov.size_px, fov.mm_per_px)
    per_mm = np.hypot(vertical[:, None], horizontal[None, :])
    total = _band_power(power, per_mm, VISIBLE_WAVELENGTHS_MM)
    return _band_power(power, per_mm, MESH_WAVELENGTHS_MM) / max(total, _LEAST_BRIGHTNESS)


def vessel_loss(gray: np.ndarray, fov: FieldOfView) -> float:
    """Share of the area that shows no vessel: one less the perfusion index of the literature (vessel area density)."""
    return 1.0 - map_vessels(fine(gray, fov)).area_density


BASELINES: dict[str, Callable[[np.ndarray, FieldOfView], float]] = {
    "darkness": darkness,
    "low perfusion": low_perfusion,
    "uneven perfusion": uneven_perfusion,
    "coarse mesh power": coarse_mesh_power,
}
"""The measures by their names in reports."""


def baseline_scores(name: str, gray: np.ndarray, field_of_view_mm: float) -> np.ndarray:
    """One of the measures for each picture.

    Parameters
    ----------
    name
        Key of `BASELINES`.
    gray
        (N, S, S) uint8. Pictures.
    field_of_view_mm
        Width of their field, mm.

    Returns
    -------
    (N,) ndarray of float64
        Larger where more disease is to be expected.
    """
    fov = FieldOfView(width_mm=field_of_view_mm, size_px=gray.shape[1])
    return np.array([BASELINES[name](picture, fov) for picture in gray])


def _local_perfusion(gray: np.ndarray, fov: FieldOfView) -> np.ndarray:
    smoothed = ndimage.gaussian_filter(gray.astype(np.float64), fov.length_px(PERFUSION_SCALE_MM))
    return np.asarray(smoothed)


def _band_power(power: np.ndarray, per_mm: np.ndarray, wavelengths_mm: tuple[float, float]) -> float:
    shortest_mm, longest_mm = wavelengths_mm
    return float(power[(per_mm >= 1.0 / longest_mm) & (per_mm <= 1.0 / shortest_mm)].sum())
