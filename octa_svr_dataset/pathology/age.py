"""Uniform loss of capillaries as it comes with age: no disease, and no area of its own."""

import numpy as np

from octa_svr_dataset.pathology.net import Net
from octa_svr_dataset.vessel_graph import VesselGraph

SPARED_RADIUS_MM = 0.010
"""Vessels of this radius or more stay; the loss fades out towards it, mm."""

NUM_STEPS, TOLERANCE = 8, 0.002
"""So many times at most the share of branches is corrected, until what is lost is the given share but for this."""


def lose_with_age(graph: VesselGraph, share: float, rng: np.random.Generator) -> VesselGraph:
    """The graph without capillaries at random places, evenly over the field; what is left is a mesh without stubs.

    Branches are lost independently. As what would end blind goes with them, fewer are taken than the share says:
    their number is corrected until the length that is lost is right.

    Parameters
    ----------
    graph
        Vessels of a healthy eye.
    share
        Share of the length of the capillaries that is lost.
    rng
        Stream of this loss.
    """
    if share <= 0.0:
        return graph
    net = Net.of(graph)
    vulnerability = net.vulnerability(SPARED_RADIUS_MM)
    chance = rng.uniform(size=net.num_branches)
    taken = share / 2
    too_few, too_many = 0.0, 1.0
    is_there = np.ones(len(net.edges), dtype=bool)
    for _ in range(NUM_STEPS):
        is_there = net.left(chance < taken * vulnerability, SPARED_RADIUS_MM)
        lost = _share_lost(net, is_there)
        if abs(lost - share) <= TOLERANCE:
            break
        too_few, too_many = (taken, too_many) if lost < share else (too_few, taken)
        taken *= share / max(lost, share / 2)
        if not too_few < taken < too_many:
            taken = (too_few + too_many) / 2
    return net.select(is_there)


def _share_lost(net: Net, is_there: np.ndarray) -> float:
    """Share of the length of the capillaries that is lost, in a sum of fixed order."""
    length_mm = np.where(net.radius_mm < SPARED_RADIUS_MM, net.length_mm, 0.0)
    left_mm, lost_mm = np.bincount(~is_there, length_mm, minlength=2)
    return float(lost_mm / max(left_mm + lost_mm, 1e-12))
