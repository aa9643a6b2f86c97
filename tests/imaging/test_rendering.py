from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.raster import draw_evenly
from octa_svr_dataset.imaging.rendering import Rendering, render
from octa_svr_dataset.pathology.lesions import Lesions, Microaneurysm
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.vessel_graph import VesselKind, VesselLayer

SEEDS = range(5)


def take(scene: Scene, imaging: ImagingConfig, key: SceneKey) -> Rendering:
    return render(scene, imaging, EyeMotion.draw(imaging, key.rng(Stage.MOTION)), key.rng(Stage.IMAGING))


@pytest.fixture(scope="module")
def twins(all_diseased) -> list[tuple[Scene, Rendering, Scene, Rendering]]:
    """Healthy eyes and their diseased twins, with their pictures."""
    rows = []
    for seed in SEEDS:
        key = SceneKey(seed=seed, split=Split.TRAIN, scene_index=0)
        healthy = grow_healthy_scene(all_diseased, key)
        diseased = add_lesions(healthy, all_diseased.pathology, 2, key.rng(Stage.LESIONS))
        pictures = [take(s, all_diseased.imaging, key) for s in (healthy, diseased)]
        rows.append((healthy, pictures[0], diseased, pictures[1]))
    return rows


def test_twins_are_pixel_aligned_and_differ_only_around_lesions(twins):
    for _, before, scene, after in twins:
        x_mm, y_mm = before.fov.pixel_centers_mm()
        levels = np.stack([dropout.level(x_mm, y_mm) for dropout in scene.lesions.dropouts])
        is_far = levels.min(axis=0) > 1.9
        difference = np.abs(before.image.astype(int) - after.image)
        assert is_far.mean() > 0.02
        assert difference[is_far].mean() < 2.0  # what little the halo carries there
        assert difference[after.layers.dropout > 0].mean() > 10


def test_dropout_shows_in_the_final_pixels(twins):
    for _, before, _, after in twins:
        inside = after.layers.dropout > 0
        floor = np.median(after.image[after.layers.faz > 0]) if after.layers.faz.any() else 0
        left = np.median(after.image[inside]) - floor
        assert left <= 0.5 * (np.median(before.image[inside]) - floor)


def test_layers_have_the_documented_types_and_values(twins):
    for _, _, scene, picture in twins:
        layers = picture.layers.as_dict()
        assert {name: layer.dtype.name for name, layer in layers.items()} == {
            "vessels": "uint8", "faz": "uint8", "dropout": "uint8", "diffuse_loss": "uint8", "microaneurysms": "uint16",
            "irma": "uint8", "neovascularization": "uint8",
        }  # fmt: skip
        assert all(layer.shape == picture.image.shape for layer in layers.values())
        assert set(np.unique(picture.layers.vessels)) == {0, VesselKind.ARTERY + 1, VesselKind.VEIN + 1}
        assert picture.layers.dropout.max() <= len(scene.lesions.dropouts)
        assert picture.layers.microaneurysms.max() <= len(scene.lesions.microaneurysms)


def test_the_avascular_zone_lies_at_the_fovea_and_holds_no_vessel(twins):
    for scene, picture, _, _ in twins:
        zone = picture.layers.faz > 0
        center_mm = picture.fov.to_mm(np.argwhere(zone).mean(axis=0) + 0.5)
        assert np.linalg.norm(center_mm - scene.fovea.position_mm) < 0.15
        area_mm2 = picture.fov.area_mm2(zone.sum())
        assert 0.6 < area_mm2 / (np.pi * scene.fovea.avascular_radius_mm**2) < 2.2
        assert (picture.layers.vessels[zone] > 0).mean() < 0.15  # deep capillaries within the superficial ring


def test_dropout_leaves_the_avascular_zone_as_it_was(twins):
    for _, before, _, after in twins:
        np.testing.assert_array_equal(before.layers.faz, after.layers.faz)


def test_dropout_and_the_avascular_zone_do_not_overlap(twins):
    for _, _, _, picture in twins:
        assert not np.any((picture.layers.faz > 0) & (picture.layers.dropout > 0))


def test_the_dropout_layer_is_the_inside_of_the_outlines(twins):
    for _, _, scene, picture in twins:
        x_mm, y_mm = picture.fov.pixel_centers_mm()
        levels = np.stack([dropout.level(x_mm, y_mm) for dropout in scene.lesions.dropouts])
        expected = picture.motion.displace_labels(
            np.where(levels.min(axis=0) < 1, levels.argmin(axis=0) + 1, 0), picture.fov
        )
        expected[picture.layers.faz > 0] = 0
        np.testing.assert_array_equal(picture.layers.dropout, expected)


def test_a_microaneurysm_is_a_bright_dot_of_its_size_where_it_lies(twins, all_diseased, key):
    healthy = twins[0][0]
    dot = Microaneurysm(
        position_mm=np.array([0.75, 2.25, 0.01]), radius_mm=0.04, flow=1.0, layer=VesselLayer.SUPERFICIAL
    )
    scene = replace(healthy, lesions=Lesions(microaneurysms=(dot,)))
    picture = take(scene, all_diseased.imaging, key)
    without = take(healthy, all_diseased.imaging, key)
    inside = picture.layers.microaneurysms == 1
    assert picture.fov.area_mm2(inside.sum()) == pytest.approx(np.pi * 0.04**2, rel=0.15)
    np.testing.assert_allclose(picture.fov.to_mm(np.argwhere(inside).mean(axis=0) + 0.5), [0.75, 2.25], atol=0.01)
    assert picture.image[inside].mean() > without.image[inside].mean()
    assert picture.image[inside].min() > 100


def test_the_picture_has_the_size_that_is_asked_for(twins, all_diseased, key):
    imaging = all_diseased.imaging.model_copy(update={"size_px": 200})
    assert take(twins[0][0], imaging, key).image.shape == (200, 200)


@pytest.mark.parametrize("projection", ["full", "superficial", "deep"])
def test_the_deep_layer_is_dimmer_where_both_are_shown_and_stays_where_it_is(projection):
    """Gray levels that the setting takes along deep and along superficial vessels."""
    config = resolve_config("healthy", overrides={"imaging.projection": projection, "imaging.saccades": [0, 0]})
    key = SceneKey(seed=3, split=Split.TEST, scene_index=0)
    scene = grow_healthy_scene(config, key)
    equal, dim = (
        take(scene, config.imaging.model_copy(update={"deep_layer_signal": (share,) * 2}), key) for share in (1.0, 0.3)
    )
    np.testing.assert_array_equal(equal.layers.vessels, dim.layers.vessels)
    if projection != "full":
        np.testing.assert_array_equal(equal.image, dim.image)
        return
    lost = equal.image.astype(float) - dim.image
    deep, other = (
        np.array([equal.to_row_col(place) for place in scene.graph.position_mm[scene.graph.layer == each]]).astype(int)
        for each in (VesselLayer.DEEP, VesselLayer.SUPERFICIAL)
    )
    deep, other = (
        lost[tuple(place[((place >= 0) & (place < len(lost))).all(axis=1)].T)].mean() for place in (deep, other)
    )
    assert deep > 15
    assert other < 0.7 * deep


def test_the_largest_superficial_vessels_shade_the_deep_layer_and_middling_ones_shine_through():
    """Deep pictures of one eye and exposure: with shadows, and with residue, against one without either."""
    ratio = {"shadow": [], "residue": []}
    config = resolve_config("healthy", overrides={"imaging.projection": "deep", "imaging.saccades": [0, 0]})
    for index in range(6):
        key = SceneKey(seed=3, split=Split.TEST, scene_index=index)
        scene = grow_healthy_scene(config, key)
        superficial = scene.in_layer(VesselLayer.SUPERFICIAL).graph
        plain, *others = (
            take(scene, config.imaging.model_copy(update={"shadow": (dark,) * 2, "residue": (bright,) * 2}), key)
            for dark, bright in ((0.0, 0.0), (0.9, 0.0), (0.0, 0.6))
        )
        for name, picture, radii_mm in zip(ratio, others, ((0.014, 0.05), (0.006, 0.010)), strict=True):
            is_shown = (superficial.radius_mm > radii_mm[0]) & (superficial.radius_mm < radii_mm[1])
            place = np.array([plain.to_row_col(spot) for spot in superficial.position_mm[is_shown]]).astype(int)
            row, column = place[((place >= 0) & (place < 304)).all(axis=1)].T
            ratio[name].append(picture.image[row, column].mean() / plain.image[row, column].mean())
    assert np.mean(ratio["shadow"]) < 0.7
    assert np.mean(ratio["residue"]) > 1.2


def test_capillaries_spare_the_flanks_of_larger_vessels():
    """One eye and exposure with and without the zone, by distance from vessels of more than 12 um in radius."""
    config = resolve_config("healthy", overrides={"imaging.saccades": [0, 0]})
    ratios = []
    for index in range(4):
        key = SceneKey(seed=3, split=Split.TEST, scene_index=index)
        scene = grow_healthy_scene(config, key)
        bare, plain = (
            take(scene, config.imaging.model_copy(update={"capillary_free": (share,) * 2}), key).image.astype(float)
            for share in (0.9, 0.0)
        )
        fov = FieldOfView(width_mm=3.0, size_px=304)
        larger = scene.graph.select(scene.graph.radius_mm > 0.012)
        distance_px = ndimage.distance_transform_edt(draw_evenly(larger, fov, 0.012) == 0)
        flanks, beyond = (distance_px > 1) & (distance_px < 3), distance_px > 12
        ratios.append([bare[flanks].mean() / plain[flanks].mean(), bare[beyond].mean() / plain[beyond].mean()])
    at_flanks, elsewhere = np.mean(ratios, axis=0)
    assert at_flanks < 0.93
    assert elsewhere > 0.98
