"""What the picture alone tells."""

from octa_svr_dataset.findings.facts import MeasuredFinding
from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.measurement.faz import measure_faz
from octa_svr_dataset.measurement.quality import measure_quality
from octa_svr_dataset.measurement.sampling import fine
from octa_svr_dataset.measurement.vessels import map_vessels


def measure_view(view: View) -> MeasuredFinding:
    """Measure a picture without its label maps."""
    image, fov = view.rendering.image, view.rendering.fov
    sampled = fine(image, fov)
    faz = measure_faz(image, fov)
    quality = measure_quality(image, sampled, faz)
    is_delimited = faz is not None and faz.is_delimited
    return MeasuredFinding(
        faz_area_mm2=round(faz.area_mm2, 3) if faz is not None and is_delimited else None,
        faz_circularity=round(faz.circularity, 3) if faz is not None and is_delimited else None,
        area_density=round(map_vessels(sampled).area_density, 4),
        mean_gray=round(quality.mean_gray, 1),
        contrast=round(quality.contrast, 3),
        noise_gray=None if quality.noise_gray is None else round(quality.noise_gray, 1),
        stripe_excess=round(quality.stripe_excess, 3),
        sharpness_per_mm=round(quality.sharpness_per_mm, 2),
    )
