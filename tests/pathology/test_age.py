import numpy as np
import pytest
from nets import blind_ends

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.example import make_example
from octa_svr_dataset.pathology.age import SPARED_RADIUS_MM
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

SEEDS = range(12)
SHARES = (0.03, 0.10)


def key_of(seed: int) -> SceneKey:
    return SceneKey(seed=seed, split=Split.TRAIN, scene_index=0)


def with_loss(*share: float) -> SceneConfig:
    return resolve_config("dr_staging", overrides={"growth.age_loss": list(share)})


def capillary_length_mm(graph: VesselGraph, part: np.ndarray | None = None) -> float:
    """Length of the capillaries, mm; of those whose middle lies in a rectangle (low, high), mm, if one is given."""
    from_mm, to_mm = (graph.position_mm[ends] for ends in graph.edges.T)
    is_counted = graph.radius_mm[graph.edges[:, 1]] < SPARED_RADIUS_MM
    if part is not None:
        middle_mm = ((from_mm + to_mm) / 2)[:, :2]
        is_counted &= np.all((middle_mm >= part[0]) & (middle_mm < part[1]), axis=1)
    return float(np.linalg.norm(to_mm - from_mm, axis=1)[is_counted].sum())


@pytest.fixture(scope="module")
def young() -> list[Scene]:
    return [grow_healthy_scene(with_loss(0, 0), key_of(seed)) for seed in SEEDS]


@pytest.fixture(scope="module", params=SHARES)
def old(request) -> tuple[float, list[Scene]]:
    share = request.param
    return share, [grow_healthy_scene(with_loss(share, share), key_of(seed)) for seed in SEEDS]


def test_density_falls_by_the_share_that_is_set(young, old):
    share, scenes = old
    for before, after in zip(young, scenes, strict=True):
        lost = 1.0 - capillary_length_mm(after.graph) / capillary_length_mm(before.graph)
        assert lost == pytest.approx(share, abs=0.02)


def test_the_loss_is_even_over_the_field_and_the_same_in_both_layers(young, old):
    share, scenes = old
    parts = [1.5 * np.array([[x, y], [x + 1, y + 1]]) for x in range(2) for y in range(2)]
    for layer in VesselLayer:
        before, after = (
            np.array([[capillary_length_mm(scene.graph.in_layer(layer), part) for part in parts] for scene in eyes])
            for eyes in (young, scenes)
        )
        assert 1.0 - after.sum(axis=0) / before.sum(axis=0) == pytest.approx(np.full(4, share), abs=0.25 * share)


def test_what_is_left_has_no_new_blind_ends_and_larger_vessels_stay(young, old):
    for before, after in zip(young, old[1], strict=True):
        assert blind_ends(after.graph, SPARED_RADIUS_MM) <= blind_ends(before.graph, SPARED_RADIUS_MM)
        for layer in VesselLayer:
            assert blind_ends(after.graph.in_layer(layer), 0.006) <= blind_ends(before.graph.in_layer(layer), 0.006)
        large = [graph.radius_mm >= SPARED_RADIUS_MM for graph in (before.graph, after.graph)]
        np.testing.assert_array_equal(before.graph.position_mm[large[0]], after.graph.position_mm[large[1]])


def test_the_eye_is_otherwise_the_same(young, old):
    for before, after in zip(young, old[1], strict=True):
        assert after.laterality == before.laterality
        np.testing.assert_array_equal(after.fovea.position_mm, before.fovea.position_mm)
        places = {position.tobytes() for position in before.graph.position_mm}
        assert all(position.tobytes() in places for position in after.graph.position_mm)


def test_every_class_loses_the_same_and_so_does_the_healthy_twin():
    for index in range(3):
        twins = [
            make_example("dr_staging", seed=3, index=index, overrides={"pathology.severity_shares": shares}).scene
            for shares in ([1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1])
        ]
        twins.append(make_example("dr_staging", seed=3, index=index, lesions=False).scene)
        for twin in twins:
            np.testing.assert_array_equal(twin.healthy_graph.position_mm, twins[0].healthy_graph.position_mm)
            np.testing.assert_array_equal(twin.healthy_graph.links, twins[0].healthy_graph.links)


def test_eyes_differ_in_what_they_lose(young):
    lost = [
        1.0
        - capillary_length_mm(grow_healthy_scene(with_loss(0, 0.1), key_of(seed)).graph)
        / capillary_length_mm(eye.graph)
        for seed, eye in zip(SEEDS, young, strict=True)
    ]
    assert max(lost) - min(lost) > 0.03
    assert -1e-9 <= min(lost) <= max(lost) <= 0.105
