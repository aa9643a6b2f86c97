import numpy as np
import pytest
from measurement.shapes import SIZE_PX, grainy, mesh, zone_in_mesh
from scipy import ndimage

from octa_svr_dataset.measurement.picture import measure_picture
from octa_svr_dataset.measurement.quality import QualityMeasures

SEEDS = range(3)


def quality(picture: np.ndarray) -> QualityMeasures:
    return measure_picture(np.clip(np.round(picture), 0, 255).astype(np.uint8), 3.0).quality


@pytest.fixture(params=SEEDS)
def rng(request) -> np.random.Generator:
    return np.random.default_rng(request.param)


def test_gain_scales_gray_levels_and_keeps_contrast(rng):
    picture = zone_in_mesh(rng)[0].astype(float)
    bright, dim = quality(picture), quality(0.6 * picture)
    assert dim.mean_gray == pytest.approx(0.6 * bright.mean_gray, rel=0.02)
    assert dim.noise_gray == pytest.approx(0.6 * bright.noise_gray, rel=0.1)
    assert dim.contrast == pytest.approx(bright.contrast, rel=0.02)
    assert dim.sharpness_per_mm == pytest.approx(bright.sharpness_per_mm, rel=0.02)
    assert dim.coarse_share == pytest.approx(bright.coarse_share, abs=0.01)


def test_noise_is_that_of_the_void(rng):
    picture, mask = zone_in_mesh(rng)
    noisy = picture.astype(float)
    noisy[mask] = 60 + 12 * rng.standard_normal(mask.sum())
    assert quality(noisy).noise_gray == pytest.approx(12, rel=0.1)


@pytest.mark.parametrize("opening", [0.0, 0.5, 1.0])
def test_noise_is_known_where_dropout_opens_the_avascular_zone(rng, opening):
    picture, mask = zone_in_mesh(rng)
    void = mask.copy()
    void[SIZE_PX // 2 :, SIZE_PX // 2 - 20 : SIZE_PX // 2 + int(opening * SIZE_PX / 2)] |= opening > 0
    noisy = picture.astype(float)
    noisy[void] = 40 + 9 * rng.standard_normal(void.sum())
    assert quality(noisy).noise_gray == pytest.approx(9, rel=0.15)


def test_without_a_void_noise_is_not_known(rng):
    assert quality(grainy(0.25 + 0.75 * mesh(rng, 0.006), rng)).noise_gray is None


def test_stripes_are_told_from_rows_alone(rng):
    picture = zone_in_mesh(rng)[0].astype(float)
    stripes = 6 * rng.standard_normal((SIZE_PX, 1))
    plain, rows, columns = (quality(other).stripe_excess for other in (picture, picture + stripes, picture + stripes.T))
    assert abs(plain) < 0.3  # the mesh itself lies in rows
    assert rows > plain + 0.4
    assert columns < plain - 0.4


def test_defocus_lowers_sharpness_and_contrast(rng):
    picture = zone_in_mesh(rng)[0].astype(float)
    series = [quality(ndimage.gaussian_filter(picture, blur_px)) for blur_px in (0.1, 1.0, 1.8)]
    assert series[0].sharpness_per_mm > series[1].sharpness_per_mm > series[2].sharpness_per_mm
    assert series[0].contrast > series[1].contrast > series[2].contrast


def test_white_noise_is_no_structure(rng):
    picture = zone_in_mesh(rng)[0].astype(float)
    noisy = picture + 12 * rng.standard_normal(picture.shape)
    assert quality(noisy).contrast == pytest.approx(quality(picture).contrast, rel=0.06)


def test_a_coarser_mesh_has_more_power_at_long_wavelengths(rng):
    shares = [quality(grainy(0.25 + 0.75 * mesh(rng, gap_mm2), rng)).coarse_share for gap_mm2 in (0.006, 0.012, 0.03)]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0] + 0.2
