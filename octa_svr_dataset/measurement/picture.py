"""Everything that is measured of a picture alone, synthetic or real."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.branches import BranchMeasures, measure_branches
from octa_svr_dataset.measurement.exposure import ExposureMeasures, measure_exposure
from octa_svr_dataset.measurement.faz import FazMeasures, measure_faz
from octa_svr_dataset.measurement.quality import QualityMeasures, measure_quality
from octa_svr_dataset.measurement.sampling import ASSUMED_WIDTH_MM, fine
from octa_svr_dataset.measurement.vessels import MeshMeasures, map_vessels, measure_mesh


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number, ready to be shown."""

    name: str
    """Words of the field, with the unit unless it is in `unit`."""

    value: float | None
    """The number; none where the picture shows nothing of the kind."""

    unit: str
    """Unit, empty for a plain number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureMeasures:
    """One picture in numbers of the field.

    Where the field of view is not known, lengths in mm are those of a field of `ASSUMED_WIDTH_MM`; `listed` gives them
    in pixels and shares of the picture.
    """

    fov: FieldOfView
    """Field of view, known or assumed, in the H px of the picture."""

    is_scaled: bool
    """Whether the field of view is known."""

    faz: FazMeasures | None
    """The foveal avascular zone; none where none was found."""

    area_density: float
    """Share of the area that shows a vessel."""

    mesh: MeshMeasures
    """The capillary mesh."""

    branches: BranchMeasures | None
    """The larger vessels; none where there is none."""

    quality: QualityMeasures
    """What the scanner did, and the mesh."""

    exposure: ExposureMeasures
    """What the scanner did, where disease changes least."""

    def listed(self) -> Iterator[Measure]:
        """All measures in units that the field of view allows."""
        faz, mesh, branches, quality = self.faz, self.mesh, self.branches, self.quality
        yield self._area("FAZ area", None if faz is None else faz.area_mm2)
        yield Measure(name="FAZ center row", value=None if faz is None else faz.center_px[0], unit="px")
        yield Measure(name="FAZ center column", value=None if faz is None else faz.center_px[1], unit="px")
        yield Measure(name="FAZ circularity", value=None if faz is None else faz.circularity, unit="")
        yield Measure(name="FAZ contrast", value=None if faz is None else faz.contrast, unit="")
        yield Measure(name="FAZ closed border", value=None if faz is None else 100 * faz.closed_share, unit="%")
        yield Measure(name="vessel area density", value=100 * self.area_density, unit="%")
        yield self._by_length("vessel skeleton density", mesh.skeleton_density_per_mm, "mm/mm2")
        yield self._area("intercapillary area, mean", mesh.gap_mean_mm2)
        yield self._area("intercapillary area, 90 %", mesh.gap_quantile_mm2)
        yield self._width("calibre of larger vessels", None if branches is None else branches.calibre_um)
        yield Measure(
            name="tortuosity of larger vessels", value=None if branches is None else branches.tortuosity, unit=""
        )
        yield Measure(name="mean gray level", value=quality.mean_gray, unit="")
        yield Measure(name="noise in the darkest void", value=quality.noise_gray, unit="gray levels")
        yield Measure(name="contrast", value=quality.contrast, unit="")
        yield Measure(name="coarse structure", value=100 * quality.coarse_share, unit="%")
        yield Measure(name="stripe excess", value=quality.stripe_excess, unit="log10")
        yield self._by_length("sharpness", quality.sharpness_per_mm, "1/mm")
        exposure = self.exposure
        yield Measure(name="gray level of larger vessels", value=exposure.vessel_gray, unit="")
        yield Measure(name="noise in the void by that", value=_percent(exposure.noise_share), unit="%")
        yield Measure(name="brightest scan line by that", value=_percent(exposure.line_share), unit="%")
        yield self._width("sides of larger vessels", exposure.edge_um)

    def _area(self, name: str, area_mm2: float | None) -> Measure:
        if self.is_scaled:
            return Measure(name=name, value=area_mm2, unit="mm2")
        share = None if area_mm2 is None else 100 * area_mm2 / self.fov.width_mm**2
        return Measure(name=name, value=share, unit="% of the picture")

    def _width(self, name: str, width_um: float | None) -> Measure:
        if self.is_scaled:
            return Measure(name=name, value=width_um, unit="um")
        return Measure(name=name, value=None if width_um is None else self.fov.length_px(width_um / 1000), unit="px")

    def _by_length(self, name: str, value_per_mm: float, unit: str) -> Measure:
        if self.is_scaled:
            return Measure(name=name, value=value_per_mm, unit=unit)
        return Measure(name=name, value=value_per_mm * self.fov.mm_per_px, unit="1/px")


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def measure_picture(picture: np.ndarray, width_mm: float | None = None, projection: str = "full") -> PictureMeasures:
    """Measure a picture.

    Parameters
    ----------
    picture
        (H, H) uint8. Gray levels; 16 px or more.
    width_mm
        Width of the field of view, mm; none where it is not known.
    projection
        Layers that it shows: "full", "superficial" or "deep". The length of the sides of vessels heeds it.
    """
    if picture.ndim != 2 or picture.shape[0] != picture.shape[1] or picture.dtype != np.uint8:
        raise ValueError(f"picture must be square, gray and uint8, got {picture.shape} of {picture.dtype}")
    fov = FieldOfView(width_mm=ASSUMED_WIDTH_MM if width_mm is None else width_mm, size_px=len(picture))
    sampled = fine(picture, fov)
    vessels = map_vessels(sampled)
    faz = measure_faz(picture, fov)
    branches = measure_branches(vessels)
    quality = measure_quality(picture, sampled)
    return PictureMeasures(
        fov=fov,
        is_scaled=width_mm is not None,
        faz=faz,
        area_density=vessels.area_density,
        mesh=measure_mesh(vessels),
        branches=branches,
        quality=quality,
        exposure=measure_exposure(vessels, branches, quality, projection),
    )
