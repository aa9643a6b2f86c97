"""Exact coverage drawing of a vessel graph."""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.kernels import draw_segments
from octa_svr_dataset.vessel_graph import VesselGraph, edge_radii_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Vessels drawn into a picture of H x W pixels."""

    brightness: np.ndarray
    """(H, W) float64 in [0, 1]."""

    node: np.ndarray
    """(H, W) int32. Node whose segment is seen at the pixel, -1 where none is."""


def draw_vessels(graph: VesselGraph, fov: FieldOfView, radius_mm: np.ndarray, value: np.ndarray) -> Drawing:
    """Draw every segment of a graph, the brightest in front.

    Parameters
    ----------
    graph
        Forest of N nodes.
    fov
        Field of view and picture size.
    radius_mm
        (N,) float64. Radius at which to draw each node, mm; a segment tapers from its parent's to its own.
    value
        (N,) float64. Brightness in [0, 1] of the segment that ends at each node.
    """
    edges = graph.edges
    row_col = fov.to_row_col(graph.position_mm)
    radius_px = fov.lengths_px(edge_radii_mm(graph, radius_mm))
    brightness, drawn = draw_segments(
        fov.size_px,
        row_col[edges[:, 0]],
        row_col[edges[:, 1]],
        radius_px[:, 0],
        radius_px[:, 1],
        value[edges[:, 1]],
    )
    node = np.full(drawn.shape, -1, np.int32)
    if len(edges):
        node = np.where(drawn >= 0, edges[drawn, 1], -1).astype(np.int32)
    return Drawing(brightness=brightness, node=node)
