"""The rows of a run: which source and row comes at which place, as a table that costs nothing to shuffle or to skip.

A table of numbers is what samplers shuffle, ranks and workers share out, and a resumed run skips; a row is read, or
synthesized, only when a worker asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from datasets import Dataset, Features, Value, interleave_datasets

from octa_svr_dataset.finetuning.sources import TRAINED_COLUMNS, Rows

Check = Callable[[Mapping[str, Any]], None]
"""Refuses a row by an `InputError`."""


class RowReader:
    """Turns places in sources into rows; the transform of a table."""

    def __init__(self, sources: Sequence[Rows], check: Check | None = None) -> None:
        """Read from some sources; `check` looks at every row as it comes."""
        self.sources = sources
        self.check = check

    def __call__(self, places: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        """Rows at (N,) places, `source` and `row`, as columns."""
        rows = [self.sources[source][row] for source, row in zip(places["source"], places["row"], strict=True)]
        if self.check is not None:
            for row in rows:
                self.check(row)
        return {name: [row[name] for row in rows] for name in TRAINED_COLUMNS}


def make_table(sources: Sequence[Rows], weights: Sequence[float], *, seed: int, check: Check | None = None) -> Dataset:
    """Rows of some sources, mixed by their weights until the first of them ends; none comes twice.

    Parameters
    ----------
    sources
        At least one.
    weights
        Expected shares of the sources, relative to each other.
    seed
        Of the order in which the sources take turns.
    check
        Looks at every row as it is read.
    """
    features = Features({"source": Value("int32"), "row": Value("int64")})
    tables = [
        Dataset.from_dict({"source": np.full(len(rows), number), "row": np.arange(len(rows))}, features=features)
        for number, rows in enumerate(sources)
    ]
    shares = [weight / sum(weights) for weight in weights]
    mixed = tables[0] if len(tables) == 1 else interleave_datasets(tables, probabilities=shares, seed=seed)
    return mixed.with_transform(RowReader(sources, check))
