"""How much the pictures look like real ones, in numbers.

    OCTA_SVR_REFERENCE=path/to/reference python benchmarks/realism.py healthy --num 40

Sets ours beside real pictures and beside those of the published GAN, like with like: healthy, at 304 px, without their
borders; frequencies are per mm only where the scale is known. Prints one table: means of each measure, the difference
with its 95 % interval, and whether the goal is reached. A Frechet distance has that of two halves of their pictures
beside it, of half the size and so rather too large. The last lines show that the classifier can tell sets apart.
"""

import argparse
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from backbone import backbone_features
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from octa_svr_dataset.example import make_example
from octa_svr_dataset.realism.comparison import Difference, compare_measures, frechet_distance, frechet_floor
from octa_svr_dataset.realism.filters import filter_features
from octa_svr_dataset.realism.measures import PictureMeasures, measure_picture
from octa_svr_dataset.realism.two_sample import two_sample_auc

LEAST_AUC_OF_POWER = 0.90
"""The classifier must tell real pictures from those of the GAN at least that well."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Pictures of ours to hold against pictures of theirs."""

    title: str
    projection: str
    field_of_view_mm: float
    theirs: str
    """Their pictures, as a pattern of paths in the reference folder."""
    their_size_px: int
    """Width of their pictures, which the publisher may have scaled; ours are taken at the same."""
    every: int = 1
    """Of their pictures, take every one, or every second, ..."""
    scale_is_known: bool
    largest_auc: float | None = None
    """Goal of the two-sample classifier."""


COMPARISONS = {
    "superficial": Comparison(
        title="superficial, 3 mm, against real",
        projection="superficial",
        field_of_view_mm=3.0,
        theirs="real_faz/images/superficial_*.png",
        their_size_px=512,
        scale_is_known=True,
        largest_auc=0.85,
    ),
    "deep": Comparison(
        title="deep, 3 mm, against real of unknown scale",
        projection="deep",
        field_of_view_mm=3.0,
        theirs="real_faz/images/deep_*.png",
        their_size_px=512,
        scale_is_known=False,
    ),
    "full": Comparison(
        title="full, 3 mm, against GAN (of open beds)",
        projection="full",
        field_of_view_mm=3.0,
        theirs="gan_images/*.png",
        their_size_px=304,
        every=4,
        scale_is_known=True,
        largest_auc=0.80,
    ),
    "wide": Comparison(
        title="superficial, 6 mm, against real of unknown scale",
        projection="superficial",
        field_of_view_mm=6.0,
        theirs="real_rossa/images/*.png",
        their_size_px=320,
        scale_is_known=False,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """A set of N pictures, measured."""

    measures: list[PictureMeasures]
    filters: np.ndarray
    """(N, 9, 24) float64. Responses of fixed filters."""
    backbone: np.ndarray
    """(N, 9, 40) float64. Features of the pretrained network."""


def main() -> None:
    """Measure all sets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", nargs="?", default="healthy")
    parser.add_argument("--num", type=int, default=40, help="pictures of ours in each comparison")
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=list(COMPARISONS), help="comparisons to make")
    parser.add_argument("--appearance", default="default", help="profile that `octa-svr fit-appearance` wrote")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if "OCTA_SVR_REFERENCE" not in os.environ:
        parser.error("set OCTA_SVR_REFERENCE to the folder of reference data")
    reference, rng = Path(os.environ["OCTA_SVR_REFERENCE"]), np.random.default_rng(options.seed)
    theirs = {name: their_pictures(reference, COMPARISONS[name]) for name in {*options.only, "superficial", "full"}}
    table = Table("measure", "theirs", "ours", "difference", "95 % interval", "goal", "reached", box=None)
    table.columns[0].no_wrap = True
    for name in options.only:
        pictures = our_pictures(options.preset, COMPARISONS[name], options.num, options.seed, options.appearance)
        add_comparison(table, COMPARISONS[name], measured(pictures, options.num), theirs[name], rng)
    table.add_row("[bold]power: GAN (as ours) against real superficial[/bold]")
    add_distances(table, theirs["full"], theirs["superficial"], rng)
    add_auc(table, theirs["full"], theirs["superficial"], rng, goal=f">= {LEAST_AUC_OF_POWER:.2f}")
    Console(width=150).print(table)


def our_pictures(
    preset: str, comparison: Comparison, num: int, seed: int, appearance: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Healthy pictures and their avascular zones."""
    overrides = {
        "pathology.severity_shares": [1, 0, 0, 0, 0],
        "field_of_view_mm": comparison.field_of_view_mm,
        "imaging": {
            "projection": comparison.projection,
            "appearance": appearance,
            "size_px": comparison.their_size_px,
        },
    }
    for index in range(num):
        rendering = make_example(preset, seed=seed, split="test", index=index, overrides=overrides).rendering
        yield rendering.image, rendering.layers.faz


def their_pictures(reference: Path, comparison: Comparison) -> Pictures:
    """Pictures of the reference folder that a comparison is against."""
    paths = sorted(reference.glob(comparison.theirs))[:: comparison.every]
    return measured(((np.asarray(Image.open(path).convert("L")), read_zone(path)) for path in paths), len(paths))


def read_zone(path: Path) -> np.ndarray | None:
    """(H, H) bool. Avascular zone of a picture, where its folder has one of colored outlines beside it."""
    mask = path.parents[1] / "masks" / path.name
    return np.asarray(Image.open(mask).convert("RGB")).any(axis=-1) if mask.is_file() else None


def measured(pictures: Iterable[tuple[np.ndarray, np.ndarray | None]], num: int) -> Pictures:
    """All that is measured of pictures and their avascular zones."""
    measures, filters, backbone = [], [], []
    for image, zone in track(pictures, "Measuring", total=num, console=Console(stderr=True)):
        measures.append(measure_picture(image, zone))
        filters.append(filter_features(image))
        backbone.append(backbone_features(image))
    return Pictures(measures=measures, filters=np.array(filters), backbone=np.array(backbone))


def add_comparison(
    table: Table, comparison: Comparison, ours: Pictures, theirs: Pictures, rng: np.random.Generator
) -> None:
    """Add the rows of one comparison."""
    table.add_row(f"[bold]{comparison.title} ({len(ours.measures)} and {len(theirs.measures)} pictures)[/bold]")
    for difference in compare_measures(ours.measures, theirs.measures, rng):
        add_difference(table, difference, comparison)
    add_distances(table, ours, theirs, rng)
    add_auc(table, ours, theirs, rng, goal="" if comparison.largest_auc is None else f"<= {comparison.largest_auc:.2f}")
    table.add_section()


def add_difference(table: Table, difference: Difference, comparison: Comparison) -> None:
    """Add the row of one measure."""
    name = difference.name
    if comparison.scale_is_known and name.endswith(" cycles"):
        low, high = (float(end) / comparison.field_of_view_mm for end in name.split()[-2].split("-"))
        name = f"log10 power, {low:.3g}-{high:.3g} cycles/mm"
    table.add_row(
        name,
        f"{difference.theirs:.2f}",
        f"{difference.ours:.2f}",
        f"{difference.value:+.2f}",
        in_words(difference.interval),
        "" if difference.goal is None else f"+-{difference.goal:g}",
        "" if difference.is_reached is None else in_words(difference.is_reached),
    )


def add_distances(table: Table, ours: Pictures, theirs: Pictures, rng: np.random.Generator) -> None:
    """Add Frechet distances; those of fixed filters are in units of their spread over their pictures."""
    spread = theirs.filters.std(axis=(0, 1))
    features = {
        "Frechet distance, fixed filters": (ours.filters / spread, theirs.filters / spread),
        "Frechet distance, EfficientNet-Lite0": (ours.backbone, theirs.backbone),
    }
    for name, (our_features, their_features) in features.items():
        distance = frechet_distance(np.concatenate(our_features), np.concatenate(their_features))
        floor = frechet_floor(their_features, rng)
        table.add_row(name, f"{floor:.2f}", f"{distance:.2f}", f"{distance - floor:+.2f}")


def add_auc(table: Table, ours: Pictures, theirs: Pictures, rng: np.random.Generator, *, goal: str) -> None:
    """Add how well a classifier tells the sets apart; the goal is a comparison and a number, or empty."""
    auc = two_sample_auc(ours.filters, theirs.filters, rng)
    sign, _, limit = goal.partition(" ")
    is_reached = bool(goal) and (auc.value <= float(limit) if sign == "<=" else auc.value >= float(limit))
    reached = in_words(is_reached) if goal else ""
    table.add_row("two-sample AUC", "0.50", f"{auc.value:.2f}", "", in_words(auc.interval), goal, reached)


def in_words(value: bool | tuple[float, float]) -> str:
    """A truth or an interval as it stands in the table."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value[0]:.2f} to {value[1]:.2f}"


if __name__ == "__main__":
    main()
