"""How strong is the grain of a picture where it is dark, and where it is bright? Given pictures, and ours.

    python benchmarks/noise_curve.py path/to/scans/*.png --projection superficial

Grain is what a blur of 1.2 px takes. Prints its standard deviation by the local mean, both in gray levels: the median
over the pictures.
"""

import argparse
import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from octa_svr_dataset.example import make_example

GRAIN_PX, AROUND_PX = 1.2, 4.0
"""Blurs, as standard deviations: what is finer is grain, and how far the local mean reaches."""

GRAY_LEVELS = (0, 20, 35, 50, 65, 80, 100, 130, 170, 256)
"""Ends of the classes of local means."""

LEAST_PIXELS = 300
"""A class of fewer pixels says nothing of a picture."""


def main() -> None:
    """Print a line for theirs and one for ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path, nargs="+", help="of one size")
    parser.add_argument("--projection", choices=("full", "superficial", "deep"), default="superficial")
    parser.add_argument("--num", type=int, default=40, help="pictures of ours")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    theirs = [np.asarray(Image.open(path).convert("L")) for path in options.pictures]
    overrides = {"imaging": {"projection": options.projection, "size_px": len(theirs[0])}}
    ours = (
        make_example("healthy", seed=options.seed, split="test", index=index, overrides=overrides).rendering.image
        for index in range(options.num)
    )
    classes = [f"{low} to {high}" for low, high in itertools.pairwise(GRAY_LEVELS)]
    print(f"{'local mean':10}", *(f"{name:>10}" for name in classes))
    for name, pictures in (("theirs", theirs), ("ours", ours)):
        print(f"{name:10}", *(f"{spread:10.1f}" for spread in curve(pictures)))


def curve(pictures: Iterable[np.ndarray]) -> np.ndarray:
    """(9,) float64. Spread of the grain in each class of local means: median over (H, H) uint8 pictures that tell."""
    found = np.array([spreads(picture.astype(np.float64)) for picture in pictures])
    return np.array([np.median(told) if len(told) else np.nan for told in (each[~np.isnan(each)] for each in found.T)])


def spreads(picture: np.ndarray) -> list[float]:
    """Spread of the grain of one (H, H) picture in each class; not a number where the class is too small."""
    grain = picture - ndimage.gaussian_filter(picture, GRAIN_PX)
    means = np.digitize(ndimage.gaussian_filter(picture, AROUND_PX), GRAY_LEVELS[1:-1])
    classes = (grain[means == number] for number in range(len(GRAY_LEVELS) - 1))
    return [float(values.std()) if len(values) >= LEAST_PIXELS else np.nan for values in classes]


if __name__ == "__main__":
    main()
