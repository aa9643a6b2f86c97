"""What areas of dropout do to the vessels."""

import numpy as np

from octa_svr_dataset.pathology.lesions import Dropout
from octa_svr_dataset.pathology.net import Net, widened
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer


def lost_in_dropout(
    net: Net, dropouts: tuple[Dropout, ...], spared_radius_mm: float, rng: np.random.Generator
) -> np.ndarray:
    """(B,) bool. Which branches of a net areas of dropout take.

    Parameters
    ----------
    net
        Vessels of the eye.
    dropouts
        Areas of dropout.
    spared_radius_mm
        Vessels of this radius or more stay unless the strength is near 1; the loss fades out towards it, mm.
    rng
        Stream of the lesions.
    """
    chance = rng.uniform(size=net.num_branches)
    is_lost = np.zeros(net.num_branches, dtype=bool)
    for dropout in dropouts:
        edge, level = _near(dropout, net.middle_mm, net.layer)
        loss = np.zeros(len(net.edges))
        loss[edge] = dropout.loss(level)
        vulnerability = net.vulnerability(dropout.spared_radius_mm(spared_radius_mm))
        is_lost |= chance < net.mean_of_branches(loss) * vulnerability
    return is_lost


def widen_collaterals(graph: VesselGraph, dropouts: tuple[Dropout, ...], spared_radius_mm: float) -> VesselGraph:
    """What is left, with wider capillaries along the outlines of dropout; vessels of the spared radius keep theirs."""
    factor = np.ones(len(graph))
    for dropout in dropouts:
        node, level = _near(dropout, graph.position_mm, graph.layer)
        for layer in VesselLayer:
            here = graph.layer[node] == layer
            widening = dropout.in_layer(layer).widening(level[here])
            factor[node[here]] = np.maximum(factor[node[here]], widening)
    return widened(graph, factor, spared_radius_mm)


def capillary_loss(graph: VesselGraph, dropouts: tuple[Dropout, ...]) -> np.ndarray:
    """(N,) probability that a capillary is lost where each segment ends; the strongest area counts."""
    loss = np.zeros(len(graph))
    for dropout in dropouts:
        node, level = _near(dropout, graph.position_mm, graph.layer)
        loss[node] = np.maximum(loss[node], dropout.loss(level))
    return loss


def _near(dropout: Dropout, position_mm: np.ndarray, layer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of (K, 2 or more) positions, in the layer (K,) of each, an area may reach; and their levels."""
    level = dropout.level_in_layers(position_mm, layer, dropout.in_layer(VesselLayer.DEEP).influence_mm)
    near = np.flatnonzero(level < np.inf)
    return near, level[near]
