"""Loops of the label maps."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def label_covered(
    node: np.ndarray, brightness: np.ndarray, value: np.ndarray, label: np.ndarray, labels: np.ndarray
) -> None:
    """Label the pixels of which vessels cover at least half.

    Parameters
    ----------
    node, brightness
        (H, W) int32 and float32. A `Drawing`.
    value
        (N,) float64. Brightness at which each node was drawn.
    label
        (N,) uint8. Label of each node.
    labels
        (H, W) uint8. Takes the labels, 0 where there is none.
    """
    for row in range(node.shape[0]):
        for column in range(node.shape[1]):
            seen = node[row, column]
            is_covered = seen >= 0 and brightness[row, column] >= 0.5 * value[max(seen, 0)]
            labels[row, column] = label[max(seen, 0)] if is_covered else np.uint8(0)


@kernel(allocates=False)
def mark_within(mask: np.ndarray, reach: float, along: np.ndarray, near: np.ndarray) -> None:
    """Mark the pixels no farther than a distance from those of a mask, as a distance transform would say.

    Parameters
    ----------
    mask
        (H, W) bool. The mask.
    reach
        The distance, px.
    along
        (H, W) int32 work array: distance from the mask along the row, px, up to one more than the reach.
    near
        (H, W) bool of False. Takes the marks.
    """
    height, width = mask.shape
    farthest = np.int32(reach)
    for row in range(height):
        distance = farthest
        for column in range(width):
            distance = np.int32(0) if mask[row, column] else min(distance, farthest) + np.int32(1)
            along[row, column] = distance
        distance = farthest
        for column in range(width - 1, -1, -1):
            distance = np.int32(0) if mask[row, column] else min(distance, farthest) + np.int32(1)
            along[row, column] = min(along[row, column], distance)
    for off in range(-farthest, farthest + 1):
        half = farthest
        while math.sqrt(float(off * off + half * half)) > reach:
            half -= np.int32(1)
        for row in range(max(-off, 0), min(height, height - off)):
            marks, distances = near[row], along[row + off]
            for column in range(width):
                marks[column] |= distances[column] <= half
