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
