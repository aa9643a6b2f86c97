"""From a picture to findings."""

from octa_svr_dataset.findings.diffuse_loss import observe_diffuse_loss
from octa_svr_dataset.findings.dropout import observe_dropouts
from octa_svr_dataset.findings.facts import Findings
from octa_svr_dataset.findings.faz import observe_faz
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.microaneurysms import observe_microaneurysms
from octa_svr_dataset.findings.new_vessels import observe_irma, observe_neovascularization
from octa_svr_dataset.findings.quality import observe_quality
from octa_svr_dataset.findings.reference import HealthyRanges
from octa_svr_dataset.findings.regions import observe_regions
from octa_svr_dataset.findings.vessel_shape import observe_vessel_shape
from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.imaging.rendering import Rendering
from octa_svr_dataset.scene import Scene


def observe(scene: Scene, rendering: Rendering) -> Findings:
    """Measure what the picture of a scene shows."""
    return observe_view(View.of(scene, rendering), scene)


def observe_view(view: View, scene: Scene | None) -> Findings:
    """Measure what a picture shows; without the scene, whose veins tell where to look, no beading is seen."""
    picture = PictureAlone.of(view)
    healthy = HealthyRanges.of(view.rendering.projection, view.rendering.fov.width_mm)
    dropouts = observe_dropouts(view)
    diffuse_loss = observe_diffuse_loss(view)
    row, column = view.fovea_px.tolist()
    return Findings(
        fovea_px=(round(row, 1), round(column, 1)),
        faz=observe_faz(view, dropouts),
        dropouts=dropouts,
        diffuse_loss=diffuse_loss,
        microaneurysms=observe_microaneurysms(view),
        irma=observe_irma(view),
        neovascularization=observe_neovascularization(view),
        regions=observe_regions(view, dropouts, diffuse_loss, picture.vessels),
        vessel_shape=observe_vessel_shape(view, scene, picture, healthy),
        quality=observe_quality(picture, healthy),
        measured=picture.finding(),
    )
