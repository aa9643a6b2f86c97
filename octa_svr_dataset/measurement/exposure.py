"""What the exposure alone does to a picture: measures that disease hardly moves.

They are taken where disease changes least: at the larger vessels, in the darkest void, from one scan line to the
next. Mean gray level, contrast and sharpness of the whole picture (`quality`) fall when capillaries are lost.
"""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.measurement.branches import BranchMeasures
from octa_svr_dataset.measurement.kernels import excess_of_rows
from octa_svr_dataset.measurement.order import quantile
from octa_svr_dataset.measurement.quality import QualityMeasures
from octa_svr_dataset.measurement.vessels import VesselMap

BRIGHT = 0.75
"""Larger vessels are as bright as this quantile along their center lines."""

GRAY_EXPONENT = 0.2
"""Wider vessels are brighter by this power of their width.

In healthy eyes it is 0.24 from point to point, in fields of 3 and 6 mm and in superficial pictures. At this one,
diseased eyes measure as their healthy twins do in all of these.
"""

SHARP = 0.1
"""Their sides are as sharp as this quantile: mesh and neighbors make the others wider."""

USUAL_WIDTH_UM = 30.0
"""Brightness and sides are told as those of a vessel of this width.

In disease the narrower of the larger vessels are lost or sink below the limit, and veins widen: what is left is
brighter, and its sides are longer, though each vessel shines as it did.
"""

EDGE_EXPONENTS = {"full": 0.3, "superficial": 0.6, "deep": 0.3}
"""The sides of wider vessels are longer by this power of their width, by the layers that are shown.

In healthy eyes it is 0.5 in fields of 3 mm, where the optics blur narrow vessels most, and 0.2 in fields of 6 mm, where
the pitch of the scanner sets the sides of all. At these, diseased eyes measure as their healthy twins do: in pictures
of both layers in either field, and in superficial ones, which are blurred more, in fields of 3 mm.
"""

LEAST_WIDTH_UM = 1.0
"""Profiles without a top have no width; they count as this wide."""

LARGEST_EXCESS = 40.0
"""Gray levels by which a single pixel counts at most in the excess of its line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureMeasures:
    """Brightness, noise, focus and motion; none of a picture without larger vessels; no noise without a void."""

    vessel_gray: float | None
    """Gray level of larger vessels 30 um wide."""

    noise_share: float | None
    """Standard deviation of the gray level in the darkest void, relative to the gray level of the vessels."""

    edge_um: float | None
    """Distance over which the sides of a vessel 30 um wide fall from three quarters to a quarter of its height, um."""

    line_share: float | None
    """Excess of the scan line that stands out most among its neighbors, relative to the gray level of the vessels."""


def measure_exposure(
    vessels: VesselMap, branches: BranchMeasures | None, quality: QualityMeasures, projection: str
) -> ExposureMeasures:
    """Measure the exposure of a picture, given its vessels, the larger ones, its quality and the layers it shows."""
    if branches is None:
        return ExposureMeasures(vessel_gray=None, noise_share=None, edge_um=None, line_share=None)
    row, column = np.clip(np.rint(branches.points_px), 0, len(vessels.gray) - 1).astype(int).T
    narrowness = USUAL_WIDTH_UM / np.maximum(branches.width_um, LEAST_WIDTH_UM)
    vessel_gray = max(quantile(vessels.gray[row, column] * narrowness**GRAY_EXPONENT, BRIGHT), 1.0)
    edges_um = branches.slope_um * narrowness ** EDGE_EXPONENTS[projection]
    excess = excess_of_rows(vessels.sampled, LARGEST_EXCESS)
    return ExposureMeasures(
        vessel_gray=vessel_gray,
        noise_share=None if quality.noise_gray is None else quality.noise_gray / vessel_gray,
        edge_um=quantile(edges_um, SHARP),
        line_share=float(excess.max()) / vessel_gray,
    )
