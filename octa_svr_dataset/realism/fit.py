"""Fit the appearance: ranges of the settings of the picture with which pictures measure like given real ones.

Eyes are grown once and pictured many times, with settings drawn from broad prior ranges, and every picture is measured;
`inference` then finds the settings behind the real pictures. No label and no outline of theirs is looked at.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from octa_svr_dataset.config import ImagingConfig, SceneConfig
from octa_svr_dataset.evaluation.processes import map_in_processes
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.realism.inference import Emulator, Population, fit_population
from octa_svr_dataset.realism.measures import measure_picture
from octa_svr_dataset.realism.prior import AppearancePrior, Ranges
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage

NUM_EYES = 40
"""Eyes that are grown for the fit, and as many others to check it."""

LEAST_SIMULATED = 800
"""With fewer pictures than the emulator has terms, chance would be taken for knowledge."""

LEAST_KNOWN = 0.2
"""A setting of which pictures tell less keeps its default range; one without effect reached 0.14 in 1,200 pictures."""

Progress = Callable[[Iterator[Any], str], Iterable[Any]]
"""Shows how far `NUM_EYES` results have come, under a title, and passes them on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedSetting:
    """One setting of the picture after the fit."""

    name: str
    """Name in `ImagingConfig`."""

    default: tuple[float, float]
    """Its range before."""

    fitted: tuple[float, float]
    """Its range now: the default where too little is known."""

    known: float
    """How much the measures of one picture tell of it: 0 nothing, 1 all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppearanceFit:
    """Fitted settings, and how far the pictures taken with them are from real ones."""

    settings: tuple[FittedSetting, ...]
    """All settings of the prior."""

    misfit_before: float
    """Mean distance between simulated and real means, by default; in units of each measure's spread over the prior."""

    misfit_after: float
    """The same with the fitted ranges, on the same eyes, none of which the fit has seen."""


def fit_appearance(
    real_pictures: Sequence[np.ndarray],
    config: SceneConfig,
    *,
    num_simulated: int,
    seed: int,
    num_workers: int,
    progress: Progress,
) -> AppearanceFit:
    """Fit the ranges of the settings of the picture to real pictures.

    Parameters
    ----------
    real_pictures
        (H, H) uint8 each. At least one.
    config
        What the real pictures show, and the default ranges.
    num_simulated
        Pictures to simulate for the fit; rounded up to a multiple of `NUM_EYES`.
    seed
        Seed of all chance.
    num_workers
        Processes; the result is the same with any number.
    progress
        Shows the progress.
    """
    prior = AppearancePrior.around(config.imaging)
    real = np.array([_measured(picture) for picture in real_pictures])
    explore = partial(_explore_eye, config, prior, -(-num_simulated // NUM_EYES))
    explored = list(progress(map_in_processes(explore, _keys(seed, Split.TRAIN), workers=num_workers), "Simulating"))
    units, measures = (np.concatenate(part) for part in zip(*explored, strict=True))
    settings = fit_settings(prior, units, measures, real)
    check = partial(_check_eye, (config, _with_ranges(config, {setting.name: setting.fitted for setting in settings})))
    checks = progress(map_in_processes(check, _keys(seed, Split.TEST), workers=num_workers), "Checking")
    means = np.mean(list(checks), axis=0)
    before, after = (np.abs(means - real.mean(axis=0)) / measures.std(axis=0)).mean(axis=1)
    return AppearanceFit(settings=settings, misfit_before=float(before), misfit_after=float(after))


def fit_settings(
    prior: AppearancePrior, units: np.ndarray, measures: np.ndarray, real_measures: np.ndarray
) -> tuple[FittedSetting, ...]:
    """Ranges of the settings with which simulated pictures measure like real ones.

    Parameters
    ----------
    prior
        What is possible of D settings.
    units, measures
        (N, D) and (N, K) float64. Settings of the simulated pictures, in units of the prior, and their measures.
    real_measures
        (n, K) float64. The same measures of the real pictures.
    """
    default = Population.of_ranges(prior.to_units(prior.default[:, 0]), prior.to_units(prior.default[:, 1]))
    population, known = fit_population(Emulator.fit(units, measures), real_measures, default)
    low, high = (prior.from_units(end) for end in population.ranges())
    defaults, fitted = prior.as_ranges(*prior.default.T), prior.as_ranges(low, high)
    return tuple(
        FittedSetting(
            name=name,
            default=defaults[name],
            fitted=fitted[name] if share >= LEAST_KNOWN else defaults[name],
            known=float(share),
        )
        for name, share in zip(prior.names, known, strict=True)
    )


def _keys(seed: int, split: Split) -> list[SceneKey]:
    return [SceneKey(seed=seed, split=split, scene_index=index) for index in range(NUM_EYES)]


def _explore_eye(
    config: SceneConfig, prior: AppearancePrior, num_pictures: int, key: SceneKey
) -> tuple[np.ndarray, np.ndarray]:
    """Settings drawn from the prior, (P, D) in its units, and (P, K) measures of the pictures taken with them."""
    scene, rng = grow_healthy_scene(config, key), key.rng(Stage.IMAGING)
    units, measures = [], []
    for _ in range(num_pictures):
        values = prior.from_units(rng.uniform(-1.0, 1.0, len(prior.names)))
        imaging = _with_ranges(config, prior.as_ranges(values, values)).imaging
        units.append(prior.to_units(values))
        measures.append(_measured(render(scene, imaging, EyeMotion.draw(imaging, rng), rng).image))
    return np.array(units), np.array(measures)


def _check_eye(configs: Sequence[SceneConfig], key: SceneKey) -> np.ndarray:
    """(C, K) measures of one eye, taken with each of C configurations that differ in the picture only."""
    scene = grow_healthy_scene(configs[0], key)
    pictures = [
        render(
            scene, config.imaging, EyeMotion.draw(config.imaging, key.rng(Stage.MOTION)), key.rng(Stage.IMAGING)
        ).image
        for config in configs
    ]
    return np.array([_measured(picture) for picture in pictures])


def _with_ranges(config: SceneConfig, ranges: Ranges) -> SceneConfig:
    """The configuration with other ranges of the settings of the picture."""
    return config.model_copy(update={"imaging": ImagingConfig.model_validate(config.imaging.model_dump() | ranges)})


def _measured(image: np.ndarray) -> np.ndarray:
    """(K,) float64. Measures of a picture that need no outline of its avascular zone."""
    return np.array(list(measure_picture(image).by_name().values()))
