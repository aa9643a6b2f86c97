"""Loops over the vessels as one undirected net of edges."""

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel()
def list_incident(edges: np.ndarray, num_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges that meet at each node.

    Parameters
    ----------
    edges
        (E, 2) int64. Nodes that each edge connects.
    num_nodes
        Number of nodes, N.

    Returns
    -------
    start : (N + 1,) ndarray of int64
        Those of node `n` stand from `start[n]` to `start[n + 1]`.
    incident : (2 E,) ndarray of int64
        Edges, node by node.
    """
    start = np.zeros(num_nodes + 1, np.int64)
    for edge in range(len(edges)):
        start[edges[edge, 0] + 1] += 1
        start[edges[edge, 1] + 1] += 1
    for node in range(num_nodes):
        start[node + 1] += start[node]
    filled = start.copy()
    incident = np.empty(2 * len(edges), np.int64)
    for edge in range(len(edges)):
        for side in range(2):
            node = edges[edge, side]
            incident[filled[node]] = edge
            filled[node] += 1
    return start, incident


@kernel()
def number_branches(edges: np.ndarray, start: np.ndarray, incident: np.ndarray) -> np.ndarray:
    """Number the branches of a net: an edge continues another one where no third one meets them.

    Parameters
    ----------
    edges, start, incident
        See `list_incident`.

    Returns
    -------
    (E,) int64
        Number of the branch that each edge belongs to.
    """
    branch = np.full(len(edges), -1)
    count = 0
    for first in range(len(edges)):
        if branch[first] >= 0:
            continue
        branch[first] = count
        for side in range(2):
            edge, node = first, edges[first, side]
            while start[node + 1] - start[node] == 2:
                other = incident[start[node]] + incident[start[node] + 1] - edge
                if branch[other] >= 0:
                    break
                branch[other] = count
                node = edges[other, 0] + edges[other, 1] - node
                edge = other
        count += 1
    return branch


@kernel(allocates=False)
def raise_to(largest: np.ndarray, group: np.ndarray, value: np.ndarray) -> None:
    """Raise what is known of each group to the largest value of its members, as `numpy.maximum.at` does slowly.

    Parameters
    ----------
    largest
        (G,) float64. Least value of each group; changed in place.
    group
        (N,) int64. Group of each member.
    value
        (N,) float64. Value of each member; no NaN.
    """
    for member in range(len(group)):
        largest[group[member]] = max(largest[group[member]], value[member])


@kernel(allocates=False)
def restore_upstream(parent: np.ndarray, is_thick: np.ndarray, has_segment: np.ndarray) -> None:
    """Bring back the thick segments that lead to thick ones that are left, so that no larger vessel is interrupted.

    Parameters
    ----------
    parent
        (N,) int32. Index of the upstream node, -1 at a root; always smaller than the node's own.
    is_thick
        (N,) bool. Whether the segment that ends at each node belongs to a larger vessel.
    has_segment
        (N,) bool. Whether that segment is left; changed in place.
    """
    for node in range(len(parent) - 1, -1, -1):
        if has_segment[node] and is_thick[node] and parent[node] >= 0:
            has_segment[parent[node]] |= is_thick[parent[node]] and parent[parent[node]] >= 0


@kernel()
def remove_blind_ends(
    edges: np.ndarray,
    start: np.ndarray,
    incident: np.ndarray,
    layer: np.ndarray,
    num_segments: int,
    may_go: np.ndarray,
    is_capillary: np.ndarray,
    is_there: np.ndarray,
) -> None:
    """Remove edges that end blind since others are gone, and what then ends blind in turn.

    A capillary goes as well where nothing else of its own layer goes on: that layer alone would show a blind end.

    Parameters
    ----------
    edges, start, incident
        See `list_incident`.
    layer
        (E,) uint8. Layer of each edge.
    num_segments
        So many edges, M, are segments; the links behind them go with the last segment at one of their nodes.
    may_go
        (E,) bool. Whether an edge may be removed.
    is_capillary
        (E,) bool. Whether an edge is a capillary.
    is_there
        (E,) bool. Which edges are left; changed in place.
    """
    waiting = np.empty(2 * len(edges), np.int64)
    num_waiting = 0
    for edge in range(len(edges)):
        for side in range(2 * (not is_there[edge])):
            waiting[num_waiting] = edges[edge, side]
            num_waiting += 1
    whole, left = np.zeros(2, np.int64), np.zeros(2, np.int64)
    while num_waiting:
        num_waiting -= 1
        node = waiting[num_waiting]
        whole[:], left[:], segments = 0, 0, 0
        for place in range(start[node], start[node + 1]):
            edge = incident[place]
            whole[layer[edge]] += 1
            if is_there[edge]:
                left[layer[edge]] += 1
                segments += edge < num_segments
        is_alone = left.sum() == 1 and whole.sum() > 1
        for place in range(start[node], start[node + 1]):
            edge = incident[place]
            is_blind = is_alone or (is_capillary[edge] and left[layer[edge]] == 1 and whole[layer[edge]] > 1)
            if is_there[edge] and may_go[edge] and (is_blind or segments == 0):
                is_there[edge] = False
                for side in range(2):
                    waiting[num_waiting] = edges[edge, side]
                    num_waiting += 1


@kernel(allocates=False)
def remove_unsupplied(edges: np.ndarray, is_supplied: np.ndarray, is_there: np.ndarray) -> None:
    """Remove edges that no longer hang together with the root of a tree.

    Supply is handed on along the edges in their order and back again until nothing changes. Segments stand downstream
    of their parents, so a few rounds do, and memory is read in order.

    Parameters
    ----------
    edges
        (E, 2) int64. Nodes that each edge connects.
    is_supplied
        (N,) bool. Whether blood enters or leaves the eye at a node; takes whether any reaches it.
    is_there
        (E,) bool. Which edges are left; changed in place.
    """
    last = len(edges) - 1
    has_changed = True
    while has_changed:
        has_changed = False
        for step in range(2 * len(edges)):
            edge = min(step, 2 * last + 1 - step)
            first, second = edges[edge, 0], edges[edge, 1]
            if is_there[edge] and is_supplied[first] != is_supplied[second]:
                is_supplied[first] = is_supplied[second] = has_changed = True
    for edge in range(len(edges)):
        is_there[edge] &= is_supplied[edges[edge, 0]]
