import numpy as np
import pytest
from scipy import ndimage

from octa_svr_dataset.realism.measures import BAND_EDGES, PictureMeasures, measure_picture
from octa_svr_dataset.realism.sampling import MARGIN_PX, SIZE_PX, standardized

ROWS, COLUMNS = np.indices((SIZE_PX, SIZE_PX)) + 0.5


def wave(cycles: float, size_px: int = SIZE_PX, amplitude: float = 60.0) -> np.ndarray:
    """A wave from left to right."""
    phase = 2 * np.pi * cycles * (np.arange(size_px) + 0.5) / size_px
    return np.tile(128.0 + amplitude * np.sin(phase), (size_px, 1))


def noise(rng: np.random.Generator, spread: float = 20.0, blur_px: float = 0.0) -> np.ndarray:
    """Noise around a medium gray."""
    field = ndimage.gaussian_filter(rng.standard_normal((SIZE_PX, SIZE_PX)), blur_px)
    return 100.0 + spread * field / field.std()


def disc(blur_px: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dark disc in a bright field, and where it is."""
    zone = np.hypot(ROWS - 150, COLUMNS - 140) < 40
    picture = ndimage.gaussian_filter(np.where(zone, 20.0, 120.0), blur_px)
    return picture + 4.0 * rng.standard_normal(zone.shape), zone


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


class TestSpectrum:
    @pytest.mark.parametrize("band", range(len(BAND_EDGES) - 1))
    def test_a_wave_lies_in_its_band(self, band):
        measured = measure_picture(wave(np.sqrt(BAND_EDGES[band] * BAND_EDGES[band + 1])))
        assert measured.band_log_power.argmax() == band

    def test_white_noise_has_its_variance_wherever_there_are_frequencies_enough(self, rng):
        measured = measure_picture(noise(rng, spread=20.0))
        np.testing.assert_allclose(measured.band_log_power[4:], np.log10(400.0), atol=0.08)

    def test_twice_the_contrast_is_four_times_the_power(self, rng):
        field = rng.standard_normal((SIZE_PX, SIZE_PX))
        weak, strong = (measure_picture(128.0 + spread * field).band_log_power for spread in (8.0, 16.0))
        np.testing.assert_allclose(strong - weak, np.log10(4.0), atol=1e-3)

    def test_it_does_not_depend_on_the_size_of_the_picture(self):
        native, larger = (measure_picture(wave(60.0, size_px)).band_log_power for size_px in (SIZE_PX, 512))
        band = np.searchsorted(BAND_EDGES, 60.0) - 1
        assert larger[band] == pytest.approx(native[band], abs=0.02)


class TestStripes:
    def test_rows_that_differ_raise_it_and_columns_that_differ_lower_it(self, rng):
        plain, stripes = noise(rng), 6.0 * rng.standard_normal((SIZE_PX, 1))
        excess = [measure_picture(picture).stripe_excess for picture in (plain + stripes.T, plain, plain + stripes)]
        assert abs(excess[1]) < 0.3
        assert excess[0] < excess[1] - 0.5
        assert excess[2] > excess[1] + 0.5

    def test_they_hardly_touch_the_other_measures(self, rng):
        plain = noise(rng)
        before, after = (measure_picture(plain + spread * rng.standard_normal((SIZE_PX, 1))) for spread in (0.0, 3.0))
        assert after.stripe_excess > before.stripe_excess + 0.3
        np.testing.assert_allclose(after.gray_quantiles, before.gray_quantiles, atol=2.0)
        np.testing.assert_allclose(after.local_contrast, before.local_contrast, atol=0.02)
        np.testing.assert_allclose(after.ring_density, before.ring_density, atol=0.02)

    def test_a_slow_change_is_shading_and_no_stripe(self, rng):
        plain = noise(rng)
        shading = 40.0 * np.sin(2 * np.pi * ROWS / SIZE_PX)
        shaded = measure_picture(plain + shading).stripe_excess
        assert shaded == pytest.approx(measure_picture(plain).stripe_excess, abs=0.1)


class TestTexture:
    def test_lines_are_coherent_and_grain_is_not(self, rng):
        assert measure_picture(wave(30.0)).coherence > 0.95
        assert measure_picture(noise(rng)).coherence < 0.3

    def test_sparse_edges_have_more_kurtosis_than_noise(self, rng):
        sparse = np.where(COLUMNS.astype(int) % 40 == 0, 200.0, 50.0)
        assert abs(measure_picture(noise(rng)).gradient_kurtosis) < 0.1
        assert measure_picture(sparse).gradient_kurtosis > 2.0

    def test_a_regular_structure_has_less_pattern_entropy(self, rng):
        assert measure_picture(wave(30.0)).pattern_entropy < measure_picture(noise(rng)).pattern_entropy - 1.0

    def test_local_contrast_is_relative_to_the_mean(self, rng):
        field = rng.standard_normal((SIZE_PX, SIZE_PX))
        dark, bright = (measure_picture(mean * (1 + 0.1 * field)).local_contrast for mean in (60.0, 120.0))
        np.testing.assert_allclose(dark, bright, rtol=1e-3)
        assert bright[-1] == pytest.approx(0.1, rel=0.02)


class TestVessels:
    def test_density_is_found_where_the_lines_are(self):
        picture = np.full((SIZE_PX, SIZE_PX), 60.0)
        is_outer = np.hypot(ROWS - SIZE_PX / 2, COLUMNS - SIZE_PX / 2) > 0.42 * SIZE_PX
        picture[is_outer & (COLUMNS.astype(int) % 12 < 3)] = 180.0
        density = measure_picture(picture).ring_density
        assert density[:3].max() < 0.02
        assert density[3] > 0.1

    def test_rings_lie_around_the_avascular_zone_where_it_is_known(self):
        zone = np.hypot(ROWS - 200, COLUMNS - 90) < 25
        picture = np.where((np.hypot(ROWS - 200, COLUMNS - 90) < 50) & (COLUMNS.astype(int) % 10 < 3), 180.0, 60.0)
        assert measure_picture(picture, zone).ring_density[0] > 0.15
        assert measure_picture(picture).ring_density[0] < 0.1


class TestAvascularZone:
    def test_a_blurred_border_is_wider(self, rng):
        widths_px = [measure_zone(*disc(blur_px, rng)).edge_width_px for blur_px in (1.0, 2.0, 4.0)]
        assert widths_px == sorted(widths_px)
        assert widths_px[1] == pytest.approx(2 * 1.2816 * 2.0, abs=1.0)  # 10 to 90 % of a normal distribution

    def test_it_does_not_depend_on_the_size_of_the_picture(self, rng):
        picture, zone = disc(2.0, rng)
        larger = measure_zone(np.kron(picture, np.ones((2, 2))), np.kron(zone, np.ones((2, 2))))
        assert larger.edge_width_px == pytest.approx(measure_zone(picture, zone).edge_width_px, abs=0.3)
        assert larger.floor_gray == pytest.approx(20.0, abs=1.0)

    def test_the_floor_is_that_of_the_noise_inside(self, rng):
        picture, zone = disc(1.0, rng)
        picture[zone] = 30.0 + 7.0 * rng.standard_normal(zone.sum())
        floor = measure_zone(picture, zone)
        assert floor.floor_gray == pytest.approx(30.0, abs=1.0)
        assert floor.floor_spread == pytest.approx(7.0, abs=0.7)
        assert abs(floor.floor_correlation) < 0.1

    def test_coarser_grain_is_more_correlated(self, rng):
        zone = disc(1.0, rng)[1]
        fine, coarse = (measure_zone(noise(rng, blur_px=blur_px), zone) for blur_px in (0.0, 1.5))
        assert coarse.floor_correlation > fine.floor_correlation + 0.5

    def test_without_an_outline_it_is_absent(self, rng):
        picture, zone = disc(1.0, rng)
        assert measure_picture(picture).avascular_zone is None
        assert measure_picture(picture, np.zeros_like(zone)).avascular_zone is None
        assert "FAZ floor, gray" not in measure_picture(picture).by_name()
        assert "FAZ floor, gray" in measure_picture(picture, zone).by_name()

    def test_a_zone_of_a_few_pixels_can_be_measured(self, rng):
        picture = disc(1.0, rng)[0]
        assert np.isfinite(
            list(measure_picture(picture, np.hypot(ROWS - 150, COLUMNS - 140) < 2).by_name().values())
        ).all()


class TestVoid:
    def test_it_is_found_without_an_outline(self, rng):
        picture, zone = disc(1.0, rng)
        picture[zone] = 30.0 + 7.0 * rng.standard_normal(zone.sum())
        measured = measure_picture(picture)
        assert measured.void_gray == pytest.approx(30.0, abs=1.5)
        assert measured.void_spread == pytest.approx(7.0, abs=1.0)


def measure_zone(picture: np.ndarray, zone: np.ndarray):
    return measure_picture(picture, zone).avascular_zone


class TestSampling:
    def test_the_border_of_a_picture_has_no_influence(self, rng):
        picture = noise(rng)
        framed = picture.copy()
        framed[:MARGIN_PX] = framed[:, :MARGIN_PX] = framed[-MARGIN_PX:] = framed[:, -MARGIN_PX:] = 0.0
        assert measure_picture(framed).by_name() == measure_picture(picture).by_name()

    @pytest.mark.parametrize("shape", [(304, 320), (304, 304, 3)])
    def test_a_picture_that_is_not_square_and_gray_is_refused(self, shape):
        with pytest.raises(ValueError, match="square and gray"):
            standardized(np.zeros(shape))

    def test_a_flat_picture_has_finite_measures(self):
        assert np.isfinite(list(measure_picture(np.zeros((SIZE_PX, SIZE_PX))).by_name().values())).all()

    def test_names_and_numbers_of_all_fields_are_listed(self, rng):
        measured = measure_picture(*disc(1.0, rng))
        assert isinstance(measured, PictureMeasures)
        assert len(measured.by_name()) == 10 + 7 + 3 + 3 + 4 + 2 + 1 + 5
