"""Vessel graphs from and to other forms: edges, CSV as the prior art writes it, networkx."""

import csv
from pathlib import Path

import networkx as nx
import numpy as np

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, VesselLayer

CSV_HEADER = ("node1", "node2", "radius")
"""Columns of the published simulator's files; a node is `[x y z]`, everything in fractions of the field."""


def graph_from_edges(
    proximal_mm: np.ndarray,
    distal_mm: np.ndarray,
    radius_mm: np.ndarray,
    *,
    kind: np.ndarray | None = None,
    layer: np.ndarray | None = None,
) -> VesselGraph:
    """Forest from edges that meet where their end points are equal.

    Parameters
    ----------
    proximal_mm, distal_mm
        (E, 3) upstream and downstream end of each edge, mm.
    radius_mm
        (E,) radii, mm.
    kind, layer
        (E,) `VesselKind` and `VesselLayer` of each edge; arteries of the superficial layer where absent.

    Raises
    ------
    InputError
        Two edges lead to the same point, or the edges form a circle.
    """
    points, inverse = np.unique(np.concatenate([proximal_mm, distal_mm]), axis=0, return_inverse=True)
    proximal, distal = np.split(inverse.ravel(), 2)
    parent = np.full(len(points), -1)
    incoming = np.full(len(points), -1)
    parent[distal], incoming[distal] = proximal, np.arange(len(distal))
    if len(np.unique(distal)) != len(distal):
        raise InputError("edges: two of them lead to the same point; allowed: a forest")
    depth = _depths(parent)
    order = np.argsort(depth, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    first_edge = np.full(len(points), -1)
    first_edge[proximal[::-1]] = np.arange(len(proximal))[::-1]
    edge = np.where(incoming >= 0, incoming, first_edge)[order]
    return VesselGraph(
        position_mm=points[order],
        parent=np.where(parent >= 0, rank[parent], -1)[order],
        radius_mm=np.asarray(radius_mm)[edge],
        kind=np.full(len(order), VesselKind.ARTERY) if kind is None else np.asarray(kind)[edge],
        layer=np.full(len(order), VesselLayer.SUPERFICIAL) if layer is None else np.asarray(layer)[edge],
    )


def read_graph_csv(path: str | Path, field_width_mm: float) -> VesselGraph:
    """Forest of a file `node1,node2,radius` with end points in fractions of the field.

    Raises
    ------
    InputError
        A line is not such a row; the message names it.
    """
    rows = []
    with Path(path).open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader, None)
        if header is None or tuple(name.strip() for name in header) != CSV_HEADER:
            raise InputError(f"{path}, line 1: must be {','.join(CSV_HEADER)}, got {','.join(header or [])!r}")
        for line, row in enumerate(reader, start=2):
            try:
                node1, node2, radius = row
                rows.append([*_numbers(node1), *_numbers(node2), float(radius)])
            except ValueError as error:
                raise InputError(f"{path}, line {line}: must be [x y z],[x y z],radius ({error})") from None
    table = np.array(rows).reshape(len(rows), 7) * field_width_mm
    return graph_from_edges(table[:, :3], table[:, 3:6], table[:, 6])


def write_graph_csv(graph: VesselGraph, path: str | Path, field_width_mm: float) -> None:
    """Write the segments as rows `node1,node2,radius`, from upstream to downstream, in fractions of the field."""
    position = graph.position_mm / field_width_mm
    lines = [",".join(CSV_HEADER)]
    for node in graph.segments:
        ends = (_bracketed(position[graph.parent[node]]), _bracketed(position[node]))
        lines.append(f"{ends[0]},{ends[1]},{float(graph.radius_mm[node] / field_width_mm)!r}")
    write_whole(Path(path), "\n".join(lines) + "\n")


def to_networkx(graph: VesselGraph) -> nx.DiGraph:
    """Directed graph from upstream to downstream, with the columns as attributes of its nodes."""
    result = nx.DiGraph()
    for node in range(len(graph)):
        result.add_node(
            node,
            position_mm=tuple(graph.position_mm[node].tolist()),
            radius_mm=float(graph.radius_mm[node]),
            kind=VesselKind(graph.kind[node]).name.lower(),
            layer=VesselLayer(graph.layer[node]).name.lower(),
        )
    result.add_edges_from((int(graph.parent[node]), int(node)) for node in graph.segments)
    return result


def from_networkx(graph: nx.DiGraph) -> VesselGraph:
    """Forest of a directed graph as `to_networkx` makes it."""
    if not nx.is_branching(graph):
        raise InputError("graph: must be a forest that is directed from upstream to downstream")
    order = list(nx.lexicographical_topological_sort(graph))
    rank = {node: number for number, node in enumerate(order)}
    parents = [next(iter(graph.predecessors(node)), None) for node in order]
    attributes = [graph.nodes[node] for node in order]
    return VesselGraph(
        position_mm=np.array([row["position_mm"] for row in attributes]).reshape(len(order), 3),
        parent=np.array([-1 if parent is None else rank[parent] for parent in parents]),
        radius_mm=np.array([row["radius_mm"] for row in attributes]),
        kind=np.array([VesselKind[row["kind"].upper()] for row in attributes]),
        layer=np.array([VesselLayer[row["layer"].upper()] for row in attributes]),
    )


def _depths(parent: np.ndarray) -> np.ndarray:
    """(N,) number of segments between each node and its root, level by level."""
    depth = np.where(parent < 0, 0, -1)
    level = 0
    while True:
        is_next = (depth < 0) & (depth[parent] == level)
        if not is_next.any():
            break
        level += 1
        depth[is_next] = level
    if np.any(depth < 0):
        raise InputError("edges: some of them form a circle; allowed: a forest")
    return depth


def _numbers(text: str) -> list[float]:
    numbers = [float(number) for number in text.strip().strip("[]").replace(",", " ").split()]
    if len(numbers) != 3:
        raise ValueError(f"three coordinates expected in {text!r}")
    return numbers


def _bracketed(point: np.ndarray) -> str:
    return f"[{' '.join(repr(float(coordinate)) for coordinate in point)}]"
