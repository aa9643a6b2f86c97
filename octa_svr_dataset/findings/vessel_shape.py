"""How the larger vessels run and how wide they are, as it is seen."""

from octa_svr_dataset.findings.beading import LEAST_SWING, bead_swing
from octa_svr_dataset.findings.facts import VesselShapeFinding
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.reference import HealthyRanges
from octa_svr_dataset.findings.visibility import KEPT_DIGITS, View
from octa_svr_dataset.scene import Scene

HIDES_LARGER_VESSELS = "deep"
"""In the projection of the deep layer none can be seen: what is long and bright there is a chance line of the bed."""

TORTUOUS = 95
"""Percentile of healthy eyes beyond which vessels are called tortuous."""


def observe_vessel_shape(
    view: View, scene: Scene | None, picture: PictureAlone, healthy: HealthyRanges
) -> VesselShapeFinding:
    """Say of the larger vessels what is unusual among healthy eyes, and whether veins are seen to bead."""
    branches = None if view.rendering.projection == HIDES_LARGER_VESSELS else picture.branches
    beading = None if scene is None else bead_swing(view, scene, picture.vessels)
    tortuosity = None if branches is None else round(branches.tortuosity, 3)
    return VesselShapeFinding(
        tortuosity=tortuosity,
        is_tortuous=healthy.is_above("tortuosity", TORTUOUS, tortuosity),
        calibre_um=None if branches is None else round(branches.calibre_um, KEPT_DIGITS),
        beading=None if beading is None else round(beading, 3),
        is_beaded=beading is not None and beading >= LEAST_SWING,
    )
