import numpy as np
import pytest
from measurement.shapes import PITCH_MM, SIZE_PX, grainy, mesh, zone_in_mesh
from PIL import Image

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.faz import FazMeasures, measure_faz
from octa_svr_dataset.measurement.outline import NUM_RAYS, Outline, circle_through, radius_to_circle

SEEDS = range(3)


def measured(picture: np.ndarray) -> FazMeasures:
    found = measure_faz(picture, FieldOfView(width_mm=3.0, size_px=len(picture)))
    assert found is not None
    return found


def dice(found: np.ndarray, true: np.ndarray) -> float:
    return float(2 * (found & true).sum() / (found.sum() + true.sum()))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("radius_mm", [0.15, 0.3, 0.5])
def test_a_disc_is_found_with_its_area_place_and_roundness(radius_mm, seed):
    picture, mask = zone_in_mesh(np.random.default_rng(seed), radius_mm)
    found = measured(picture)
    assert dice(found.mask, mask) > 0.88
    assert found.area_mm2 == pytest.approx(np.pi * (radius_mm + 0.015) ** 2, rel=0.15)
    np.testing.assert_allclose(found.center_px, SIZE_PX / 2, atol=3)
    assert found.circularity > 0.9
    assert found.contrast > 0.6
    assert found.is_delimited


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("offset_mm", [(0.45, 0.0), (-0.3, 0.33), (0.0, -0.45)])
def test_it_is_found_off_the_center(offset_mm, seed):
    picture, mask = zone_in_mesh(np.random.default_rng(seed), 0.25, offset_mm)
    found = measured(picture)
    assert dice(found.mask, mask) > 0.88
    np.testing.assert_allclose(found.center_px, SIZE_PX / 2 + np.array(offset_mm) / PITCH_MM, atol=3)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_elongated_zone_is_less_circular_however_it_lies(seed):
    found = [
        measured(zone_in_mesh(np.random.default_rng(seed), 0.3, elongation=1.2, angle_deg=angle)[0])
        for angle in (0, 30, 90)
    ]
    round_one = measured(zone_in_mesh(np.random.default_rng(seed), 0.3)[0])
    for zone in found:
        assert zone.circularity < round_one.circularity - 0.02
        assert zone.area_mm2 == pytest.approx(round_one.area_mm2, rel=0.12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_turning_the_picture_turns_the_zone(quarter_turns, seed):
    picture, _ = zone_in_mesh(np.random.default_rng(seed), 0.3, (0.2, -0.1), elongation=1.2)
    before, after = measured(picture), measured(np.ascontiguousarray(np.rot90(picture, quarter_turns)))
    assert dice(after.mask, np.rot90(before.mask, quarter_turns)) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size_px", [200, 512, 700])
def test_the_number_of_pixels_hardly_matters(size_px, seed):
    picture, _ = zone_in_mesh(np.random.default_rng(seed), 0.3)
    other = measured(np.asarray(Image.fromarray(picture).resize((size_px, size_px), Image.Resampling.BICUBIC)))
    assert other.area_mm2 == pytest.approx(measured(picture).area_mm2, rel=0.05)
    np.testing.assert_allclose(np.array(other.center_px) / size_px, 0.5, atol=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gain_does_not_matter(seed):
    picture, _ = zone_in_mesh(np.random.default_rng(seed), 0.3)
    dark = measured(np.round(picture * 0.5).astype(np.uint8))
    assert dark.area_mm2 == pytest.approx(measured(picture).area_mm2, rel=0.05)
    assert dark.contrast == pytest.approx(measured(picture).contrast, abs=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_area_of_dropout_elsewhere_is_not_taken_for_it(seed):
    picture, mask = zone_in_mesh(np.random.default_rng(seed), 0.22, (0.3, 0.2))
    void, _ = zone_in_mesh(np.random.default_rng(seed), 0.45, (-0.75, -0.6))
    found = measured(np.minimum(picture, void))
    assert dice(found.mask, mask) > 0.88
    assert found.is_delimited


@pytest.mark.parametrize("seed", SEEDS)
def test_where_dropout_opens_the_border_a_circle_closes_it(seed):
    rng = np.random.default_rng(seed)
    picture, mask = zone_in_mesh(rng, 0.28)
    void, _ = zone_in_mesh(rng, 0.5, (0.0, 0.7))
    found = measured(np.minimum(picture, void))
    assert dice(found.mask, mask) > 0.8
    assert 0.6 <= found.closed_share < 0.85
    assert not found.is_delimited


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mesh_without_a_hole_has_none(seed):
    rng = np.random.default_rng(seed)
    picture = grainy(0.25 + 0.75 * mesh(rng, 0.006), rng)
    assert measure_faz(picture, FieldOfView(width_mm=3.0, size_px=SIZE_PX)) is None


class TestOutline:
    def test_area_perimeter_and_centroid_are_those_of_a_circle(self):
        circle = Outline(center_px=(40.0, 30.0), radius_px=np.full(NUM_RAYS, 20.0))
        assert circle.area_px() == pytest.approx(400 * np.pi, rel=0.01)
        assert circle.perimeter_px() == pytest.approx(40 * np.pi, rel=0.01)
        np.testing.assert_allclose(circle.centroid_px(), (40, 30), atol=1e-9)
        assert circle.mask(80).sum() == pytest.approx(400 * np.pi, rel=0.02)
        np.testing.assert_allclose(np.argwhere(circle.mask(80)).mean(axis=0) + 0.5, (40, 30), atol=0.1)

    def test_a_circle_is_found_from_a_part_of_it(self):
        angle = np.linspace(0.3, 2.5, 20)
        circle = circle_through(10 + 7 * np.sin(angle), -4 + 7 * np.cos(angle))
        np.testing.assert_allclose(circle, (10, -4, 7), atol=1e-9)

    def test_rays_end_on_the_circle_or_miss_it(self):
        radii = radius_to_circle((0.0, 0.0), (0.0, 10.0, 4.0))
        assert radii[0] == pytest.approx(14.0)
        assert radii[NUM_RAYS // 2] == 0


@pytest.mark.parametrize(("size_px", "width_mm"), [(16, 3.0), (33, 6.0), (64, 24.0), (2432, 24.0)])
def test_noise_of_any_size_is_measured_without_a_stumble(size_px, width_mm):
    """Of pictures that show no eye at all a zone may or may not be found; what is found is one."""
    small = np.random.default_rng(17).integers(0, 256, (16, 17), np.uint8)[:, :16]
    picture = np.asarray(Image.fromarray(small).resize((size_px, size_px), Image.Resampling.BICUBIC))
    found = measure_faz(picture, FieldOfView(width_mm=width_mm, size_px=size_px))
    assert found is None or 0.0 < found.area_mm2 < width_mm**2
