"""Dispersed capillary loss: gaps of the width of a few capillary loops, everywhere in the bed."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from octa_svr_dataset.config import DispersedLossConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.gap_kernels import mark_around, paint_gaps, take_gaps
from octa_svr_dataset.pathology.net import Net, widened
from octa_svr_dataset.pathology.outline import along_outline, rim_mm
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

MARGIN_MM = 0.1
"""Gaps lie up to this distance outside the field of view, mm."""

CANDIDATES_PER_MM2 = 600
"""So many places for gaps are tried; where they do not suffice, the bed has no room for more."""

NUM_PLACES = 5
"""Places along the middle line of a gap, P, between which it is straight."""

LONGEST = 2.5
"""The longest gaps are as many times as long as wide."""

BEND_RAD = 0.5
"""Standard deviation of the angle by which the middle line of a gap turns at each place, rad."""

NUM_PATCHES, PATCH_MM = 6, 0.5
"""Loss is patchy: denser around so many places, within this distance (standard deviation), mm."""

FOVEAL_REACH_MM = 0.6
"""Distance from the rim of the avascular zone at which the excess of gaps has fallen to 1/e, mm."""

MAP_PITCH_MM = 0.015
"""Pitch of the map in which gaps are laid out and looked up, mm."""

VESSEL_CLEARANCE_MM = 0.04
"""A gap lies on a larger vessel that is nearer to its middle line, mm."""

LEAST_COVERED = 0.5
"""A branch is lost if gaps cover at least this share of its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispersedLoss:
    """Gaps in the capillary bed, G in number: bent strips of ground, which run together where their ends meet."""

    path_mm: np.ndarray
    """(G, P, 2) float64. Middle line (x, y) of each, mm."""

    half_width_mm: np.ndarray
    """(G,) float64. How far each reaches on both sides of it, mm."""

    is_in_layer: np.ndarray
    """(2, G) bool. Whether each gap goes through each `VesselLayer`."""

    strength: float
    """Share of the capillaries in the gaps that is lost; more go that would end blind."""

    dilation: float
    """Factor on the radius of the capillaries that are left."""

    @property
    def num_gaps(self) -> int:
        """Number of gaps."""
        return len(self.half_width_mm)

    @classmethod
    def draw(
        cls,
        config: DispersedLossConfig,
        severity: int,
        graph: VesselGraph,
        field_width_mm: float,
        fovea: Fovea,
        rng: np.random.Generator,
        *,
        strongest: bool = False,
    ) -> Self:
        """Draw gaps that lie beside one another, fewer of them on larger vessels and more of them near the fovea.

        Parameters
        ----------
        config
            Settings.
        severity
            Severity of the eye, from 1 to 4.
        graph
            Vessels of the eye.
        field_width_mm
            Width of the field of view, mm.
        fovea
            Position of the fovea.
        rng
            Stream of the lesions.
        strongest
            Take as many gaps as the settings admit, without a capillary in them.
        """
        share = rng.uniform(config.least_area_share[severity - 1], config.most_area_share[severity - 1])
        share = config.most_area_share[severity - 1] if strongest else share
        width_mm = field_width_mm + 2 * MARGIN_MM
        num_candidates = round(CANDIDATES_PER_MM2 * width_mm**2)
        center_mm = rng.uniform(-MARGIN_MM, field_width_mm + MARGIN_MM, size=(num_candidates, 2))
        patch_mm = rng.uniform(0.0, field_width_mm, size=(NUM_PATCHES, 2))
        rim = rim_mm(graph, fovea.position_mm)
        fitness = _fitness(config, _to_rim_mm(rim, fovea, center_mm)) * _patchiness(config, center_mm, patch_mm)
        center_mm = center_mm[rng.uniform(size=num_candidates) < fitness]
        least_mm, most_mm = config.gap_width_mm
        half_width_mm = (least_mm + (most_mm - least_mm) * rng.uniform(size=len(center_mm)) ** 2) / 2
        path_mm = _paths_mm(center_mm, half_width_mm, rng)
        clearance_mm = _to_rim_mm(rim, fovea, path_mm).min(axis=1) - half_width_mm - config.gap_distance_mm
        is_avoiding = rng.uniform(size=len(center_mm)) < config.vessel_avoidance
        free = np.flatnonzero(clearance_mm > 0.0)
        path_mm, half_width_mm, is_avoiding = path_mm[free], half_width_mm[free], is_avoiding[free]
        taken = np.zeros((round(width_mm / MAP_PITCH_MM),) * 2, dtype=bool)
        on_vessel = taken.copy()
        large = np.flatnonzero(graph.radius_mm >= config.spared_radius_mm)
        start = np.where(graph.parent[large] >= 0, graph.parent[large], large)
        for along in (0.5, 1.0):
            place_mm = graph.position_mm[start, :2] * (1.0 - along) + graph.position_mm[large, :2] * along
            mark_around(place_mm + MARGIN_MM, VESSEL_CLEARANCE_MM, MAP_PITCH_MM, on_vessel)
        is_taken = take_gaps(
            path_mm + MARGIN_MM,
            half_width_mm,
            is_avoiding,
            on_vessel,
            config.gap_distance_mm,
            share * width_mm**2,
            MAP_PITCH_MM,
            taken,
        )
        num_gaps = int(is_taken.sum())
        is_shared = rng.uniform(size=num_gaps) < config.coincidence
        is_deep = rng.uniform(size=num_gaps) < config.deep_share
        return cls(
            path_mm=path_mm[is_taken],
            half_width_mm=half_width_mm[is_taken],
            is_in_layer=np.stack([is_shared | ~is_deep, is_shared | is_deep]),
            strength=config.strength[1] if strongest else rng.uniform(*config.strength),
            dilation=rng.uniform(*config.dilation),
        )

    def lost(self, net: Net, spared_radius_mm: float, rng: np.random.Generator) -> np.ndarray:
        """(B,) bool. Which branches of a net are lost.

        Parameters
        ----------
        net
            Vessels of the eye.
        spared_radius_mm
            Vessels of this radius or more stay; the loss fades out towards it, mm.
        rng
            Stream of the lesions.
        """
        is_vulnerable = rng.uniform(size=net.num_branches) < self.strength * net.vulnerability(spared_radius_mm)
        return np.asarray(is_vulnerable & self._covers(net))

    def widen(self, graph: VesselGraph, spared_radius_mm: float) -> VesselGraph:
        """What is left, with wider capillaries; those of the spared radius or more keep theirs."""
        return widened(graph, np.full(len(graph), self.dilation), spared_radius_mm)

    def _covers(self, net: Net) -> np.ndarray:
        """(B,) bool. Whether gaps take each branch of a net."""
        x_mm, y_mm = net.middle_mm.T
        corner_mm = np.array([x_mm.min(initial=np.inf), y_mm.min(initial=np.inf)])
        column = ((x_mm - corner_mm[0]) / MAP_PITCH_MM).astype(np.int64)
        row = ((y_mm - corner_mm[1]) / MAP_PITCH_MM).astype(np.int64)
        covered = np.zeros((len(VesselLayer), int(row.max(initial=0)) + 1, int(column.max(initial=0)) + 1), dtype=bool)
        for layer in VesselLayer:
            here = np.flatnonzero(self.is_in_layer[layer])
            paint_gaps(self.path_mm[here] - corner_mm, self.half_width_mm[here], MAP_PITCH_MM, covered[layer])
        return net.mean_of_branches(covered[net.layer, row, column]) >= LEAST_COVERED


def _paths_mm(center_mm: np.ndarray, half_width_mm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(K, P, 2) middle lines of gaps around centers (K, 2), mm, which bend on both sides of it."""
    num_gaps, half = len(center_mm), NUM_PLACES // 2
    step_mm = 2.0 * half_width_mm * rng.uniform(0.0, LONGEST - 1.0, size=num_gaps) / (NUM_PLACES - 1)
    way_rad = rng.uniform(0.0, 2.0 * np.pi, size=num_gaps)
    turn_rad = BEND_RAD * rng.standard_normal((2, half, num_gaps))
    path_mm = np.repeat(center_mm[:, None, :], NUM_PLACES, axis=1)
    for side, sign in enumerate((-1, 1)):
        along_rad = way_rad
        for place in range(1, half + 1):
            along_rad = along_rad + turn_rad[side, place - 1]
            step = sign * step_mm[:, None] * np.stack([np.cos(along_rad), np.sin(along_rad)], axis=1)
            path_mm[:, half + sign * place] = path_mm[:, half + sign * (place - 1)] + step
    return path_mm


def _to_rim_mm(rim: np.ndarray, fovea: Fovea, place_mm: np.ndarray) -> np.ndarray:
    """(...,) distance of places (..., 2) from the rim of the avascular zone, (D,), mm; below 0 inside."""
    x_mm, y_mm = place_mm[..., 0] - fovea.position_mm[0], place_mm[..., 1] - fovea.position_mm[1]
    return np.asarray(np.sqrt(x_mm * x_mm + y_mm * y_mm) - along_outline(rim, np.arctan2(y_mm, x_mm)))


def _fitness(config: DispersedLossConfig, to_rim_mm: np.ndarray) -> np.ndarray:
    """(K,) share of the gaps that are kept by their distance from the rim; none of them lies inside."""
    excess = 1.0 + config.foveal_excess * np.exp(-np.maximum(to_rim_mm, 0.0) / FOVEAL_REACH_MM)
    return np.where(to_rim_mm > 0.0, excess / (1.0 + config.foveal_excess), 0.0)


def _patchiness(config: DispersedLossConfig, center_mm: np.ndarray, patch_mm: np.ndarray) -> np.ndarray:
    """(K,) share of the gaps at each place that are kept around patches (P, 2), mm: 1 in their middle."""
    distance_sq = np.full(len(center_mm), np.inf)
    for x_mm, y_mm in patch_mm:
        distance_sq = np.minimum(distance_sq, (center_mm[:, 0] - x_mm) ** 2 + (center_mm[:, 1] - y_mm) ** 2)
    return np.asarray(1.0 - config.patchiness * (1.0 - np.exp(-0.5 * distance_sq / PATCH_MM**2)))
