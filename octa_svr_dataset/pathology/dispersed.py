"""Dispersed capillary loss: gaps of the width of a few capillary loops, everywhere in the bed."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.spatial import cKDTree

from octa_svr_dataset.config import DispersedLossConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.kernels import paint_gaps, take_apart
from octa_svr_dataset.pathology.net import Net, widened
from octa_svr_dataset.pathology.outline import along_outline, rim_mm
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

MARGIN_MM = 0.1
"""Gaps lie up to this distance outside the field of view, mm."""

CANDIDATES_PER_MM2 = 300
"""So many places for gaps are tried; where they do not suffice, the bed has no room for more."""

LONGEST_AXIS = 1.5
"""The longest gaps are as many times as long, and as narrow, as a round one of their area."""

MOST_LOBED = 0.3
"""Largest amplitude of either component of a gap's three lobes."""

NUM_PATCHES, PATCH_MM = 6, 0.5
"""Loss is patchy: denser around so many places, within this distance (standard deviation), mm."""

FOVEAL_REACH_MM = 0.6
"""Distance from the rim of the avascular zone at which the excess of gaps has fallen to 1/e, mm."""

MAP_PITCH_MM = 0.015
"""Pitch of the map in which gaps are looked up, mm."""

LEAST_COVERED = 0.5
"""A branch is lost if gaps cover at least this share of its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispersedLoss:
    """Gaps in the capillary bed, G in number, each an ellipse."""

    center_mm: np.ndarray
    """(G, 2) float64. Centers (x, y), mm."""

    axis_mm: np.ndarray
    """(G, 2) float64. Longer half axis (x, y), mm."""

    axis_ratio: np.ndarray
    """(G,) float64. Shorter over longer axis."""

    lobes: np.ndarray
    """(G, 2) float64. Amplitudes of three lobes of the outline, relative to its distance from the center."""

    is_in_layer: np.ndarray
    """(2, G) bool. Whether each gap goes through each `VesselLayer`."""

    strength: float
    """Share of the capillaries in the gaps that is lost; more go that would end blind."""

    dilation: float
    """Factor on the radius of the capillaries that are left."""

    share_lost: tuple[float, float] = (0.0, 0.0)
    """Share of the length of the capillaries that is lost in each `VesselLayer`."""

    @property
    def num_gaps(self) -> int:
        """Number of gaps."""
        return len(self.axis_ratio)

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
        """Draw gaps that lie apart, fewer of them near larger vessels and more of them near the fovea.

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
            Take as many gaps as the settings admit.
        """
        share = rng.uniform(config.least_area_share[severity - 1], config.most_area_share[severity - 1])
        share = config.most_area_share[severity - 1] if strongest else share
        width_mm = field_width_mm + 2 * MARGIN_MM
        num_candidates = round(CANDIDATES_PER_MM2 * width_mm**2)
        center_mm = rng.uniform(-MARGIN_MM, field_width_mm + MARGIN_MM, size=(num_candidates, 2))
        least_mm, most_mm = config.gap_width_mm
        half_width_mm = (least_mm + (most_mm - least_mm) * rng.uniform(size=num_candidates) ** 2) / 2
        patch_mm = rng.uniform(0.0, field_width_mm, size=(NUM_PATCHES, 2))
        fitness = _fitness(config, graph, fovea, center_mm, half_width_mm) * _patchiness(config, center_mm, patch_mm)
        chance = rng.uniform(size=num_candidates)
        fit = np.flatnonzero(chance < fitness)
        is_on_vessel = _is_on_vessel(graph, config.spared_radius_mm, center_mm[fit], half_width_mm[fit])
        fit = fit[~is_on_vessel | (chance[fit] < (1.0 - config.vessel_avoidance) * fitness[fit])]
        center_mm, half_width_mm = center_mm[fit], half_width_mm[fit]
        is_taken = take_apart(center_mm, half_width_mm, config.gap_distance_mm, share * width_mm**2)
        center_mm, half_width_mm = center_mm[is_taken], half_width_mm[is_taken]
        num_gaps = len(half_width_mm)
        stretch = rng.uniform(1.0, LONGEST_AXIS, size=num_gaps)
        angle_rad = rng.uniform(0.0, np.pi, size=num_gaps)
        is_shared = rng.uniform(size=num_gaps) < config.coincidence
        is_deep = rng.uniform(size=num_gaps) < config.deep_share
        return cls(
            center_mm=center_mm,
            axis_mm=(stretch * half_width_mm)[:, None] * np.stack([np.cos(angle_rad), np.sin(angle_rad)], axis=1),
            axis_ratio=1.0 / stretch**2,
            is_in_layer=np.stack([is_shared | ~is_deep, is_shared | is_deep]),
            lobes=rng.uniform(-MOST_LOBED, MOST_LOBED, size=(num_gaps, 2)),
            strength=rng.uniform(*config.strength),
            dilation=rng.uniform(*config.dilation),
        )

    def thin(self, graph: VesselGraph, spared_radius_mm: float, rng: np.random.Generator) -> tuple[Self, VesselGraph]:
        """The loss with the shares that it costs, and the graph without them; what is left is wider.

        Parameters
        ----------
        graph
            Vessels of the eye.
        spared_radius_mm
            Vessels of this radius or more stay; the loss fades out towards it, mm.
        rng
            Stream of the lesions.
        """
        net = Net.of(graph)
        is_vulnerable = rng.uniform(size=net.num_branches) < self.strength * net.vulnerability(spared_radius_mm)
        is_there = net.left(is_vulnerable & self._covers(net), spared_radius_mm)
        length_mm = np.where(net.radius_mm < spared_radius_mm, net.length_mm, 0.0)
        whole_mm, left_mm = (
            np.bincount(net.layer, lengths_mm, minlength=len(VesselLayer))
            for lengths_mm in (length_mm, length_mm * is_there)
        )
        superficial, deep = (whole_mm - left_mm) / np.maximum(whole_mm, 1e-12)
        left = net.select(is_there)
        thinned = widened(left, np.full(len(left), self.dilation), spared_radius_mm)
        return replace(self, share_lost=(float(superficial), float(deep))), thinned

    def _covers(self, net: Net) -> np.ndarray:
        """(B,) bool. Whether gaps take each branch of a net."""
        x_mm, y_mm = net.middle_mm.T
        corner_mm = np.array([x_mm.min(initial=np.inf), y_mm.min(initial=np.inf)])
        column = ((x_mm - corner_mm[0]) / MAP_PITCH_MM).astype(np.int64)
        row = ((y_mm - corner_mm[1]) / MAP_PITCH_MM).astype(np.int64)
        shape = (int(row.max(initial=0)) + 1, int(column.max(initial=0)) + 1)
        is_covered = np.zeros(len(net.edges), dtype=bool)
        for layer in VesselLayer:
            is_here = self.is_in_layer[layer]
            covered = np.zeros(shape, dtype=bool)
            center_mm = self.center_mm[is_here] - corner_mm
            axis_mm, axis_ratio, lobes = self.axis_mm[is_here], self.axis_ratio[is_here], self.lobes[is_here]
            paint_gaps(center_mm, axis_mm, axis_ratio, lobes, MAP_PITCH_MM, covered)
            is_covered |= covered[row, column] & (net.layer == layer)
        return net.mean_of_branches(is_covered) >= LEAST_COVERED


def _fitness(
    config: DispersedLossConfig, graph: VesselGraph, fovea: Fovea, center_mm: np.ndarray, half_width_mm: np.ndarray
) -> np.ndarray:
    """(K,) share of the gaps at each place that are kept; none of them reaches into the avascular zone."""
    x_mm, y_mm = (center_mm - fovea.position_mm).T
    to_rim_mm = np.hypot(x_mm, y_mm) - along_outline(rim_mm(graph, fovea.position_mm), np.arctan2(y_mm, x_mm))
    excess = 1.0 + config.foveal_excess * np.exp(-np.maximum(to_rim_mm, 0.0) / FOVEAL_REACH_MM)
    fitness = excess / (1.0 + config.foveal_excess)
    return np.where(to_rim_mm > half_width_mm * LONGEST_AXIS + config.gap_distance_mm, fitness, 0.0)


def _is_on_vessel(
    graph: VesselGraph, least_radius_mm: float, center_mm: np.ndarray, half_width_mm: np.ndarray
) -> np.ndarray:
    """(K,) whether a larger vessel runs through each gap."""
    large = np.flatnonzero(graph.radius_mm >= least_radius_mm)
    if not (len(large) and len(center_mm)):
        return np.zeros(len(center_mm), dtype=bool)
    start = np.where(graph.parent[large] >= 0, graph.parent[large], large)
    end_mm, start_mm = graph.position_mm[large, :2], graph.position_mm[start, :2]
    vessels = cKDTree(np.concatenate([end_mm, (start_mm + end_mm) / 2]))
    distance_mm, _ = vessels.query(center_mm, distance_upper_bound=half_width_mm.max())
    return np.asarray(distance_mm < half_width_mm)


def _patchiness(config: DispersedLossConfig, center_mm: np.ndarray, patch_mm: np.ndarray) -> np.ndarray:
    """(K,) share of the gaps at each place that are kept around patches (P, 2), mm: 1 in their middle."""
    distance_sq = np.full(len(center_mm), np.inf)
    for x_mm, y_mm in patch_mm:
        distance_sq = np.minimum(distance_sq, (center_mm[:, 0] - x_mm) ** 2 + (center_mm[:, 1] - y_mm) ** 2)
    return np.asarray(1.0 - config.patchiness * (1.0 - np.exp(-0.5 * distance_sq / PATCH_MM**2)))
