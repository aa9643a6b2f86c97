"""The first weights of the tiny model's eye: filters for dots and gaps in place of chance.

Trained networks begin with such filters, whatever they were trained on; so few pictures as the tiny model sees do not
suffice to find them. They may be trained further. What stands for disease is not among them: that is learned.

A dot is bright against its surroundings along every direction, a vessel only across: the smaller of the two
curvatures of the brightness (of its Hessian; Lindeberg 1998, Int J Comput Vis 30, 79) is large for dots alone.
"""

from typing import Any

import numpy as np
import torch

DOT_SIGMA_PX = 2.0
"""Scale of the second derivatives, px; at 192 px for 3 mm it suits dots of 60 to 100 um."""

DOT_SPACING_PX = 2
"""Distance of the places in a patch at which curvatures are taken, px."""

GAP_SIGMA_PX = 3.5
"""Scale at which brightness is averaged, px: about the distance of capillaries."""

GAP_SPACING_PX = 4
"""Distance of the places at which it is, px."""

DOT_GAIN, GAP_GAIN = 5.0, 2.0
"""Factors that give the filters' responses to OCTA images a standard deviation near 1."""

DOT_THRESHOLDS, GAP_THRESHOLDS = (0.7, 1.1), (0.2, 0.6)
"""How far above none the smaller curvature counts as a dot, and how far below the mean brightness counts as a gap."""

STEADY = 15.0
"""Size of two features that are the same everywhere: the normalization of each patch by its own features would hide
how bright it is among others."""

SHARPNESS = 16.0
"""Factor within rectifying units, whose bend is soft."""

NORMALIZED = 1.5
"""Standard deviation by which the normalization divides the features of a usual patch."""

DOT_WEIGHT, GAP_WEIGHT = 8.0, 1.0
"""Factors of the counts: dots are few."""

COUNTS_HEARD, AVERAGES_HEARD, REST_HEARD = 3.0, 0.5, 0.1
"""Gains with which the projector takes counts, averages and all other features, as chance mixes them: of equal ones,
the four counts are lost among the rest."""


def num_features(patch_px: int) -> int:
    """Features that the filters need: curvatures, averages, dots, counts of dots and gaps, and the steady ones."""
    return 4 * len(_places(patch_px, DOT_SPACING_PX)) + len(_places(patch_px, GAP_SPACING_PX)) + 6


def begin_with_filters(visual: Any) -> None:
    """Write filters into the patch embedding and both blocks of a small vision tower of Qwen3-VL, in place."""
    patch_px = int(visual.config.patch_size)
    dots, gaps = len(_places(patch_px, DOT_SPACING_PX)), len(_places(patch_px, GAP_SPACING_PX))
    curvature = [torch.arange(kind * dots, (kind + 1) * dots) for kind in range(3)]  # along x, along y, mixed
    average = torch.arange(3 * dots, 3 * dots + gaps)
    dot = torch.arange(3 * dots + gaps, 4 * dots + gaps)
    counts, steady = 4 * dots + gaps + torch.arange(4), 4 * dots + gaps + 4 + torch.arange(2)
    with torch.no_grad():
        _embed(visual.patch_embed.proj, patch_px, dot, steady)
        for block in visual.blocks:
            block.attn.proj.weight.zero_()
        _find_dots(visual.blocks[0].mlp, curvature, dot, counts)
        _count(visual.blocks[1].mlp, dot, average, counts, steady)
        for merger in (visual.merger, *visual.deepstack_merger_list):
            heard = torch.full((int(visual.config.hidden_size),), REST_HEARD)
            heard[average], heard[counts] = AVERAGES_HEARD, COUNTS_HEARD
            merger.norm.weight.copy_(heard.repeat(len(merger.norm.weight) // len(heard)))


def filters(patch_px: int) -> np.ndarray:
    """(F, S, S) float64. Second derivatives along x, along y and mixed at every place, then averages."""
    return np.concatenate(
        [
            *(_derivatives(patch_px, kind) for kind in ("xx", "yy", "xy")),
            np.stack(
                [GAP_GAIN * _bell(patch_px, place, GAP_SIGMA_PX)[0] for place in _places(patch_px, GAP_SPACING_PX)]
            ),
        ]
    )


def _embed(projection: Any, patch_px: int, dot: torch.Tensor, steady: torch.Tensor) -> None:
    bank = torch.from_numpy(filters(patch_px)).to(projection.weight)
    channels = projection.weight.shape[1] * projection.weight.shape[2]
    projection.weight[: len(bank)] = (bank / channels)[:, None, None]
    projection.weight[dot] = 0.0
    projection.weight[steady[0] - 4 :] = 0.0
    projection.bias.zero_()
    projection.bias[steady] = STEADY * torch.tensor([1.0, -1.0])


def _find_dots(mlp: Any, curvature: list[torch.Tensor], dot: torch.Tensor, counts: torch.Tensor) -> None:
    """Minus half the trace, less half the difference along the axes and the mixed one: the smaller curvature, about."""
    first, second = mlp.linear_fc1, mlp.linear_fc2
    first.bias.zero_()
    second.bias.zero_()
    second.weight[dot] = 0.0
    second.weight[counts[0] :] = 0.0
    along_x, along_y, mixed = curvature
    parts = ((-0.5, -0.5, 0.0, True), (0.5, -0.5, 0.0, False), (0.0, 0.0, 1.0, False))
    unit = 0
    for x, y, xy, is_signed in parts:
        for sign in (1.0, -1.0):
            units = torch.arange(unit, unit + len(dot))
            first.weight[units] = 0.0
            for factor, features in ((x, along_x), (y, along_y), (xy, mixed)):
                first.weight[units, features] = sign * SHARPNESS * factor
            second.weight[:, units] = 0.0
            second.weight[dot, units] = (sign if is_signed else -1.0) * NORMALIZED / SHARPNESS
            unit += len(dot)


def _count(mlp: Any, dot: torch.Tensor, average: torch.Tensor, counts: torch.Tensor, steady: torch.Tensor) -> None:
    """How far dots rise above the thresholds, and averages fall below theirs, added up over the patch."""
    first, second = mlp.linear_fc1, mlp.linear_fc2
    second.bias.zero_()
    second.weight[counts[0] :] = 0.0
    second.bias[steady] = -0.9 * STEADY * torch.tensor([1.0, -1.0])
    rules = [(dot, 1.0, threshold, DOT_WEIGHT) for threshold in DOT_THRESHOLDS]
    rules += [(average, -1.0, threshold, GAP_WEIGHT) for threshold in GAP_THRESHOLDS]
    unit = 0
    for count, (features, sign, threshold, weight) in zip(counts, rules, strict=True):
        units = torch.arange(unit, unit + len(features))
        first.weight[units] = 0.0
        first.weight[units, features] = sign * SHARPNESS
        first.bias[units] = -SHARPNESS * threshold
        second.weight[:, units] = 0.0
        second.weight[count, units] = weight / SHARPNESS
        unit += len(features)


def _derivatives(patch_px: int, kind: str) -> np.ndarray:
    """(F, S, S) float64. Second derivatives of the picture, blurred; each adds up to 0."""
    made = []
    for place in _places(patch_px, DOT_SPACING_PX):
        bell, x, y = _bell(patch_px, place, DOT_SIGMA_PX)
        shape = {"xx": x * x - 1.0, "yy": y * y - 1.0, "xy": x * y}[kind] * bell
        made.append(DOT_GAIN * (shape - bell * shape.sum()))
    return np.stack(made)


def _bell(patch_px: int, place: tuple[float, float], sigma_px: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(S, S) float64 each. Weights around a place that add up to 1; distances from it in standard deviations."""
    row, column = np.mgrid[:patch_px, :patch_px].astype(np.float64)
    x, y = (column - place[1]) / sigma_px, (row - place[0]) / sigma_px
    bell = np.exp(-(x * x + y * y) / 2.0)
    return bell / bell.sum(), x, y


def _places(patch_px: int, spacing_px: int) -> list[tuple[float, float]]:
    """Rows and columns of places in a patch, px."""
    number = (patch_px - 1) // spacing_px
    first = (patch_px - 1 - (number - 1) * spacing_px) / 2.0
    along = [first + spacing_px * index for index in range(number)]
    return [(row, column) for row in along for column in along]
