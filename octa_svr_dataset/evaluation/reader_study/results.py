"""What readers say of each model, and how far they agree, with 95 % intervals."""

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.bootstrap import FEWEST_CLUSTERS, Resamples, percentile_interval
from octa_svr_dataset.evaluation.metrics import DISEASED
from octa_svr_dataset.evaluation.reader_study.agreement import Estimate, intraclass_correlations, kappa, kappas
from octa_svr_dataset.evaluation.reader_study.items import Output, Study
from octa_svr_dataset.evaluation.reader_study.returned import Ratings
from octa_svr_dataset.evaluation.reader_study.scales import CLASS, HARMFUL, SCALES, Scale
from octa_svr_dataset.grading import Label

BOOTSTRAP, STUDENT = "cluster bootstrap", "Student t of clusters"
"""Of intervals of means; the second one with fewer than `FEWEST_CLUSTERS` patients."""


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
class Standing:
    """How a model fares on one scale, or two models against each other."""

    scale: str
    name: str
    """Of the model; of two, the first less the second."""

    estimate: Estimate
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Of a reader study."""

    readers: tuple[str, ...]
    models: tuple[str, ...]
    num_items: int
    """Outputs that all readers have rated in full."""

    num_clusters: int
    """Patients, or pictures of unknown patients."""

    left_out: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    means: tuple[Standing, ...]
    differences: tuple[Standing, ...]


MEASURES = ("explanation", "localization", "share of harmful errors", "agrees with the reader's class")
"""What models are compared by, each the mean over readers."""


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
    means, differences = _standings(study, outputs, columns, samples)
    return Results(
        readers=tuple(study.sheets),
        models=study.models,
        num_items=len(kept),
        num_clusters=len(set(clusters)),
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


def _standings(
    study: Study, outputs: list[Output], columns: Mapping[str, np.ndarray], samples: Resamples
) -> tuple[tuple[Standing, ...], tuple[Standing, ...]]:
    """Means of each model, and differences of each two, over the pictures of which all models are rated."""
    models = np.array([output.model for output in outputs])
    means, differences = [], []
    for name, values in _measures(outputs, columns).items():
        known = ~np.isnan(values)
        counts = Counter(output.path for output, is_known in zip(outputs, known, strict=True) if is_known)
        is_paired = known & np.array([counts[output.path] == len(study.models) for output in outputs])
        for model in study.models:
            means += _standing(name, model, values, known & (models == model), None, outputs, samples)
        for one, other in itertools.combinations(study.models, 2):
            of_both = is_paired & (models == one), is_paired & (models == other)
            differences += _standing(name, f"{one} - {other}", values, *of_both, outputs, samples)
    return tuple(means), tuple(differences)


def _measures(outputs: list[Output], columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """(N,) float64 each, by `MEASURES`: means over readers; not a number where no reader's class can be compared."""
    classes = columns[CLASS.name]
    is_graded = classes < len(Label)
    agrees = np.array([np.isin(row, _meant(output)) for row, output in zip(classes, outputs, strict=True)]) & is_graded
    with np.errstate(invalid="ignore"):
        of_class = agrees.sum(axis=1) / is_graded.sum(axis=1)
    values = (columns["explanation"].mean(axis=1) + 1.0, columns["localization"].mean(axis=1) + 1.0,
              columns[HARMFUL.name].mean(axis=1), of_class)  # fmt: skip
    return dict(zip(MEASURES, values, strict=True))


def _meant(output: Output) -> list[int]:
    """Classes that an output may mean: both kinds where it tells disease but no kind, none where nothing was read."""
    if output.predicted == DISEASED:
        return [CLASS.values.index(Label.NPDR), CLASS.values.index(Label.PDR)]
    return [] if output.predicted is None else [CLASS.values.index(output.predicted)]


def _standing(
    scale: str,
    name: str,
    values: np.ndarray,
    is_first: np.ndarray,
    is_second: np.ndarray | None,
    outputs: list[Output],
    samples: Resamples,
) -> list[Standing]:
    """Mean of some values, or less that of others, over clusters; none where there is nothing to average."""
    parts = [is_first] if is_second is None else [is_first, is_second]
    if not all(part.any() for part in parts):
        return []
    value = _difference([float(values[part].mean()) for part in parts])
    clusters = np.array([output.cluster for output in outputs])
    names = np.unique(clusters[is_first])
    totals = [samples.weights[:, part].sum(axis=1) for part in parts]
    is_drawn = np.all([total > 0 for total in totals], axis=0)
    if len(names) >= FEWEST_CLUSTERS:
        drawn = [
            samples.weights[is_drawn][:, part] @ values[part] / total[is_drawn]
            for part, total in zip(parts, totals, strict=True)
        ]
        low, high = percentile_interval(drawn[0] - drawn[1] if is_second is not None else drawn[0])
        return [Standing(scale=scale, name=name, estimate=Estimate(value=value, low=low, high=high), method=BOOTSTRAP)]
    of_clusters = np.array(
        [
            _difference([float(values[part & (clusters == cluster)].mean()) for part in parts])
            for cluster in names
            if all((part & (clusters == cluster)).any() for part in parts)
        ]
    )
    if len(of_clusters) < 2:
        return []
    half = float(stats.t.ppf(0.975, len(of_clusters) - 1) * of_clusters.std(ddof=1) / np.sqrt(len(of_clusters)))
    estimate = Estimate(value=value, low=value - half, high=value + half)
    return [Standing(scale=scale, name=name, estimate=estimate, method=STUDENT)]


def _difference(values: list[float]) -> float:
    return values[0] if len(values) == 1 else values[0] - values[1]
