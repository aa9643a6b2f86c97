"""What the picture alone tells."""

from dataclasses import dataclass
from typing import Self

from octa_svr_dataset.findings.facts import MeasuredFinding
from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.measurement.branches import BranchMeasures, measure_branches
from octa_svr_dataset.measurement.exposure import ExposureMeasures, measure_exposure
from octa_svr_dataset.measurement.faz import FazMeasures, measure_faz
from octa_svr_dataset.measurement.quality import QualityMeasures, measure_quality
from octa_svr_dataset.measurement.sampling import fine
from octa_svr_dataset.measurement.vessels import VesselMap, map_vessels


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureAlone:
    """Measures of a picture without its label maps, from which several findings are drawn."""

    vessels: VesselMap
    faz: FazMeasures | None
    quality: QualityMeasures
    exposure: ExposureMeasures
    branches: BranchMeasures | None

    @classmethod
    def of(cls, view: View) -> Self:
        """Measure the picture of a view."""
        image, fov = view.rendering.image, view.rendering.fov
        sampled = fine(image, fov)
        faz = measure_faz(image, fov)
        vessels = map_vessels(sampled)
        branches = measure_branches(vessels)
        quality = measure_quality(image, sampled)
        return cls(
            vessels=vessels,
            faz=faz,
            quality=quality,
            exposure=measure_exposure(vessels, branches, quality, view.rendering.projection),
            branches=branches,
        )

    @property
    def yardsticks(self) -> dict[str, float | None]:
        """Measures by which words of degree are chosen, by their names in `healthy_ranges.yaml`."""
        branches, exposure = self.branches, self.exposure
        return {
            "tortuosity": None if branches is None else branches.tortuosity,
            "calibre_um": None if branches is None else branches.calibre_um,
            "vessel_gray": exposure.vessel_gray,
            "noise_share": exposure.noise_share,
            "edge_um": exposure.edge_um,
            "line_share": exposure.line_share,
        }

    def finding(self) -> MeasuredFinding:
        """The measures that are published with a row, rounded."""
        faz, quality = self.faz, self.quality
        is_delimited = faz is not None and faz.is_delimited
        return MeasuredFinding(
            faz_area_mm2=round(faz.area_mm2, 3) if faz is not None and is_delimited else None,
            faz_circularity=round(faz.circularity, 3) if faz is not None and is_delimited else None,
            area_density=round(self.vessels.area_density, 4),
            mean_gray=round(quality.mean_gray, 1),
            contrast=round(quality.contrast, 3),
            noise_gray=None if quality.noise_gray is None else round(quality.noise_gray, 1),
            stripe_excess=round(quality.stripe_excess, 3),
            sharpness_per_mm=round(quality.sharpness_per_mm, 2),
        )
