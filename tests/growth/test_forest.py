import numpy as np
import pytest
from processes import json_printed_by

from octa_svr_dataset.config import GrowthConfig, PlexusGrowthConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import Fovea, draw_fovea
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, VesselLayer, segment_lengths_mm

PUBLISHED = GrowthConfig()


def grow(seed: int, config: GrowthConfig = PUBLISHED, field_width_mm: float = 3.0) -> tuple[Fovea, VesselGraph]:
    rng = np.random.default_rng(seed)
    fovea = draw_fovea(config, field_width_mm, rng)
    return fovea, grow_forest(config, field_width_mm, fovea, rng)


@pytest.fixture(scope="module", params=range(3))
def grown(request) -> tuple[Fovea, VesselGraph]:
    return grow(request.param)


def test_children_come_after_their_parents(grown):
    _, graph = grown
    assert np.all(graph.parent < np.arange(len(graph)))


def test_radii_never_grow_downstream(grown):
    _, graph = grown
    segments = graph.segments
    assert np.all(graph.radius_mm[segments] <= graph.radius_mm[graph.parent[segments]] + 1e-12)


def test_blood_never_changes_between_arteries_and_veins(grown):
    _, graph = grown
    segments = graph.segments
    np.testing.assert_array_equal(graph.kind[segments], graph.kind[graph.parent[segments]])


def test_deep_vessels_feed_no_superficial_ones(grown):
    _, graph = grown
    segments = graph.segments
    assert np.all(graph.layer[graph.parent[segments]] <= graph.layer[segments])
    assert {VesselLayer.SUPERFICIAL, VesselLayer.DEEP} == set(graph.layer)


def test_no_node_has_more_than_two_children(grown):
    _, graph = grown
    assert graph.num_children().max() == 2


def test_every_tree_has_a_stump_and_both_kinds_have_as_many_trees(grown):
    _, graph = grown
    roots = np.flatnonzero(graph.parent < 0)
    assert [int((graph.kind[roots] == kind).sum()) for kind in VesselKind] == [8, 8]
    lengths_mm = segment_lengths_mm(graph)
    stumps = np.flatnonzero(np.isin(graph.parent, roots))
    np.testing.assert_allclose(lengths_mm[stumps], PUBLISHED.stump_length_mm)


def test_segments_are_no_shorter_than_the_least_step(grown):
    _, graph = grown
    lengths_mm = segment_lengths_mm(graph)[graph.segments]
    assert lengths_mm.min() >= PUBLISHED.deep.least_step_mm - 1e-9


def test_the_fovea_stays_free_of_vessels(grown):
    fovea, graph = grown
    distance_mm = np.linalg.norm(graph.position_mm[:, :2] - fovea.position_mm, axis=1)
    assert distance_mm.min() > 0.1


def test_the_rules_move_along_with_the_fovea():
    config = GrowthConfig(fovea_offset_mm=0.45)
    for seed in range(4):
        fovea, graph = grow(seed, config)
        distance_mm = np.linalg.norm(graph.position_mm[:, :2] - fovea.position_mm, axis=1)
        assert distance_mm.min() > 0.1
        assert np.linalg.norm(fovea.position_mm - 1.5) <= 0.45


def test_the_same_stream_grows_the_same_forest():
    first, second = grow(5)[1], grow(5)[1]
    np.testing.assert_array_equal(first.position_mm, second.position_mm)
    np.testing.assert_array_equal(first.radius_mm, second.radius_mm)


def test_another_stream_grows_another_forest():
    assert len(grow(5)[1]) != len(grow(6)[1])


def test_a_wider_field_has_the_same_even_density():
    density = {}
    for width_mm in (3.0, 6.0):
        cells = []
        for seed in range(3):
            fovea, graph = grow(seed, field_width_mm=width_mm)
            counts, *edges_mm = np.histogram2d(
                *graph.position_mm[:, :2].T, bins=int(width_mm / 0.5), range=[[0, width_mm]] * 2,
                weights=segment_lengths_mm(graph),
            )  # fmt: skip
            centers_mm = np.stack(np.meshgrid(*[edge[:-1] + 0.25 for edge in edges_mm], indexing="ij"), axis=-1)
            cells.append(counts[np.linalg.norm(centers_mm - fovea.position_mm, axis=-1) > 0.9])
        density[width_mm] = np.mean([cell.mean() for cell in cells])
        assert min(cell.min() / cell.mean() for cell in cells) > 0.65
    assert density[6.0] == pytest.approx(density[3.0], rel=0.03)


def test_a_plexus_without_iterations_leaves_the_stumps():
    nothing = PlexusGrowthConfig(iterations=0)
    _, graph = grow(1, GrowthConfig(superficial=nothing, deep=nothing))
    assert len(graph) == 32


@pytest.mark.parametrize(
    ("plexus", "change"),
    [
        ("superficial", {"iterations": 400}),
        ("superficial", {"sink_spacing_mm": 0.005}),
        ("superficial", {"satisfaction_distance_mm": 1.0}),
        ("superficial", {"tissue_growth_rate": 1.0}),
        ("deep", {"iterations": 400}),
        ("deep", {"satisfaction_distance_mm": 1.0}),
        ("deep", {"tissue_growth_rate": 1.0}),
    ],
)
def test_settings_at_their_limits_outgrow_no_work_array(plexus, change):
    config = PUBLISHED.model_copy(update={plexus: getattr(PUBLISHED, plexus).model_copy(update=change)})
    assert len(grow(1, config, field_width_mm=1.5)[1]) > 32


def test_a_forest_that_outgrows_its_work_arrays_is_the_one_that_larger_ones_hold(monkeypatch):
    expected = grow(2)[1]
    monkeypatch.setattr("octa_svr_dataset.growth.forest.NODES_PER_MM2", 300)
    again = grow(2)[1]
    np.testing.assert_array_equal(again.position_mm, expected.position_mm)
    np.testing.assert_array_equal(again.parent, expected.parent)


OUTGROW_THE_ARRAYS = """
import json
import numpy as np
from numba.core.runtime import rtsys
from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.growth import forest
from octa_svr_dataset.growth.fovea import draw_fovea

forest.NODES_PER_MM2 = 300
config, held = GrowthConfig(), []
for _ in range(4):
    rng = np.random.default_rng(2)
    forest.grow_forest(config, 3.0, draw_fovea(config, 3.0, rng), rng)
    stats = rtsys.get_allocation_stats()
    held.append(stats.mi_alloc - stats.mi_free)
print(json.dumps(held))
"""


def test_growing_again_in_larger_arrays_leaks_none():
    held = json_printed_by(OUTGROW_THE_ARRAYS, NUMBA_NRT_STATS="1")
    assert len(set(held[1:])) == 1


def test_more_than_can_be_held_is_refused_by_name(monkeypatch):
    monkeypatch.setattr("octa_svr_dataset.growth.forest.ROOMS", (1,))
    monkeypatch.setattr("octa_svr_dataset.growth.forest.NODES_PER_MM2", 300)
    with pytest.raises(InputError, match="growth: these settings grow more than"):
        grow(2)
