import numpy as np
import pytest
from measurement.shapes import SIZE_PX, grainy, lines, zone_in_mesh
from scipy import ndimage

from octa_svr_dataset.measurement.exposure import ExposureMeasures
from octa_svr_dataset.measurement.picture import measure_picture

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
