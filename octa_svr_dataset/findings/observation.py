"""From a picture to findings."""

from octa_svr_dataset.findings.diffuse_loss import observe_diffuse_loss
from octa_svr_dataset.findings.dropout import observe_dropouts
from octa_svr_dataset.findings.facts import Findings
from octa_svr_dataset.findings.faz import observe_faz
from octa_svr_dataset.findings.measured import measure_view
from octa_svr_dataset.findings.microaneurysms import observe_microaneurysms
from octa_svr_dataset.findings.new_vessels import observe_irma, observe_neovascularization
from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.imaging.rendering import Rendering
from octa_svr_dataset.scene import Scene


def observe(scene: Scene, rendering: Rendering) -> Findings:
    """Measure what the picture of a scene shows."""
    return observe_view(View.of(scene, rendering))


def observe_view(view: View) -> Findings:
    """Measure what a picture shows, given how places in it are named."""
    dropouts = observe_dropouts(view)
    return Findings(
        faz=observe_faz(view, dropouts),
        dropouts=dropouts,
        diffuse_loss=observe_diffuse_loss(view),
        microaneurysms=observe_microaneurysms(view),
        irma=observe_irma(view),
        neovascularization=observe_neovascularization(view),
        measured=measure_view(view),
    )
