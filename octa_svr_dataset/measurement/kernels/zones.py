"""Loops of the search for the avascular zone."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel


@kernel(allocates=False)
def box_mean(total: np.ndarray, row: int, column: int, reach: int) -> float:
    """Mean of the square window around a pixel, given the sums of all that lies above and to the left of each.

    Parameters
    ----------
    total
        (S + 1, S + 1) float64. Sums over the first rows and columns of a picture of S x S px.
    row, column, reach
        The window's middle, and how far it goes on each side, px; it lies inside the picture.
    """
    top, left, bottom, right = row - reach, column - reach, row + reach + 1, column + reach + 1
    summed = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return float(summed / (2 * reach + 1) ** 2)


@kernel()
def darkest_squares(
    total: np.ndarray, margin: int, penalty: np.ndarray, reaches: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each pair of squares the best place, (R, 2), and its score, (R,): rim less inside, less the place's penalty.

    Parameters
    ----------
    total
        Sums as of `box_mean`, of a picture with a margin.
    margin
        Its width, px.
    penalty
        (S, S) float64. Penalty of each place; infinite where none is looked for.
    reaches
        (R, 2) int64. How far the inner and the outer square go from the middle, px.
    """
    places, scores = np.zeros((len(reaches), 2), np.int64), np.empty(len(reaches))
    for pair in range(len(reaches)):
        inner, outer = reaches[pair, 0], reaches[pair, 1]
        scores[pair] = -math.inf
        inner_area, outer_area = (2 * inner + 1) ** 2, (2 * outer + 1) ** 2
        for row in range(penalty.shape[0]):
            for column in range(penalty.shape[1]):
                if penalty[row, column] < math.inf:
                    inside = box_mean(total, row + margin, column + margin, inner)
                    both = box_mean(total, row + margin, column + margin, outer)
                    around = (both * outer_area - inside * inner_area) / (outer_area - inner_area)
                    score = around - inside - penalty[row, column]
                    if score > scores[pair]:
                        places[pair, 0], places[pair, 1], scores[pair] = row, column, score
    return places, scores


@kernel()
def along_rays(
    gray: np.ndarray, center: tuple[float, float], down: np.ndarray, right: np.ndarray, along: np.ndarray
) -> np.ndarray:
    """(A, R) float32 gray levels at distances (R,) from a point along rays; those beyond the picture are its border's.

    Parameters
    ----------
    gray
        (S, S) float32. The picture.
    center
        (row, column) of the point; integers are centers of pixels.
    down, right
        (A,) float64. Directions of the rays.
    along
        (R,) float64. Distances, px.
    """
    size = len(gray) - 1
    levels = np.empty((len(down), len(along)), np.float32)
    for ray in range(len(down)):
        for place in range(len(along)):
            row = min(max(center[0] + down[ray] * along[place], 0.0), size - 1e-6)
            column = min(max(center[1] + right[ray] * along[place], 0.0), size - 1e-6)
            upper, left = int(row), int(column)
            below, beside = row - upper, column - left
            above = gray[upper, left] * (1.0 - beside) + gray[upper, left + 1] * beside
            beneath = gray[upper + 1, left] * (1.0 - beside) + gray[upper + 1, left + 1] * beside
            levels[ray, place] = above * (1.0 - below) + beneath * below
    return levels


@kernel()
def settled_radii(
    taken_in: np.ndarray, along: np.ndarray, start: float, held: tuple[int, int], stiffness: float
) -> np.ndarray:
    """(A,) radii at which what each ray takes in, and its distance from the mean of its neighbors, are least.

    Parameters
    ----------
    taken_in
        (A, R) tissue less void up to each radius.
    along
        (R,) the radii, px.
    start
        Radius from which the search starts, px.
    held
        Number of neighbors on each side that hold a ray, and of steps.
    stiffness
        Weight of that distance.
    """
    num_rays = len(taken_in)
    neighbors, steps = held
    radii = np.empty(num_rays)
    for ray in range(num_rays):
        radii[ray] = start
    for _ in range(steps):
        settled = np.empty(num_rays)
        for ray in range(num_rays):
            mean = 0.0
            for off in range(-neighbors, neighbors + 1):
                if off != 0:
                    mean += radii[(ray + off) % num_rays]
            mean /= 2 * neighbors
            least = math.inf
            for place in range(len(along)):
                energy = taken_in[ray, place] + stiffness * (along[place] - mean) ** 2
                if energy < least:
                    least, settled[ray] = energy, along[place]
        radii = settled
    return radii
