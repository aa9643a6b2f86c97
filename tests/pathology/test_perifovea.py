import numpy as np
import pytest
from nets import blind_ends

from octa_svr_dataset.config import FovealLossConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.layers import avascular_zone
from octa_svr_dataset.pathology.net import Net
from octa_svr_dataset.pathology.outline import rim_mm
from octa_svr_dataset.pathology.perifovea import FovealLoss
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.vessel_graph import VesselGraph

SEEDS = range(8)
FOV = FieldOfView(width_mm=3.0, size_px=304)


@pytest.fixture(scope="module")
def healthy(dropout_ma) -> list[Scene]:
    return [grow_healthy_scene(dropout_ma, SceneKey(seed=s, split=Split.TRAIN, scene_index=3)) for s in SEEDS]


def draw(scene: Scene, severity: int = 4, seed: int = 0, **settings) -> FovealLoss:
    config = FovealLossConfig(**settings)
    return FovealLoss.draw(config, severity, scene.graph, scene.fovea, np.random.default_rng(seed))


def prune(loss: FovealLoss, graph: VesselGraph, spared_radius_mm: float) -> VesselGraph:
    net = Net.of(graph)
    return loss.widen(net.without(loss.lost(net, spared_radius_mm), spared_radius_mm), spared_radius_mm)


def area_mm2(scene: Scene, graph: VesselGraph) -> float:
    return FOV.area_mm2(float(avascular_zone(scene.fovea, graph, FOV).sum()))


def test_the_zone_never_shrinks_and_grows_with_the_depth(healthy):
    growth = []
    for depth_mm in (0.0, 0.1, 0.25):
        areas = [
            (
                area_mm2(s, s.graph),
                area_mm2(s, prune(draw(s, depth_mm=(depth_mm, depth_mm), loops=(0, 0)), s.graph, 0.01)),
            )
            for s in healthy
        ]
        assert all(after >= 0.97 * before for before, after in areas)
        growth.append(np.mean([after - before for before, after in areas]))
    assert growth[0] < 0.02
    assert growth[0] < growth[1] - 0.02 < growth[2] - 0.04


def test_the_limit_lies_beyond_the_healthy_rim_in_part_of_the_directions_only(healthy):
    for scene in healthy:
        receded_mm = draw(scene, sectors=(1, 2)).limit_mm - rim_mm(scene.graph, scene.fovea.position_mm)
        assert receded_mm.min() >= 0.0
        assert 0.03 < receded_mm.max() <= 0.20 + 1e-9
        assert np.mean(receded_mm < 0.01) > 0.1


def test_loops_of_the_old_rim_survive(healthy):
    for scene in healthy:
        rim = rim_mm(scene.graph, scene.fovea.position_mm)
        wide = {"sectors": (12, 12), "depth_mm": (0.2, 0.2)}
        assert np.all(draw(scene, **wide, loops=(0, 0)).limit_mm - rim > 0.02)
        assert np.any(draw(scene, **wide, loops=(2, 2)).limit_mm == rim)


def test_pruning_leaves_no_blind_ends_and_what_lies_farther_untouched(healthy):
    for scene in healthy:
        loss = draw(scene, dilation=(1.0, 1.0))
        left = prune(loss, scene.graph, 0.01)
        assert blind_ends(left, 0.01) <= blind_ends(scene.graph, 0.01)
        far = [np.linalg.norm(g.position_mm[:, :2] - loss.center_mm, axis=1) > loss.limit_mm.max() + 0.3
               for g in (scene.graph, left)]  # fmt: skip
        assert far[1].sum() >= 0.995 * far[0].sum()


def test_higher_severity_prunes_deeper(healthy):
    depths_mm = [[np.mean(draw(s, severity=v).limit_mm) for v in (1, 2, 3, 4)] for s in healthy]
    assert np.all(np.diff(depths_mm, axis=1) > 0)


def test_the_zone_of_the_picture_is_that_of_perifoveal_loss_alone():
    config = resolve_config("dr_staging", overrides={"pathology.foveal_loss.probability": [1, 1, 1, 1]})
    key = SceneKey(seed=2, split=Split.TRAIN, scene_index=0)
    healthy = grow_healthy_scene(config, key)
    scene = add_lesions(healthy, config.pathology, 4, key.rng(Stage.LESIONS))
    assert len(scene.graph) < len(scene.faz_graph) < len(scene.healthy_graph)
    only = prune(scene.lesions.foveal_loss, healthy.graph, config.pathology.foveal_loss.spared_radius_mm)
    np.testing.assert_array_equal(
        avascular_zone(scene.fovea, scene.faz_graph, FOV), avascular_zone(healthy.fovea, only, FOV)
    )
