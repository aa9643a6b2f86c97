import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import spearmanr

from octa_svr_dataset.example import Example, make_example, simulate
from octa_svr_dataset.findings import NO_DIFFUSE_LOSS, Findings, observe
from octa_svr_dataset.findings.diffuse_loss import LEAST_SHARE, MARKED_FROM, MODERATE_FROM, MOST_FLOW_RATIO
from octa_svr_dataset.findings.dropout import DROPOUT_MOST_FLOW_RATIO
from octa_svr_dataset.findings.microaneurysms import least_contrast
from octa_svr_dataset.findings.new_vessels import (
    IRMA_LEAST_AREA_MM2,
    IRMA_LEAST_CONTRAST,
    TUFT_LEAST_AREA_MM2,
    TUFT_LEAST_CONTRAST,
)
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.layers import Layers
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import Rendering, render
from octa_svr_dataset.pathology.lesions import Lesions
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.vessel_graph import VesselGraph

NO_VESSELS = VesselGraph(
    position_mm=np.zeros((0, 3)), parent=np.zeros(0), radius_mm=np.zeros(0), kind=np.zeros(0), layer=np.zeros(0)
)
SIZE = 300
STILL = EyeMotion(start=np.empty(0), shift_mm=np.zeros(1))


@pytest.fixture(scope="module")
def diseased(all_diseased) -> list[Example]:
    return [simulate(all_diseased, SceneKey(seed=0, split=Split.TEST, scene_index=index)) for index in range(8)]


def disk(row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def painted(**settings) -> Findings:
    """Findings in a picture that is painted by hand; settings as of `painted_picture`."""
    return observe(*painted_picture(**settings))


def painted_picture(
    *, dropout=None, dropout_gray=20, dot=None, dot_gray=200, faz=None, gain=1.0, laterality="od", **others
) -> tuple[Scene, Rendering]:
    """A picture that is painted by hand: gray 100, floor 20, fovea at the center.

    Other layers are given by name, each with its gray level.
    """
    image = np.full((SIZE, SIZE), 100, np.uint8)
    empty = np.zeros((SIZE, SIZE), np.uint8)
    layers = dict.fromkeys(Layers.__dataclass_fields__, empty) | {"microaneurysms": empty.astype(np.uint16)}
    faz = disk(150, 150, 25) if faz is None else faz
    layers["faz"] = faz.astype(np.uint8)
    image[faz] = 20
    if dropout is not None:
        layers["dropout"] = np.where(faz, 0, dropout).astype(np.uint8)
        image[layers["dropout"] > 0] = dropout_gray
    if dot is not None:
        layers["microaneurysms"] = dot.astype(np.uint16)
        image[dot] = dot_gray
    for name, (mask, gray) in others.items():
        layers[name] = mask.astype(np.uint8)
        image[mask] = gray
    image = (image * gain).astype(np.uint8)
    fovea = Fovea(position_mm=np.array([1.5, 1.5]), suppression_radius_mm=0.44)
    scene = Scene(
        field_width_mm=3.0,
        depth_mm=0.04,
        laterality=laterality,
        fovea=fovea,
        graph=NO_VESSELS,
        healthy_graph=NO_VESSELS,
        faz_graph=NO_VESSELS,
        lesions=Lesions(),
    )
    fov = FieldOfView(width_mm=3.0, size_px=SIZE)
    return scene, Rendering(fov=fov, image=image, layers=Layers(**layers), motion=STILL)


def test_an_area_of_dropout_is_measured_and_named():
    (found,) = painted(dropout=disk(150, 230, 30)).dropouts
    assert found.is_visible
    assert found.area_mm2 == pytest.approx(np.pi * 0.3**2, rel=0.01)
    assert (found.direction, found.quadrant, found.ring) == ("right", "nasal", "parafovea")
    assert found.box_px == (120, 200, 180, 260)
    assert found.flow_ratio == 0.0


def test_dropout_just_darker_than_the_limit_is_visible_and_just_brighter_is_not():
    for offset, is_visible in ((-0.05, True), (0.05, False)):
        gray = round(20 + 80 * (DROPOUT_MOST_FLOW_RATIO + offset))
        (found,) = painted(dropout=disk(150, 230, 30), dropout_gray=gray).dropouts
        assert found.is_visible is is_visible


def test_dropout_is_judged_where_no_new_vessels_lie_and_hidden_where_they_leave_little():
    for radius, is_visible in ((15, True), (24, True), (27, False)):  # of 0.28 mm2, 0.1 and 0.05 mm2 are bare
        (found,) = painted(dropout=disk(150, 230, 30), neovascularization=(disk(150, 230, radius), 180)).dropouts
        assert found.is_visible is is_visible
        assert found.flow_ratio == (0.0 if is_visible else 1.0)


def test_a_small_dropout_of_which_tufts_leave_half_is_judged_by_what_is_left():
    for column, is_visible in ((84, True), (78, False)):  # of 0.07 mm2, 0.04 and 0.024 mm2 are bare
        tuft = (disk(80, column, 15), 180)
        (found,) = painted(dropout=disk(80, 70, 15), neovascularization=tuft).dropouts
        assert found.is_visible is is_visible


def test_a_gap_just_above_the_least_area_is_dropout_and_just_below_is_not():
    for radius, is_visible in ((10.5, True), (9.0, False)):
        (found,) = painted(dropout=disk(60, 60, radius)).dropouts
        assert found.is_visible is is_visible


def test_a_dot_just_above_the_contrast_limit_is_visible_and_just_below_is_not():
    for radius, offset, is_visible in ((3, 3, True), (3, -3, False), (5, 3, True), (5, -3, False)):
        dot = disk(80, 150, radius)
        gray = round(100 + least_contrast(2 * np.sqrt(dot.sum() / np.pi)) + offset)
        (found,) = painted(dot=dot, dot_gray=gray).microaneurysms
        assert found.is_visible is is_visible
        assert found.direction == "upper"
        assert found.diameter_um == pytest.approx(20 * radius, rel=0.1)


def test_a_larger_dot_needs_less_contrast():
    assert least_contrast(4.5) > least_contrast(6.5) > least_contrast(9.0)


def test_a_dot_just_above_the_least_diameter_is_visible_and_just_below_is_not():
    for radius, is_visible in ((2.5, True), (2.0, False)):
        (found,) = painted(dot=disk(80.5, 150.5, radius), dot_gray=255).microaneurysms
        assert found.is_visible is is_visible


def test_a_dot_that_an_eye_movement_has_cut_is_no_microaneurysm():
    whole = disk(80, 80, 6)
    halves = whole.copy()
    halves[80:] = np.roll(whole[80:], 20, axis=1)
    assert [painted(dot=dot).microaneurysms[0].is_visible for dot in (whole, halves)] == [True, False]


@pytest.mark.parametrize(("size_px", "radius_px"), [(304, 2.5), (304, 3.5), (512, 4.0)])
@pytest.mark.parametrize("projection", ["full", "superficial", "deep"])
def test_hardly_a_spot_of_a_healthy_eye_would_pass_for_a_microaneurysm(projection, size_px, radius_px):
    """At the brightest spots, a dot is entered in the label map alone: of 50 and more in a picture, one may pass."""
    count, num_pictures, reach = 0, 6, int(radius_px) + 1
    kernel = disk(SIZE / 2 + 0.5, SIZE / 2 + 0.5, radius_px)[
        SIZE // 2 - reach : SIZE // 2 + reach + 1, SIZE // 2 - reach : SIZE // 2 + reach + 1
    ]
    overrides = {"imaging.projection": projection, "imaging.size_px": size_px}
    for index in range(num_pictures):
        example = make_example("healthy", seed=21, index=index, overrides=overrides)
        brightness = ndimage.convolve(example.rendering.image.astype(float), kernel / kernel.sum())
        is_peak = brightness == ndimage.maximum_filter(brightness, size=13)
        peaks = [peak for peak in np.argwhere(is_peak) if np.all((peak > 10) & (peak < size_px - 10))]
        dots = np.zeros(example.rendering.image.shape, np.uint16)
        for number, (row, column) in enumerate(peaks, start=1):
            dots[row - reach : row + reach + 1, column - reach : column + reach + 1][kernel] = number
        layers = replace(example.rendering.layers, microaneurysms=dots)
        findings = observe(example.scene, replace(example.rendering, layers=layers))
        assert len(findings.microaneurysms) > 50
        count += len(findings.visible_microaneurysms)
    assert count <= num_pictures


def test_most_larger_microaneurysms_with_fast_flow_are_visible_and_hardly_any_tiny_one():
    shares = []
    for radius_mm in ((0.035, 0.05), (0.01, 0.015)):
        microaneurysms = {"radius_mm": radius_mm, "flow": (0.95, 1.0), "rate_away_per_mm2": 1.0}
        overrides = {"pathology.severity_shares": [0, 0, 1, 0, 0], "pathology.microaneurysms": microaneurysms}
        eyes = [make_example("dr_staging", seed=4, index=index, overrides=overrides) for index in range(4)]
        shares.append(np.mean([dot.is_visible for eye in eyes for dot in eye.findings.microaneurysms]))
    assert shares[0] > 0.5
    assert shares[1] < 0.05


def test_the_avascular_zone_is_measured_and_its_displacement_named():
    found = painted(faz=disk(150, 190, 25)).faz
    assert found.is_visible
    assert found.area_mm2 == pytest.approx(np.pi * 0.25**2, abs=0.006)
    assert found.displacement == "right"
    assert painted(faz=disk(155, 145, 25)).faz.displacement == "centered"


def test_the_avascular_zone_has_a_box_a_shape_and_a_size():
    round_one, long_one = painted(faz=disk(150, 150, 25)).faz, painted(faz=disk(150, 135, 25) | disk(150, 165, 25)).faz
    assert round_one.box_px == (125, 125, 175, 175)
    assert round_one.circularity == pytest.approx(1.0, abs=0.03)
    assert long_one.circularity < 0.95
    sizes = [painted(faz=disk(150, 150, radius)).faz.size for radius in (15.0, 18.0, 38.0, 39.0)]
    assert sizes == ["small", "usual", "usual", "large"]  # pi 0.166**2 = 0.086 mm2, pi 0.385**2 = 0.465 mm2


def test_dropout_that_touches_the_avascular_zone_opens_its_border():
    assert painted(dropout=disk(150, 200, 28)).faz.borders_dropout
    assert painted(dropout=disk(150, 200, 28)).faz.is_delimited
    assert not painted(dropout=disk(150, 230, 28)).faz.borders_dropout
    assert not painted(dropout=disk(150, 200, 28), dropout_gray=99).faz.borders_dropout


def test_a_zone_whose_border_is_mostly_lost_in_dropout_is_not_delimited():
    found = painted(dropout=disk(150, 165, 45)).faz
    assert found.borders_dropout
    assert not found.is_delimited


def test_a_dark_area_on_a_screen_that_shows_no_difference_is_not_visible():
    """Flow inside is a fifth of the rim's, but the whole picture has a range of a few gray levels."""
    findings = painted(dropout=disk(150, 230, 30), gain=0.06)
    assert not findings.dropouts[0].is_visible
    assert not findings.faz.is_visible


def test_without_an_avascular_zone_nothing_is_claimed_of_it():
    found = painted(faz=np.zeros((SIZE, SIZE), bool)).faz
    assert not found.is_visible


def gaps(share: float) -> np.ndarray:
    """Round gaps, evenly scattered, that together take a share of the field."""
    radius = 30.0 * np.sqrt(share / np.pi)
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    return np.hypot(rows % 30 - 15, columns % 30 - 15) <= radius


def test_diffuse_loss_just_darker_than_the_limit_is_visible_and_just_brighter_is_not():
    for offset, is_visible in ((-0.05, True), (0.05, False)):
        gray = round(20 + 80 * (MOST_FLOW_RATIO + offset))
        assert painted(diffuse_loss=(gaps(0.1), gray)).diffuse_loss.is_visible is is_visible


def test_diffuse_loss_just_above_the_least_share_is_visible_and_just_below_is_not():
    for share, is_visible in ((LEAST_SHARE + 0.01, True), (LEAST_SHARE - 0.01, False)):
        found = painted(diffuse_loss=(gaps(share), 30)).diffuse_loss
        assert found.share == pytest.approx(share, abs=0.006)
        assert found.is_visible is is_visible


@pytest.mark.parametrize(("limit", "below", "above"), [
    (MODERATE_FROM, "mild", "moderate"), (MARKED_FROM, "moderate", "marked"),
])  # fmt: skip
def test_the_degree_of_diffuse_loss_is_the_share_of_its_flow_that_the_bed_lacks(limit, below, above):
    for flow_ratio in (0.25, 0.5):
        for offset, degree in ((-0.01, below), (0.01, above)):
            mask = gaps((limit + offset) / (1.0 - flow_ratio))
            assert painted(diffuse_loss=(mask, round(20 + 80 * flow_ratio))).diffuse_loss.degree == degree


def test_neither_a_dark_picture_nor_tufts_change_the_degree_of_diffuse_loss():
    loss = {"diffuse_loss": (gaps(0.2), 30)}
    tufts = disk(80, 80, 60) | disk(220, 220, 60) | disk(150, 150, 20)  # over much of the avascular zone, too
    plain = painted(**loss).diffuse_loss
    assert plain.degree == "marked"
    assert painted(**loss, neovascularization=(tufts, 220)).diffuse_loss == plain
    assert painted(**loss, gain=0.5).diffuse_loss.degree == "marked"


def test_of_diffuse_loss_under_a_tuft_nothing_is_claimed():
    hidden = disk(80, 80, 40)
    assert painted(diffuse_loss=(hidden, 30), neovascularization=(hidden, 30)).diffuse_loss == NO_DIFFUSE_LOSS


@pytest.fixture(scope="module")
def staged() -> list[Example]:
    overrides = {"pathology.severity_shares": [0, 0.25, 0.25, 0.25, 0.25]}
    return [make_example("dr_staging", seed=6, index=index, overrides=overrides) for index in range(36)]


def test_the_degree_of_diffuse_loss_follows_the_share_of_the_bed_that_is_thinned(staged):
    found = [example.findings.diffuse_loss for example in staged if example.findings.diffuse_loss.is_visible]
    degrees = [("mild", "moderate", "marked").index(loss.degree) for loss in found]
    assert len(found) > 30
    assert set(degrees) == {0, 1, 2}
    assert spearmanr(degrees, [loss.share for loss in found])[0] > 0.8
    assert min(loss.share for loss in found if loss.degree == "marked") > 0.1


def test_poor_quality_hardly_changes_the_degree_of_diffuse_loss(staged):
    poor = resolve_config("hard_negatives").imaging
    ranks, shifts = ("mild", "moderate", "marked"), []
    for example in staged:
        motion = example.rendering.motion
        rendering = render(example.scene, poor, motion, example.key.rng(Stage.IMAGING))
        before, after = example.findings.diffuse_loss, observe(example.scene, rendering).diffuse_loss
        if before.is_visible and after.is_visible:
            shifts.append(ranks.index(after.degree) - ranks.index(before.degree))
    assert len(shifts) > 25
    assert np.mean(np.abs(shifts)) < 0.25


def test_new_vessels_leave_the_degree_of_diffuse_loss_as_it_is(staged):
    shifts = []
    for example in staged:
        if not example.scene.lesions.neovascularization:
            continue
        bare = replace(example.scene, lesions=replace(example.scene.lesions, irma=(), neovascularization=()))
        rendering = render(bare, example.config.imaging, example.rendering.motion, example.key.rng(Stage.IMAGING))
        shifts.append(observe(bare, rendering).diffuse_loss.degree != example.findings.diffuse_loss.degree)
    assert len(shifts) > 6
    assert sum(shifts) <= 1


def test_no_large_dropout_beside_the_avascular_zone_goes_unnoticed(staged):
    num_beside = 0
    for example in staged:
        fov, layers = example.rendering.fov, example.rendering.layers
        around = ndimage.distance_transform_edt(layers.faz == 0) <= fov.length_px(0.02)
        for dropout in example.findings.dropouts:
            if dropout.area_mm2 >= 0.3 and (around & (layers.dropout == dropout.instance_id)).any():
                num_beside += 1
                assert dropout.is_visible
                assert example.findings.faz.borders_dropout or not example.findings.faz.is_visible
    assert num_beside > 3


@pytest.mark.parametrize(
    ("name", "limit", "radius"), [("irma", IRMA_LEAST_CONTRAST, 6), ("neovascularization", TUFT_LEAST_CONTRAST, 15)]
)
def test_new_vessels_just_above_the_contrast_limit_are_visible_and_just_below_are_not(name, limit, radius):
    for offset, is_visible in ((2, True), (-2, False)):
        (found,) = getattr(painted(**{name: (disk(80, 150, radius), round(100 + limit + offset))}), name)
        assert found.is_visible is is_visible
        assert found.direction == "upper"


@pytest.mark.parametrize(
    ("name", "least_mm2"), [("irma", IRMA_LEAST_AREA_MM2), ("neovascularization", TUFT_LEAST_AREA_MM2)]
)
def test_new_vessels_just_above_the_least_area_are_visible_and_just_below_are_not(name, least_mm2):
    for factor, is_visible in ((1.3, True), (0.7, False)):
        radius = SIZE / 3.0 * np.sqrt(factor * least_mm2 / np.pi)
        (found,) = getattr(painted(**{name: (disk(80, 150, radius), 220)}), name)
        assert found.is_visible is is_visible


def test_a_shunt_no_brighter_than_the_brightest_quarter_of_its_surroundings_is_not_visible():
    bright = np.indices((SIZE, SIZE)).sum(axis=0) % 3 == 0
    for gray, is_visible in ((190, True), (170, False)):
        (found,) = painted(diffuse_loss=(bright, 180), irma=(disk(80, 150, 6), gray)).irma
        assert found.contrast >= IRMA_LEAST_CONTRAST
        assert found.is_visible is is_visible


def test_a_shunt_mostly_under_a_tuft_is_not_told_from_it():
    for offset, is_visible in ((0, False), (22, True)):
        found = painted(neovascularization=(disk(80, 150, 15), 200), irma=(disk(80, 150 + offset, 8), 220))
        assert found.neovascularization[0].is_visible
        assert found.irma[0].is_visible is is_visible


def test_of_an_avascular_zone_under_a_tuft_nothing_is_claimed():
    for radius, is_visible in ((8, True), (15, False)):  # of a zone with a radius of 25 px
        assert painted(neovascularization=(disk(150, 150, radius), 180)).faz.is_visible is is_visible


@pytest.mark.parametrize(("laterality", "quadrant"), [("od", "nasal"), ("os", "temporal")])
def test_what_is_lost_counts_in_its_quadrant(laterality, quadrant):
    right = np.arange(SIZE)[None, :] + 0.5 - 150 > np.abs(np.arange(SIZE)[:, None] + 0.5 - 150)
    found = painted(dropout=right & ~disk(150, 150, 60), laterality=laterality).regions
    assert [region.quadrant for region in found] == ["superior", "nasal", "inferior", "temporal"]
    for region in found:
        share = 1.0 - np.pi * (60**2 - 50**2) / (SIZE**2 - np.pi * 50**2) if region.quadrant == quadrant else 0.0
        assert region.lost_share == pytest.approx(share, abs=0.012)  # a row of pixels lies on the diagonals


def test_what_cannot_be_seen_is_not_lost():
    left = disk(150, 60, 30)
    shares = [[region.lost_share for region in painted(dropout=left, dropout_gray=gray).regions] for gray in (20, 99)]
    assert shares[0][3] == pytest.approx(np.pi * 30**2 / (SIZE**2 - np.pi * 50**2) * 4, abs=0.005)
    assert shares[1] == [0.0] * 4
    assert painted(diffuse_loss=(gaps(0.1), 30)).regions[0].lost_share == pytest.approx(0.1, abs=0.01)


def test_a_quadrant_is_as_dense_as_the_picture_shows(diseased):
    densities = np.array([[region.density for region in example.findings.regions] for example in diseased])
    lost = np.array([[region.lost_share for region in example.findings.regions] for example in diseased])
    whole = np.array([example.findings.measured.area_density for example in diseased])
    assert np.abs(densities.mean(axis=1) - whole).max() < 0.03
    assert np.corrcoef(densities.ravel(), lost.ravel())[0, 1] < -0.6


def test_new_vessels_make_an_eye_graver():
    irma, tuft = (disk(80, 150, 6), 200), (disk(220, 150, 15), 200)
    assert painted(irma=irma).severity == 3
    assert painted(irma=irma, neovascularization=tuft).severity == 4
    assert painted(diffuse_loss=(gaps(0.1), 30)).severity == 1


def test_severity_and_class_follow_from_what_is_visible():
    assert painted().severity == 0
    assert painted(dot=disk(80, 150, 3)).severity == 1
    assert painted(dropout=disk(150, 230, 30), dot=disk(80, 150, 3)).severity == 2
    assert painted(dropout=disk(150, 230, 30), dropout_gray=99).label == "healthy"


def test_areas_that_differ_by_a_pixel_are_sorted_by_their_pixels():
    dropout = np.where(disk(60, 60, 22), 1, 0)
    dropout[disk(230, 230, 22)] = 2
    dropout[230, 253] = 2
    first, second = painted(dropout=dropout).visible_dropouts
    assert 0.0 < first.area_mm2 - second.area_mm2 < 1.1 * (3.0 / 304) ** 2
    assert (first.instance_id, second.instance_id) == (2, 1)


def test_visible_dropout_is_sorted_by_size():
    areas = np.where(disk(60, 60, 15), 1, 0) + np.where(disk(150, 230, 30), 2, 0) + np.where(disk(240, 80, 20), 3, 0)
    found = painted(dropout=areas)
    assert [dropout.instance_id for dropout in found.dropouts] == [2, 3, 1]
    assert [dropout.instance_id for dropout in found.visible_dropouts] == [2, 3, 1]


def test_findings_of_rendered_scenes_agree_with_their_layers(diseased):
    for example in diseased:
        layers, fov = example.rendering.layers, example.rendering.fov
        for found in example.findings.dropouts:
            region = layers.dropout == found.instance_id
            first_row, first_column, stop_row, stop_column = found.box_px
            assert region[first_row:stop_row, first_column:stop_column].sum() == region.sum()
            assert found.area_mm2 == pytest.approx(fov.area_mm2(region.sum()), abs=0.0051)
        for dot in example.findings.microaneurysms:
            row, column = dot.center_px
            distance_px = np.linalg.norm(np.argwhere(layers.microaneurysms == dot.instance_id) - [row, column], axis=1)
            assert distance_px.min() < 2
        assert example.findings.faz.area_mm2 == pytest.approx(fov.area_mm2((layers.faz > 0).sum()), abs=0.0051)


def test_the_json_holds_every_finding(diseased):
    for example in diseased:
        record = json.loads(example.findings.to_json())
        assert len(record["dropouts"]) == len(example.findings.dropouts)
        assert len(record["microaneurysms"]) == len(example.findings.microaneurysms)
        assert record["label"] == example.findings.label.value
        assert record["severity"] == example.findings.severity


def test_a_mirrored_eye_swaps_nasal_and_temporal_only(diseased):
    example = diseased[0]
    other = {"od": "os", "os": "od"}[example.scene.laterality]
    mirrored = observe(replace(example.scene, laterality=other), example.rendering)
    swap = {"nasal": "temporal", "temporal": "nasal", "superior": "superior", "inferior": "inferior"}
    for found, again in zip(example.findings.dropouts, mirrored.dropouts, strict=True):
        assert again == replace(found, quadrant=swap[found.quadrant])


def test_places_are_told_from_the_zone_or_where_none_is_seen_from_the_fovea_of_the_scene(diseased):
    for example in diseased:
        rows, columns = np.nonzero(example.rendering.layers.faz)
        zone_px = np.array((rows.mean(), columns.mean())) + 0.5
        assert np.abs(np.array(example.findings.fovea_px) - zone_px).max() <= 0.051
        layers = replace(example.rendering.layers, faz=np.zeros_like(example.rendering.layers.faz))
        bare = observe(example.scene, replace(example.rendering, layers=layers))
        true_px = example.rendering.to_row_col(example.scene.fovea.position_mm)
        assert np.abs(np.array(bare.fovea_px) - true_px).max() <= 0.051
