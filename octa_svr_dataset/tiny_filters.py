"""The first weights of the tiny model's eye: filters for dots, lines and gaps in place of chance, and their averages.

Trained networks begin with such filters, whatever they were trained on; so few pictures as the tiny model sees do not
suffice to find them. They may be trained further. What stands for disease is not among them: that is learned.

A dot is bright against its surroundings along every direction, a vessel only across: the smaller of the two
curvatures of the brightness (of its Hessian; Lindeberg 1998, Int J Comput Vis 30, 79) is large for dots alone, the
larger one for both. Textures are told apart by how often such responses of each size occur in a picture, wherever
they do (Leung and Malik 2001, Int J Comput Vis 43, 29). So a first layer takes curvatures, a second one counts, in
each patch, how many of them and of the averages of brightness lie above each of a few edges, and a third one averages
the counts over the picture, by attention that is the same everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Self

import numpy as np
import torch
import yaml

CURVATURES = ((2.0, 2), (3.0, 3))
"""Scale of the second derivatives and distance of the places in a patch at which they are taken, px; at 192 px for
3 mm they suit dots of 60 to 150 um."""

AVERAGES = ((3.5, 4), (50.0, 16))
"""Scale at which brightness is averaged and distance of the places, px: about the distance of capillaries, and
the whole patch."""

CURVATURE_GAIN, AVERAGE_GAIN = 5.0, 2.0
"""Factors that give the filters' responses to OCTA images a standard deviation near 1."""

STEADY = 200.0
"""Size of two features that are the same everywhere: the normalization of each patch by its own features would hide
how bright it is among others; beside these, the others hardly change it."""

SHARPNESS = 32.0
"""Factor within rectifying units, whose bend is soft."""

LEAST_VARIANCE = 0.1
"""Added to the variance of the counts along every direction: what hardly varies is mostly chance."""

POOLED_HEARD, COUNTS_HEARD, REST_HEARD = 1.0, 0.03, 0.1
"""Gains with which the projector takes averaged counts, those of the patch and all other features, as chance mixes
them: of equal ones, the few averages are lost among the rest."""

FILE = "tiny_filters.yaml"

NUM_BLOCKS = 3
"""Layers that the filters fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Textures:
    """Into which classes responses are sorted, and what their counts are in pictures of healthy eyes."""

    edges: Mapping[str, np.ndarray]
    """(E,) By kind of response, rising edges. A response counts fully from the next edge on, where there is one, and in
    proportion between both; above the last edge, by how far it lies above."""

    mean: np.ndarray
    """(K,) Mean over pictures of the averaged counts of all classes, in order."""

    spread: np.ndarray
    """(K,) Their standard deviation."""

    correlation: np.ndarray
    """(K, K) Their correlations."""

    @classmethod
    def neutral(cls, edges: Mapping[str, np.ndarray]) -> Self:
        """Those with which counts stay as they are."""
        number = sum(map(len, edges.values()))
        return cls(edges=edges, mean=np.zeros(number), spread=np.ones(number), correlation=np.eye(number))

    def decorrelation(self) -> np.ndarray:
        """(K, K) The symmetric matrix that makes standardized counts uncorrelated, of variance near 1."""
        variances, directions = np.linalg.eigh(self.correlation)
        return np.asarray(directions / np.sqrt(np.maximum(variances, 0.0) + LEAST_VARIANCE) @ directions.T)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which features of a patch hold what; curvatures and averages by scale."""

    trace: tuple[torch.Tensor, ...]
    """Minus half the trace of the Hessian at each place; after the first block, the smaller curvature."""

    axes: tuple[torch.Tensor, ...]
    """Half the difference of the curvatures along the axes; after the first block, half that of the two curvatures."""

    mixed: tuple[torch.Tensor, ...]
    """The mixed derivative; after the first block, nothing."""

    averages: tuple[torch.Tensor, ...]
    """Averages of brightness."""

    counts: torch.Tensor
    """(K,) From the second block on, counts of the patch, where the mixed derivatives were."""

    pooled: torch.Tensor
    """(K,) After the third block, decorrelated counts of the picture, there, too."""

    steady: torch.Tensor
    """(2,) What is the same everywhere."""

    @classmethod
    def of(cls, patch_px: int, num_counts: int) -> Self:
        """That of patches of a size."""
        by_scale = [len(_places(patch_px, spacing_px)) for _, spacing_px in CURVATURES]
        sizes = [*by_scale * 3, *(len(_places(patch_px, spacing_px)) for _, spacing_px in AVERAGES), 2]
        *parts, steady = torch.split(torch.arange(sum(sizes)), sizes)
        number = len(CURVATURES)
        trace, axes, mixed = (tuple(parts[kind * number : (kind + 1) * number]) for kind in range(3))
        counts, pooled, _ = torch.cat(mixed).tensor_split((num_counts, 2 * num_counts))
        averages = tuple(parts[3 * number :])
        return cls(trace=trace, axes=axes, mixed=mixed, averages=averages, counts=counts, pooled=pooled, steady=steady)

    def responses(self) -> dict[str, list[tuple[torch.Tensor, float]]]:
        """By kind, the features, and their factors, that add up to the responses after the first block."""
        kinds: dict[str, list[tuple[torch.Tensor, float]]] = {}
        for (sigma_px, _), trace, axes in zip(CURVATURES, self.trace, self.axes, strict=True):
            kinds[f"smaller curvature at {sigma_px:g} px"] = [(trace, 1.0)]
            kinds[f"larger curvature at {sigma_px:g} px"] = [(trace, 1.0), (axes, 2.0)]
        for (sigma_px, _), averages in zip(AVERAGES, self.averages, strict=True):
            kinds[f"brightness at {sigma_px:g} px"] = [(averages, 1.0)]
        return kinds


@cache
def usual_textures() -> Textures:
    """What `benchmarks/tiny_filters.py` measured."""
    read = yaml.safe_load(resources.files("octa_svr_dataset").joinpath(FILE).read_text(encoding="utf-8"))
    edges = {kind: np.array(of_kind) for kind, of_kind in read.pop("edges").items()}
    return Textures(edges=edges, **{name: np.array(values) for name, values in read.items()})


def begin_with_filters(visual: Any, textures: Textures) -> None:
    """Write filters into the patch embedding and the blocks of a small vision tower of Qwen3-VL, in place."""
    patch_px, hidden = int(visual.config.patch_size), int(visual.config.hidden_size)
    layout = Layout.of(patch_px, len(textures.mean))
    normalized = STEADY * (len(layout.steady) / hidden) ** 0.5
    with torch.no_grad():
        visual.pos_embed.weight.zero_()
        _embed(visual.patch_embed.proj, patch_px, layout)
        for block in visual.blocks:
            block.attn.proj.weight.zero_()
            block.mlp.linear_fc2.weight.zero_()
        _curve(visual.blocks[0].mlp, layout, normalized)
        _count(visual.blocks[1].mlp, layout, textures, normalized)
        _average(visual.blocks[2].attn, layout, textures, normalized)
        heard = torch.full((hidden,), REST_HEARD)
        heard[layout.pooled], heard[layout.counts], heard[layout.steady] = POOLED_HEARD, COUNTS_HEARD, 1.0 / STEADY
        for merger in (visual.merger, *visual.deepstack_merger_list):
            merger.norm.weight.copy_(normalized * heard.repeat(len(merger.norm.weight) // hidden))


def _embed(projection: Any, patch_px: int, layout: Layout) -> None:
    projection.weight.zero_()
    channels = projection.weight.shape[1] * projection.weight.shape[2]
    for index, (sigma_px, spacing_px) in enumerate(CURVATURES):
        xx, yy, xy = _second_derivatives(patch_px, sigma_px, spacing_px)
        for features, bank in (
            (layout.trace, -(xx + yy) / 2.0),
            (layout.axes, (xx - yy) / 2.0),
            (layout.mixed, xy),
        ):
            projection.weight[features[index]] = torch.from_numpy(bank / channels).to(projection.weight)[:, None, None]
    for averages, (sigma_px, spacing_px) in zip(layout.averages, AVERAGES, strict=True):
        bank = np.stack([AVERAGE_GAIN * _bell(patch_px, place, sigma_px)[0] for place in _places(patch_px, spacing_px)])
        projection.weight[averages] = torch.from_numpy(bank / channels).to(projection.weight)[:, None, None]
    projection.bias[layout.steady] = STEADY * torch.tensor([1.0, -1.0])


def _curve(mlp: Any, layout: Layout, normalized: float) -> None:
    """Half the difference of the curvatures, about: sizes of the difference along the axes and of the mixed one."""
    first, second = mlp.linear_fc1, mlp.linear_fc2
    trace, axes, mixed = (torch.cat(features) for features in (layout.trace, layout.axes, layout.mixed))
    for number, (features, sign) in enumerate(((axes, 1.0), (axes, -1.0), (mixed, 1.0), (mixed, -1.0))):
        units = torch.arange(number * len(trace), (number + 1) * len(trace))
        first.weight[units] = 0.0
        first.weight[units, features] = sign * SHARPNESS * normalized
        second.weight[trace, units] = -1.0 / SHARPNESS
        second.weight[axes, units] = 1.0 / SHARPNESS
        second.weight[features, units] -= sign / SHARPNESS  # what was there goes


def _count(mlp: Any, layout: Layout, textures: Textures, normalized: float) -> None:
    """How many responses lie above the edge of each class, standardized."""
    first, second = mlp.linear_fc1, mlp.linear_fc2
    second.bias[layout.counts] = -torch.from_numpy(textures.mean / textures.spread).to(second.bias)
    counts, spreads = iter(layout.counts.tolist()), iter(textures.spread.tolist())
    unit = 0
    for kind, parts in layout.responses().items():
        edges = textures.edges[kind].tolist()
        widths = [*np.diff(edges).tolist(), 1.0]
        before: list[tuple[int, float]] = []  # the class below, whose responses stop to count here
        for edge, width in zip(edges, widths, strict=True):
            units = torch.arange(unit, unit + len(parts[0][0]))
            unit += len(units)
            first.weight[units] = 0.0
            for features, factor in parts:
                first.weight[units, features] = factor * SHARPNESS * normalized
            first.bias[units] = -SHARPNESS * edge
            count, weight = next(counts), 1.0 / (SHARPNESS * len(units) * width * next(spreads))
            for feature, factor in (*before, (count, weight)):
                second.weight[feature, units] = factor
            before = [(count, -weight)]


def _average(attention: Any, layout: Layout, textures: Textures, normalized: float) -> None:
    """Every patch attends to all patches alike, and takes the average of their counts, decorrelated."""
    hidden = attention.proj.weight.shape[0]
    attention.qkv.weight.zero_()
    attention.qkv.weight[2 * hidden + layout.counts, layout.counts] = normalized
    attention.proj.weight[layout.pooled[:, None], layout.counts] = torch.from_numpy(textures.decorrelation()).to(
        attention.proj.weight
    )


def _second_derivatives(patch_px: int, sigma_px: float, spacing_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(F, S, S) float64 each. Along x, along y and mixed, of the picture, blurred; each adds up to 0."""
    made: tuple[list[np.ndarray], ...] = ([], [], [])
    for place in _places(patch_px, spacing_px):
        bell, x, y = _bell(patch_px, place, sigma_px)
        for bank, shape in zip(made, (x * x - 1.0, y * y - 1.0, x * y), strict=True):
            weights = shape * bell
            bank.append(CURVATURE_GAIN * (weights - bell * weights.sum()))
    xx, yy, xy = (np.stack(bank) for bank in made)
    return xx, yy, xy


def _bell(patch_px: int, place: tuple[float, float], sigma_px: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(S, S) float64 each. Weights around a place that add up to 1; distances from it in standard deviations."""
    row, column = np.mgrid[:patch_px, :patch_px].astype(np.float64)
    x, y = (column - place[1]) / sigma_px, (row - place[0]) / sigma_px
    bell = np.exp(-(x * x + y * y) / 2.0)
    return bell / bell.sum(), x, y


def _places(patch_px: int, spacing_px: int) -> list[tuple[float, float]]:
    """Rows and columns of places in a patch, px."""
    number = max((patch_px - 1) // spacing_px, 1)
    first = (patch_px - 1 - (number - 1) * spacing_px) / 2.0
    along = [first + spacing_px * index for index in range(number)]
    return [(row, column) for row in along for column in along]
