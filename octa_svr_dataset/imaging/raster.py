"""Exact coverage drawing of a vessel graph."""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.kernels import LANES, draw_segments
from octa_svr_dataset.vessel_graph import VesselGraph, edge_radii_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Vessels drawn into a picture of H x W pixels."""

    brightness: np.ndarray
    """(H, W) float32 in [0, 1]. Mean over the pixel of the brightness of the vessel in front."""

    node: np.ndarray
    """(H, W) int32. Node whose segment is seen at the pixel, -1 where none is."""


def draw_vessels(graph: VesselGraph, fov: FieldOfView, radius_mm: np.ndarray, value: np.ndarray) -> Drawing:
    """Draw every segment and link of a graph, the brightest in front.

    The mean brightness hardly depends on the size of the picture: a vessel thinner than a pixel shows for the
    share of the pixel that it covers.

    Parameters
    ----------
    graph
        Forest of N nodes.
    fov
        Field of view and picture size.
    radius_mm
        (N,) float64. Radius at which to draw each node, mm; see `edge_radii_mm`.
    value
        (N,) float64. Brightness in [0, 1] of the segment that ends at each node, and of its links.
    """
    return draw_network(fov, graph.position_mm, graph.edges, edge_radii_mm(graph, radius_mm), value)


def draw_evenly(graph: VesselGraph, fov: FieldOfView, radius_mm: float) -> np.ndarray:
    """(H, W) float32. Brightness of all segments and links of a graph, drawn at one radius and equally bright."""
    edges = graph.edges
    return draw_network(fov, graph.position_mm, edges, np.full(edges.shape, radius_mm), np.ones(len(graph))).brightness


def draw_network(
    fov: FieldOfView, position_mm: np.ndarray, edges: np.ndarray, radii_mm: np.ndarray, value: np.ndarray
) -> Drawing:
    """Draw segments between nodes, the brightest in front.

    Parameters
    ----------
    fov
        Field of view and picture size.
    position_mm
        (N, 2 or more) float64. Positions (x, y, ...) of the nodes, mm.
    edges
        (M, 2) int64. Nodes at which each segment starts and ends; the same node for a disc.
    radii_mm
        (M, 2) float64. Radii at both ends of each segment, mm.
    value
        (N,) float64. Brightness in [0, 1] of the segments that end at each node.
    """
    num_pixels = fov.size_px**2
    brightness, node = np.empty(num_pixels + LANES, np.float32), np.empty(num_pixels + LANES, np.int32)
    draw_segments(
        brightness,
        node,
        np.ascontiguousarray(fov.to_row_col(position_mm)),
        edges,
        fov.lengths_px(radii_mm),
        np.array(value, dtype=np.float64),
    )
    shape = fov.size_px, fov.size_px
    return Drawing(brightness=brightness[:num_pixels].reshape(shape), node=node[:num_pixels].reshape(shape))
