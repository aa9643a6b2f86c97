"""Each kernel equals itself run as plain Python; parts with a simple meaning equal a brute-force twin."""

import numpy as np
import pytest
from processes import json_printed_by

from octa_svr_dataset.growth.kernels.arrays import NONE, PROBES, Nodes, Rules, Sinks, Tissue, counter_uniform
from octa_svr_dataset.growth.kernels.branching import main_axis
from octa_svr_dataset.growth.kernels.candidates import place_sinks
from octa_svr_dataset.growth.kernels.nodes import add_node, find_nearest_active, leave, oxygen_reach
from octa_svr_dataset.growth.kernels.sinks import remove_sink, sort_sinks

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
    assert len(plain["parent"]) > 60
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


def empty_nodes(count: int) -> Nodes:
    return Nodes(
        size=np.zeros(1, np.int64), position=np.empty((count, 3)), parent=np.empty(count, np.int32),
        child=np.empty((count, 2), np.int32), exponent=np.empty(count), power=np.empty(count),
        most_reach_sq=np.empty(count), version=np.empty(count, np.int32),
        head=np.full((13, 13), NONE, np.int32), next=np.empty(count, np.int32),
        active_head=np.full((7, 7), NONE, np.int32), next_active=np.empty(count, np.int32),
    )  # fmt: skip


def empty_sinks(count: int, num_cells: int) -> Sinks:
    return Sinks(
        size=np.array([0, 0, 1]), position=np.full((count + PROBES, 3), np.nan), nearest=np.empty(count, np.int32),
        nearest_sq=np.empty(count), seen_version=np.empty(count, np.int32),
        start=np.zeros(num_cells**2 + 1, np.int32), head=np.full(num_cells**2, NONE, np.int32),
        next=np.empty(count, np.int32),
    )  # fmt: skip


def test_the_nearest_active_node_is_that_of_an_exhaustive_search():
    rng = np.random.default_rng(0)
    count, width = 400, 1.0
    nodes = empty_nodes(count)
    for position in rng.uniform(-0.02, 1.02, (count, 3)) * [1, 1, 0.04]:
        add_node(nodes, width, NONE, *position, 2.55)
    for node in np.flatnonzero(rng.uniform(size=count) < 0.5):
        nodes.child[node] = 0
        leave(nodes.active_head, nodes.next_active, nodes.position, width, node)
    is_active = nodes.child[:, 1] == NONE
    for query in rng.uniform(0, 1, (300, 3)) * [1, 1, 0.04]:
        distance = np.where(is_active, np.linalg.norm(nodes.position - query, axis=1), np.inf)
        found, distance_sq = find_nearest_active(
            nodes.position, nodes.active_head, nodes.next_active, width / len(nodes.active_head), *query, 0.08
        )
        if distance.min() < 0.08:
            assert found == distance.argmin()
            assert distance_sq == pytest.approx(distance.min() ** 2)
        else:
            assert found == NONE


def placed_one_by_one(living, arteries: Nodes, tissue: Tissue, rules: Rules, key: np.uint64) -> np.ndarray:
    """Sinks after an iteration's candidates have been compared with all sinks and all arteries, one after the other."""
    voxel, radii = tissue.width / tissue.num_voxels, arteries.power ** (1 / arteries.exponent) * tissue.terminal_radius
    reach = np.minimum([oxygen_reach(radius) for radius in radii], max(rules.artery_distance, rules.satisfaction))
    hole = np.floor(np.array([tissue.fovea_x, tissue.fovea_y]) / voxel + 0.5)
    living, counter = list(living), rules.iteration << 32
    for _ in range(rules.num_candidates):
        is_in_hole = True
        while is_in_hole:
            place = np.array([counter_uniform(key, counter), counter_uniform(key, counter + 1)]) * tissue.width
            is_in_hole = ((np.floor(place / voxel) - hole) ** 2).sum() <= tissue.hole_radius_voxels**2
            counter += 2
        candidate = np.append(place, counter_uniform(key, counter) * tissue.voxel_depth)
        counter += 1
        is_crowded = any(np.linalg.norm(np.reshape(living, (-1, 3)) - candidate, axis=1) < rules.spacing)
        is_oxygenated = any(np.linalg.norm(arteries.position - candidate, axis=1) <= reach)
        if candidate[2] < tissue.depth and not is_crowded and not is_oxygenated:
            living.append(candidate)
    return np.array(living)


def test_sinks_are_placed_where_an_exhaustive_search_places_them():
    rng = np.random.default_rng(2)
    tissue = Tissue(1.0, 0.05, 0.08, 25, 0.45, 0.52, 0.3, 4.0, 1.0, 0.0025)
    arteries, sinks, spare = empty_nodes(150), empty_sinks(2000, 40), empty_sinks(2000, 40)
    for position in rng.uniform(-0.01, 1.01, (150, 3)) * [1, 1, 0.05]:
        add_node(arteries, tissue.width, NONE, *position, 2.9)
    arteries.power[:] = np.where(rng.uniform(size=150) < 0.5, 1.0, rng.uniform(1.0, 40.0, 150))
    key, candidates = np.uint64(0xFEDCBA987654321), np.empty((64, 3))
    for iteration, (spacing, is_sorted) in enumerate([(0.09, True), (0.08, False), (0.05, True), (0.045, True)]):
        rules = Rules(iteration, 500, 0.09, spacing, spacing, 0.1, 0.5, 0.1, 0.3, 2.55, 0.04, 0.0)
        if is_sorted:
            sort_sinks(sinks, spare, tissue.width, int(tissue.width / spacing))
            sinks, spare = spare, sinks
        expected = placed_one_by_one(sinks.position[: sinks.size[0]], arteries, tissue, rules, key)
        place_sinks(sinks, arteries, tissue, rules, key, candidates)
        assert sinks.size[0] == len(expected)
        np.testing.assert_allclose(sinks.position[: len(expected)], expected, rtol=1e-12)
        for sink in rng.choice(len(expected), len(expected) // 5, replace=False):
            remove_sink(sinks, sink)
    assert len(expected) > 100


def test_the_main_axis_is_the_eigenvector_of_the_largest_eigenvalue():
    rng = np.random.default_rng(1)
    for _ in range(20):
        points = rng.standard_normal((12, 3)) * [1.0, 0.4, 0.2] @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
        covariance = np.cov(points.T)
        expected = np.linalg.eigh(covariance)[1][:, -1]
        assert abs(np.array(main_axis(*covariance[np.triu_indices(3)])) @ expected) == pytest.approx(1.0, abs=1e-6)
