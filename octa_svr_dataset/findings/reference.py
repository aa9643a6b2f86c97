"""What the pictures of generated healthy eyes measure: the yardstick of words that no clinical cut-off defines."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Self

import yaml

from octa_svr_dataset.resolve import WIDE_FIELD_MM

FILE = "healthy_ranges.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthyRanges:
    """Percentiles of each measure in pictures of healthy eyes of one projection and width of field."""

    percentiles: dict[str, dict[int, float]]
    """By measure and percentile."""

    @classmethod
    def of(cls, projection: str, width_mm: float) -> Self:
        """Those of the pictures that one is to be compared with."""
        width = "6mm" if width_mm >= WIDE_FIELD_MM else "3mm"
        return cls(percentiles=_tables()[f"{projection}_{width}"])

    def is_above(self, name: str, percentile: int, value: float | None) -> bool:
        """Whether a measure exceeds a percentile; one that the pictures of such eyes do not show never does."""
        return value is not None and name in self.percentiles and value > self.percentiles[name][percentile]

    def is_below(self, name: str, percentile: int, value: float | None) -> bool:
        """Whether a measure lies below a percentile; one that the pictures of such eyes do not show never does."""
        return value is not None and name in self.percentiles and value < self.percentiles[name][percentile]


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, dict[int, float]]]:
    text = files("octa_svr_dataset.findings").joinpath(FILE).read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
