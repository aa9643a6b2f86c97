import networkx as nx
import numpy as np
import pytest

from octa_svr_dataset.graph_files import to_networkx
from octa_svr_dataset.pathology.effects import capillary_loss, lose_capillaries
from octa_svr_dataset.pathology.kernels import number_branches
from octa_svr_dataset.pathology.placement import strongest_dropout
from octa_svr_dataset.scene import Scene, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.vessel_graph import VesselGraph, segment_lengths_mm

SEEDS = range(6)


@pytest.fixture(scope="module")
def healthy_scenes(dropout_ma) -> list[Scene]:
    return [grow_healthy_scene(dropout_ma, SceneKey(seed=s, split=Split.TRAIN, scene_index=0)) for s in SEEDS]


def lengths_inside(graph: VesselGraph, dropouts, is_chosen) -> float:
    is_inside = capillary_loss(graph, dropouts) > 0.99 * dropouts[0].strength
    return float(segment_lengths_mm(graph)[is_inside & is_chosen].sum())


def test_capillaries_are_lost_inside_and_larger_vessels_stay(healthy_scenes, dropout_ma):
    capillaries, larger = [], []
    for scene in healthy_scenes:
        rng = np.random.default_rng(0)
        config = dropout_ma.pathology.dropout
        dropouts = strongest_dropout(config, 3.0, scene.fovea, rng)
        graph = lose_capillaries(scene.graph, dropouts, config.spared_radius_mm, rng)
        capillaries.append(
            lengths_inside(graph, dropouts, graph.radius_mm < 0.006)
            / lengths_inside(scene.graph, dropouts, scene.graph.radius_mm < 0.006)
        )
        larger.append(
            lengths_inside(graph, dropouts, graph.radius_mm >= 0.010)
            - lengths_inside(scene.graph, dropouts, scene.graph.radius_mm >= 0.010)
        )
    assert max(capillaries) <= 0.25
    np.testing.assert_allclose(larger, 0.0, atol=1e-9)


def test_what_is_left_hangs_on_the_root_of_a_tree(healthy_scenes, dropout_ma):
    for scene in healthy_scenes[:3]:
        config = dropout_ma.pathology.dropout
        dropouts = strongest_dropout(config, 3.0, scene.fovea, np.random.default_rng(0))
        graph = lose_capillaries(scene.graph, dropouts, config.spared_radius_mm, np.random.default_rng(1))
        roots_mm = {tuple(position) for position in scene.graph.position_mm[scene.graph.parent < 0]}
        whole = to_networkx(graph).to_undirected()
        for part in nx.connected_components(whole):
            assert any(tuple(graph.position_mm[node]) in roots_mm for node in part)


def test_the_loss_grows_with_the_strength(healthy_scenes, dropout_ma):
    scene = healthy_scenes[0]
    left = []
    for strength in (0.2, 0.5, 0.8, 1.0):
        config = dropout_ma.pathology.dropout.model_copy(update={"strength": (strength, strength)})
        dropouts = strongest_dropout(config, 3.0, scene.fovea, np.random.default_rng(0))
        left.append(len(lose_capillaries(scene.graph, dropouts, 0.01, np.random.default_rng(1))))
    assert left == sorted(left, reverse=True)
    assert len(set(left)) == 4


def test_vessels_outside_the_areas_are_untouched(healthy_scenes, dropout_ma):
    scene = healthy_scenes[1]
    dropouts = strongest_dropout(dropout_ma.pathology.dropout, 3.0, scene.fovea, np.random.default_rng(0))
    graph = lose_capillaries(scene.graph, dropouts, 0.01, np.random.default_rng(1))
    outside = [segment_lengths_mm(g)[capillary_loss(g, dropouts) == 0].sum() for g in (scene.graph, graph)]
    assert outside[1] == pytest.approx(outside[0])


def test_a_branch_goes_on_until_its_vessel_splits():
    parent = np.array([-1, 0, 1, 2, 2, 3, -1, 6], np.int32)
    num_children = np.bincount(parent[parent >= 0], minlength=len(parent))
    branch = number_branches(parent, num_children)
    assert branch[1] == branch[2]
    assert branch[3] == branch[5]
    assert len({branch[2], branch[3], branch[4], branch[7]}) == 4
    np.testing.assert_array_equal(branch, number_branches.py_func(parent, num_children))
