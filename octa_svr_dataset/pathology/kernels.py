"""Loops over the vessel graph."""

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel()
def number_branches(parent: np.ndarray, num_children: np.ndarray) -> np.ndarray:
    """Number the branches of a forest: a segment continues its parent's branch unless it splits there.

    Parameters
    ----------
    parent
        (N,) int32. Index of the upstream node, -1 at a root; always smaller than the node's own.
    num_children
        (N,) int64. Number of segments that start at each node.

    Returns
    -------
    (N,) int64
        Number of the branch that the segment ending at each node belongs to.
    """
    branch = np.empty(parent.shape[0], np.int64)
    count = 0
    for node in range(parent.shape[0]):
        if parent[node] >= 0 and num_children[parent[node]] == 1:
            branch[node] = branch[parent[node]]
        else:
            branch[node] = count
            count += 1
    return branch
