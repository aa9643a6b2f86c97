"""Loops along the courses of vessels."""

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def add_up(value: np.ndarray, before: np.ndarray, share: np.ndarray) -> None:
    """Add to the value of each node a share of what the node before it has come to.

    Parameters
    ----------
    value
        (N, C) float64. Values of each node; takes the sums.
    before
        (N,) int64. Node before each one, always smaller than its own index; -1 at the first of a chain.
    share
        (N,) float64. Share that is added of the sum before.
    """
    for node in range(len(before)):
        if before[node] >= 0:
            for column in range(value.shape[1]):
                value[node, column] += share[node] * value[before[node], column]


@kernel()
def find_widest(parent: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """The widest segment of those that start at each node, the first one of several as wide.

    Parameters
    ----------
    parent
        (N,) int32. Index of the upstream node, -1 at a root.
    radius
        (N,) float64. Radius of the segment that ends at each node, mm.

    Returns
    -------
    (C,) int64
        Nodes at which they end, one for each node at which any starts.
    """
    widest = np.full(len(parent), -1)
    count = 0
    for node in range(len(parent)):
        if parent[node] < 0:
            continue
        other = widest[parent[node]]
        count += other < 0
        if other < 0 or radius[node] > radius[other]:
            widest[parent[node]] = node
    found = np.empty(count, np.int64)
    count = 0
    for node in range(len(parent)):
        if widest[node] >= 0:
            found[count] = widest[node]
            count += 1
    return found
