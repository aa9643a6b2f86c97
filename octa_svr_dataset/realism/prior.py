"""What is thought possible of the settings of a picture before any real one is seen."""

from dataclasses import dataclass
from typing import Self, get_origin

import numpy as np

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.setting_types import Within

WIDENING = 3.0
"""A prior range is that much wider than the default one, within the limits of the setting."""

LEAST_HALF_WIDTH = 0.5
"""A prior range reaches at least that far to both sides of the default's middle, relative to it."""

Ranges = dict[str, tuple[float, float]]
"""Ends of ranges by the name of the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppearancePrior:
    """Broad ranges of the D settings of a picture that are drawn from a range."""

    names: tuple[str, ...]
    """Names of the settings."""

    is_count: np.ndarray
    """(D,) bool. Whether it is a whole number."""

    default: np.ndarray
    """(D, 2) float64. Ends of the default ranges."""

    limits: np.ndarray
    """(D, 2) float64. Ends of the prior ranges."""

    @classmethod
    def around(cls, config: ImagingConfig) -> Self:
        """Broad ranges around those of a configuration; there is none around a setting that is always 0."""
        fields = ImagingConfig.model_fields
        ranges = [name for name, field in fields.items() if get_origin(field.annotation) is tuple]
        names = tuple(name for name in ranges if any(getattr(config, name)))
        default = np.array([getattr(config, name) for name in names], dtype=np.float64)
        middle = default.mean(axis=1, keepdims=True)
        half = np.maximum(WIDENING / 2 * np.diff(default), LEAST_HALF_WIDTH * np.abs(middle))
        allowed = [limit for name in names for limit in fields[name].metadata if isinstance(limit, Within)]
        low, high = np.array([[limit.low, limit.high] for limit in allowed]).T[..., None]
        return cls(
            names=names,
            is_count=np.array([isinstance(getattr(config, name)[0], int) for name in names]),
            default=default,
            limits=np.clip(middle + half * [-1.0, 1.0], low, high),
        )

    def to_units(self, values: np.ndarray) -> np.ndarray:
        """(D,) values of the settings as numbers from -1 to 1 over their prior ranges."""
        return np.asarray(2.0 * (values - self.limits[:, 0]) / np.diff(self.limits)[:, 0] - 1.0)

    def from_units(self, units: np.ndarray) -> np.ndarray:
        """(D,) values of the settings of numbers from -1 to 1; counts are rounded."""
        values = self.limits[:, 0] + (units + 1.0) / 2.0 * np.diff(self.limits)[:, 0]
        return np.where(self.is_count, np.rint(values), values)

    def as_ranges(self, low: np.ndarray, high: np.ndarray) -> Ranges:
        """Ranges of (D,) ends, as `ImagingConfig` takes them."""
        ends = zip(self.names, self.is_count, low.tolist(), high.tolist(), strict=True)
        return {name: (int(first), int(last)) if count else (first, last) for name, count, first, last in ends}
