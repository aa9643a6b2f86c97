import numpy as np
import pytest
from measurement.shapes import PITCH_MM, SIZE_PX, arc_over_chord, grainy, lines, mesh
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.branches import PIECE_MM, BranchMeasures, measure_branches
from octa_svr_dataset.measurement.sampling import fine
from octa_svr_dataset.measurement.vessels import VesselMap, map_vessels, measure_mesh, skeleton_length_px

SEEDS = range(3)
ANGLES_DEG = [0, 20, 45, 90]


def vessels(picture: np.ndarray) -> VesselMap:
    return map_vessels(fine(picture, FieldOfView(width_mm=3.0, size_px=len(picture))))


def branches(picture: np.ndarray) -> BranchMeasures:
    found = measure_branches(vessels(picture))
    assert found is not None
    return found


class TestMesh:
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("gap_mm2", [0.006, 0.01, 0.02, 0.04])
    def test_gaps_have_their_area(self, gap_mm2, seed):
        rng = np.random.default_rng(seed)
        found = measure_mesh(vessels(grainy(mesh(rng, gap_mm2), rng)))
        assert found.gap_mean_mm2 == pytest.approx(gap_mm2, rel=0.2)
        assert found.gap_mean_mm2 < found.gap_quantile_mm2 < 1.7 * gap_mm2

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_finer_mesh_is_denser(self, seed):
        rng = np.random.default_rng(seed)
        maps = [vessels(grainy(mesh(rng, gap_mm2), rng)) for gap_mm2 in (0.04, 0.02, 0.01, 0.006)]
        skeletons = [measure_mesh(found).skeleton_density_per_mm for found in maps]
        areas = [found.area_density for found in maps]
        assert skeletons == sorted(skeletons)
        assert areas == sorted(areas)
        assert skeletons[2] == pytest.approx(2 / np.sqrt(0.01), rel=0.2)  # honeycomb: 1.86, squares: 2 over the spacing

    @pytest.mark.parametrize("seed", SEEDS)
    def test_grain_in_a_void_is_no_vessel(self, seed):
        rng = np.random.default_rng(seed)
        brightness = mesh(rng, 0.006)
        whole = vessels(grainy(brightness, rng)).area_density
        brightness[:, : SIZE_PX // 2] = 0.0
        half = vessels(grainy(brightness, rng))
        assert half.mask[:, : SIZE_PX // 2 - 8].mean() < 0.03
        assert half.area_density == pytest.approx(whole / 2, rel=0.1)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_gain_and_number_of_pixels_hardly_matter(self, seed):
        rng = np.random.default_rng(seed)
        picture = grainy(mesh(rng, 0.01), rng)
        larger = np.asarray(Image.fromarray(picture).resize((608, 608), Image.Resampling.BICUBIC))
        before = vessels(picture)
        for other in (np.round(0.5 * picture).astype(np.uint8), larger):
            after = vessels(other)
            assert after.area_density == pytest.approx(before.area_density, rel=0.03)
            assert measure_mesh(after).gap_mean_mm2 == pytest.approx(measure_mesh(before).gap_mean_mm2, rel=0.05)

    def test_turning_the_picture_changes_nothing(self):
        rng = np.random.default_rng(0)
        picture = grainy(mesh(rng, 0.01), rng)
        turned = vessels(np.ascontiguousarray(np.rot90(picture)))
        assert turned.area_density == pytest.approx(vessels(picture).area_density, rel=1e-3)
        before, after = measure_mesh(vessels(picture)), measure_mesh(turned)
        assert after.gap_mean_mm2 == pytest.approx(before.gap_mean_mm2, rel=0.03)
        assert after.skeleton_density_per_mm == pytest.approx(before.skeleton_density_per_mm, rel=0.03)

    @pytest.mark.parametrize("angle_deg", [0, 10, 22, 30, 45, 70])
    def test_lines_have_their_length_in_all_directions(self, angle_deg):
        skeleton = skeletonize(lines(3.0, angle_deg) > 0.5)
        skeleton &= np.hypot(*(np.indices(skeleton.shape) + 0.5 - SIZE_PX / 2)) < 140
        true_px = 4 * 2 * np.mean([np.sqrt(140**2 - offset**2) for offset in (37, 110)])
        assert skeleton_length_px(skeleton) == pytest.approx(true_px, rel=0.09)


class TestBranches:
    @pytest.mark.parametrize("angle_deg", ANGLES_DEG)
    @pytest.mark.parametrize("width_px", [4, 6, 8])
    def test_lines_have_their_width(self, width_px, angle_deg):
        found = branches(grainy(lines(width_px, angle_deg), np.random.default_rng(width_px)))
        assert found.calibre_um == pytest.approx(1000 * width_px * PITCH_MM, rel=0.18)

    @pytest.mark.parametrize("angle_deg", ANGLES_DEG)
    def test_straight_lines_do_not_wind(self, angle_deg):
        found = branches(grainy(lines(5, angle_deg), np.random.default_rng(1)))
        assert 1.0 <= found.tortuosity < 1.02

    @pytest.mark.parametrize("angle_deg", ANGLES_DEG)
    @pytest.mark.parametrize("amplitude_px", [4.0, 7.0, 10.0])
    def test_sinuous_lines_have_their_arc_over_chord(self, amplitude_px, angle_deg):
        picture = grainy(lines(5, angle_deg, amplitude_px=amplitude_px), np.random.default_rng(2))
        true = arc_over_chord(amplitude_px, 60.0, PIECE_MM / PITCH_MM)
        assert branches(picture).tortuosity - 1 == pytest.approx(true - 1, rel=0.25, abs=0.01)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_larger_vessels_are_told_from_the_mesh(self, seed):
        rng = np.random.default_rng(seed)
        bed = 0.15 + 0.4 * mesh(rng, 0.006)
        found = branches(grainy(np.maximum(bed, 1.2 * lines(7, 30)), rng))
        assert found.length_mm == pytest.approx(11.0, rel=0.25)
        assert found.calibre_um == pytest.approx(7000 * PITCH_MM, rel=0.2)
        assert found.tortuosity < 1.05

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_mesh_alone_has_hardly_any(self, seed):
        rng = np.random.default_rng(seed)
        picture = grainy(0.15 + 0.4 * mesh(rng, 0.006), rng)
        found = measure_branches(vessels(picture))
        assert found is None or found.length_mm < 2.0

    @pytest.mark.parametrize("size_px", [512, 608])
    def test_the_number_of_pixels_hardly_matters(self, size_px):
        picture = grainy(lines(6, 20, amplitude_px=6.0), np.random.default_rng(3))
        before = branches(picture)
        after = branches(np.asarray(Image.fromarray(picture).resize((size_px, size_px), Image.Resampling.BICUBIC)))
        assert after.calibre_um == pytest.approx(before.calibre_um, rel=0.05)
        assert after.tortuosity == pytest.approx(before.tortuosity, rel=0.02)

    def test_a_wider_blur_hardly_widens_wide_vessels(self):
        brightness = lines(8, 20)
        sharp, soft = (
            branches(grainy(ndimage.gaussian_filter(brightness, blur_px), np.random.default_rng(4)))
            for blur_px in (0.1, 1.5)
        )
        assert soft.calibre_um == pytest.approx(sharp.calibre_um, rel=0.1)
