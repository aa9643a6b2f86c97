"""The lesions of a scene, in millimeters."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from octa_svr_dataset.pathology.area_kernels import add_levels
from octa_svr_dataset.pathology.dispersed import DispersedLoss
from octa_svr_dataset.pathology.outline import along_outline
from octa_svr_dataset.pathology.perifovea import FovealLoss
from octa_svr_dataset.vessel_graph import VesselLayer

NEARLY_ALL = 0.97
"""From this strength on an area of dropout takes larger vessels, too; at strength 1, twice as wide ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout:
    """An area of capillary dropout with an irregular outline and a soft edge."""

    center_mm: np.ndarray
    """(2,) float64. Position (x, y), mm."""

    radius_mm: float
    """Mean radius, mm."""

    strength: float
    """Share of the capillaries that is lost well inside; more go that would end blind."""

    outline: np.ndarray
    """(D,) float64. Distance of the outline from the center by direction (see `outline`), relative to the radius."""

    edge_softness: float
    """Width of the band in which the loss falls off, relative to the radius."""

    deep_excess: float = 0.0
    """So much farther, relatively, the area reaches in the deep layer."""

    dilation: float = 1.0
    """Factor on the radius of the capillaries that are left along the outline."""

    dilated_band_mm: float = 0.1
    """Up to this distance from the outline capillaries are wider, mm."""

    @property
    def reach_mm(self) -> float:
        """No point of the outline lies farther from the center, mm."""
        return self.radius_mm * float(self.outline.max())

    @property
    def influence_mm(self) -> float:
        """Farther from the center the area changes nothing, mm."""
        softness_mm = self.reach_mm * self.edge_softness / 2
        return self.reach_mm + max(softness_mm, self.dilated_band_mm * self.reach_mm / self.radius_mm)

    def in_layer(self, layer: VesselLayer) -> "Dropout":
        """The area as it lies in one layer."""
        if layer != VesselLayer.DEEP:
            return self
        return replace(self, radius_mm=self.radius_mm * (1.0 + self.deep_excess), deep_excess=0.0)

    def level_in_layers(self, position_mm: np.ndarray, layer: np.ndarray, reach_mm: float) -> np.ndarray:
        """(K,) the same at positions (K, 2 or more) of which each lies in a layer (K,); infinite beyond a reach, mm."""
        level = np.full(len(layer), np.inf)
        radius_mm = self.radius_mm * np.array([1.0, 1.0 + self.deep_excess])
        # read-only, row by row: the loop is compiled for one kind of array
        place_mm, layer = (
            np.broadcast_to(np.ascontiguousarray(column), column.shape) for column in (position_mm, layer)
        )
        add_levels(place_mm, layer, self.center_mm, radius_mm, self.outline, reach_mm, level)
        return level

    def level(self, x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
        """Distance from the center relative to the outline's: below 1 inside, 1 on the outline.

        Parameters
        ----------
        x_mm, y_mm
            Positions, mm, of shapes that broadcast.
        """
        x_mm, y_mm = np.broadcast_arrays(x_mm - self.center_mm[0], y_mm - self.center_mm[1])
        outline_mm = self.radius_mm * along_outline(self.outline, np.arctan2(y_mm, x_mm))
        return np.asarray(np.sqrt(x_mm**2 + y_mm**2) / outline_mm)

    def loss(self, level: np.ndarray) -> np.ndarray:
        """Probability that a capillary at a level is lost."""
        depth = np.clip(0.5 + (1.0 - level) / self.edge_softness, 0.0, 1.0)
        return self.strength * depth**2 * (3.0 - 2.0 * depth)

    def spared_radius_mm(self, least_mm: float) -> float:
        """Radius from which on vessels are spared, mm: the set one, `least_mm`, but more as the strength nears 1."""
        return least_mm * (1.0 + max(self.strength - NEARLY_ALL, 0.0) / (1.0 - NEARLY_ALL))

    def widening(self, level: np.ndarray) -> np.ndarray:
        """Factor on the radius of the capillaries that are left at a level."""
        distance_mm = np.abs(level - 1.0) * self.radius_mm
        return 1.0 + (self.dilation - 1.0) * np.clip(1.0 - distance_mm / self.dilated_band_mm, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Microaneurysm:
    """An outpouching of a capillary: saccular where it is round, fusiform where it is drawn out along the capillary."""

    position_mm: np.ndarray
    """(3,) float64. Center (x, y, z), mm."""

    radius_mm: float
    """Radius of a circle as large, mm."""

    flow: float
    """Brightness relative to the largest vessels."""

    layer: VesselLayer
    """Layer of the capillary that carries it."""

    elongation: float = 1.0
    """Length over width."""

    angle_rad: float = 0.0
    """Direction of its length, from x toward y, rad."""

    @property
    def half_length_mm(self) -> float:
        """Half of the length, mm."""
        return self.radius_mm * math.sqrt(self.elongation)

    @property
    def half_width_mm(self) -> float:
        """Half of the width, mm."""
        return self.radius_mm / math.sqrt(self.elongation)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVessels:
    """A small network of vessels that grew in disease: an intraretinal shunt, or a tuft above the retina."""

    position_mm: np.ndarray
    """(N, 3) float64. Nodes (x, y, z), mm; the first one lies on the vessel that it grew from."""

    edges: np.ndarray
    """(M, 2) int64. Nodes that each piece joins."""

    radius_mm: np.ndarray
    """(N,) float64. Radius at each node, mm."""

    flow: float
    """Brightness, from 0 for that of other vessels of its calibre to 1 for that of the largest ones."""

    @property
    def length_mm(self) -> float:
        """Length of all pieces together, mm."""
        first, second = self.edges.T
        return float(np.linalg.norm(self.position_mm[first] - self.position_mm[second], axis=1).sum())

    @property
    def num_loops(self) -> int:
        """Number of independent loops of the network, which hangs together."""
        return len(self.edges) - len(self.position_mm) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselShape:
    """How the vessels of an eye have changed their shape."""

    tortuosity_gain: float = 1.0
    """Factor by which courses have become longer."""

    vein_dilation: float = 1.0
    """Factor on the radius of the larger veins."""

    beading: float = 0.0
    """How much beads of the larger veins swell, relative to their radius."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesions:
    """All lesions of a scene; an instance's number in the label maps is its place here, from 1."""

    severity: int = 0
    """Severity that the eye was meant to have; what can be seen may stand for another."""

    dropouts: tuple[Dropout, ...] = ()
    microaneurysms: tuple[Microaneurysm, ...] = ()
    dispersed_loss: DispersedLoss | None = None
    foveal_loss: FovealLoss | None = None
    irma: tuple[NewVessels, ...] = ()
    neovascularization: tuple[NewVessels, ...] = ()
    shape: VesselShape = field(default_factory=VesselShape)
