"""Perifoveal capillary loss: where capillaries of its rim are lost, the avascular zone grows and roughens."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from octa_svr_dataset.config import FovealLossConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.net import Net, widened
from octa_svr_dataset.pathology.outline import along_outline, directions_rad, rim_mm
from octa_svr_dataset.vessel_graph import VesselGraph

SECTOR_WIDTHS_RAD = (0.25, 0.7)
"""Standard deviations of the depth of a lost sector along the rim, rad."""

LOOP_WIDTH_RAD = 0.22
"""Half the width of a loop of capillaries that survives in the middle of what is lost, rad."""

RIM_BAND_MM = 0.07
"""Width of the band of surviving capillaries that widen along the new rim, mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FovealLoss:
    """The ground around the avascular zone from which capillaries are lost."""

    center_mm: np.ndarray
    """(2,) float64. Position (x, y) of the fovea, mm."""

    limit_mm: np.ndarray
    """(D,) float64. Distance from the fovea up to which capillaries are lost, by direction, mm."""

    dilation: float
    """Factor on the radius of the capillaries that are left along the new rim."""

    @classmethod
    def draw(
        cls,
        config: FovealLossConfig,
        severity: int,
        graph: VesselGraph,
        fovea: Fovea,
        rng: np.random.Generator,
        *,
        strongest: bool = False,
    ) -> Self:
        """Draw the sectors of the rim that are lost, and the loops that survive in them.

        Parameters
        ----------
        config
            Settings.
        severity
            Severity of the eye, from 1 to 4.
        graph
            Vessels of the eye.
        fovea
            Position of the fovea.
        rng
            Stream of the lesions.
        strongest
            Take the deepest and most numerous sectors that the settings admit.
        """
        least, most = config.sectors
        num_sectors = most if strongest else int(rng.integers(least, most, endpoint=True))
        depth_mm = rng.uniform(*config.depth_mm, size=num_sectors)
        depth_mm = np.full(num_sectors, config.depth_mm[1]) if strongest else depth_mm
        center_rad = rng.uniform(0.0, 2.0 * np.pi, size=num_sectors)
        width_rad = rng.uniform(*SECTOR_WIDTHS_RAD, size=num_sectors)
        off_rad = _angle_between(directions_rad(), center_rad[:, None])
        lost_mm = np.max(depth_mm[:, None] * np.exp(-0.5 * (off_rad / width_rad[:, None]) ** 2), axis=0)
        for _ in range(int(rng.integers(*config.loops, endpoint=True))):
            off_rad = _angle_between(directions_rad(), rng.choice(center_rad) + rng.normal(0.0, 0.5))
            lost_mm[off_rad < LOOP_WIDTH_RAD] = 0.0
        return cls(
            center_mm=fovea.position_mm,
            limit_mm=rim_mm(graph, fovea.position_mm) + config.strength[severity - 1] * lost_mm,
            dilation=rng.uniform(*config.dilation),
        )

    def lost(self, net: Net, spared_radius_mm: float) -> np.ndarray:
        """(B,) bool. Which branches of a net are lost; those of more than 0.8 of the spared radius are not."""
        share_inside = net.mean_of_branches(self._level(net.middle_mm) < 0.0)
        return np.asarray((share_inside > 0.5) & (net.vulnerability(spared_radius_mm) > 0.5))

    def widen(self, graph: VesselGraph, spared_radius_mm: float) -> VesselGraph:
        """What is left, with wider capillaries along the new rim; those of the spared radius or more keep theirs."""
        nearness = np.clip(1.0 - np.abs(self._level(graph.position_mm)) / RIM_BAND_MM, 0.0, 1.0)
        return widened(graph, 1.0 + (self.dilation - 1.0) * nearness, spared_radius_mm)

    def _level(self, position_mm: np.ndarray) -> np.ndarray:
        """(K,) distance from the fovea beyond what is lost, mm: below 0 inside, infinite far away."""
        x_mm, y_mm = (position_mm[:, :2] - self.center_mm).T
        distance_mm = np.sqrt(x_mm * x_mm + y_mm * y_mm)
        level_mm = np.full(len(distance_mm), np.inf)
        near = np.flatnonzero(distance_mm < self.limit_mm.max() + RIM_BAND_MM)
        level_mm[near] = distance_mm[near] - along_outline(self.limit_mm, np.arctan2(y_mm[near], x_mm[near]))
        return level_mm


def _angle_between(first_rad: np.ndarray, second_rad: np.ndarray) -> np.ndarray:
    """Unsigned angle between directions, rad."""
    return np.asarray(np.abs((first_rad - second_rad + np.pi) % (2.0 * np.pi) - np.pi))
