import numpy as np
import pytest

from octa_svr_dataset.evaluation.baselines import BASELINES, baseline_scores
from octa_svr_dataset.example import make_example

FIELD_OF_VIEW_MM = 3.0
SIZE_PX = 304


@pytest.fixture(scope="module")
def twins() -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures of eyes with dropout, each beside that of the same eye before it."""
    overrides = {"pathology.severity_shares": [0, 0, 1, 0, 0]}
    return [
        tuple(make_example("dropout_ma", index=index, overrides=overrides, lesions=lesions).rendering.image
              for lesions in (True, False))
        for index in range(4)
    ]  # fmt: skip


def waves(wavelength_mm: float) -> np.ndarray:
    x_mm = np.arange(SIZE_PX) / SIZE_PX * FIELD_OF_VIEW_MM
    wave = 120 + 60 * np.sin(2 * np.pi * x_mm / wavelength_mm)
    return np.tile(wave, (SIZE_PX, 1)).astype(np.uint8)


@pytest.mark.parametrize("name", ["darkness", "low perfusion", "uneven perfusion"])
def test_dropout_raises_every_measure_of_lost_perfusion(name, twins):
    for diseased, healthy in twins:
        scores = baseline_scores(name, np.stack([diseased, healthy]), FIELD_OF_VIEW_MM)
        assert scores[0] > scores[1]


def test_coarse_mesh_power_is_that_of_wavelengths_from_120_to_300_um():
    pictures = np.stack([waves(wavelength_mm) for wavelength_mm in (0.06, 0.2, 0.6)])
    fine, coarse, coarser = baseline_scores("coarse mesh power", pictures, FIELD_OF_VIEW_MM)
    assert coarse > 0.95
    assert max(fine, coarser) < 0.05


def test_the_measures_know_millimeters():
    picture = waves(0.2)[None]
    assert baseline_scores("coarse mesh power", picture, FIELD_OF_VIEW_MM)[0] > 0.9
    assert baseline_scores("coarse mesh power", picture, 2 * FIELD_OF_VIEW_MM)[0] < 0.1


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "darkness"])
def test_all_but_darkness_hardly_care_for_the_gain(name, twins):
    healthy = twins[0][1]
    full, half = baseline_scores(name, np.stack([healthy, healthy // 2]), FIELD_OF_VIEW_MM)
    assert half == pytest.approx(full, rel=0.05)


@pytest.mark.parametrize("name", BASELINES)
def test_a_black_picture_has_a_number_too(name):
    assert np.isfinite(baseline_scores(name, np.zeros((1, 64, 64), np.uint8), FIELD_OF_VIEW_MM)).all()
