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
def pale_pictures() -> list[np.ndarray]:
    """Pictures of other eyes, in which what is black by default is dark gray."""
    pale = resolve_config("healthy", overrides=CHEAP | {"imaging.black_level": [-0.19, -0.17]})
    keys = [SceneKey(seed=9, split=Split.TEST, scene_index=index) for index in range(6)]
    return [simulate(pale, key).rendering.image for key in keys]


@pytest.fixture(scope="module")
def pale_fit(pale_pictures, config) -> AppearanceFit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "NUM_EYES", 4)
        return fit_pictures(pale_pictures, config)


def test_the_black_level_of_pale_pictures_is_found(pale_fit):
    black = next(setting for setting in pale_fit.settings if setting.name == "black_level")
    assert black.known > 0.2
    assert sum(black.fitted) / 2 < sum(black.default) / 2 - 0.02


def test_pictures_with_the_fitted_settings_are_nearer_to_the_real_ones(pale_fit):
    assert pale_fit.misfit_after < pale_fit.misfit_before


def test_what_pictures_do_not_tell_keeps_its_default(pale_fit):
    little_known = [setting for setting in pale_fit.settings if setting.known < fit.LEAST_KNOWN]
    assert little_known
    assert all(setting.fitted == setting.default for setting in little_known)


def test_the_fitted_ranges_are_settings(pale_fit):
    ranges = {setting.name: setting.fitted for setting in pale_fit.settings}
    imaging = resolve_config("healthy", overrides={"imaging": ranges}).imaging
    assert {name: getattr(imaging, name) for name in ranges} == ranges


def test_two_processes_find_the_same(pale_pictures, pale_fit, config, monkeypatch):
    monkeypatch.setattr(fit, "NUM_EYES", 4)
    assert fit_pictures(pale_pictures, config, num_workers=2) == pale_fit
