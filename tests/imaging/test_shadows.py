import numpy as np

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.imaging.shadows import draw_shadow
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage

GRID = FieldOfView(width_mm=3.0, size_px=150)


def shadows(count: int, **settings) -> np.ndarray:
    config = ImagingConfig(**settings)
    return np.array([draw_shadow(config, GRID, np.random.default_rng(seed)) for seed in range(count)])


def test_as_many_pictures_have_a_shadow_as_set():
    has_one = (shadows(400, floater_probability=0.3) < 1.0).any(axis=(1, 2))
    assert 0.22 < has_one.mean() < 0.38
    assert np.all(shadows(20, floater_probability=0.0) == 1.0)


def test_shadows_are_no_deeper_and_no_wider_than_set():
    light = shadows(60, floater_probability=1.0, floater_depth=0.5, floater_radius_mm=0.3)
    assert light.min() >= 0.5
    assert np.median(light.min(axis=(1, 2))) < 0.8
    half_mm2 = GRID.area_mm2(1.0) * np.sum(light < (1.0 + light.min(axis=(1, 2), keepdims=True)) / 2, axis=(1, 2))
    assert half_mm2.max() < 1.2 * np.pi * 0.3**2
    assert np.abs(np.diff(light, axis=2)).max() < 0.15  # soft


def test_a_shadow_draws_as_many_numbers_as_none():
    left = []
    for probability in (0.0, 1.0):
        rng = np.random.default_rng(3)
        draw_shadow(ImagingConfig(floater_probability=probability), GRID, rng)
        left.append(rng.uniform())
    assert left[0] == left[1]


def test_a_shadow_darkens_the_picture_and_leaves_what_it_shows_elsewhere():
    key = SceneKey(seed=1, split=Split.TRAIN, scene_index=0)
    scene = grow_healthy_scene(resolve_config("healthy"), key)
    pictures = []
    for probability in (0.0, 1.0):
        imaging = resolve_config("healthy", overrides={"imaging.floater_probability": probability}).imaging
        motion = EyeMotion.draw(imaging, key.rng(Stage.MOTION))
        pictures.append(render(scene, imaging, motion, key.rng(Stage.IMAGING)).image.astype(float))
    clear, shaded = pictures
    assert shaded.mean() < clear.mean()
    assert np.mean(shaded > clear + 6.0) < 0.001  # speckle of weaker signal is stronger, on vessels most of all
    assert np.mean(shaded == clear) > 0.2
