"""The vessels of an eye as one net, branch by branch, and what is left of it when branches are lost."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from octa_svr_dataset.pathology.kernels import (
    list_incident,
    number_branches,
    raise_to,
    remove_blind_ends,
    remove_unsupplied,
    restore_upstream,
)
from octa_svr_dataset.vessel_graph import VesselGraph

SPARED_FROM = 0.6
"""Vessels are less and less vulnerable from this share of the spared radius on; thinner ones are capillaries."""

BORDER_MM = 0.1
"""Trees enter the tissue at its sides, within this distance of its outermost vessels."""


LEAST_LENGTH_MM = 1e-12
"""In place of a length of 0, mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """Segments and links of a graph of N nodes as E edges of an undirected net with B branches.

    A branch runs from one junction to the next, over segments and links alike: a side of a mesh of capillaries.
    """

    graph: VesselGraph
    """The graph."""

    edges: np.ndarray
    """(E, 2) int64. `VesselGraph.edges`."""

    start: np.ndarray
    """(N + 1,) int64. See `list_incident`."""

    incident: np.ndarray
    """(2 E,) int64. See `list_incident`."""

    branch: np.ndarray
    """(E,) int64. Branch of each edge."""

    length_mm: np.ndarray
    """(E,) float64. Length of each edge, mm."""

    branch_length_mm: np.ndarray
    """(B,) float64. Length of each branch, mm; above 0."""

    widest_mm: np.ndarray
    """(B,) float64. Largest radius on each branch, mm."""

    radius_mm: np.ndarray
    """(E,) float64. Radius of each edge, mm."""

    middle_mm: np.ndarray
    """(E, 2) float64. Middle (x, y) of each edge, mm; stored by coordinate."""

    layer: np.ndarray
    """(E,) uint8. `VesselLayer` of each edge."""

    @classmethod
    def of(cls, graph: VesselGraph) -> Self:
        """The net of a graph."""
        edges = graph.edges
        from_mm, to_mm = (graph.position_mm.take(ends, axis=0) for ends in edges.T)
        along_mm = to_mm - from_mm
        start, incident = list_incident(edges, len(graph))
        branch, length_mm = number_branches(edges, start, incident), np.sqrt(np.einsum("ij,ij->i", along_mm, along_mm))
        branch_length_mm, radius_mm = np.bincount(branch, length_mm), _edge_radii_mm(graph, edges)
        widest_mm = np.zeros(len(branch_length_mm))
        raise_to(widest_mm, branch, radius_mm)
        return cls(
            graph=graph,
            edges=edges,
            start=start,
            incident=incident,
            branch=branch,
            length_mm=length_mm,
            branch_length_mm=np.maximum(branch_length_mm, LEAST_LENGTH_MM),
            middle_mm=np.ascontiguousarray((from_mm + to_mm).T[:2] / 2).T,
            layer=graph.layer[edges[:, 1]],
            widest_mm=widest_mm,
            radius_mm=radius_mm,
        )

    @property
    def num_branches(self) -> int:
        """Number of branches, B."""
        return len(self.branch_length_mm)

    def mean_of_branches(self, values: np.ndarray) -> np.ndarray:
        """(B,) float64. Mean over the length of each branch of what is known of each edge, (E,), to nine decimals.

        The last digits of a length depend on the processor, and halves are common.
        """
        return np.asarray(np.round(np.bincount(self.branch, values * self.length_mm) / self.branch_length_mm, 9))

    def vulnerability(self, spared_radius_mm: float) -> np.ndarray:
        """(B,) float64. 1 for branches that are thin all along, 0 where one edge has the spared radius."""
        return np.clip((1.0 - self.widest_mm / spared_radius_mm) / (1.0 - SPARED_FROM), 0.0, 1.0)

    def left(self, is_lost: np.ndarray, spared_radius_mm: float) -> np.ndarray:
        """(E,) bool. Edges that are left: no end is blind that was not, and all hangs on the root of a tree.

        Where a larger vessel goes on, it is not interrupted either: it is lost from its tips.

        Parameters
        ----------
        is_lost
            (B,) bool. Which branches are lost.
        spared_radius_mm
            Vessels of this radius or more stay even where they end blind, mm.
        """
        is_there = ~is_lost[self.branch]
        capillary_mm = SPARED_FROM * spared_radius_mm
        num_segments = len(self.edges) - len(self.graph.links)
        segments = self.edges[:num_segments, 1]
        has_segment = np.zeros(len(self.graph), dtype=bool)
        has_segment[segments] = is_there[:num_segments]
        restore_upstream(self.graph.parent, self.graph.radius_mm > capillary_mm, has_segment)
        is_there[:num_segments] = has_segment[segments]
        may_go, is_capillary = self.radius_mm < spared_radius_mm, self.radius_mm <= capillary_mm
        net = self.edges, self.start, self.incident
        remove_blind_ends(*net, self.layer, num_segments, may_go, is_capillary, is_there)
        remove_unsupplied(self.edges, _enters(self.graph), is_there)
        return np.asarray(is_there)

    def without(self, is_lost: np.ndarray, spared_radius_mm: float) -> VesselGraph:
        """The graph that is left when branches, (B,) bool, are lost; see `left`."""
        return self.select(self.left(is_lost, spared_radius_mm))

    def select(self, is_there: np.ndarray) -> VesselGraph:
        """The graph of some of the edges, (E,) bool."""
        num_segments = len(self.edges) - len(self.graph.links)
        has_segment = np.zeros(len(self.graph), dtype=bool)
        has_segment[self.edges[:num_segments, 1]] = is_there[:num_segments]
        return self.graph.select(has_segment, is_there[num_segments:])


def _enters(graph: VesselGraph) -> np.ndarray:
    """(N,) bool. Whether blood enters or leaves the tissue at a node: at the roots of trees.

    Once loss has taken the upstream of a vessel that a link feeds, it has no parent either; but it does not begin at
    a side of the tissue.
    """
    is_root = graph.parent < 0
    if not len(graph.links):
        return is_root
    root = np.flatnonzero(is_root)
    is_at_side = np.zeros(len(root), dtype=bool)
    for column in range(2):
        place_mm = np.ascontiguousarray(graph.position_mm[:, column])
        at_root_mm = place_mm[root]
        is_at_side |= np.minimum(at_root_mm - place_mm.min(), place_mm.max() - at_root_mm) < BORDER_MM
    is_root[root] = is_at_side
    return np.asarray(is_root)


def _edge_radii_mm(graph: VesselGraph, edges: np.ndarray) -> np.ndarray:
    """(E,) float64. Radius of each edge, mm: of a segment that where it ends, of a link that of its thinner node."""
    radius_mm = graph.radius_mm[edges[:, 1]]
    links_mm = radius_mm[len(edges) - len(graph.links) :]
    np.minimum(links_mm, graph.radius_mm[graph.links[:, 1]], out=links_mm)
    return np.asarray(radius_mm)


def widened(graph: VesselGraph, factor: np.ndarray, spared_radius_mm: float) -> VesselGraph:
    """The graph with wider capillaries.

    Parameters
    ----------
    graph
        N nodes.
    factor
        (N,) float64. Factor on the radius; it fades out towards vessels of the spared radius.
    spared_radius_mm
        Vessels of this radius or more keep theirs, mm.
    """
    share = np.clip((1.0 - graph.radius_mm / spared_radius_mm) / (1.0 - SPARED_FROM), 0.0, 1.0)
    return graph.with_radii(graph.radius_mm * (1.0 + (factor - 1.0) * share))
