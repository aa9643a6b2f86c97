"""What tests ask of the net of vessels."""

import numpy as np

from octa_svr_dataset.vessel_graph import VesselGraph


def blind_ends(graph: VesselGraph, thinner_than_mm: float = np.inf) -> int:
    """Number of nodes at which nothing but one segment or link ends, thinner than a limit."""
    edges = graph.edges
    ends = np.bincount(edges.ravel(), minlength=len(graph)) == 1
    is_thin = graph.radius_mm[edges[:, 1]] < thinner_than_mm
    return int(ends[edges[is_thin]].sum())
