from dataclasses import replace

import numpy as np
import pytest

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.layers import diffuse_loss_map
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.pathology.lesions import Lesions
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage

FOV = FieldOfView(width_mm=3.0, size_px=304)
SEEDS = range(4)


@pytest.fixture(scope="module")
def eyes() -> list[dict[int, Scene]]:
    """Eyes at each severity."""
    config = resolve_config("dr_staging")
    rows = []
    for seed in SEEDS:
        key = SceneKey(seed=seed, split=Split.VALIDATION, scene_index=0)
        healthy = grow_healthy_scene(config, key)
        diseased = {v: add_lesions(healthy, config.pathology, v, key.rng(Stage.LESIONS)) for v in (1, 2, 3, 4)}
        rows.append({0: healthy} | diseased)
    return rows


def test_without_dispersed_loss_the_map_is_empty(eyes):
    for scenes in eyes:
        assert not diffuse_loss_map(scenes[0], FOV).any()
        only_dropout = replace(scenes[4], lesions=Lesions(dropouts=scenes[4].lesions.dropouts))
        assert not diffuse_loss_map(only_dropout, FOV).any()


def test_more_of_the_picture_is_thinned_in_eyes_of_higher_severity(eyes):
    shares = np.array([[diffuse_loss_map(scenes[v], FOV).mean() for v in (1, 2, 3, 4)] for scenes in eyes])
    assert np.all(shares[:, 0] < shares[:, 1:].min(axis=1))
    assert 0.005 < shares[:, 0].mean() < 0.12
    assert 0.15 < shares[:, 3].mean() < 0.6


def test_vessels_are_rarer_where_the_map_says_so(eyes):
    for scenes in eyes:
        inside = diffuse_loss_map(scenes[3], FOV) > 0
        before, after = (
            draw_vessels(graph, FOV, np.full(len(graph), 0.005), np.ones(len(graph))).brightness
            for graph in (scenes[3].healthy_graph, scenes[3].graph)
        )
        assert after[inside].mean() < 0.65 * before[inside].mean()


def test_the_map_keeps_off_dropout_and_hardly_depends_on_the_size_of_the_picture(eyes):
    for scenes in eyes:
        small, large = (
            diffuse_loss_map(scenes[4], FieldOfView(width_mm=3.0, size_px=size_px)) for size_px in (304, 608)
        )
        assert small.mean() == pytest.approx(large.mean(), rel=0.03)
        x_mm, y_mm = FOV.pixel_centers_mm()
        for dropout in scenes[4].lesions.dropouts:
            assert not small[dropout.level(x_mm, y_mm) < 1].any()
