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
CHEAP |= {"imaging.foveal_dimming": [0.0, 0.0], "imaging.floater_probability": 0.0}  # they fill so narrow a field


@pytest.fixture(scope="module")
def config() -> SceneConfig:
    return resolve_config("healthy", overrides=CHEAP)


def fit_pictures(pictures: list[np.ndarray], config: SceneConfig, num_workers: int = 1) -> AppearanceFit:
    return fit_appearance(
        pictures, config, num_simulated=320, seed=0, num_workers=num_workers, progress=lambda results, _: results
    )


@pytest.fixture(scope="module")
def noisy_pictures() -> list[np.ndarray]:
    """Pictures of other eyes, with a brighter noise floor than the default."""
    noisy = resolve_config("healthy", overrides=CHEAP | {"imaging.noise_floor": [0.24, 0.25]})
    keys = [SceneKey(seed=9, split=Split.TEST, scene_index=index) for index in range(6)]
    return [simulate(noisy, key).rendering.image for key in keys]


@pytest.fixture(scope="module")
def noisy_fit(noisy_pictures, config) -> AppearanceFit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "NUM_EYES", 4)
        return fit_pictures(noisy_pictures, config)


def test_the_noise_floor_of_noisy_pictures_is_found(noisy_fit):
    floor = next(setting for setting in noisy_fit.settings if setting.name == "noise_floor")
    assert floor.known > 0.2
    assert sum(floor.fitted) / 2 > sum(floor.default) / 2 + 0.015


def test_pictures_with_the_fitted_settings_are_nearer_to_the_real_ones(noisy_fit):
    assert noisy_fit.misfit_after < noisy_fit.misfit_before


def test_what_pictures_do_not_tell_keeps_its_default(noisy_fit):
    little_known = [setting for setting in noisy_fit.settings if setting.known < fit.LEAST_KNOWN]
    assert little_known
    assert all(setting.fitted == setting.default for setting in little_known)


def test_the_fitted_ranges_are_settings(noisy_fit):
    ranges = {setting.name: setting.fitted for setting in noisy_fit.settings}
    imaging = resolve_config("healthy", overrides={"imaging": ranges}).imaging
    assert {name: getattr(imaging, name) for name in ranges} == ranges


def test_two_processes_find_the_same(noisy_pictures, noisy_fit, config, monkeypatch):
    monkeypatch.setattr(fit, "NUM_EYES", 4)
    assert fit_pictures(noisy_pictures, config, num_workers=2) == noisy_fit
