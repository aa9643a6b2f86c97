import numpy as np
import pytest
from measurement.shapes import PITCH_MM, SIZE_PX, grainy, lines, zone_in_mesh
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.measurement.beading import measure_beading
from octa_svr_dataset.measurement.branches import measure_branches
from octa_svr_dataset.measurement.exposure import ExposureMeasures
from octa_svr_dataset.measurement.picture import measure_picture
from octa_svr_dataset.measurement.sampling import fine
from octa_svr_dataset.measurement.vessels import map_vessels

SEEDS = range(3)


def scene(seed: int) -> tuple[np.ndarray, np.random.Generator]:
    """Brightness of a zone in a mesh that larger vessels cross."""
    rng = np.random.default_rng(seed)
    bed = zone_in_mesh(rng)[0].astype(float) / 400
    return np.maximum(bed, 1.1 * lines(6, 15)), rng


def exposure(picture: np.ndarray) -> ExposureMeasures:
    return measure_picture(picture, 3.0).exposure


@pytest.mark.parametrize("seed", SEEDS)
def test_each_fault_moves_its_own_measure(seed):
    brightness, rng = scene(seed)
    usual = exposure(grainy(brightness, rng))
    dark = exposure((0.7 * grainy(brightness, rng)).astype(np.uint8))
    noisy = exposure(np.clip(grainy(brightness, rng) + rng.normal(0, 10, (SIZE_PX, SIZE_PX)), 0, 255).astype(np.uint8))
    blurred = exposure(grainy(ndimage.gaussian_filter(brightness, 1.5), rng))
    lined = grainy(brightness, rng).astype(int)
    lined[100] += 25
    moved = exposure(np.clip(lined, 0, 255).astype(np.uint8))
    assert dark.vessel_gray == pytest.approx(0.7 * usual.vessel_gray, rel=0.05)
    assert dark.noise_share == pytest.approx(usual.noise_share, rel=0.3)
    assert noisy.noise_share > 1.5 * usual.noise_share
    assert blurred.edge_um > 1.2 * usual.edge_um
    assert moved.line_share > 2 * usual.line_share
    for other in (dark, noisy):
        assert other.edge_um == pytest.approx(usual.edge_um, rel=0.2)
    for other in (noisy, blurred, moved):
        assert other.vessel_gray == pytest.approx(usual.vessel_gray, rel=0.12)


def test_a_flat_picture_has_no_exposure():
    assert exposure(np.full((SIZE_PX, SIZE_PX), 90, np.uint8)) == ExposureMeasures(
        vessel_gray=None, noise_share=None, edge_um=None, line_share=None
    )


def beaded(amplitude: float, distance_mm: float, rng: np.random.Generator) -> np.ndarray:
    """Picture of two vertical vessels, 8 px wide, whose width swells and narrows by a share of it."""
    row, column = np.mgrid[:SIZE_PX, :SIZE_PX] + 0.5
    width = 8.0 * (1.0 + amplitude * np.sin(2 * np.pi * row * PITCH_MM / distance_mm))
    distance = np.minimum(np.abs(column - 80), np.abs(column - 220))
    return grainy(np.clip(width / 2 + 0.5 - distance, 0, 1), rng)


def beading(picture: np.ndarray, counts: slice = slice(None)) -> float | None:
    vessels = map_vessels(fine(picture, FieldOfView(width_mm=3.0, size_px=SIZE_PX)))
    is_vein = np.zeros((SIZE_PX, SIZE_PX), bool)
    is_vein[:, counts] = True
    return measure_beading(vessels, measure_branches(vessels), is_vein, ~is_vein)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("distance_mm", [0.15, 0.22, 0.3])
def test_beading_grows_with_the_swelling_of_beads(seed, distance_mm):
    rng = np.random.default_rng(seed)
    found = [beading(beaded(amplitude, distance_mm, rng)) for amplitude in (0.0, 0.15, 0.3)]
    assert found[0] < 0.03
    assert found[1] > 1.5 * found[0]
    assert found[2] > 1.4 * found[1]


def test_slow_changes_of_the_width_are_no_beads():
    rng = np.random.default_rng(0)
    assert beading(beaded(0.3, 1.5, rng)) < 0.4 * beading(beaded(0.3, 0.25, rng))


def test_only_the_vessels_that_count_are_looked_at():
    rng = np.random.default_rng(0)
    picture = beaded(0.3, 0.25, rng)
    picture[:, :150] = beaded(0.0, 0.25, rng)[:, :150]
    assert beading(picture, slice(0, 150)) < 0.05 < beading(picture, slice(150, None))


def test_without_a_vessel_that_counts_there_is_no_beading():
    assert beading(beaded(0.3, 0.25, np.random.default_rng(0)), slice(0, 0)) is None


def test_noise_hardly_beads_a_vessel():
    quiet, loud = (
        [beading(np.clip(beaded(0.0, 0.25, rng) + rng.normal(0, sigma, (SIZE_PX, SIZE_PX)), 0, 255).astype(np.uint8))
         for rng in map(np.random.default_rng, SEEDS)]
        for sigma in (0, 12)
    )  # fmt: skip
    assert np.mean(loud) < np.mean(quiet) + 0.03
