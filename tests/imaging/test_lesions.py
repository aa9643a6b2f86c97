from dataclasses import replace

import numpy as np
import pytest

from octa_svr_dataset.config import IrmaConfig, NeovascularizationConfig, SceneConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.lesions import SHELLS, draw_microaneurysms
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import Rendering, render
from octa_svr_dataset.pathology.irma import draw_irma
from octa_svr_dataset.pathology.lesions import Lesions, Microaneurysm
from octa_svr_dataset.pathology.neovascularization import draw_neovascularization
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.vessel_graph import VesselLayer

SEEDS = range(4)


def config_of(projection: str) -> SceneConfig:
    return resolve_config("dr_staging", overrides={"imaging.projection": projection})


def take(scene: Scene, projection: str) -> Rendering:
    config, key = config_of(projection), SceneKey(seed=0, split=Split.TRAIN, scene_index=0)
    return render(scene, config.imaging, EyeMotion.draw(config.imaging, key.rng(Stage.MOTION)), key.rng(Stage.IMAGING))


@pytest.fixture(scope="module")
def eyes() -> list[Scene]:
    """Eyes with dropout, and all kinds of new vessels."""
    config, rows = config_of("full"), []
    for seed in SEEDS:
        key = SceneKey(seed=seed, split=Split.TRAIN, scene_index=0)
        eye = add_lesions(grow_healthy_scene(config, key), config.pathology, 3, key.rng(Stage.LESIONS))
        where, rng = (eye.graph, eye.lesions.dropouts, 3.0), np.random.default_rng(seed)
        shunts = draw_irma(IrmaConfig(count=(2, 2)), *where, rng)
        tufts = draw_neovascularization(NeovascularizationConfig(count=(2, 2), area_mm2=(0.1, 0.3)), *where, rng)
        assert shunts
        assert tufts
        rows.append(replace(eye, lesions=replace(eye.lesions, irma=shunts, neovascularization=tufts)))
    return rows


def without_new_vessels(eye: Scene) -> Scene:
    return replace(eye, lesions=replace(eye.lesions, irma=(), neovascularization=()))


@pytest.mark.parametrize("projection", ["full", "superficial"])
def test_new_vessels_show_where_their_label_maps_say(eyes, projection):
    brighter = []
    for eye in eyes:
        after, before = take(eye, projection), take(without_new_vessels(eye), projection)
        difference = after.image.astype(int) - before.image
        layers = after.layers
        is_new = (layers.irma > 0) | (layers.neovascularization > 0)
        brighter.append([difference[layers.irma > 0].mean(), difference[layers.neovascularization > 0].mean()])
        assert np.abs(difference[~is_new]).mean() < 1.0
    assert np.mean(brighter, axis=0).min() > 15


def test_deep_pictures_show_no_new_vessels(eyes):
    for eye in eyes[:2]:
        after, before = take(eye, "deep"), take(without_new_vessels(eye), "deep")
        np.testing.assert_array_equal(after.image, before.image)
        assert not after.layers.irma.any()
        assert not after.layers.neovascularization.any()


def test_the_map_of_irma_is_where_its_course_runs(eyes):
    for eye in eyes:
        picture = take(eye, "full")
        for number, shunt in enumerate(eye.lesions.irma, start=1):
            places = np.array([picture.to_row_col(place) for place in shunt.position_mm[2:-2]]).astype(int)
            is_shown = picture.layers.irma[tuple(np.clip(places, 0, 303).T)] > 0
            assert is_shown.mean() > 0.85
            assert (picture.layers.irma == number).any()


def test_the_map_of_a_tuft_is_about_as_large_as_set():
    eye_config = config_of("full")
    shares = []
    for seed in range(6):
        key = SceneKey(seed=seed, split=Split.TRAIN, scene_index=1)
        eye = add_lesions(grow_healthy_scene(eye_config, key), eye_config.pathology, 3, key.rng(Stage.LESIONS))
        config = NeovascularizationConfig(count=(1, 1), area_mm2=(0.2, 0.2))
        tufts = draw_neovascularization(config, eye.graph, eye.lesions.dropouts, 3.0, np.random.default_rng(seed))
        picture = take(replace(eye, lesions=replace(eye.lesions, neovascularization=tufts)), "full")
        shares.append(picture.fov.area_mm2(float((picture.layers.neovascularization > 0).sum())) / 0.2)
    assert np.median(shares) == pytest.approx(1.0, abs=0.25)


def test_a_tuft_may_lie_over_perfused_retina_and_shows_on_top_of_it(eyes):
    share = [
        np.mean((picture := take(eye, "full")).layers.dropout[picture.layers.neovascularization > 0] == 0)
        for eye in eyes
    ]
    assert max(share) > 0.3


def test_a_fusiform_microaneurysm_is_an_ellipse_of_its_size_and_direction():
    fov = FieldOfView(width_mm=3.0, size_px=608)
    dot = Microaneurysm(
        position_mm=np.array([1.0, 2.0, 0.0]), radius_mm=0.05, flow=1.0, layer=VesselLayer.DEEP,
        elongation=2.5, angle_rad=0.6,
    )  # fmt: skip
    brightness = draw_microaneurysms((dot,), fov)
    covered = np.minimum(brightness / (0.95 * SHELLS[0][1]), 1.0)  # the outermost shell is the dimmest
    assert fov.area_mm2(float(covered.sum())) == pytest.approx(np.pi * 0.05**2, rel=0.06)
    row, column = np.nonzero(brightness > 0.4)
    spread = np.cov(column, row)
    values, vectors = np.linalg.eigh(spread)
    assert np.sqrt(values[1] / values[0]) == pytest.approx(2.5, rel=0.05)
    assert abs(vectors[:, 1] @ [np.cos(0.6), np.sin(0.6)]) > 0.999


def test_the_map_of_a_fusiform_microaneurysm_follows_its_shape(eyes):
    dot = Microaneurysm(
        position_mm=np.array([0.75, 2.25, 0.01]), radius_mm=0.045, flow=1.0, layer=VesselLayer.SUPERFICIAL,
        elongation=2.0, angle_rad=-0.8,
    )  # fmt: skip
    picture = take(replace(eyes[0], lesions=Lesions(microaneurysms=(dot,))), "full")
    inside = picture.layers.microaneurysms == 1
    assert picture.fov.area_mm2(inside.sum()) == pytest.approx(np.pi * 0.045**2, rel=0.12)
    row, column = np.nonzero(inside)
    values, vectors = np.linalg.eigh(np.cov(column, row))
    assert np.sqrt(values[1] / values[0]) == pytest.approx(2.0, rel=0.15)
    assert abs(vectors[:, 1] @ [np.cos(-0.8), np.sin(-0.8)]) > 0.98
