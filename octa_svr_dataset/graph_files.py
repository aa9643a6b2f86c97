"""Vessel graphs from and to other forms: edges, CSV as the prior art writes it, networkx."""

import csv
from pathlib import Path

import networkx as nx
import numpy as np

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, VesselLayer, edge_radii_mm

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
    """Graph from edges that meet where their end points are equal; of edges to the same point, all but one are links.

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
        The first edges to each point form a circle.
    """
    points, inverse = np.unique(np.concatenate([proximal_mm, distal_mm]), axis=0, return_inverse=True)
    proximal, distal = np.split(inverse.ravel(), 2)
    first_to_point = np.unique(distal, return_index=True)[1]
    parent = np.full(len(points), -1)
    incoming = np.full(len(points), -1)
    parent[distal[first_to_point]], incoming[distal[first_to_point]] = proximal[first_to_point], first_to_point
    is_link = ~np.isin(np.arange(len(distal)), first_to_point)
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
        links=np.stack([rank[distal[is_link]], rank[proximal[is_link]]], axis=1),
    )


def read_graph_csv(
    path: str | Path, field_width_mm: float, *, kind: np.ndarray | None = None, layer: np.ndarray | None = None
) -> VesselGraph:
    """Graph of a file `node1,node2,radius` with end points in fractions of the field; as `graph_from_edges`.

    Raises
    ------
    InputError
        A line is not such a row; the message names it.
    """
    rows = []
    with Path(path).open(newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.reader(file)
        header = next(reader, None)
        if header is None or tuple(name.strip() for name in header) != CSV_HEADER:
            raise InputError(f"{path}, line 1: must be {','.join(CSV_HEADER)}, got {','.join(header or [])!r}")
        for line, row in enumerate(reader, start=2):
            try:
                node1, node2, radius = row
                rows.append([*_numbers(node1), *_numbers(node2), *_finite([radius])])
                if rows[-1][-1] < 0:
                    raise ValueError("the radius must not be negative")
            except ValueError as error:
                raise InputError(f"{path}, line {line}: must be [x y z],[x y z],radius ({error})") from None
    table = np.array(rows).reshape(len(rows), 7) * field_width_mm
    for name, values in (("kind", kind), ("layer", layer)):
        if values is not None and len(values) != len(table):
            raise InputError(f"{path}: has {len(table)} lines, and {len(values)} are told their {name}")
    return graph_from_edges(table[:, :3], table[:, 3:6], table[:, 6], kind=kind, layer=layer)


def write_graph_csv(graph: VesselGraph, path: str | Path, field_width_mm: float) -> None:
    """Write rows `node1,node2,radius` in fractions of the field: segments from upstream to downstream, then links.

    Read again, a link between two roots, as lesions may leave it, is a segment.
    """
    position = graph.position_mm / field_width_mm
    lines = [",".join(CSV_HEADER)]
    for (first, second), radius_mm in zip(graph.edges, edge_radii_mm(graph, graph.radius_mm)[:, 1], strict=True):
        node1, node2 = (second, first) if graph.parent[second] < 0 else (first, second)
        radius = float(radius_mm / field_width_mm)
        lines.append(f"{_bracketed(position[node1])},{_bracketed(position[node2])},{radius!r}")
    write_whole(Path(path), "\n".join(lines) + "\n")


def to_networkx(graph: VesselGraph) -> nx.DiGraph:
    """Directed graph from upstream to downstream, with the columns as attributes of its nodes.

    A link is an edge to its first node, with the attribute `is_link`.
    """
    result = nx.DiGraph()
    for node in range(len(graph)):
        result.add_node(
            node,
            position_mm=tuple(graph.position_mm[node].tolist()),
            radius_mm=float(graph.radius_mm[node]),
            kind=VesselKind(graph.kind[node]).name.lower(),
            layer=VesselLayer(graph.layer[node]).name.lower(),
        )
    num_segments = len(graph.segments)
    for number, (first, second) in enumerate(graph.edges.tolist()):
        result.add_edge(first, second, is_link=number >= num_segments)
    return result


def from_networkx(graph: nx.DiGraph) -> VesselGraph:
    """Graph as `to_networkx` makes it; edges without the attribute `is_link` are segments.

    Raises
    ------
    InputError
        Segments are no directed forest, or a node lacks an attribute.
    """
    if not graph.is_directed() or graph.is_multigraph():
        raise InputError(f"graph: must be a networkx.DiGraph, got {type(graph).__name__}")
    is_link = nx.get_edge_attributes(graph, "is_link", default=False)
    forest = graph.edge_subgraph([edge for edge, link in is_link.items() if not link]).copy()
    forest.add_nodes_from(graph)
    if len(forest) and not nx.is_branching(forest):
        raise InputError("graph: its segments must be a forest that is directed from upstream to downstream")
    order = list(nx.lexicographical_topological_sort(forest))
    rank = {node: number for number, node in enumerate(order)}
    parents = [next(iter(forest.predecessors(node)), None) for node in order]
    links = [(rank[first], rank[second]) for (second, first), link in is_link.items() if link]
    try:
        attributes = [graph.nodes[node] for node in order]
        return VesselGraph(
            position_mm=np.array([row["position_mm"] for row in attributes]).reshape(len(order), 3),
            parent=np.array([-1 if parent is None else rank[parent] for parent in parents]),
            radius_mm=np.array([row["radius_mm"] for row in attributes]),
            kind=np.array([VesselKind[row["kind"].upper()] for row in attributes]),
            layer=np.array([VesselLayer[row["layer"].upper()] for row in attributes]),
            links=np.array(links, dtype=np.int32),
        )
    except KeyError as error:
        raise InputError(
            f"graph: every node needs position_mm, radius_mm, kind (artery or vein) and layer (superficial or deep); "
            f"missing or unknown: {error}"
        ) from None


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
    numbers = _finite(text.strip().strip("[]").replace(",", " ").split())
    if len(numbers) != 3:
        raise ValueError(f"three coordinates expected in {text!r}")
    return numbers


def _finite(texts: list[str]) -> list[float]:
    numbers = [float(text) for text in texts]
    if not np.all(np.isfinite(numbers)):
        raise ValueError(f"finite numbers expected in {' '.join(texts)!r}")
    return numbers


def _bracketed(point: np.ndarray) -> str:
    return f"[{' '.join(repr(float(coordinate)) for coordinate in point)}]"
