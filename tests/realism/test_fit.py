"""The fit on a few cheap simulated eyes; how well it works on real pictures is in the slow tests."""

import numpy as np
import pytest

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.example import simulate
from octa_svr_dataset.realism import fit
from octa_svr_dataset.realism.fit import AppearanceFit, fit_appearance
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

CHEAP = {"growth.superficial.iterations": 15, "growth.deep.iterations": 5, "field_of_view_mm": 1.5}


@pytest.fixture(scope="module")
def config() -> SceneConfig:
    return resolve_config("healthy", overrides=CHEAP)


def fit_pictures(pictures: list[np.ndarray], config: SceneConfig, num_workers: int = 1) -> AppearanceFit:
    return fit_appearance(
        pictures, config, num_simulated=96, seed=0, num_workers=num_workers, progress=lambda results, _: results
    )


@pytest.fixture(scope="module")
def bright_pictures() -> list[np.ndarray]:
    """Pictures of other eyes, with more gain than the default."""
    bright = resolve_config("healthy", overrides=CHEAP | {"imaging.gain": [1.35, 1.45]})
    keys = [SceneKey(seed=9, split=Split.TEST, scene_index=index) for index in range(6)]
    return [simulate(bright, key).rendering.image for key in keys]


@pytest.fixture(scope="module")
def bright_fit(bright_pictures, config) -> AppearanceFit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "NUM_EYES", 4)
        return fit_pictures(bright_pictures, config)


def test_the_gain_of_bright_pictures_is_found(bright_fit):
    gain = next(setting for setting in bright_fit.settings if setting.name == "gain")
    assert gain.known > 0.3
    assert sum(gain.fitted) / 2 > sum(gain.default) / 2 + 0.05


def test_pictures_with_the_fitted_settings_are_nearer_to_the_real_ones(bright_fit):
    assert bright_fit.misfit_after < bright_fit.misfit_before


def test_what_pictures_do_not_tell_keeps_its_default(bright_fit):
    little_known = [setting for setting in bright_fit.settings if setting.known < fit.LEAST_KNOWN]
    assert little_known
    assert all(setting.fitted == setting.default for setting in little_known)


def test_the_fitted_ranges_are_settings(bright_fit):
    ranges = {setting.name: setting.fitted for setting in bright_fit.settings}
    imaging = resolve_config("healthy", overrides={"imaging": ranges}).imaging
    assert {name: getattr(imaging, name) for name in ranges} == ranges


def test_two_processes_find_the_same(bright_pictures, bright_fit, config, monkeypatch):
    monkeypatch.setattr(fit, "NUM_EYES", 4)
    assert fit_pictures(bright_pictures, config, num_workers=2) == bright_fit
