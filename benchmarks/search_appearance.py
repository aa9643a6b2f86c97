"""Search the middles of an appearance's ranges at which healthy pictures look like given ones.

`octa-svr fit-appearance` needs no start and says how much it knows, but sees only the measures of a picture. This
search starts from the shipped appearance and also heeds the responses of fixed filters, and how far a linear rule
would tell both sets apart. The shipped appearances come from it (docs/realism.md).
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import get_origin

import numpy as np
import yaml
from PIL import Image

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.realism.filters import filter_features
from octa_svr_dataset.realism.measures import measure_picture
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.setting_types import Within

NUM_EYES = 10
"""Eyes that are pictured anew at every step, with the same noise."""

SHARE_MOVED = 0.4
"""Share of the settings that a step moves."""

STEPS = (0.08, 0.8)
"""Standard deviation of a step at the least and at the most, in widths of the present range."""

RIDGE = 0.1
"""What the covariance of the standardized filter responses is widened by, so that it can be inverted."""

SEPARATION_WEIGHT = 0.15
"""Weight of the squared separation beside the mean squared difference of the measures."""

LARGEST_DIFFERENCE = 5.0
"""In standard deviations of their pictures; a larger one counts no more."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A set of N pictures."""

    measures: np.ndarray
    """(N, K) float64."""
    filters: np.ndarray
    """(N, 9, 24) float64."""


def main() -> None:
    """Search for a time, then write the ranges around the best middles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scans", type=Path, nargs="+", help="pictures of healthy eyes")
    parser.add_argument("--projection", choices=("full", "superficial", "deep"), default="superficial")
    parser.add_argument("--field_of_view_mm", type=float, default=3.0)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    theirs = measured([np.asarray(Image.open(path).convert("L")) for path in options.scans])
    overrides = {
        "imaging": {"projection": options.projection, "size_px": Image.open(options.scans[0]).width},
        "field_of_view_mm": options.field_of_view_mm,
    }
    config = resolve_config("healthy", overrides=overrides)
    keys = [SceneKey(seed=9, split=Split.TRAIN, scene_index=index) for index in range(NUM_EYES)]
    search = Search(config.imaging, [grow_healthy_scene(config, key) for key in keys], theirs)
    deadline = time.monotonic() + 60.0 * options.minutes
    while time.monotonic() < deadline:
        if search.step():
            print(f"{search.loss:.3f}", flush=True)
    options.out.write_text(yaml.safe_dump(search.ranges(), sort_keys=False, default_flow_style=None), encoding="utf-8")


class Search:
    """A (1 + 1) evolution strategy over the middles of the ranges; their widths stay."""

    def __init__(self, imaging: ImagingConfig, eyes: list[Scene], theirs: Measured) -> None:
        self.rng = np.random.default_rng(0)
        self.imaging, self.eyes, self.theirs = imaging, eyes, theirs
        fields = ImagingConfig.model_fields
        self.names = [
            name
            for name, field in fields.items()
            if get_origin(field.annotation) is tuple and isinstance(getattr(imaging, name)[0], float)
        ]
        ranges = np.array([getattr(imaging, name) for name in self.names])
        limits = [limit for name in self.names for limit in fields[name].metadata if isinstance(limit, Within)]
        self.low, self.high = np.array([[limit.low, limit.high] for limit in limits]).T
        self.best, self.half = ranges.mean(axis=1), np.diff(ranges)[:, 0] / 2
        self.place = self.rng.uniform(-1.0, 1.0, (len(eyes), len(self.names)))
        self.width = 0.35
        self.loss = self.loss_of(self.best)

    def step(self) -> bool:
        """Try a neighbor; whether it is better."""
        is_moved = self.rng.random(len(self.names)) < SHARE_MOVED
        pace = np.maximum(2.0 * self.half, 0.3 * np.abs(self.best))
        moved = self.best + is_moved * self.rng.standard_normal(len(self.names)) * self.width * pace
        middle = np.clip(moved, self.low, self.high)
        loss = self.loss_of(middle)
        is_better = loss < self.loss
        if is_better:
            self.best, self.loss = middle, loss
        self.width = float(np.clip(self.width * (1.3 if is_better else 0.96), *STEPS))
        return is_better

    def loss_of(self, middle: np.ndarray) -> float:
        """How far pictures of these middles are from theirs."""
        images = []
        for number, (eye, place) in enumerate(zip(self.eyes, self.place, strict=True)):
            values = np.clip(middle + place * self.half, self.low, self.high)
            drawn = {name: (value, value) for name, value in zip(self.names, values.tolist(), strict=True)}
            imaging = self.imaging.model_copy(update=drawn)
            motion = EyeMotion.draw(imaging, np.random.default_rng(100 + number))
            images.append(render(eye, imaging, motion, np.random.default_rng(number)).image)
        ours = measured(images)
        spread = np.maximum(self.theirs.measures.std(axis=0), 0.1 * np.abs(self.theirs.measures.mean(axis=0)) + 0.05)
        difference = (ours.measures.mean(axis=0) - self.theirs.measures.mean(axis=0)) / spread
        near = np.mean(np.minimum(difference**2, LARGEST_DIFFERENCE**2))
        return float(near + SEPARATION_WEIGHT * separation(ours.filters, self.theirs.filters) ** 2)

    def ranges(self) -> dict[str, list[float]]:
        """The ranges around the best middles, within the limits."""
        ends = zip(self.names, self.best - self.half, self.best + self.half, self.low, self.high, strict=True)
        return {
            name: [float(f"{max(first, low):.3g}"), float(f"{min(last, high):.3g}")]
            for name, first, last, low, high in ends
        }


def measured(images: list[np.ndarray]) -> Measured:
    """Measures and filter responses of pictures."""
    return Measured(
        measures=np.array([list(measure_picture(image).by_name().values()) for image in images]),
        filters=np.array([filter_features(image) for image in images]),
    )


def separation(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Standard deviations between both sets of pictures along which Fisher's rule tells patches apart."""
    spread = np.concatenate([ours, theirs]).std(axis=(0, 1)) + 1e-9
    first, second = ours / spread, theirs / spread
    patches = [group.reshape(-1, group.shape[-1]) for group in (first, second)]
    covariance = sum(np.cov(group.T) for group in patches) / 2 + RIDGE * np.eye(len(spread))
    direction = np.linalg.solve(covariance, patches[0].mean(axis=0) - patches[1].mean(axis=0))
    scores = [group.mean(axis=1) @ direction for group in (first, second)]
    pooled = np.sqrt((scores[0].var() + scores[1].var()) / 2 + 1e-9)
    return float((scores[0].mean() - scores[1].mean()) / pooled)


if __name__ == "__main__":
    main()
