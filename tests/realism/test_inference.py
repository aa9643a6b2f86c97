import numpy as np
import pytest

from octa_svr_dataset.realism.inference import Emulator, Population, fit_population

NUM_SETTINGS, NUM_MEASURES = 5, 8
TOLD = [0, 1, 2]
"""Settings that the measures depend on; they say nothing of the others."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture
def mixing(rng) -> np.ndarray:
    return rng.standard_normal((len(TOLD), NUM_MEASURES))


def measured(settings: np.ndarray, mixing: np.ndarray, rng: np.random.Generator, noise: float = 0.1) -> np.ndarray:
    """Measures that are curved functions of some of the settings."""
    told = settings[:, TOLD]
    return (told + 0.3 * told**2) @ mixing + noise * rng.standard_normal((len(settings), NUM_MEASURES)) + 7.0


@pytest.fixture
def emulator(mixing, rng) -> Emulator:
    settings = rng.uniform(-1, 1, (600, NUM_SETTINGS))
    return Emulator.fit(settings, measured(settings, mixing, rng))


DEFAULT = Population.of_ranges(np.full(NUM_SETTINGS, -0.3), np.full(NUM_SETTINGS, 0.3))


class TestEmulator:
    def test_it_predicts_pictures_that_it_has_not_seen(self, emulator, mixing, rng):
        settings = rng.uniform(-1, 1, (50, NUM_SETTINGS))
        seen = emulator.whitened(measured(settings, mixing, rng, noise=0.0))
        predicted = np.array([emulator.predict(setting) for setting in settings])
        assert np.corrcoef(seen.ravel(), predicted.ravel())[0, 1] > 0.99

    def test_slopes_are_those_of_the_prediction(self, emulator, rng):
        setting, step = rng.uniform(-0.8, 0.8, NUM_SETTINGS), 1e-5
        slopes = emulator.slopes(setting)
        for number, shift in enumerate(step * np.eye(NUM_SETTINGS)):
            change = (emulator.predict(setting + shift) - emulator.predict(setting - shift)) / (2 * step)
            np.testing.assert_allclose(slopes[:, number], change, atol=1e-6)


class TestPopulation:
    def test_ranges_come_back(self):
        low, high = DEFAULT.ranges()
        np.testing.assert_allclose(low, -0.3)
        np.testing.assert_allclose(high, 0.3)

    def test_ranges_stay_within_the_prior(self):
        low, high = Population(mean=np.array([0.9]), spread=np.array([0.3])).ranges()
        assert low[0] == pytest.approx(0.9 - 0.3 * np.sqrt(3))
        assert high[0] == 1.0

    def test_the_settings_behind_many_pictures_are_found(self, emulator, mixing, rng):
        settings = rng.uniform(0.3, 0.7, (60, NUM_SETTINGS))
        population, known = fit_population(emulator, measured(settings, mixing, rng), DEFAULT)
        low, high = population.ranges()
        np.testing.assert_allclose(low[TOLD], 0.3, atol=0.12)
        np.testing.assert_allclose(high[TOLD], 0.7, atol=0.12)
        assert known[TOLD].min() > 0.8

    def test_pictures_that_are_all_alike_are_known_as_well(self, emulator, mixing, rng):
        settings = np.full((20, NUM_SETTINGS), 0.5)
        population, known = fit_population(emulator, measured(settings, mixing, rng), DEFAULT)
        np.testing.assert_allclose(population.mean[TOLD], 0.5, atol=0.1)
        assert population.spread[TOLD].max() < DEFAULT.spread[0]
        assert known[TOLD].min() > 0.8

    def test_a_setting_that_no_measure_tells_keeps_its_default(self, emulator, mixing, rng):
        settings = rng.uniform(0.3, 0.7, (60, NUM_SETTINGS))
        population, known = fit_population(emulator, measured(settings, mixing, rng), DEFAULT)
        untold = [number for number in range(NUM_SETTINGS) if number not in TOLD]
        np.testing.assert_allclose(population.mean[untold], DEFAULT.mean[untold], atol=0.08)
        np.testing.assert_allclose(population.spread[untold], DEFAULT.spread[untold], rtol=0.15)
        assert known[untold].max() < 0.1

    def test_one_picture_gives_a_wider_range_than_many_like_it(self, emulator, mixing, rng):
        pictures = measured(np.full((30, NUM_SETTINGS), 0.5), mixing, rng)
        one, many = (fit_population(emulator, some, DEFAULT)[0].spread[TOLD] for some in (pictures[:1], pictures))
        assert (one > many).all()

    def test_a_picture_that_no_setting_explains_leads_into_no_nonsense(self, emulator, mixing, rng):
        pictures = measured(np.zeros((10, NUM_SETTINGS)), mixing, rng) + 50.0
        population, known = fit_population(emulator, pictures, DEFAULT)
        assert np.isfinite([population.mean, population.spread, known]).all()
        assert np.abs(population.mean).max() <= 1.0
