"""Diffuse capillary loss, as it is seen."""

import numpy as np

from octa_svr_dataset.findings.facts import NO_DIFFUSE_LOSS, DiffuseLossFinding
from octa_svr_dataset.findings.kernels import within
from octa_svr_dataset.findings.visibility import KEPT_DIGITS, LEAST_DIFFERENCE, View, median_gray

LEAST_SHARE = 0.03
"""A smaller share of the bed that is thinned lies within what healthy beds show."""

MOST_FLOW_RATIO = 0.75
"""Gaps are seen where their flow signal is at most this share of that of the bed around them."""

SURROUNDINGS_MM = 0.1
"""Width of the bed around the gaps with which they are compared."""

MODERATE_FROM, MARKED_FROM = 0.07, 0.11
"""Shares of its flow signal that the bed lacks from which on the loss is moderate, and marked; no cut-off is published.

What it lacks is the share that is thinned times how far the flow signal falls there. Both come from one picture, so a
weak or noisy exposure hardly matters. So set, each degree occurs in eyes of several severities.
"""


def observe_diffuse_loss(view: View) -> DiffuseLossFinding:
    """Measure how much of the capillary bed is thinned, and how much of its flow it lacks; new vessels do not count."""
    layers, image, fov = view.rendering.layers, view.rendering.image, view.rendering.fov
    thinned = layers.diffuse_loss > 0
    bed = (layers.faz == 0) & (layers.dropout == 0)
    bare = bed & (layers.irma == 0) & (layers.neovascularization == 0)
    bare_thinned = thinned & bare
    if not bare_thinned.any():
        return NO_DIFFUSE_LOSS
    share = int(np.count_nonzero(thinned & bed)) / max(int(np.count_nonzero(bed)), 1)
    around = within(thinned, fov.length_px(SURROUNDINGS_MM)) & bare & ~thinned
    thinned_gray, bed_gray = median_gray(image, bare_thinned), median_gray(image, around)
    flow_ratio = view.flow_ratio(thinned_gray, bed_gray)
    return DiffuseLossFinding(
        is_visible=share >= LEAST_SHARE
        and flow_ratio <= MOST_FLOW_RATIO
        and bed_gray - thinned_gray >= LEAST_DIFFERENCE,
        share=round(share, KEPT_DIGITS),
        degree=_degree(share * (1.0 - flow_ratio)),
        flow_ratio=round(flow_ratio, 3),
    )


def _degree(lost_flow: float) -> str:
    if lost_flow < MODERATE_FROM:
        return "mild"
    return "moderate" if lost_flow < MARKED_FROM else "marked"
