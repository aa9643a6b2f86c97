"""Does contrast normalization serve transfer? What disease does to the levels that it moves, and what readers then see.

    python benchmarks/contrast.py [--num 60]

Prints the tables of docs/evaluation.md: how far lesions move gray levels of the preset's pictures, in standard
deviations of their healthy twins, before and after normalization; and the balanced accuracy of the baselines on foreign
scanners (benchmarks/transfer.yaml), their thresholds chosen on the preset's own pictures.
"""

import argparse
from pathlib import Path

import numpy as np
import yaml
from PIL import Image
from rich.console import Console
from rich.progress import track
from sklearn.metrics import balanced_accuracy_score

from octa_svr_dataset import make_example
from octa_svr_dataset.evaluation.baselines import BASELINES, baseline_scores
from octa_svr_dataset.evaluation.discrimination import best_threshold
from octa_svr_dataset.evaluation.pictures import Pictures, synthesize_pictures
from octa_svr_dataset.evaluation.preprocessing import CONTRASTS, MATCHED_QUANTILES, Preprocessing
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

PRESET = "dr_staging"
FAMILIAR = ("narrow", "preset")
"""Scanners of the plan that are trained on."""

progress = Console(stderr=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=60, help="pictures of each scanner, and eyes with their twins")
    options = parser.parse_args()
    config = resolve_config(PRESET)
    steps = {
        contrast: Preprocessing.for_training(config, field_of_view_mm=3.0, crop=False, contrast=contrast)
        for contrast in CONTRASTS
    }
    print_levels(steps, options.num)
    own = synthesized({}, Split.VALIDATION, options.num)
    plan = yaml.safe_load(Path(__file__).with_name("transfer.yaml").read_text(encoding="utf-8"))
    scanners = {name: change for name, change in plan["scanners"].items() if name not in FAMILIAR}
    foreign = {name: synthesized(change, Split.TEST, options.num) for name, change in scanners.items()}
    print("| balanced accuracy | contrast |", " | ".join(foreign), "|")
    for reader in BASELINES:
        for contrast, step in steps.items():
            threshold = best_threshold(baseline_scores(reader, prepared(own, step), 3.0), own.is_diseased)
            values = [
                balanced_accuracy_score(
                    pictures.is_diseased, baseline_scores(reader, prepared(pictures, step), 3.0) > threshold
                )
                for pictures in foreign.values()
            ]
            print(f"| {reader} | {contrast} |", " | ".join(f"{value:.2f}" for value in values), "|")


def print_levels(steps: dict[str, Preprocessing], num: int) -> None:
    """How far lesions move the matched levels and the median."""
    twins = []
    for index in track(range(num), "eyes and their twins", console=progress):
        eye = make_example(PRESET, seed=0, split="validation", index=index)
        if eye.findings.label.is_diseased:
            twin = make_example(PRESET, seed=0, split="validation", index=index, lesions=False)
            twins.append((eye.rendering.image, twin.rendering.image))
    low, high = MATCHED_QUANTILES
    print(f"| lesions move, of {len(twins)} eyes | quantile {low} | median | quantile {high} |")
    for contrast, step in steps.items():
        levels = np.array([[quantiles(step, picture) for picture in pair] for pair in twins])
        moved, spread = (levels[:, 0] - levels[:, 1]).mean(axis=0), levels[:, 1].std(axis=0)
        cells = [moved_words(*pair) for pair in zip(moved, spread, strict=True)]
        print(f"| {contrast} |", " | ".join(cells), "|")


def moved_words(gray: float, deviation: float) -> str:
    """A difference of gray levels, and what it is of their spread; levels that are set have none."""
    return f"{gray:+.1f} ({gray / deviation:+.2f} SD)" if deviation > 0.5 else "set"


def quantiles(step: Preprocessing, picture: np.ndarray) -> np.ndarray:
    """(3,) gray levels of a picture after preprocessing."""
    low, high = MATCHED_QUANTILES
    return np.quantile(np.asarray(step.apply(Image.fromarray(picture), 3.0)), (low, 0.5, high))


def synthesized(changes: dict[str, object], split: Split, num: int) -> Pictures:
    """Pictures of the preset under a scanner."""
    keys = [SceneKey(seed=0, split=split, scene_index=index) for index in range(num)]
    config = resolve_config(PRESET, overrides=changes)
    made = synthesize_pictures(config, keys, size_px=config.imaging.size_px, workers=1)
    return Pictures.of(track(made, split.label, total=num, console=progress))


def prepared(pictures: Pictures, step: Preprocessing) -> np.ndarray:
    """(N, S, S) uint8. Pictures after preprocessing."""
    return np.stack([np.asarray(step.apply(Image.fromarray(gray), 3.0)) for gray in pictures.gray])


if __name__ == "__main__":
    main()
