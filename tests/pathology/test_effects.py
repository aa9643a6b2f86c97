import networkx as nx
import numpy as np
import pytest
from nets import blind_ends

from octa_svr_dataset.graph_files import to_networkx
from octa_svr_dataset.pathology.effects import capillary_loss, lost_in_dropout, widen_collaterals
from octa_svr_dataset.pathology.net import Net
from octa_svr_dataset.pathology.placement import draw_dropouts, strongest_dropout
from octa_svr_dataset.scene import Scene, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer, segment_lengths_mm

SEEDS = range(6)


@pytest.fixture(scope="module")
def healthy_scenes(dropout_ma) -> list[Scene]:
    return [grow_healthy_scene(dropout_ma, SceneKey(seed=s, split=Split.TRAIN, scene_index=0)) for s in SEEDS]


def lose_capillaries(graph: VesselGraph, dropouts, spared_radius_mm: float, rng: np.random.Generator) -> VesselGraph:
    net = Net.of(graph)
    left = net.without(lost_in_dropout(net, dropouts, spared_radius_mm, rng), spared_radius_mm)
    return widen_collaterals(left, dropouts, spared_radius_mm)


def lengths_inside(graph: VesselGraph, dropouts, is_chosen) -> float:
    is_inside = capillary_loss(graph, dropouts) > 0.99 * dropouts[0].strength
    return float(segment_lengths_mm(graph)[is_inside & is_chosen].sum())


def test_capillaries_are_lost_inside_and_larger_vessels_stay(healthy_scenes, dropout_ma):
    capillaries, larger = [], []
    for scene in healthy_scenes:
        rng = np.random.default_rng(0)
        config = dropout_ma.pathology.dropout.model_copy(update={"strength": (0.9, 0.97)})
        dropouts = strongest_dropout(config, 2, scene.graph, 3.0, scene.fovea, rng)
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
        dropouts = strongest_dropout(config, 2, scene.graph, 3.0, scene.fovea, np.random.default_rng(0))
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
        dropouts = strongest_dropout(config, 2, scene.graph, 3.0, scene.fovea, np.random.default_rng(0))
        left.append(len(lose_capillaries(scene.graph, dropouts, 0.01, np.random.default_rng(1))))
    assert left == sorted(left, reverse=True)
    assert len(set(left)) == 4


def test_little_is_lost_outside_the_areas(healthy_scenes, dropout_ma):
    """Only what would end blind at their border."""
    for scene in healthy_scenes:
        rng = np.random.default_rng(0)
        dropouts = strongest_dropout(dropout_ma.pathology.dropout, 2, scene.graph, 3.0, scene.fovea, rng)
        graph = lose_capillaries(scene.graph, dropouts, 0.01, rng)
        before, after = (segment_lengths_mm(g)[capillary_loss(g, dropouts) == 0].sum() for g in (scene.graph, graph))
        assert 0.98 * before < after <= before + 1e-9


def test_dropout_leaves_no_capillary_that_ends_blind(healthy_scenes, dropout_ma):
    for scene in healthy_scenes:
        rng = np.random.default_rng(1)
        dropouts = draw_dropouts(dropout_ma.pathology.dropout, 2, scene.graph, 3.0, scene.fovea, rng)
        graph = lose_capillaries(scene.graph, dropouts, 0.01, rng)
        assert blind_ends(graph, thinner_than_mm=0.01) <= blind_ends(scene.graph, thinner_than_mm=0.01)


def test_capillaries_widen_along_the_outline_and_nowhere_else(healthy_scenes, dropout_ma):
    scene = healthy_scenes[2]
    config = dropout_ma.pathology.dropout.model_copy(update={"dilation": (2.0, 2.0)})
    dropouts = strongest_dropout(config, 2, scene.graph, 3.0, scene.fovea, np.random.default_rng(0))
    graph = lose_capillaries(scene.graph, dropouts, 0.01, np.random.default_rng(1))
    before_mm = dict(zip(map(tuple, scene.graph.position_mm), scene.graph.radius_mm, strict=True))
    healthy_mm = np.array([before_mm[tuple(position)] for position in graph.position_mm])
    factor = graph.radius_mm / healthy_mm
    level = dropouts[0].level(graph.position_mm[:, 0], graph.position_mm[:, 1])
    is_thin = (healthy_mm < 0.006) & (graph.layer == VesselLayer.SUPERFICIAL)
    assert factor[is_thin & (np.abs(level - 1) < 0.03)].mean() > 1.5
    np.testing.assert_allclose(factor[(level > 1.5) | (healthy_mm >= 0.010)], 1.0)
