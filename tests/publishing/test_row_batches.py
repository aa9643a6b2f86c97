import numpy as np
import pyarrow as pa
import pytest

from octa_svr_dataset.builder import row_features
from octa_svr_dataset.publishing.digests import RowDigests
from octa_svr_dataset.publishing.row_batches import row_batch

SCHEMA = pa.schema([("id", pa.string()), row_features(False, True).arrow_schema.field("graph")])


def rows_of_graph(num_nodes: int, num_links: int, rng: np.random.Generator):
    """The same row twice: its graph as arrays, and as lists."""
    graph = {
        "position_mm": rng.random((num_nodes, 3)),
        "parent": rng.integers(-1, 9, num_nodes, dtype=np.int32),
        "radius_mm": rng.random(num_nodes),
        "kind": rng.integers(0, 3, num_nodes, dtype=np.uint8),
        "layer": rng.integers(0, 2, num_nodes, dtype=np.uint8),
        "links": rng.integers(0, 9, (num_links, 2), dtype=np.int32),
    }
    return {"id": "a", "graph": graph}, {"id": "a", "graph": {name: array.tolist() for name, array in graph.items()}}


def digest(row) -> str:
    digests = RowDigests()
    digests.add(row)
    return digests.texts_sha256


@pytest.mark.parametrize(("num_nodes", "num_links"), [(40, 7), (1, 1), (5, 0), (0, 0)])
def test_arrays_are_stored_and_hashed_as_their_lists(num_nodes, num_links):
    arrays, lists = rows_of_graph(num_nodes, num_links, np.random.default_rng(num_nodes))
    batch = row_batch(arrays, SCHEMA)
    assert batch.equals(pa.RecordBatch.from_pylist([lists], SCHEMA))
    assert batch.to_pylist() == [lists]
    batch.validate(full=True)
    assert digest(arrays) == digest(lists)


def test_one_number_that_differs_is_another_hash():
    arrays, lists = rows_of_graph(5, 2, np.random.default_rng(3))
    lists["graph"]["links"][1][0] += 1
    assert digest(arrays) != digest(lists)


def test_a_missing_column_is_not_made_up():
    arrays, _ = rows_of_graph(5, 2, np.random.default_rng(3))
    del arrays["graph"]["radius_mm"]
    with pytest.raises(KeyError, match="radius_mm"):
        row_batch(arrays, SCHEMA)
