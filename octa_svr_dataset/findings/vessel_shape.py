"""How the larger vessels run and how wide they are, as it is seen."""

from octa_svr_dataset.findings.facts import VesselShapeFinding
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.reference import HealthyRanges

TORTUOUS = 95
"""Percentile of healthy eyes beyond which vessels are called tortuous."""

BEADED = 98
"""Percentile of healthy eyes beyond which veins are called beaded."""


def observe_vessel_shape(picture: PictureAlone, healthy: HealthyRanges) -> VesselShapeFinding:
    """Say of the larger vessels what is unusual among healthy eyes."""
    branches, beading = picture.branches, picture.beading
    tortuosity = None if branches is None else round(branches.tortuosity, 3)
    return VesselShapeFinding(
        tortuosity=tortuosity,
        is_tortuous=healthy.is_above("tortuosity", TORTUOUS, tortuosity),
        calibre_um=None if branches is None else round(branches.calibre_um, 1),
        beading=None if beading is None else round(beading, 3),
        is_beaded=healthy.is_above("beading", BEADED, beading),
    )
