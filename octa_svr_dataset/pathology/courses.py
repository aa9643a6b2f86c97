"""Courses of vessels: how segments go on into one another, and how winding they are."""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.pathology.course_kernels import add_up, find_widest
from octa_svr_dataset.pathology.kernels import raise_to
from octa_svr_dataset.vessel_graph import VesselGraph, segment_lengths_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """The N segments of a forest as courses: a vessel goes on into the widest of its branches, the others begin."""

    before: np.ndarray
    """(N,) int64. Node before each one in its course; -1 at the first, which is a root or ends a branch's segment."""

    first: np.ndarray
    """(N,) int64. First node of the course that each node belongs to."""

    origin: np.ndarray
    """(N,) int64. Node at which each node's course leaves another one; -1 where it begins at a root."""

    distance_mm: np.ndarray
    """(N,) float64. Way from the beginning of the course to each node, mm."""

    @classmethod
    def of(cls, graph: VesselGraph) -> "Courses":
        """Courses of a forest."""
        return cls._along(graph, _goes_on(graph), segment_lengths_mm(graph))

    def cut(self, fine: VesselGraph, owner: np.ndarray, length_mm: np.ndarray) -> "Courses":
        """The same courses in the forest whose segments are cut into pieces of lengths (K,), mm; see `subdivide`."""
        is_inner = (fine.parent >= 0) & (owner[fine.parent] == owner)
        return Courses._along(fine, is_inner | (self.before[owner] >= 0), length_mm)

    @classmethod
    def _along(cls, graph: VesselGraph, goes_on: np.ndarray, length_mm: np.ndarray) -> "Courses":
        before = np.where(goes_on, graph.parent, -1).astype(np.int64)
        sums = np.column_stack((length_mm, np.where(before < 0, np.arange(len(graph)), 0)))
        add_up(sums, before, np.ones(len(graph)))
        first = sums[:, 1].astype(np.int64)
        origin = graph.parent[first].astype(np.int64)
        return cls(before=before, first=first, origin=origin, distance_mm=sums[:, 0].copy())

    def largest(self, value: np.ndarray) -> np.ndarray:
        """(N,) largest of (N,) values on the course of each node."""
        largest = np.full(len(value), -np.inf)
        raise_to(largest, self.first, value)
        return np.asarray(largest[self.first])


def _goes_on(graph: VesselGraph) -> np.ndarray:
    """(N,) whether each node's segment is the widest of those that start where it does."""
    goes_on = np.zeros(len(graph), dtype=bool)
    goes_on[find_widest(graph.parent, graph.radius_mm)] = True
    return goes_on


def subdivide(graph: VesselGraph, pieces: np.ndarray) -> tuple[VesselGraph, np.ndarray, np.ndarray]:
    """The same forest with segments cut into pieces; links stay whole.

    Parameters
    ----------
    graph
        Forest of N nodes.
    pieces
        (N,) int64, at least 1. Number of pieces of the segment that ends at each node; 1 at roots.

    Returns
    -------
    fine : VesselGraph
        Forest of K nodes.
    owner : (K,) ndarray of int64
        Node of `graph` at which the segment ends that each node of `fine` lies on.
    share : (K,) ndarray of float64
        How far along that segment it lies: 1 where it is the node itself.
    """
    owner = np.repeat(np.arange(len(graph)), pieces)
    last = np.cumsum(pieces) - 1
    number = np.arange(len(owner)) - (last - pieces)[owner]
    share = number / pieces[owner]
    is_root = graph.parent[owner] < 0
    start = np.where(is_root, owner, graph.parent[owner])
    fine = VesselGraph(
        position_mm=between(
            graph.position_mm.take(start, axis=0), graph.position_mm.take(owner, axis=0), share[:, None]
        ),
        parent=np.where(number > 1, np.arange(len(owner)) - 1, np.where(is_root, -1, last[start])),
        radius_mm=between(graph.radius_mm[start], graph.radius_mm[owner], share),
        kind=graph.kind[owner],
        layer=graph.layer[owner],
        links=last[graph.links],
    )
    return fine, owner, share


def between(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Values a share of the way from start to end; exactly the end where that is 1."""
    return np.asarray(np.where(share == 1.0, end, start + share * (end - start)))


def arc_over_chord(graph: VesselGraph, least_radius_mm: float, chord_mm: float) -> float:
    """How winding vessels are: length of their courses over that of their chords (Hart et al. 1999, measure 1).

    Parameters
    ----------
    graph
        Forest of N nodes.
    least_radius_mm
        Segments of at least this radius count, mm.
    chord_mm
        Courses are measured in pieces of about this length; shorter ones do not count, mm.
    """
    start, end, length_mm = _stretches(graph, least_radius_mm, chord_mm)
    chords_mm = np.linalg.norm(graph.position_mm[end] - graph.position_mm[start], axis=1)
    return float(length_mm.sum() / chords_mm.sum()) if len(start) else 1.0


def mean_curvature_per_mm(graph: VesselGraph, least_radius_mm: float) -> float:
    """Angle by which courses turn, in the plane of the picture, over their length, rad per mm.

    Parameters
    ----------
    graph
        Forest of N nodes.
    least_radius_mm
        Segments of at least this radius count, mm.
    """
    before = Courses.of(graph).before
    counts = (before >= 0) & (graph.parent[before] >= 0) & (graph.radius_mm >= least_radius_mm)
    node = np.flatnonzero(counts)
    length_mm = segment_lengths_mm(graph)[node]
    return float(turns_rad(graph, node).sum() / length_mm.sum()) if len(node) else 0.0


def turns_rad(graph: VesselGraph, node: np.ndarray) -> np.ndarray:
    """(K,) angle between the segments that end at some nodes (K,) and those that end at their parents, rad."""
    along = graph.position_mm[:, :2] - graph.position_mm[np.maximum(graph.parent, 0), :2]
    first, second = along[graph.parent[node]], along[node]
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return np.asarray(np.abs(np.arctan2(cross, np.einsum("ij,ij->i", first, second))))


def _stretches(
    graph: VesselGraph, least_radius_mm: float, chord_mm: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes at which pieces of courses start and end, and the lengths of the pieces between, mm."""
    courses = Courses.of(graph)
    node = np.flatnonzero((graph.radius_mm >= least_radius_mm) & (graph.parent >= 0))
    piece = np.floor(courses.distance_mm[node] / chord_mm).astype(np.int64)
    order = np.lexsort((courses.distance_mm[node], piece, courses.first[node]))
    node, piece = node[order], piece[order]
    begins = np.diff(courses.first[node], prepend=-1) != 0
    begins |= np.diff(piece, prepend=-1) != 0
    start = node[begins]
    end = node[np.append(np.flatnonzero(begins)[1:] - 1, len(node) - 1)] if len(node) else node
    length_mm = courses.distance_mm[end] - courses.distance_mm[start]
    is_long = length_mm >= 0.8 * chord_mm
    return start[is_long], end[is_long], length_mm[is_long]
