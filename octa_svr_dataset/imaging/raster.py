"""Exact coverage drawing of a vessel graph."""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.kernels import draw_segments
from octa_svr_dataset.vessel_graph import VesselGraph


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
    segments = graph.segments
    parents = graph.parent[segments]
    row_col = fov.to_row_col(graph.position_mm)
    radius_px = fov.lengths_px(radius_mm)
    brightness, drawn = draw_segments(
        fov.size_px,
        row_col[parents],
        row_col[segments],
        radius_px[parents],
        radius_px[segments],
        value[segments],
    )
    node = np.full(drawn.shape, -1, np.int32)
    if len(segments):
        node = np.where(drawn >= 0, segments[drawn], -1).astype(np.int32)
    return Drawing(brightness=brightness, node=node)
