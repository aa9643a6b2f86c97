"""A row as a batch of Arrow, the arrays of its graph without a Python object for each number."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa


def row_batch(row: Mapping[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """One row; what is a mapping of arrays in it gives the same columns as their lists would.

    Parameters
    ----------
    row
        Plain values; `graph`, if there is one, may hold (N,) and (N, K) arrays.
    schema
        Columns.
    """
    columns = [_column(row[field.name], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(value: Any, kind: pa.DataType) -> pa.Array:
    """(1,) array of a value."""
    if isinstance(value, Mapping) and all(isinstance(inner, np.ndarray) for inner in value.values()):
        return pa.StructArray.from_arrays([_lists(value[field.name], field.type) for field in kind], fields=list(kind))
    return pa.array([value], kind)


def _lists(numbers: np.ndarray, kind: pa.DataType) -> pa.Array:
    """(1,) array whose element is the list, or the list of lists, of some numbers."""
    values = pa.array(numbers.ravel())
    if numbers.ndim == 2:
        starts = np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(numbers.shape[1])
        values = pa.ListArray.from_arrays(pa.array(starts), values, type=kind.value_type)
    return pa.ListArray.from_arrays(pa.array([0, len(numbers)], pa.int32()), values, type=kind)
