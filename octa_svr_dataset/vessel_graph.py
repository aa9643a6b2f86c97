"""`VesselGraph`: the vessels of a scene as columns of one table."""

from dataclasses import dataclass, fields
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
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselGraph:
    """A forest of vessels: node `i` ends the segment that starts at `parent[i]`.

    Columns are read-only. A parent always stands before its children, and the radius never grows
    from a segment to the next one downstream.
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

    def __post_init__(self) -> None:
        num_nodes = len(self.parent)
        for field in fields(self):
            column = np.ascontiguousarray(getattr(self, field.name), dtype=_DTYPES[field.name])
            shape = (num_nodes, 3) if field.name == "position_mm" else (num_nodes,)
            if column.shape != shape:
                raise ValueError(f"{field.name} must have shape {shape}, got {column.shape}")
            if column.flags.writeable:
                column = column.copy() if column is getattr(self, field.name) else column
                column.flags.writeable = False
            object.__setattr__(self, field.name, column)
        if np.any(self.parent >= np.arange(num_nodes)) or np.any(self.parent < -1):
            raise ValueError("parent must be -1 or the index of an earlier node")

    def __len__(self) -> int:
        return len(self.parent)

    @property
    def segments(self) -> np.ndarray:
        """(M,) indices of the nodes that end a segment: all but the roots."""
        return np.flatnonzero(self.parent >= 0)

    def num_children(self) -> np.ndarray:
        """(N,) number of segments that start at each node."""
        return np.bincount(self.parent[self.parent >= 0], minlength=len(self))

    def select(self, is_kept: np.ndarray) -> "VesselGraph":
        """Graph of the segments that are kept.

        A node whose own segment is dropped stays as a root where a kept segment starts at it.

        Parameters
        ----------
        is_kept
            (N,) bool. Whether the segment that ends at the node is kept; without meaning at roots.
        """
        has_segment = is_kept & (self.parent >= 0)
        starts_segment = np.zeros(len(self), dtype=bool)
        starts_segment[self.parent[has_segment]] = True
        stays = has_segment | starts_segment
        new_index = np.cumsum(stays) - 1
        parent = np.where(has_segment, new_index[self.parent], -1)[stays]
        return VesselGraph(
            position_mm=self.position_mm[stays],
            parent=parent,
            radius_mm=self.radius_mm[stays],
            kind=self.kind[stays],
            layer=self.layer[stays],
        )


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
    return np.asarray(np.linalg.norm(graph.position_mm - graph.position_mm[start], axis=1))
