"""Draw the lesions that are vessels: microaneurysms and new vessels."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.appearance import LARGEST_VESSEL_SIGNAL, Acquisition
from octa_svr_dataset.imaging.raster import Drawing, draw_network
from octa_svr_dataset.pathology.lesions import Microaneurysm, NewVessels

ELLIPSE_PLACES = np.linspace(-1.0, 1.0, 11)
"""Places along a fusiform microaneurysm, from one end to the other, between which its width changes linearly."""

SHELLS = ((1.0, 0.85), (0.8, 0.95), (0.55, 1.0))
"""A microaneurysm is drawn as shells, one in another: their size and brightness. Blood is deepest in its middle."""


def draw_microaneurysms(microaneurysms: tuple[Microaneurysm, ...], fov: FieldOfView) -> np.ndarray:
    """(H, W) float32. Brightness of microaneurysms: domes over discs, and over ellipses along the capillary."""
    if not microaneurysms:
        return np.zeros((fov.size_px, fov.size_px), np.float32)
    shells = [
        (replace(dot, radius_mm=size * dot.radius_mm), level * dot.flow)
        for dot in microaneurysms
        for size, level in SHELLS
    ]
    chains = [_chain(dot) for dot, _ in shells]
    position_mm = np.concatenate([position for position, _ in chains])
    radius_mm = np.concatenate([radius for _, radius in chains])
    value = np.repeat([LARGEST_VESSEL_SIGNAL * flow for _, flow in shells], [len(r) for _, r in chains])
    first = np.cumsum([0] + [len(radius) for _, radius in chains[:-1]])
    edges = np.concatenate(
        [start + _chain_edges(len(radius)) for start, (_, radius) in zip(first, chains, strict=True)]
    )
    return draw_network(fov, position_mm, edges, radius_mm[edges], value).brightness


def _chain(dot: Microaneurysm) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (P, 2) along a microaneurysm and their radii (P,), mm; a single one where it is round."""
    if dot.elongation == 1.0:
        return dot.position_mm[None, :2], np.array([dot.radius_mm])
    # an ellipse is the union of the discs around points of its axis that touch it from within
    spread_mm2 = dot.half_length_mm**2 - dot.half_width_mm**2
    place_mm = ELLIPSE_PLACES * spread_mm2 / dot.half_length_mm
    radius_mm = dot.half_width_mm * np.sqrt(1.0 - place_mm**2 / spread_mm2)
    way = np.array([np.cos(dot.angle_rad), np.sin(dot.angle_rad)])
    return dot.position_mm[:2] + place_mm[:, None] * way, radius_mm


def _chain_edges(count: int) -> np.ndarray:
    """(count - 1, 2) pairs of successive nodes; of a single one, the node itself."""
    number = np.arange(max(count - 1, 1))
    return np.stack((number, np.minimum(number + 1, count - 1)), axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVesselStrokes:
    """New vessels of one kind as strokes of the drawing, N nodes and M pieces in all."""

    position_mm: np.ndarray
    """(N, 3) float64. Nodes (x, y, z), mm."""

    edges: np.ndarray
    """(M, 2) int64. Nodes that each piece joins."""

    radius_mm: np.ndarray
    """(N,) float64. Radius at which the optics show each node, mm."""

    value: np.ndarray
    """(N,) float64. Brightness in [0, 1] of the pieces that end at each node."""

    instance: np.ndarray
    """(N,) uint8. Instance that each node belongs to, from 1."""

    @classmethod
    def of(cls, lesions: tuple[NewVessels, ...], acquisition: Acquisition, depth_mm: float) -> Self:
        """Strokes as an exposure shows them, in a slab of a depth."""
        sizes = [len(lesion.position_mm) for lesion in lesions]
        position_mm = np.concatenate([np.empty((0, 3)), *(lesion.position_mm for lesion in lesions)])
        radius_mm = np.concatenate([np.empty(0), *(lesion.radius_mm for lesion in lesions)])
        first = np.cumsum([0, *sizes])[:-1]
        edges = [start + lesion.edges for start, lesion in zip(first, lesions, strict=True)]
        signal = acquisition.vessel_signal(radius_mm, position_mm[:, 2] / depth_mm)
        flow = np.repeat([lesion.flow for lesion in lesions], sizes)
        return cls(
            position_mm=position_mm,
            edges=np.concatenate([np.empty((0, 2), np.int64), *edges]),
            radius_mm=acquisition.shown_radius_mm(radius_mm),
            value=signal + (LARGEST_VESSEL_SIGNAL - signal) * flow,
            instance=np.repeat(np.arange(1, len(lesions) + 1, dtype=np.uint8), sizes),
        )

    def draw(self, fov: FieldOfView) -> Drawing:
        """Draw them."""
        if not len(self.edges):
            size = fov.size_px, fov.size_px
            return Drawing(brightness=np.zeros(size, np.float32), node=np.full(size, -1, np.int32))
        return draw_network(fov, self.position_mm, self.edges, self.radius_mm[self.edges], self.value)

    def instances(self, fov: FieldOfView) -> np.ndarray:
        """(H, W) uint8. Instance that covers at least half of each pixel; 0 where none does."""
        drawing = self.draw(fov)
        if not len(self.edges):
            return np.zeros(drawing.node.shape, np.uint8)
        is_covered = (drawing.node >= 0) & (drawing.brightness >= 0.5 * self.value[drawing.node])
        return np.where(is_covered, self.instance[drawing.node], np.uint8(0))
