"""What readers say of each model, and how far they agree, with 95 % intervals."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.bootstrap import Resamples, percentile_interval
from octa_svr_dataset.evaluation.reader_study.agreement import Estimate, intraclass_correlations, kappa, kappas
from octa_svr_dataset.evaluation.reader_study.items import Study
from octa_svr_dataset.evaluation.reader_study.returned import Ratings
from octa_svr_dataset.evaluation.reader_study.scales import CLASS, SCALES, UNGRADABLE, Scale
from octa_svr_dataset.evaluation.reader_study.standings import Standing, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far readers agree on one scale."""

    scale: str
    kappas: dict[str, Estimate | None]
    """Cohen's kappa by pair of readers, with quadratic weights for ratings; absent where they always say the same."""

    icc_single: Estimate | None
    """ICC(2,1), of ratings."""

    icc_mean: Estimate | None
    """ICC(2,k), of ratings."""

    within: dict[str, tuple[float | None, float]]
    """By reader, on items shown twice: kappa of both times, and the share of items that are given the same value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Of a reader study."""

    readers: tuple[str, ...]
    models: tuple[str, ...]
    num_items: int
    """Outputs that all readers have rated in full."""

    num_clusters: int
    """Patients, or pictures of unknown patients."""

    ungradable: dict[str, int]
    """By reader, how many of the outputs are on pictures that the reader cannot grade; no class of a model is compared
    with such a rating."""

    left_out: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    means: tuple[Standing, ...]
    differences: tuple[Standing, ...]

    def as_record(self) -> dict[str, Any]:
        """All of it, as JSON holds it: null for a bound that there is none of."""
        return dict(_finite(asdict(self)))


def score_study(study: Study, ratings: Ratings, rng: np.random.Generator, *, is_incomplete_allowed: bool) -> Results:
    """Agreement of readers and standing of models.

    Parameters
    ----------
    study, ratings
        The key, and what came back.
    rng
        Draws bootstrap samples, the same ones for all figures.
    is_incomplete_allowed
        Whether outputs that a reader has not rated in full are left out; else they are refused.

    Raises
    ------
    InputError
        Ratings are missing and may not, or too few outputs are left.
    """
    if ratings.missing and not is_incomplete_allowed:
        more = f", and {len(ratings.missing) - 1} more like it" if len(ratings.missing) > 1 else ""
        raise InputError(
            f"sheets: {ratings.missing[0]}{more}; allowed: every item rated, or --incomplete, which leaves them out"
        )
    first, again = _given(study, ratings, is_repeat=False), _given(study, ratings, is_repeat=True)
    kept = [index for index in range(len(study.outputs)) if all(index in first[reader] for reader in study.sheets)]
    if not kept:
        raise InputError("sheets: no item is rated in full by all readers; allowed: one at least")
    outputs = [study.outputs[index] for index in kept]
    clusters = [output.cluster for output in outputs]
    samples = Resamples.draw(np.zeros(len(kept), np.int64), clusters, rng)
    columns = {
        scale.name: np.array([[first[reader][index][scale.name] for reader in study.sheets] for index in kept])
        for scale in SCALES
    }
    means, differences = standings(study.models, outputs, columns, samples)
    return Results(
        readers=tuple(study.sheets),
        models=study.models,
        num_items=len(kept),
        num_clusters=len(set(clusters)),
        ungradable={
            reader: int((columns[CLASS.name][:, number] == CLASS.values.index(UNGRADABLE)).sum())
            for number, reader in enumerate(study.sheets)
        },
        left_out=ratings.missing,
        agreements=tuple(
            _agreement(scale, tuple(study.sheets), columns[scale.name], samples, _pairs(first, again, scale))
            for scale in SCALES
        ),
        means=means,
        differences=differences,
    )


_Given = dict[str, dict[int, Mapping[str, int]]]
"""By reader and output: what the reader says on every scale."""


def _given(study: Study, ratings: Ratings, *, is_repeat: bool) -> _Given:
    """Items that are rated in full, at their first or second showing."""
    return {
        reader: {
            item.output: ratings.values[reader, item.code]
            for item in items
            if item.is_repeat == is_repeat and len(ratings.values.get((reader, item.code), {})) == len(SCALES)
        }
        for reader, items in study.sheets.items()
    }


def _pairs(first: _Given, again: _Given, scale: Scale) -> dict[str, np.ndarray]:
    """(N, 2) values at both showings, by reader."""
    return {
        reader: np.array(
            [
                (first[reader][output][scale.name], values[scale.name])
                for output, values in repeated.items()
                if output in first[reader]
            ],
            dtype=np.int64,
        ).reshape(-1, 2)
        for reader, repeated in again.items()
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _agreement(
    scale: Scale, readers: tuple[str, ...], values: np.ndarray, samples: Resamples, twice: Mapping[str, np.ndarray]
) -> Agreement:
    """Of (N, k) values."""
    number = len(scale.values)
    of_pairs: dict[str, Estimate | None] = {}
    for one, other in itertools.combinations(range(len(readers)), 2):
        first, second = values[:, one], values[:, other]
        value = kappa(first, second, number, is_weighted=scale.is_rating)
        drawn = kappas(first, second, number, samples.weights, is_weighted=scale.is_rating)
        low, high = percentile_interval(drawn[~np.isnan(drawn)]) if value is not None else (0.0, 0.0)
        of_pairs[f"{readers[one]}, {readers[other]}"] = (
            None if value is None else Estimate(value=value, low=low, high=high)
        )
    correlations = intraclass_correlations(values.astype(np.float64)) if scale.is_rating else None
    return Agreement(
        scale=scale.name,
        kappas=of_pairs,
        icc_single=None if correlations is None else correlations[0],
        icc_mean=None if correlations is None else correlations[1],
        within={
            reader: (
                kappa(pairs[:, 0], pairs[:, 1], number, is_weighted=scale.is_rating),
                float((pairs[:, 0] == pairs[:, 1]).mean()),
            )
            for reader, pairs in twice.items()
            if len(pairs)
        },
    )
