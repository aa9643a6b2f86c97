"""Areas of capillary dropout, as they are seen."""

import math
from collections.abc import Iterable

import numpy as np

from octa_svr_dataset.findings.facts import DropoutFinding
from octa_svr_dataset.findings.kernels import within
from octa_svr_dataset.findings.visibility import (
    KEPT_DIGITS,
    RIM_WIDTH_MM,
    AreaGrays,
    View,
    largest_first,
    window_around,
)

DROPOUT_LEAST_AREA_MM2 = 0.03
"""A smaller gap lies within what healthy capillary beds show."""

DROPOUT_MOST_FLOW_RATIO = 0.7
"""A darker area stands out to the eye: its flow signal is at most this share of its rim's."""

DROPOUT_LEAST_BARE, DROPOUT_LEAST_BARE_MM2 = 0.5, 0.06
"""An area is hidden where shunts and tufts leave less than this share of it bare, and less than this, mm2.

The rest of a larger one is seen beside a tuft and between its vessels: it is that of two of the least areas.
"""


def observe_dropouts(view: View) -> tuple[DropoutFinding, ...]:
    """Measure every area of dropout, the largest first."""
    layers, image, fov = view.rendering.layers, view.rendering.image, view.rendering.fov
    margin_px = math.ceil(fov.length_px(RIM_WIDTH_MM))
    is_covered = (layers.irma > 0) | (layers.neovascularization > 0)
    is_excluded = (layers.dropout > 0) | (layers.faz > 0) | is_covered
    findings = []
    for region in largest_first(layers.dropout):
        window = window_around(region, margin_px)
        inside = layers.dropout[window] == region.label
        bare = inside & ~is_covered[window]
        rim = within(inside, float(margin_px)) & ~is_excluded[window]
        area_mm2 = fov.area_mm2(float(region.area))
        bare_mm2 = fov.area_mm2(float(np.count_nonzero(bare)))
        is_bare = bare_mm2 >= min(DROPOUT_LEAST_BARE * area_mm2, DROPOUT_LEAST_BARE_MM2)
        grays = AreaGrays.of(image[window], bare, rim)
        flow_ratio = view.flow_ratio(grays.inside_gray, grays.rim_gray) if is_bare else 1.0
        findings.append(
            DropoutFinding(
                instance_id=region.label,
                is_visible=flow_ratio <= DROPOUT_MOST_FLOW_RATIO
                and grays.is_darker
                and area_mm2 >= DROPOUT_LEAST_AREA_MM2,
                **view.place(region),
                area_mm2=round(area_mm2, KEPT_DIGITS),
                box_px=region.bbox,
                flow_ratio=round(flow_ratio, 3),
            )
        )
    return tuple(findings)


def in_visible(dropouts: Iterable[DropoutFinding], labels: np.ndarray) -> np.ndarray:
    """(H, W) bool. Pixels of the label map of dropout, or of a part of it, that lie in the areas that can be seen."""
    inside = np.zeros(labels.shape, bool)
    for dropout in dropouts:
        if dropout.is_visible:
            inside |= labels == dropout.instance_id
    return inside
