import numpy as np
import pytest

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.appearance import Acquisition

FOV = FieldOfView(width_mm=3.0, size_px=128)


def expose(seed: int = 0, **changes) -> np.ndarray:
    """Picture of a bar of flow over an evenly perfused left half."""
    flow, perfusion = np.zeros((128, 128)), np.zeros((128, 128))
    flow[:, 60:68] = 0.9
    perfusion[:, :64] = 1.0
    rng = np.random.default_rng(seed)
    return Acquisition.draw(ImagingConfig(size_px=128, **changes), FOV, rng).expose(flow, perfusion)


def test_the_same_stream_takes_the_same_picture():
    np.testing.assert_array_equal(expose(3), expose(3))
    assert not np.array_equal(expose(3), expose(4))


def test_vessels_outshine_the_mesh_and_the_mesh_outshines_the_void():
    for seed in range(10):
        image = expose(seed).astype(float)
        assert image[:, 62:66].mean() > image[:, :50].mean() + 40
        assert image[:, :50].mean() > image[:, 78:].mean()


def test_the_void_is_grainy_dark_gray_not_black():
    for seed in range(10):
        void = expose(seed)[:, 80:].astype(float)
        assert void.mean() > 3
        assert void.std() > 1


def test_the_signal_of_vessels_follows_calibre_depth_and_settings():
    rng = np.random.default_rng(0)
    config = ImagingConfig(capillary_signal=(0.5, 0.5), deep_signal=(0.2, 0.2), optical_width_mm=(0.02, 0.02))
    acquisition = Acquisition.draw(config, FOV, rng)
    capillary = np.full(2, 0.0025)
    np.testing.assert_allclose(acquisition.vessel_signal(capillary, np.array([0.0, 1.0])), [0.5, 0.1])
    assert acquisition.vessel_signal(np.array([0.03]), np.array([1.0]))[0] == pytest.approx(0.95)
    assert acquisition.optical_width_mm == 0.02


def test_what_is_drawn_does_not_depend_on_what_is_seen():
    """An exposure is drawn before anything is looked at: it takes no scene."""
    first = Acquisition.draw(ImagingConfig(size_px=128), FOV, np.random.default_rng(5))
    first.expose(np.ones((128, 128)), np.ones((128, 128)))
    second = Acquisition.draw(ImagingConfig(size_px=128), FOV, np.random.default_rng(5))
    np.testing.assert_array_equal(first.grain, second.grain)
    np.testing.assert_array_equal(first.row_offset, second.row_offset)
