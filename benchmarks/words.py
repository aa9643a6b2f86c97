"""Of which eyes words of degree are used, and whether disease moves what is told of the exposure.

    python benchmarks/words.py [--preset dr_staging] [--num 100] [--projection superficial]

Prints, for the eyes of a preset that show disease: the degrees of their diffuse loss by severity; how many of those
with beaded veins are seen to bead, and how many of their healthy twins at the same places; and the AUC by which each
measure of the exposure tells these eyes from their twins, which lie under the same exposure (0.5: not at all).
"""

import argparse
from collections import Counter
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import mannwhitneyu

from octa_svr_dataset.example import Example, make_example
from octa_svr_dataset.findings.beading import LEAST_SWING, bead_swing
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.visibility import View

MEASURES = {"vessel_gray": "gray of vessels", "noise_share": "noise", "edge_um": "sharpness", "line_share": "motion"}

DEGREES = ("not visible", "mild", "moderate", "marked")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="dr_staging")
    parser.add_argument("--num", type=int, default=100, help="eyes, healthy ones among them")
    parser.add_argument("--projection", default="full", choices=("full", "superficial", "deep"))
    parser.add_argument("--seed", type=int, default=51)
    options = parser.parse_args()
    degrees, beads = Counter[tuple[int, str]](), list[tuple[bool, bool]]()
    exposures: dict[str, list[tuple[float | None, float | None]]] = {name: [] for name in MEASURES}
    for eye, twin in diseased_eyes(options.preset, options.projection, options.num, options.seed):
        loss = eye.findings.diffuse_loss
        degrees[eye.findings.severity, loss.degree if loss.is_visible else "not visible"] += 1
        alone = [PictureAlone.of(View.of(example.scene, example.rendering)) for example in (eye, twin)]
        if eye.scene.lesions.shape.beading:
            beads.append((is_beaded(eye, eye, alone[0]), is_beaded(twin, eye, alone[1])))
        for name, values in exposures.items():
            values.append((getattr(alone[0].exposure, name), getattr(alone[1].exposure, name)))
    print_degrees(degrees)
    seen, mistaken = (sum(pair[side] for pair in beads) for side in (0, 1))
    print(f"beading: seen in {seen} of {len(beads)} eyes that have it, in {mistaken} of their healthy twins")
    for name, title in MEASURES.items():
        auc, number = auc_of(exposures[name])
        print(f"{title}: AUC {auc:.2f} over {number} eyes and their twins")


def diseased_eyes(preset: str, projection: str, num: int, seed: int) -> Iterator[tuple[Example, Example]]:
    """Eyes that show disease, each with its healthy twin."""
    overrides = {"imaging.projection": projection}
    for index in range(num):
        eye = make_example(preset, seed=seed, split="test", index=index, overrides=overrides)
        if eye.findings.severity:
            yield eye, make_example(preset, seed=seed, split="test", index=index, overrides=overrides, lesions=False)


def is_beaded(shown: Example, eye: Example, alone: PictureAlone) -> bool:
    """Whether a picture shows beads where the veins of an eye have them."""
    swing = bead_swing(View.of(shown.scene, shown.rendering), eye.scene, alone.vessels)
    return swing is not None and swing >= LEAST_SWING


def auc_of(values: list[tuple[float | None, float | None]]) -> tuple[float, int]:
    """AUC between eyes and twins where both are known, and how many pairs that are."""
    known = np.array([pair for pair in values if None not in pair], float)
    return float(mannwhitneyu(known[:, 0], known[:, 1]).statistic) / len(known) ** 2, len(known)


def print_degrees(degrees: Counter[tuple[int, str]]) -> None:
    """Eyes by severity and degree."""
    table = Table("severity", *DEGREES, title="degree of diffuse loss")
    for severity in sorted({severity for severity, _ in degrees}):
        table.add_row(str(severity), *(str(degrees[severity, degree]) for degree in DEGREES))
    Console().print(table)


if __name__ == "__main__":
    main()
