"""Figures of localization: one row a kind and reader, with intervals over bootstrap samples of patients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.evaluation.bootstrap import Resamples, percentile_interval
from octa_svr_dataset.evaluation.intervals import share_interval
from octa_svr_dataset.evaluation.localization.kinds import TARGETS
from octa_svr_dataset.evaluation.localization.marks import Marked
from octa_svr_dataset.evaluation.metrics import ANALYTIC, BOOTSTRAP
from octa_svr_dataset.evaluation.patients import independent_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A share, or a mean of values from 0 to 1, with its 95 % interval."""

    value: float
    low: float
    high: float
    method: str
    """`BOOTSTRAP`; or `ANALYTIC` (Wilson 1927) with few patients or at an end of the range. That is too wide rather
    than too narrow for a mean of values between 0 and 1, as none spreads more than one of zeros and ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalizationRow:
    """How well one reader finds the objects of one kind. A figure is absent where nothing is there to be counted."""

    target: str
    """Name of the kind."""

    reader: str
    num_with: int
    """Pictures with such an object."""

    num_without: int
    num_objects: int

    found: Figure | None
    """Share of the objects that are found: matched one to one by a box that overlaps by half, or by a point."""

    overlap: Figure | None
    """Mean intersection over union, over all objects, 0 for those that no box is matched with; absent of points."""

    precision: Figure | None
    """Share of the answered objects that find one, over all pictures."""

    pointing: Figure | None
    """Share of the answered points and centers of boxes that lie on an object, averaged over pictures with one."""

    false_alarms: Figure | None
    """Share of the pictures without such an object in which one is marked."""

    false_per_picture: float | None
    """Objects marked in a picture without any, on average."""

    unparsable_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalizationTable:
    """Rows over one set of pictures."""

    source: str
    """Which pictures."""

    is_synthetic: bool
    rows: tuple[LocalizationRow, ...]


def make_table(
    source: str, is_synthetic: bool, marks: Mapping[str, Sequence[Marked]], rng: np.random.Generator
) -> LocalizationTable:
    """Rows by kind, then by reader.

    Parameters
    ----------
    source, is_synthetic
        Which pictures these are.
    marks
        By reader; readers of a kind have marked the same pictures in the same order.
    rng
        Draws the bootstrap samples, the same ones for all readers of a kind.
    """
    rows = []
    for target, asked in TARGETS.items():
        of_kind = {reader: [entry for entry in marked if entry.target == target] for reader, marked in marks.items()}
        of_kind = {reader: marked for reader, marked in of_kind.items() if marked}
        if not of_kind:
            continue
        samples = _Samples.draw(next(iter(of_kind.values())), rng)
        rows += [_row(asked.name, asked.is_point, reader, marked, samples) for reader, marked in of_kind.items()]
    return LocalizationTable(source=source, is_synthetic=is_synthetic, rows=tuple(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Samples:
    """Which of N pictures hold an object, and bootstrap samples of these, of the others, and of all."""

    has_any: np.ndarray
    """(N,) bool."""

    patients: tuple[str | None, ...]
    with_any: Resamples
    without: Resamples
    every: Resamples

    @classmethod
    def draw(cls, marked: Sequence[Marked], rng: np.random.Generator) -> "_Samples":
        has_any = np.array([entry.num_true > 0 for entry in marked])
        patients = tuple(entry.patient for entry in marked)

        def of(is_in: np.ndarray) -> Resamples:
            chosen = [patient for patient, is_chosen in zip(patients, is_in, strict=True) if is_chosen]
            classes = np.unique(has_any[is_in], return_inverse=True)[1]
            return Resamples.draw(classes, chosen, rng)

        everything = np.ones(len(marked), bool)
        return cls(
            has_any=has_any,
            patients=patients,
            with_any=of(has_any),
            without=of(~has_any),
            every=of(everything),
        )


def _row(name: str, is_point: bool, reader: str, marked: Sequence[Marked], samples: _Samples) -> LocalizationRow:
    has_any = samples.has_any
    without = ~has_any

    def column(value: Callable[[Marked], float]) -> np.ndarray:
        return np.array([value(entry) for entry in marked], dtype=np.float64)

    def figure(parts: np.ndarray, wholes: np.ndarray, is_in: np.ndarray, drawn: Resamples) -> Figure | None:
        patients = [patient for patient, is_chosen in zip(samples.patients, is_in, strict=True) if is_chosen]
        return _figure(parts[is_in], wholes[is_in], drawn, patients)

    true = column(lambda entry: entry.num_true)
    answered = column(lambda entry: entry.num_answered)
    found = column(lambda entry: entry.num_found)
    each = np.ones(len(marked))
    return LocalizationRow(
        target=name,
        reader=reader,
        num_with=int(has_any.sum()),
        num_without=int(without.sum()),
        num_objects=int(true.sum()),
        found=figure(found, true, has_any, samples.with_any),
        overlap=None if is_point else figure(column(lambda entry: entry.overlap), true, has_any, samples.with_any),
        precision=figure(found, answered, has_any | without, samples.every),
        pointing=figure(column(lambda entry: entry.aim), each, has_any, samples.with_any),
        false_alarms=figure(column(lambda entry: entry.num_answered > 0), each, without, samples.without),
        false_per_picture=float(answered[without].mean()) if without.any() else None,
        unparsable_rate=float(column(lambda entry: entry.is_unparsable).mean()),
    )


def _figure(parts: np.ndarray, wholes: np.ndarray, samples: Resamples, patients: Sequence[str | None]) -> Figure | None:
    """Sum of (N,) parts over the sum of (N,) wholes; absent where the wholes are none."""
    if not wholes.sum():
        return None
    value = float(parts.sum() / wholes.sum())
    totals = samples.weights @ wholes
    if samples.are_many and 0.0 < value < 1.0 and (totals > 0).all():
        low, high = percentile_interval((samples.weights @ parts) / totals)
        return Figure(value=value, low=low, high=high, method=BOOTSTRAP)
    counted = [patient for patient, whole in zip(patients, wholes, strict=True) if whole]
    low, high = share_interval(value, independent_number(counted))
    return Figure(value=value, low=low, high=high, method=ANALYTIC)
