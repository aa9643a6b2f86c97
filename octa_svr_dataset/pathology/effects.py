"""What areas of dropout do to the vessels."""

from collections.abc import Callable

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
        loss = net.mean_of_branches(_by_layer(dropout, Dropout.loss, 0.0, net.middle_mm, net.layer))
        is_lost |= chance < loss * net.vulnerability(dropout.spared_radius_mm(spared_radius_mm))
    return is_lost


def widen_collaterals(graph: VesselGraph, dropouts: tuple[Dropout, ...], spared_radius_mm: float) -> VesselGraph:
    """What is left, with wider capillaries along the outlines of dropout; vessels of the spared radius keep theirs."""
    factor = np.ones(len(graph))
    for dropout in dropouts:
        factor = np.maximum(factor, _by_layer(dropout, Dropout.widening, 1.0, graph.position_mm, graph.layer))
    return widened(graph, factor, spared_radius_mm)


def capillary_loss(graph: VesselGraph, dropouts: tuple[Dropout, ...]) -> np.ndarray:
    """(N,) probability that a capillary is lost where each segment ends; the strongest area counts."""
    loss = np.zeros(len(graph))
    for dropout in dropouts:
        loss = np.maximum(loss, _by_layer(dropout, Dropout.loss, 0.0, graph.position_mm, graph.layer))
    return loss


def _by_layer(
    dropout: Dropout,
    measure: Callable[[Dropout, np.ndarray, np.ndarray], np.ndarray],
    elsewhere: float,
    position_mm: np.ndarray,
    layer: np.ndarray,
) -> np.ndarray:
    """(K,) what an area of dropout does at (K, 2 or more) positions in the layer (K,) of each, and elsewhere."""
    result = np.full(len(layer), elsewhere)
    reach_mm = dropout.in_layer(VesselLayer.DEEP).influence_mm
    near = np.flatnonzero(np.abs(position_mm[:, 0] - dropout.center_mm[0]) < reach_mm)
    near = near[np.abs(position_mm[near, 1] - dropout.center_mm[1]) < reach_mm]
    for which in VesselLayer:
        here = near[layer[near] == which]
        result[here] = measure(dropout.in_layer(which), position_mm[here, 0], position_mm[here, 1])
    return result
