"""Vessels that are laid before any growth: stumps at the sides of the field, or courses that are cut to the field."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.growth.kernels.arrays import NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunks:
    """N nodes of one kind from which vessels grow."""

    position_mm: np.ndarray
    """(N, 3) float64. Positions in the field, mm."""

    parent: np.ndarray
    """(N,) int64. Index of the upstream node, `NONE` at a root; smaller than the node's own."""

    beyond_mm: np.ndarray
    """(N,) float64. Radius with which the vessel leaves the field at this node, mm; 0 where it does not."""

    murray_exponent: float
    """Exponent of Murray's law along these vessels."""

    def powers_from_beyond(self, terminal_radius_mm: float) -> np.ndarray:
        """(N,) float64. What tissue outside the field adds to (radius / terminal radius) ** exponent of each node."""
        powers = np.where(self.beyond_mm > 0.0, self.beyond_mm / terminal_radius_mm, 0.0) ** self.murray_exponent
        for node in range(len(powers) - 1, -1, -1):
            if self.parent[node] != NONE:
                powers[self.parent[node]] += powers[node]
        return powers


def draw_stumps(
    config: GrowthConfig, field_width_mm: float, tissue_width_mm: float, num_trees: int, rng: np.random.Generator
) -> Trunks:
    """Short straight vessels on the four sides of the field, as in the published forests (Kreitner et al. 2024)."""
    stumps = [_draw_stump(config, field_width_mm, tissue_width_mm, rng) for _ in range(num_trees)]
    parent = np.arange(-1, 2 * num_trees - 1)
    parent[::2] = NONE
    return Trunks(
        position_mm=np.concatenate(stumps),
        parent=parent,
        beyond_mm=np.zeros(2 * num_trees),
        murray_exponent=config.stump_murray_exponent,
    )


def _draw_stump(
    config: GrowthConfig, field_width_mm: float, tissue_width_mm: float, rng: np.random.Generator
) -> np.ndarray:
    """Root and tip, (2, 3) mm, of a stump on one of the four sides that leads inward and off the corners."""
    axis, is_far = int(rng.integers(2)), bool(rng.integers(2))
    lateral_mm = rng.uniform(0.0, tissue_width_mm)
    depth_mm = rng.uniform(0.0, config.depth_mm)
    inward = rng.uniform(0.1, 1.0) * (-1.0 if is_far else 1.0)
    low = 0.0 if lateral_mm < config.stump_length_mm else -1.0
    high = 0.0 if lateral_mm > tissue_width_mm - config.stump_length_mm else 1.0
    lateral = rng.uniform(low, high)
    step_mm = config.stump_length_mm / math.hypot(inward, lateral)
    stump_mm = np.empty((2, 3))
    stump_mm[:, axis], stump_mm[:, 1 - axis], stump_mm[:, 2] = field_width_mm if is_far else 0.0, lateral_mm, depth_mm
    stump_mm[1, axis] += step_mm * inward
    stump_mm[1, 1 - axis] += step_mm * lateral
    return stump_mm


def cut_to_field(
    points: np.ndarray, parents: Sequence[int], beyond_mm: Sequence[float], field_width_mm: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The parts of vessels that lie within the field; where they enter and leave it, they get a node on its side.

    Parameters
    ----------
    points
        (M, 2) float64. Nodes in the field's coordinates, mm.
    parents
        Upstream node of each, `NONE` at a root; smaller than the node's own.
    beyond_mm
        Radius of each, were it to leave the field there, mm.
    field_width_mm
        Width of the field, mm.

    Returns
    -------
    tuple
        `position_mm` (without depth, (N, 2)), `parent` and `beyond_mm` of `Trunks`.
    """
    rows = points.tolist()
    is_inside = np.all((points >= 0.0) & (points <= field_width_mm), axis=1).tolist()
    position: list[Sequence[float]] = []
    parent: list[int] = []
    beyond: list[float] = []

    def keep(point: Sequence[float], above: int, radius_mm: float) -> int:
        position.append(point)
        parent.append(above)
        beyond.append(radius_mm)
        return len(position) - 1

    kept: dict[int, int] = {}
    for node, above in enumerate(parents):
        if is_inside[node]:
            if above == NONE:
                upstream = NONE
            elif is_inside[above]:
                upstream = kept[above]
            else:
                upstream = keep(_side(rows[node], rows[above], field_width_mm), NONE, 0.0)
            kept[node] = keep(rows[node], upstream, 0.0)
        elif above != NONE and is_inside[above]:
            keep(_side(rows[above], rows[node], field_width_mm), kept[above], beyond_mm[node])
    return np.array(position).reshape(-1, 2), np.array(parent, np.int64), np.array(beyond)


def _side(inside: Sequence[float], outside: Sequence[float], width_mm: float) -> list[float]:
    """Where the way from a point inside the field to one outside crosses its side."""
    share = 1.0
    for start, end in zip(inside, outside, strict=True):
        if not 0.0 <= end <= width_mm:
            share = min(share, ((width_mm if end > width_mm else 0.0) - start) / (end - start))
    crossing = (start + share * (end - start) for start, end in zip(inside, outside, strict=True))
    return [min(max(coordinate, 0.0), width_mm) for coordinate in crossing]
