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
    """(H, W) float32 in [0, 1]. Mean over the pixel of the brightness of the vessel in front."""

    node: np.ndarray
    """(H, W) int32. Node whose segment is seen at the pixel, -1 where none is."""


def draw_vessels(graph: VesselGraph, fov: FieldOfView, radius_mm: np.ndarray, value: np.ndarray) -> Drawing:
    """Draw every segment of a graph, the brightest in front.

    The mean brightness does not depend on the size of the picture: a vessel thinner than a pixel shows for the
    share of the pixel that it covers.

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
    edges = graph.edges.astype(np.int32)
    starts, ends = edges.T.copy()
    links = np.s_[len(edges) - len(graph.links) :]
    starts[links], ends[links] = ends[links], starts[links].copy()  # from its tip on
    return draw_network(fov, graph.position_mm, edge_radii_mm(graph, radius_mm), starts, ends, edges[:, 1], value)


def draw_network(
    fov: FieldOfView,
    position_mm: np.ndarray,
    radii_mm: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    nodes: np.ndarray,
    value: np.ndarray,
) -> Drawing:
    """Draw segments between nodes, the brightest in front.

    Parameters
    ----------
    fov
        Field of view and picture size.
    position_mm
        (N, 2 or more) float64. Positions (x, y, ...) of the nodes, mm.
    radii_mm
        (M, 2) float64. Radii at both ends of each segment, mm.
    starts, ends
        (M,) int32. Nodes at which each segment starts and ends; the same node for a disc.
    nodes
        (M,) int32. Node that each segment belongs to.
    value
        (N,) float64. Brightness in [0, 1] of the segments of each node.
    """
    brightness = np.zeros((fov.size_px, fov.size_px), np.float32)
    node = np.full(brightness.shape, -1, np.int32)
    draw_segments(
        brightness.reshape(-1),
        node.reshape(-1),
        np.ascontiguousarray(fov.to_row_col(position_mm)),
        fov.lengths_px(radii_mm),
        starts,
        ends,
        np.ascontiguousarray(nodes),
        np.array(value, dtype=np.float64),
    )
    return Drawing(brightness=brightness, node=node)
