"""The forests against the 500 published ones (Kreitner et al. 2024); bounds of this first version: 10 %."""

import json

import numpy as np
import pytest

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.growth.forest import draw_fovea, grow_forest
from octa_svr_dataset.vessel_graph import segment_lengths_mm

NUM_FORESTS = 40
RING_EDGES_MM = np.linspace(0.0, 1.5, 11)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(reference) -> dict:
    return json.loads((reference / "vessel_graph_statistics.json").read_text())


@pytest.fixture(scope="module")
def grown() -> dict[str, np.ndarray]:
    rows: dict[str, list] = {"edges": [], "length_mm": [], "leaves": [], "bifurcations": [], "rings": [], "radius": []}
    config = GrowthConfig()
    for seed in range(NUM_FORESTS):
        rng = np.random.default_rng(seed)
        graph = grow_forest(config, 3.0, draw_fovea(config, 3.0, rng), rng)
        segments, lengths_mm = graph.segments, segment_lengths_mm(graph)
        middle_mm = (graph.position_mm[segments] + graph.position_mm[graph.parent[segments]])[:, :2] / 2
        distance_mm = np.linalg.norm(middle_mm - 1.5, axis=1)
        rings, _ = np.histogram(distance_mm, RING_EDGES_MM, weights=lengths_mm[segments])
        rows["edges"].append(len(segments))
        rows["length_mm"].append(lengths_mm.sum())
        rows["leaves"].append((graph.num_children() == 0).sum())
        rows["bifurcations"].append((graph.num_children() == 2).sum())
        rows["rings"].append(rings / (np.pi * np.diff(RING_EDGES_MM**2)))
        rows["radius"].append(np.quantile(graph.radius_mm[segments] * 1000, [0.75, 0.95, 0.99]))
    return {name: np.array(row) for name, row in rows.items()}


@pytest.mark.parametrize("quantity", ["edges", "length_mm", "leaves", "bifurcations"])
def test_the_forests_are_as_large_as_the_published_ones(quantity, grown, published):
    print(f"{quantity}: grown {grown[quantity].mean():.1f} +- {grown[quantity].std():.1f}, {published[quantity]}")
    assert grown[quantity].mean() == pytest.approx(published[quantity]["mean"], rel=0.1)


def test_vessels_lie_as_densely_around_the_fovea_as_the_published_ones(grown, published):
    expected = np.array(published["length_density_mm_per_mm2_by_ring"]["mean"])
    np.testing.assert_allclose(grown["rings"].mean(axis=0)[3:], expected[3:], rtol=0.1)


def test_calibres_are_those_of_the_published_forests(grown, published):
    np.testing.assert_allclose(grown["radius"].mean(axis=0), published["radius_um_q"]["mean"][4:7], rtol=0.1)
