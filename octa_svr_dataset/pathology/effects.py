"""What lesions do to the vessels."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from octa_svr_dataset.pathology.kernels import number_branches
from octa_svr_dataset.pathology.lesions import Dropout
from octa_svr_dataset.vessel_graph import VesselGraph


def lose_capillaries(
    graph: VesselGraph, dropouts: tuple[Dropout, ...], spared_radius_mm: float, rng: np.random.Generator
) -> VesselGraph:
    """Remove the capillaries that areas of dropout take, branch by branch, and what they alone supplied.

    Parameters
    ----------
    graph
        Forest of N nodes.
    dropouts
        Areas of dropout.
    spared_radius_mm
        Vessels of this radius or more stay; the loss fades out between 0.6 of it and it, mm.
    rng
        Stream of the lesions.
    """
    branch = number_branches(graph.parent, graph.num_children())
    chance = rng.uniform(size=len(graph))[branch]
    is_kept = chance >= capillary_loss(graph, dropouts) * _vulnerability(graph, spared_radius_mm)
    return graph.select(is_kept & _is_supplied(graph, is_kept))


def _is_supplied(graph: VesselGraph, is_kept: np.ndarray) -> np.ndarray:
    """(N,) whether each node still hangs together with the root of a tree, over kept segments and their links."""
    has_segment = is_kept & (graph.parent >= 0)
    stays = has_segment.copy()
    stays[graph.parent[has_segment]] = True
    first, second = graph.edges.T
    is_link = np.arange(len(first)) >= len(graph.segments)
    is_there = np.where(is_link, stays[first] & stays[second], has_segment[second])
    edges = coo_array((is_there[is_there], (first[is_there], second[is_there])), shape=(len(graph), len(graph)))
    _, part = connected_components(edges, directed=False)
    return np.isin(part, part[graph.parent < 0])


def capillary_loss(graph: VesselGraph, dropouts: tuple[Dropout, ...]) -> np.ndarray:
    """(N,) probability that a capillary is lost where each segment ends; the strongest area counts."""
    x_mm, y_mm = graph.position_mm[:, 0], graph.position_mm[:, 1]
    loss = np.zeros(len(graph))
    for dropout in dropouts:
        loss = np.maximum(loss, dropout.loss(x_mm, y_mm))
    return loss


def _vulnerability(graph: VesselGraph, spared_radius_mm: float) -> np.ndarray:
    """(N,) 1 up to 0.6 of the spared radius, 0 from the spared radius on."""
    return np.clip((1.0 - graph.radius_mm / spared_radius_mm) / 0.4, 0.0, 1.0)
