"""Search the middles of an appearance's ranges at which healthy pictures look like given ones.

    python benchmarks/search_appearance.py path/to/scans/*.png --projection superficial --out mine.yaml

`octa-svr fit-appearance` needs no start and says how much it knows, but sees only the measures of a picture. This
search starts from an appearance, and also brings the responses of fixed filters together, in the metric of a linear
rule that is asked whose a picture is. It keeps middles within bounds that were set by eye (`search_appearance.yaml`):
statistics alone would trade capillaries for grain. The shipped appearances come from such searches (docs/realism.md).

Each round takes pictures of random eyes at random settings around the present middles, learns by regression what the
settings do to the means, and moves to where both sets are nearest (a response surface, Box and Wilson 1951).
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import get_origin

import numpy as np
import yaml
from PIL import Image
from rich.console import Console
from rich.progress import track
from scipy.optimize import minimize

from octa_svr_dataset.config import ImagingConfig, SceneConfig
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.realism.comparison import LARGEST_DIFFERENCES
from octa_svr_dataset.realism.filters import filter_features
from octa_svr_dataset.realism.measures import measure_picture
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.setting_types import Within

BOUNDS = Path(__file__).with_suffix(".yaml")

KEPT = ("mesh_lobule_mm", "halo_mm", "motion_line_contrast", "saccade_mm")
"""Ranges of which means over pictures tell too little."""

WIDE_MM = 4.5
"""Superficial pictures have other bounds from this width on, as they have an appearance of their own."""

NUM_EYES = 200
EYES_SEED = 11

REACHES = (1.0, 0.7, 0.5)
"""How far the rounds look, and move at most, in widths of the ranges; later rounds as far as the last."""

LEAST_WIDTH = 0.3
"""A range is taken to be at least so wide, relative to its middle."""

RIDGE = 0.01
"""Penalty on the coefficients of the regression, for each picture; of linear ones a fifth."""

SHRINKAGE = 0.08
"""What the variances of the filter responses are widened by, so that their covariance can be inverted."""

SHARE_OF_GOAL = 0.6
"""Differences of measures count in units of this share of their goals."""

MEASURES_WEIGHT = 0.15
"""Weight of their squares beside the squared distance of the filter responses."""

STEP_WEIGHT = 0.01
"""Penalty on the squared steps, in widths of the ranges: what pictures do not tell stays."""


def main() -> None:
    """Search for some rounds, and write the ranges around the middles that were found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scans", type=Path, nargs="+", help="pictures of healthy eyes, of one size")
    parser.add_argument("--projection", choices=("full", "superficial", "deep"), default="superficial")
    parser.add_argument("--field_of_view_mm", type=float, default=3.0)
    parser.add_argument("--start", default="default", help="profile to start from, in place of the shipped appearance")
    parser.add_argument("--bounds", type=Path, default=BOUNDS, help="between what the middles may move, by projection")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--num", type=int, default=900, help="pictures of ours a round")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    overrides = {
        "imaging": {
            "projection": options.projection,
            "appearance": options.start,
            "size_px": Image.open(options.scans[0]).width,
        },
        "field_of_view_mm": options.field_of_view_mm,
    }
    config = resolve_config("healthy", overrides=overrides)
    is_wide = options.projection == "superficial" and options.field_of_view_mm >= WIDE_MM
    bounds = yaml.safe_load(options.bounds.read_text(encoding="utf-8"))[options.projection + is_wide * "_wide"]
    theirs = np.array([features(np.asarray(Image.open(path).convert("L"))) for path in options.scans])
    search = Search(config, bounds, theirs)
    for number in range(options.rounds):
        print(f"round {number + 1}: {search.step(options.num, REACHES[min(number, len(REACHES) - 1)])}", flush=True)
    options.out.write_text(yaml.safe_dump(search.ranges(), sort_keys=False, default_flow_style=None), encoding="utf-8")


def features(image: np.ndarray) -> np.ndarray:
    """(K,) float64. Filter responses, mean over the patches, and after them the measures that have goals."""
    measures = measure_picture(image).by_name()
    return np.concatenate([filter_features(image).mean(axis=0), [measures[name] for name in goals(measures)]])


def goals(measures: dict[str, float]) -> dict[str, float]:
    """Largest differences that are aimed at, by name of the measure."""
    return {name: goal for name in measures for start, goal in LARGEST_DIFFERENCES.items() if name.startswith(start)}


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Means of K features as quadratic functions of V settings, in widths of their ranges from the middles."""

    coefficients: np.ndarray
    """(1 + 2 V, K) float64."""

    residuals: np.ndarray
    """(N, K) float64. What it leaves unexplained of the pictures that it was fitted to."""

    @classmethod
    def fit(cls, places: np.ndarray, values: np.ndarray) -> "Surface":
        """Fit it to the features (N, K) of pictures of (N, V) settings."""
        terms = cls._terms(places, 0.0)
        penalty = RIDGE * len(places) * np.repeat([0.0, 0.2, 1.0], [1, places.shape[1], places.shape[1]])
        coefficients = np.linalg.solve(terms.T @ terms + np.diag(penalty), terms.T @ values)
        return cls(coefficients=coefficients, residuals=values - terms @ coefficients)

    def mean(self, place: np.ndarray, half_width: np.ndarray) -> np.ndarray:
        """(K,) means over ranges (V,) around middles (V,)."""
        return np.asarray((self._terms(place[None], half_width**2 / 3.0) @ self.coefficients)[0])

    @staticmethod
    def _terms(places: np.ndarray, variance: np.ndarray | float) -> np.ndarray:
        return np.concatenate([np.ones((len(places), 1)), places, places**2 + variance], axis=1)


class Search:
    """Middles of the ranges, moved round by round; the widths stay."""

    def __init__(self, config: SceneConfig, bounds: dict[str, tuple[float, float]], theirs: np.ndarray) -> None:
        self.rng = np.random.default_rng(0)
        self.imaging, self.theirs = config.imaging, theirs
        keys = (SceneKey(seed=EYES_SEED, split=Split.TRAIN, scene_index=index) for index in range(NUM_EYES))
        self.eyes = [grow_healthy_scene(config, key) for key in track(keys, "Growing eyes", NUM_EYES)]
        fields = ImagingConfig.model_fields
        self.names = [
            name
            for name, field in fields.items()
            if get_origin(field.annotation) is tuple
            and isinstance(getattr(config.imaging, name)[0], float)
            and name not in KEPT
        ]
        ranges = np.array([getattr(config.imaging, name) for name in self.names])
        self.middle, self.half = ranges.mean(axis=1), np.diff(ranges)[:, 0] / 2
        limits = [limit for name in self.names for limit in fields[name].metadata if isinstance(limit, Within)]
        self.low, self.high = np.array([[limit.low, limit.high] for limit in limits]).T
        within = np.array([bounds.get(name, (-np.inf, np.inf)) for name in self.names])
        self.least, self.most = np.maximum(self.low, within[:, 0]), np.minimum(self.high, within[:, 1])
        self.width = np.minimum(
            np.maximum(2.0 * self.half, LEAST_WIDTH * np.abs(self.middle)), (self.most - self.least) / 2
        )
        self.middle = np.clip(self.middle, self.least, self.most)
        named = measure_picture(np.zeros((64, 64), np.uint8)).by_name()
        self.unit = SHARE_OF_GOAL * np.array(list(goals(named).values()))

    def step(self, num: int, reach: float) -> str:
        """Move the middles by what `num` pictures say; what is expected of it."""
        shape = (num, len(self.names))
        places = self.middle + reach * self.width * self.rng.uniform(-1.0, 1.0, shape)
        settings = np.clip(places + self.half * self.rng.uniform(-1.0, 1.0, shape), self.low, self.high)
        ours = np.array([features(self.picture(row)) for row in track(settings, "Taking pictures", console=CONSOLE)])
        surface = Surface.fit((settings - self.middle) / self.width, ours)
        num_filters = ours.shape[1] - len(self.unit)
        covariance = (np.cov(surface.residuals[:, :num_filters].T) + np.cov(self.theirs[:, :num_filters].T)) / 2
        metric = np.linalg.inv(covariance + SHRINKAGE * np.diag(np.diag(covariance)))
        goal, half_width = self.theirs.mean(axis=0), self.half / self.width

        def loss(place: np.ndarray) -> float:
            difference = surface.mean(place, half_width) - goal
            filters, measures = difference[:num_filters], difference[num_filters:] / self.unit
            return float(
                filters @ metric @ filters
                + MEASURES_WEIGHT * measures @ measures
                + STEP_WEIGHT * place @ place
            )  # fmt: skip

        ends = [np.clip((end - self.middle) / self.width, -reach, reach) for end in (self.least, self.most)]
        stay = np.zeros(len(self.names))
        best = minimize(loss, stay, bounds=list(zip(*ends, strict=True)), method="L-BFGS-B")
        self.middle = self.middle + best.x * self.width
        return f"distance {loss(stay):.2f} -> {best.fun:.2f}"

    def picture(self, settings: np.ndarray) -> np.ndarray:
        """Picture of one of the eyes at some settings."""
        drawn = {name: (value, value) for name, value in zip(self.names, settings.tolist(), strict=True)}
        imaging = self.imaging.model_copy(update=drawn)
        return render(
            self.eyes[int(self.rng.integers(len(self.eyes)))], imaging, EyeMotion.draw(imaging, self.rng), self.rng
        ).image

    def ranges(self) -> dict[str, list[float]]:
        """The ranges around the middles, within the limits."""
        ends = zip(self.names, self.middle - self.half, self.middle + self.half, self.low, self.high, strict=True)
        return {
            name: [float(f"{max(first, low):.3g}"), float(f"{min(last, high):.3g}")]
            for name, first, last, low, high in ends
        }


CONSOLE = Console(stderr=True)

if __name__ == "__main__":
    main()
