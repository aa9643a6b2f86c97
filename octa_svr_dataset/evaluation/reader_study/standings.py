"""How models fare with readers: means, and differences on the same pictures."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from octa_svr_dataset.evaluation.bootstrap import FEWEST_CLUSTERS, Resamples, percentile_interval
from octa_svr_dataset.evaluation.intervals import share_interval
from octa_svr_dataset.evaluation.reader_study.agreement import Estimate
from octa_svr_dataset.evaluation.reader_study.items import Output
from octa_svr_dataset.evaluation.reader_study.scales import CLASS, HARMFUL
from octa_svr_dataset.grading import Label

BOOTSTRAP, WILSON, STUDENT = "cluster bootstrap", "Wilson", "Student t of clusters"
"""Of intervals. With fewer than `FEWEST_CLUSTERS` patients, and at an end of a scale, means have that of a share of the
scale's width (Wilson 1927), which is too wide rather than too narrow; differences then have Student's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a model fares on one scale, or two models against each other."""

    scale: str
    name: str
    """Of the model; of two, the first less the second."""

    estimate: Estimate
    method: str


MEASURES = {
    "explanation": (1.0, 5.0),
    "localization": (1.0, 5.0),
    "share of harmful errors": (0.0, 1.0),
    "names the reader's class": (0.0, 1.0),
    "healthy or diabetic as the reader": (0.0, 1.0),
}
"""What models are compared by, each the mean over readers, with its lowest and highest value.

Of the class, ratings count that give one. Readers name one of three; an answer that tells disease but no kind names
none of them, but agrees in the binary question."""


def standings(
    names: Sequence[str], outputs: list[Output], columns: Mapping[str, np.ndarray], samples: Resamples
) -> tuple[tuple[Standing, ...], tuple[Standing, ...]]:
    """Means of each model, and differences of each two, over the pictures of which all models are rated."""
    models = np.array([output.model for output in outputs])
    clusters = np.array([output.cluster for output in outputs])
    means, differences = [], []
    for name, values in _measures(outputs, columns).items():
        known = ~np.isnan(values)
        counts = Counter(output.path for output, is_known in zip(outputs, known, strict=True) if is_known)
        is_paired = known & np.array([counts[output.path] == len(names) for output in outputs])
        for model in names:
            means += _standing(name, model, values, [known & (models == model)], clusters, samples)
        for one, other in itertools.combinations(names, 2):
            of_both = [is_paired & (models == one), is_paired & (models == other)]
            differences += _standing(name, f"{one} - {other}", values, of_both, clusters, samples)
    return tuple(means), tuple(differences)


def _measures(outputs: list[Output], columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """(N,) float64 each, by `MEASURES`: means over readers; not a number where no reader's class can be compared."""
    classes = columns[CLASS.name]
    is_graded = classes < len(Label)
    said = [output.predicted or "" for output in outputs]
    names_class = np.array(CLASS.values)[classes] == np.array(said)[:, None]
    is_said = np.array([word != "" for word in said])[:, None]
    says_disease = np.array([word != Label.HEALTHY for word in said])[:, None]
    agrees = is_said & (says_disease == (classes != CLASS.values.index(Label.HEALTHY)))
    with np.errstate(invalid="ignore"):
        of_class, of_disease = ((is_same & is_graded).sum(axis=1) / is_graded.sum(axis=1)
                                for is_same in (names_class, agrees))  # fmt: skip
    values = (columns["explanation"].mean(axis=1) + 1.0, columns["localization"].mean(axis=1) + 1.0,
              columns[HARMFUL.name].mean(axis=1), of_class, of_disease)  # fmt: skip
    return dict(zip(MEASURES, values, strict=True))


def _standing(
    scale: str,
    name: str,
    values: np.ndarray,
    parts: Sequence[np.ndarray],
    clusters: np.ndarray,
    samples: Resamples,
) -> list[Standing]:
    """Mean of one part of (N,) values, or that less the mean of another part; none where there is nothing to average.

    Both parts are of the same pictures, and so of the same of the (N,) clusters.
    """
    if not all(part.any() for part in parts):
        return []
    value = _difference([float(values[part].mean()) for part in parts])
    names, lowest, highest = np.unique(clusters[parts[0]]), *MEASURES[scale]
    is_at_end = len(parts) == 1 and value in (lowest, highest)
    if len(names) >= FEWEST_CLUSTERS and not is_at_end:
        totals = [samples.weights[:, part].sum(axis=1) for part in parts]
        is_drawn = np.all([total > 0 for total in totals], axis=0)
        sums = [samples.weights[:, part] @ values[part] for part in parts]
        drawn = [part_sum[is_drawn] / total[is_drawn] for part_sum, total in zip(sums, totals, strict=True)]
        low, high = percentile_interval(drawn[0] if len(parts) == 1 else drawn[0] - drawn[1])
        return [Standing(scale=scale, name=name, estimate=Estimate(value=value, low=low, high=high), method=BOOTSTRAP)]
    if len(parts) == 1:
        span = highest - lowest
        low, high = share_interval((value - lowest) / span, len(names))
        estimate = Estimate(value=value, low=lowest + span * low, high=lowest + span * high)
        return [Standing(scale=scale, name=name, estimate=estimate, method=WILSON)]
    if len(names) < 2:
        return []
    of_clusters = np.array(
        [_difference([float(values[part & (clusters == cluster)].mean()) for part in parts]) for cluster in names]
    )
    half = float(stats.t.ppf(0.975, len(names) - 1) * of_clusters.std(ddof=1) / np.sqrt(len(names)))
    estimate = Estimate(value=value, low=value - half, high=value + half)
    return [Standing(scale=scale, name=name, estimate=estimate, method=STUDENT)]


def _difference(values: list[float]) -> float:
    return values[0] if len(values) == 1 else values[0] - values[1]
