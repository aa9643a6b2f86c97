"""Diffuse capillary loss, as it is seen."""

import numpy as np

from octa_svr_dataset.findings.facts import NO_DIFFUSE_LOSS, DiffuseLossFinding
from octa_svr_dataset.findings.kernels import within
from octa_svr_dataset.findings.reference import HealthyRanges
from octa_svr_dataset.findings.visibility import LEAST_DIFFERENCE, View, median_gray

LEAST_SHARE = 0.03
"""A smaller share of the bed that is thinned lies within what healthy beds show."""

MOST_FLOW_RATIO = 0.75
"""Gaps are seen where their flow signal is at most this share of that of the bed around them."""

SURROUNDINGS_MM = 0.1
"""Width of the bed around the gaps with which they are compared."""

MODERATE_FROM, MARKED_FROM = 1.0, 1.4
"""The loss is moderate where the bed is less dense than in 98 of 100 healthy eyes, and marked where its density lies
1.4 times as far below their median; no cut-off is published.

By the density that the picture shows, not by the share that is thinned: that would tell the severity. So set, each
degree occurs in eyes of several severities.
"""


def observe_diffuse_loss(view: View, bed_density: float, healthy: HealthyRanges) -> DiffuseLossFinding:
    """Measure how much of the capillary bed is thinned, and how far below those of healthy eyes its density lies."""
    layers, image, fov = view.rendering.layers, view.rendering.image, view.rendering.fov
    thinned = layers.diffuse_loss > 0
    if not thinned.any():
        return NO_DIFFUSE_LOSS
    bed = (layers.faz == 0) & (layers.dropout == 0)
    share = int(np.count_nonzero(thinned & bed)) / max(int(np.count_nonzero(bed)), 1)
    around = within(thinned, fov.length_px(SURROUNDINGS_MM)) & bed & ~thinned
    thinned_gray, bed_gray = median_gray(image, thinned), median_gray(image, around)
    flow_ratio = view.flow_ratio(thinned_gray, bed_gray)
    return DiffuseLossFinding(
        is_visible=share >= LEAST_SHARE
        and flow_ratio <= MOST_FLOW_RATIO
        and bed_gray - thinned_gray >= LEAST_DIFFERENCE,
        share=round(share, 3),
        degree=_degree(healthy.shortfall("bed_density", bed_density)),
        flow_ratio=round(flow_ratio, 3),
    )


def _degree(shortfall: float) -> str:
    if shortfall <= MODERATE_FROM:
        return "mild"
    return "moderate" if shortfall <= MARKED_FROM else "marked"
