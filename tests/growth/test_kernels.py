"""Each kernel equals itself run as plain Python; parts with a simple meaning equal a brute-force twin."""

import numpy as np
import pytest
from processes import json_printed_by

from octa_svr_dataset.growth.kernels.arrays import NONE, Nodes, counter_uniform
from octa_svr_dataset.growth.kernels.branching import main_axis
from octa_svr_dataset.growth.kernels.nodes import add_node, find_nearest_active

GROW_A_SMALL_FOREST = """
import json, sys
import numpy as np
from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea

config = GrowthConfig(
    capillary_bed="closed",
    superficial={"iterations": 8, "candidates_per_iteration": 400},
    deep={"iterations": 6, "candidates_per_iteration": 1200},
)
rng = np.random.default_rng(4)
with np.errstate(over="ignore"):
    graph = grow_forest(config, 1.5, draw_fovea(config, 1.5, rng), rng)
print(json.dumps({"parent": graph.parent.tolist(), "position": graph.position_mm.tolist(),
                  "radius": graph.radius_mm.tolist(), "layer": graph.layer.tolist(), "links": graph.links.tolist()}))
"""


@pytest.fixture(scope="module")
def compiled() -> dict:
    return json_printed_by(GROW_A_SMALL_FOREST)


def test_the_forest_of_plain_python_is_that_of_the_compiled_kernels(compiled):
    plain = json_printed_by(GROW_A_SMALL_FOREST, NUMBA_DISABLE_JIT="1")
    assert len(plain["parent"]) > 100
    assert len(plain["links"]) > 20
    for column in ("parent", "layer", "links"):
        assert plain[column] == compiled[column]
    np.testing.assert_allclose(plain["position"], compiled["position"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(plain["radius"], compiled["radius"], rtol=1e-12)


@pytest.mark.slow
def test_no_kernel_reads_or_writes_beyond_its_arrays(compiled, tmp_path):
    checked = json_printed_by(GROW_A_SMALL_FOREST, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))
    assert checked == compiled


def test_counter_draws_are_uniform_and_independent_of_their_neighbors():
    key = np.uint64(0x123456789ABCDEF)
    draws = np.array([counter_uniform(key, (3 << 32) + node) for node in range(20_000)])
    counts, _ = np.histogram(draws, bins=20, range=(0, 1))
    chi_square = ((counts - 1000) ** 2 / 1000).sum()
    assert chi_square < 43.8
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 0.03


def test_the_nearest_active_node_is_that_of_an_exhaustive_search():
    rng = np.random.default_rng(0)
    count, width = 400, 1.0
    nodes = Nodes(
        size=np.zeros(1, np.int64), position=np.empty((count, 3)), parent=np.empty(count, np.int32),
        child=np.empty((count, 2), np.int32), exponent=np.empty(count), power=np.empty(count),
        version=np.empty(count, np.int32), head=np.full((13, 13), NONE, np.int32), next=np.empty(count, np.int32),
    )  # fmt: skip
    for position in rng.uniform(-0.02, 1.02, (count, 3)) * [1, 1, 0.04]:
        add_node(nodes, width, NONE, *position, 2.55)
    nodes.child[rng.uniform(size=count) < 0.5, 1] = 0
    is_active = nodes.child[:, 1] == NONE
    for query in rng.uniform(0, 1, (300, 3)) * [1, 1, 0.04]:
        distance = np.where(is_active, np.linalg.norm(nodes.position - query, axis=1), np.inf)
        found, distance_sq = find_nearest_active(
            nodes.position, nodes.child, nodes.head, nodes.next, width / len(nodes.head), *query, 0.08
        )
        if distance.min() < 0.08:
            assert found == distance.argmin()
            assert distance_sq == pytest.approx(distance.min() ** 2)
        else:
            assert found == NONE


def test_the_main_axis_is_the_eigenvector_of_the_largest_eigenvalue():
    rng = np.random.default_rng(1)
    for _ in range(20):
        points = rng.standard_normal((12, 3)) * [1.0, 0.4, 0.2] @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
        covariance = np.cov(points.T)
        expected = np.linalg.eigh(covariance)[1][:, -1]
        assert abs(np.array(main_axis(covariance)) @ expected) == pytest.approx(1.0, abs=1e-6)
