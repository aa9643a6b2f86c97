import numpy as np
import pytest
from nets import blind_ends

from octa_svr_dataset.config import DispersedLossConfig
from octa_svr_dataset.pathology.dispersed import LONGEST, VESSEL_CLEARANCE_MM, DispersedLoss
from octa_svr_dataset.pathology.gap_kernels import paint_gaps
from octa_svr_dataset.pathology.net import Net
from octa_svr_dataset.pathology.outline import along_outline, rim_mm
from octa_svr_dataset.scene import Scene, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer, segment_lengths_mm

SEEDS = range(6)
SPARED_MM = 0.01


@pytest.fixture(scope="module")
def healthy(dropout_ma) -> list[Scene]:
    return [grow_healthy_scene(dropout_ma, SceneKey(seed=s, split=Split.TRAIN, scene_index=2)) for s in SEEDS]


def draw(scene: Scene, seed: int = 0, severity: int = 3, **settings) -> DispersedLoss:
    config = DispersedLossConfig(**settings)
    return DispersedLoss.draw(config, severity, scene.graph, 3.0, scene.fovea, np.random.default_rng(seed))


def lose(scene: Scene, seed: int = 0, severity: int = 3, **settings):
    loss, net = draw(scene, seed, severity, **settings), Net.of(scene.graph)
    left = net.without(loss.lost(net, SPARED_MM, np.random.default_rng(seed)), SPARED_MM)
    return loss.widen(left, SPARED_MM)


def share_lost(scene: Scene, left: VesselGraph, layer: VesselLayer | None = None) -> float:
    """Share of the length of the capillaries, in one layer or in both; none of them is widened."""
    healthy_mm, left_mm = (
        segment_lengths_mm(g)[(g.radius_mm < SPARED_MM) & ((g.layer == layer) | (layer is None))].sum()
        for g in (scene.graph, left)
    )
    return float(1.0 - left_mm / healthy_mm)


def area_mm2(loss: DispersedLoss) -> float:
    """Area that gaps take in a map of its own."""
    covered = np.zeros((640, 640), dtype=bool)
    paint_gaps(loss.path_mm + 0.1, loss.half_width_mm, 0.005, covered)
    return covered.sum() * 0.005**2


def fixed(share: float) -> dict[str, tuple[float, ...]]:
    return {"least_area_share": (share,) * 4, "most_area_share": (share,) * 4}


def test_no_new_blind_end_is_left_and_no_larger_vessel_lost(healthy):
    for scene in healthy:
        left = lose(scene, severity=4)
        assert blind_ends(left, SPARED_MM) <= blind_ends(scene.graph, SPARED_MM)
        larger = [np.sum(graph.radius_mm >= SPARED_MM) for graph in (scene.graph, left)]
        assert larger[0] == larger[1]


def test_more_is_lost_in_eyes_of_higher_severity(healthy):
    even = {"dilation": (1.0, 1.0)}
    lost = np.mean([[share_lost(s, lose(s, severity=v, **even)) for v in (1, 2, 3, 4)] for s in healthy], axis=0)
    assert np.all(np.diff(lost) > 0)
    assert 0.01 < lost[0] < 0.08
    assert 0.15 < lost[3] < 0.5


@pytest.mark.parametrize("share", [0.05, 0.15, 0.25])
def test_gaps_take_the_share_of_the_area_that_is_set(healthy, share):
    for scene in healthy:
        loss = draw(scene, **fixed(share))
        assert area_mm2(loss) / 3.2**2 == pytest.approx(share, abs=0.01)


def test_gaps_of_the_deep_layer_leave_the_superficial_one_as_it_was(healthy):
    left = lose(healthy[0], coincidence=0.0, deep_share=1.0, dilation=(1.0, 1.0), **fixed(0.2))
    assert share_lost(healthy[0], left, VesselLayer.SUPERFICIAL) < 0.03  # what loses its supply
    assert 0.1 < share_lost(healthy[0], left, VesselLayer.DEEP) < 0.5


def test_gaps_coincide_in_both_layers_as_often_as_set(healthy):
    for coincidence in (0.0, 0.5, 1.0):
        is_in_layer = np.concatenate([draw(s, coincidence=coincidence).is_in_layer for s in healthy], axis=1)
        assert is_in_layer.any(axis=0).all()
        assert is_in_layer.all(axis=0).mean() == pytest.approx(coincidence, abs=0.08)


def test_gaps_have_the_widths_that_are_set(healthy):
    for scene in healthy:
        loss = draw(scene, gap_width_mm=(0.1, 0.2))
        width_mm = 2 * loss.half_width_mm
        assert np.all((width_mm >= 0.1 - 1e-9) & (width_mm <= 0.2 + 1e-9))
        assert loss.num_gaps == len(width_mm) > 30


def test_gaps_are_longer_than_wide_and_the_ends_of_some_come_close_to_another(healthy):
    for scene in healthy[:3]:
        loss = draw(scene, severity=4)
        length_mm = np.linalg.norm(np.diff(loss.path_mm, axis=1), axis=2).sum(axis=1) + 2 * loss.half_width_mm
        assert 1.5 < np.median(length_mm / (2 * loss.half_width_mm)) < LONGEST
        apart_mm = np.linalg.norm(loss.path_mm[:, None, :, None] - loss.path_mm[None, :, None, :], axis=4).min(
            axis=(2, 3)
        )
        apart_mm -= loss.half_width_mm[:, None] + loss.half_width_mm
        assert 5 < np.sum(np.triu(apart_mm < 0.01, k=1)) < loss.num_gaps


def test_no_gap_opens_the_avascular_zone(healthy):
    for scene in healthy:
        loss = draw(scene, severity=4, foveal_excess=5.0)
        x_mm, y_mm = (loss.path_mm - scene.fovea.position_mm).transpose(2, 0, 1)
        rim = along_outline(rim_mm(scene.graph, scene.fovea.position_mm), np.arctan2(y_mm, x_mm))
        assert np.all((np.hypot(x_mm, y_mm) - rim).min(axis=1) > loss.half_width_mm)


def test_gaps_are_denser_near_the_fovea_if_asked_for(healthy):
    def share_near(foveal_excess: float) -> float:
        losses = [draw(s, seed, patchiness=0.0, foveal_excess=foveal_excess, **fixed(0.05)) for s in healthy
                  for seed in range(4)]  # fmt: skip
        distances_mm = np.concatenate([
            np.linalg.norm(loss.path_mm[:, 2] - scene.fovea.position_mm, axis=1)
            for loss, scene in zip(losses, np.repeat(healthy, 4), strict=True)
        ])  # fmt: skip
        return float(np.mean(distances_mm < 0.9))

    assert share_near(3.0) > 1.3 * share_near(0.0)


def test_gaps_avoid_larger_vessels_if_asked_for(healthy):
    def share_on_vessels(avoidance: float) -> float:
        count = 0
        for scene in healthy:
            graph = scene.graph
            large_mm = graph.position_mm[graph.radius_mm >= SPARED_MM, :2]
            loss = draw(scene, vessel_avoidance=avoidance, patchiness=0.0, **fixed(0.05))
            place_mm = loss.path_mm.reshape(-1, 1, 2)
            count += np.sum(np.linalg.norm(place_mm - large_mm, axis=2).min(axis=1) < VESSEL_CLEARANCE_MM - 0.015)
        return count

    assert share_on_vessels(1.0) == 0
    assert share_on_vessels(0.0) > 10


def test_survivors_are_wider_by_the_factor_that_is_set(healthy):
    left = lose(healthy[1], dilation=(1.25, 1.25))
    assert left.radius_mm.min() == pytest.approx(1.25 * healthy[1].graph.radius_mm.min())


def test_least_and_most_shares_must_be_in_order():
    with pytest.raises(ValueError, match=r"least_area_share \(0\.2\) must not be above .* at severity 2"):
        DispersedLossConfig(least_area_share=(0.0, 0.2, 0.0, 0.0), most_area_share=(0.1, 0.1, 0.1, 0.1))
