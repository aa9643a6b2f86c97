"""`VesselGraph`: the vessels of a scene as columns of one table."""

from dataclasses import dataclass, field, fields, replace
from enum import IntEnum

import numpy as np


class VesselKind(IntEnum):
    """Which way the blood flows."""

    ARTERY = 0
    VEIN = 1


class VesselLayer(IntEnum):
    """Vascular complex that a vessel belongs to."""

    SUPERFICIAL = 0
    DEEP = 1


_DTYPES = {
    "position_mm": np.float64,
    "parent": np.int32,
    "radius_mm": np.float64,
    "kind": np.uint8,
    "layer": np.uint8,
    "links": np.int32,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselGraph:
    """A forest of vessels, and links that close it: node `i` ends the segment that starts at `parent[i]`.

    Columns are read-only. A parent always stands before its children, and in a healthy eye the radius never
    grows from a segment to the next one downstream. A link is a capillary between two nodes of the forest.
    """

    position_mm: np.ndarray
    """(N, 3) float64. Node positions (x, y, z), mm; the field of view starts at (0, 0)."""

    parent: np.ndarray
    """(N,) int32. Index of the upstream node, -1 at a root; always smaller than the node's own."""

    radius_mm: np.ndarray
    """(N,) float64. Radius of the segment that ends at the node, mm; at a root that of its first segment."""

    kind: np.ndarray
    """(N,) uint8. `VesselKind` of the node."""

    layer: np.ndarray
    """(N,) uint8. `VesselLayer` of the node."""

    links: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int32))
    """(L, 2) int32. Nodes that each link connects; its layer and kind are those of the first."""

    def __post_init__(self) -> None:
        num_nodes = len(self.parent)
        if not len(self.links):
            object.__setattr__(self, "links", np.empty((0, 2), np.int32))
        shapes = {"position_mm": (num_nodes, 3), "links": (len(self.links), 2)}
        for column_field in fields(self):
            name = column_field.name
            column = np.ascontiguousarray(getattr(self, name), dtype=_DTYPES[name])
            shape = shapes.get(name, (num_nodes,))
            if column.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {column.shape}")
            if column.flags.writeable:
                column = column.copy() if column is getattr(self, name) else column
                column.flags.writeable = False
            object.__setattr__(self, name, column)
        if not (np.all(np.isfinite(self.position_mm)) and np.all(np.isfinite(self.radius_mm))):
            raise ValueError("position_mm and radius_mm must be finite numbers")
        if np.any(self.parent >= np.arange(num_nodes)) or np.any(self.parent < -1):
            raise ValueError("parent must be -1 or the index of an earlier node")
        if np.any(self.links < 0) or np.any(self.links >= num_nodes):
            raise ValueError(f"links must be indices of nodes, from 0 to {num_nodes - 1}")

    def __len__(self) -> int:
        return len(self.parent)

    @property
    def segments(self) -> np.ndarray:
        """(M,) indices of the nodes that end a segment: all but the roots."""
        return np.flatnonzero(self.parent >= 0)

    @property
    def edges(self) -> np.ndarray:
        """(M + L, 2) nodes at which each segment starts and ends, then each link.

        What is known of a segment or link (kind, layer) is that of its second node here.
        """
        segments = self.segments
        return np.concatenate([np.stack([self.parent[segments], segments], axis=1), self.links[:, ::-1]])

    def num_children(self) -> np.ndarray:
        """(N,) number of segments that start at each node."""
        return np.bincount(self.parent[self.parent >= 0], minlength=len(self))

    def with_links(self, links: np.ndarray) -> "VesselGraph":
        """The same forest with other links, (L, 2)."""
        return replace(self, links=links)

    def with_radii(self, radius_mm: np.ndarray) -> "VesselGraph":
        """The same graph with other radii, (N,), mm."""
        return replace(self, radius_mm=radius_mm)

    def select(self, is_kept: np.ndarray, is_link_kept: np.ndarray | None = None) -> "VesselGraph":
        """Graph of the segments that are kept, and of the links between nodes that stay.

        A node whose own segment is dropped stays as a root where a kept segment starts at it. A link stays where
        both of its nodes do.

        Parameters
        ----------
        is_kept
            (N,) bool. Whether the segment that ends at the node is kept; without meaning at roots.
        is_link_kept
            (L,) bool. Whether a link may stay; all of them may where this is not given.
        """
        has_segment = is_kept & (self.parent >= 0)
        stays = has_segment.copy()
        stays[self.parent[has_segment]] = True
        new_index = np.cumsum(stays) - 1
        node = np.flatnonzero(stays)
        has_ends = stays[self.links[:, 0]] & stays[self.links[:, 1]]
        link = np.flatnonzero(has_ends if is_link_kept is None else has_ends & is_link_kept)
        return VesselGraph(
            position_mm=self.position_mm.take(node, axis=0),
            parent=np.where(has_segment[node], new_index[self.parent[node]], -1),
            radius_mm=self.radius_mm[node],
            kind=self.kind[node],
            layer=self.layer[node],
            links=new_index[self.links.take(link, axis=0)],
        )

    def in_layer(self, layer: VesselLayer) -> "VesselGraph":
        """Graph of the segments and links of one layer; where they leave vessels of the other one, they start anew."""
        graph = self.select(self.layer == layer)
        return graph.with_links(graph.links[graph.layer[graph.links[:, 0]] == layer])


def edge_lengths_mm(graph: VesselGraph) -> np.ndarray:
    """(M + L,) float64. Length of each segment and link, in the order of `VesselGraph.edges`, mm."""
    first, second = graph.edges.T
    return np.asarray(np.linalg.norm(graph.position_mm[first] - graph.position_mm[second], axis=1))


def edge_radii_mm(graph: VesselGraph, radius_mm: np.ndarray) -> np.ndarray:
    """Radii at both ends of each segment and link, in the order of `VesselGraph.edges`; a link does not taper.

    Parameters
    ----------
    graph
        N nodes, M segments, L links.
    radius_mm
        (N,) float64. Radius of each node, mm; a link is as thin as the thinner of its nodes.

    Returns
    -------
    (M + L, 2) ndarray of float64
        Radii, mm.
    """
    radii_mm = radius_mm.take(graph.edges)
    links_mm = radii_mm[len(radii_mm) - len(graph.links) :]
    links_mm[:] = links_mm.min(axis=1, keepdims=True)
    return np.asarray(radii_mm)


def segment_lengths_mm(graph: VesselGraph) -> np.ndarray:
    """Length of the segment that ends at each node.

    Parameters
    ----------
    graph
        Forest of N nodes.

    Returns
    -------
    (N,) ndarray of float64
        Lengths, mm; zero at roots.
    """
    start = np.where(graph.parent >= 0, graph.parent, np.arange(len(graph)))
    x_mm, y_mm, z_mm = (graph.position_mm - graph.position_mm.take(start, axis=0)).T
    return np.asarray(np.sqrt(x_mm * x_mm + y_mm * y_mm + z_mm * z_mm))
