"""Beads of the larger veins, as they are seen."""

import math

import numpy as np

from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.measurement.branches import bell
from octa_svr_dataset.measurement.kernels import profiles, smoothed, widths_at_half_height
from octa_svr_dataset.measurement.vessels import VesselMap
from octa_svr_dataset.pathology.courses import Courses
from octa_svr_dataset.pathology.shape import PIECES_PER_WAVE
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselKind

LEAST_SWING = 0.045
"""Beads are seen where the width that the picture shows swings with that of the veins by this share, root mean square.

At the same places none of 104 pictures of healthy twins swings so, and 81 of the 104 pictures of beaded veins do.
"""

LEAST_RADIUS_MM = 0.009
"""Narrower veins do not bead, constrictions included."""

LEAST_LENGTH_MM = 0.3
"""A shorter piece of a vein does not hold a bead and the constrictions beside it."""

LONGEST_STEP_MM = 0.12
"""Where more of a vein is lost or out of the picture, another piece begins."""

REACH_MM = 0.06
"""The width is looked for up to this distance from the middle of the vein, which is that of the widest beads."""

TOP_MM = 0.025
"""The top of the profile is looked for up to this distance from it: winding and motion displace it."""

MOST_SWING = 0.4
"""A width that differs more from those around is that of a junction on both sides, and counts as this."""

LEAST_POINTS = 20

_OFFSET_PX = 0.5


def bead_swing(view: View, scene: Scene, vessels: VesselMap) -> float | None:
    """How far the width of veins in the picture swings with the beads of the veins, relative to it, root mean square.

    Half of the width is that of the narrower side: what joins a vein or runs beside it widens the other one.
    None where no vein beads, or where the picture shows too little of those that do.
    """
    if scene.lesions.shape.beading == 0.0 or view.rendering.projection == "deep":
        return None
    points, radius_mm, first = _veins(view, scene, vessels)
    if len(points) < LEAST_POINTS:
        return None
    offsets_px = np.arange(-round(vessels.fov.length_px(REACH_MM) / _OFFSET_PX), 0) * _OFFSET_PX
    offsets_px = np.concatenate([offsets_px, [0.0], -offsets_px[::-1]])
    across = smoothed(profiles(vessels.sampled, points, first, offsets_px), first, bell(0.6))
    sides, _ = widths_at_half_height(across, round(vessels.fov.length_px(TOP_MM) / _OFFSET_PX))
    true, shown = (_swings(values, first) for values in (radius_mm, sides.min(axis=1)))
    shown = np.clip(shown, -MOST_SWING, MOST_SWING)
    return float((true * shown).sum()) / math.sqrt(float((true * true).sum()) * len(true))


def _veins(view: View, scene: Scene, vessels: VesselMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Larger veins in the picture: (P, 2) points, px of the vessel map, (P,) radii, mm, and where each piece begins."""
    graph, fov = scene.graph, vessels.fov
    courses = Courses.of(graph)
    is_wide = (graph.kind == VesselKind.VEIN) & (graph.radius_mm >= LEAST_RADIUS_MM) & (graph.parent >= 0)
    position_mm = graph.position_mm[:, :2].copy()
    position_mm[:, 0] += view.rendering.motion.shift_at_mm(position_mm[:, 1] / fov.width_mm)
    is_inside = ((position_mm > 0.0) & (position_mm < fov.width_mm)).all(axis=1)
    node = np.flatnonzero(is_wide & is_inside)
    node = node[np.lexsort((courses.distance_mm[node], courses.first[node]))]
    if not len(node):
        return np.zeros((0, 2)), np.zeros(0), np.zeros(1, np.int64)
    begins = np.diff(courses.first[node], prepend=-1) != 0
    begins |= np.diff(courses.distance_mm[node], prepend=0.0) > LONGEST_STEP_MM
    piece = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(node)) - 1
    is_long = courses.distance_mm[node[ends]] - courses.distance_mm[node[starts]] >= LEAST_LENGTH_MM
    kept = node[is_long[piece]]
    first = np.concatenate([[0], np.cumsum((ends - starts + 1)[is_long])]).astype(np.int64)
    return fov.to_row_col(position_mm[kept]) - 0.5, graph.radius_mm[kept], first


def _swings(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """(P,) values over their mean along the vein, that of about a bead and a half; nodes lie an eighth of one apart."""
    trend = smoothed(values[:, None].astype(float), first, bell(0.6 * PIECES_PER_WAVE))[:, 0]
    return np.asarray(values / np.maximum(trend, 1e-9) - 1.0)
