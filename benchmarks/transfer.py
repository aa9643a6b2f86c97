"""Does the transfer probe discriminate? Appearances to train under, against scanners to be scored under.

    python benchmarks/transfer.py [--out outputs/transfer] [--workers 2]

Reads benchmarks/transfer.yaml and prints the table of docs/realism.md. Pictures and scores are kept under a name
that the package's source and that file give: a run that broke off goes on where it was.
"""

import argparse
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console

from octa_svr_dataset.command import unfinished_path
from octa_svr_dataset.evaluation.baselines import BASELINES, baseline_scores
from octa_svr_dataset.evaluation.discrimination import best_threshold, measure_auc
from octa_svr_dataset.evaluation.pictures import Pictures, synthesize_pictures
from octa_svr_dataset.evaluation.probe import ProbeSettings, train_probes
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.source_hash import source_hash

PLAN = Path(__file__).with_suffix(".yaml")

FAMILIAR = ("narrow", "preset")
"""Scanners that are trained on, too; left out of the mean over foreign ones."""

Readings = dict[str, tuple[float, float]]
"""Area under the curve and balanced accuracy, by scanner."""

progress = Console(stderr=True)


def main() -> None:
    """Synthesize, train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("outputs/transfer"))
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    start = time.perf_counter()
    plan = PLAN.read_text(encoding="utf-8")
    folder = options.out / hashlib.sha256((source_hash() + plan).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(plan=yaml.safe_load(plan), folder=folder, workers=options.workers)
    scanners = list(bench.plan["scanners"])
    print_cells("trained under", "augmented", *scanners, "mean of the foreign")
    print_cells(*["---"] * (3 + len(scanners)))
    for training in bench.plan["training"]:
        for is_augmented in (False, True):
            by_scanner = bench.probe_readings(training, is_augmented=is_augmented)
            print_readings(training, "yes" if is_augmented else "no", by_scanner)
    for name in BASELINES:
        print_readings(name, "", bench.baseline_readings(name))
    progress.print(f"wall time of this run: {(time.perf_counter() - start) / 60:.1f} min")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Pictures and scores of the plan, made once and kept in a folder."""

    plan: Mapping[str, Any]
    folder: Path
    workers: int

    def test_pictures(self, scanner: str) -> Pictures:
        """Pictures of the same eyes, whatever the scanner."""
        settings = self.plan["scanners"][scanner]
        return self._pictures(f"test_{scanner}", settings, Split.TEST)

    def validation_pictures(self, training: str) -> Pictures:
        """Pictures to choose thresholds on."""
        settings = self.plan["training"][training]
        return self._pictures(f"validation_{training}", settings, Split.VALIDATION)

    def probe_readings(self, training: str, *, is_augmented: bool) -> Readings:
        """What the mean of the probes makes of each scanner's pictures."""
        validation = self.validation_pictures(training)
        scanners = {name: self.test_pictures(name) for name in self.plan["scanners"]}

        def train() -> dict[str, np.ndarray]:
            pictures = self._pictures(f"train_{training}", self.plan["training"][training], Split.TRAIN)
            settings = ProbeSettings(epochs=self.plan["epochs"], is_augmented=is_augmented)
            sets = [validation.gray, *(scanner.gray for scanner in scanners.values())]
            probes = train_probes(pictures, sets, settings, seeds=range(self.plan["seeds"]), workers=self.workers)
            means = [np.mean(scores, axis=0) for scores in zip(*probes, strict=True)]
            return dict(zip(("validation", *scanners), means, strict=True))

        scores = self._kept(f"scores_{training}_{'augmented' if is_augmented else 'plain'}", train)
        return readings(scores, validation, scanners)

    def baseline_readings(self, baseline: str) -> Readings:
        """What a baseline, cut for the preset's pictures, makes of each scanner's."""
        validation = self.validation_pictures("preset")
        scanners = {name: self.test_pictures(name) for name in self.plan["scanners"]}
        field_of_view_mm = resolve_config(self.plan["preset"]).field_of_view_mm
        scores = {
            name: baseline_scores(baseline, pictures.gray, field_of_view_mm)
            for name, pictures in {"validation": validation, **scanners}.items()
        }
        return readings(scores, validation, scanners)

    def _pictures(self, name: str, appearance: Mapping[str, Any], split: Split) -> Pictures:
        config = resolve_config(self.plan["preset"], overrides={**self.plan["disease"], **appearance})
        seed, num = self.plan["eyes"][split.label], self.plan["num"][split.label]
        keys = [SceneKey(seed=seed, split=split, scene_index=index) for index in range(num)]

        def synthesize() -> dict[str, np.ndarray]:
            made = synthesize_pictures(config, keys, size_px=self.plan["input_px"], workers=self.workers)
            return asdict(Pictures.of(made))

        return Pictures(**self._kept(name, synthesize))

    def _kept(self, name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Arrays of a file in the folder, made if there is none."""
        path = self.folder / f"{name}.npz"
        if not path.exists():
            progress.print(f"making {name}")
            unfinished = unfinished_path(path)
            with unfinished.open("wb") as file:
                np.savez(file, **make())
            unfinished.replace(path)
        with np.load(path) as arrays:
            return dict(arrays)


def readings(scores: Mapping[str, np.ndarray], validation: Pictures, scanners: Mapping[str, Pictures]) -> Readings:
    """Area under the curve and balanced accuracy for each scanner, cut at the threshold of the validation pictures."""
    threshold = best_threshold(scores["validation"], validation.is_diseased)
    return {
        name: (area_under_curve(scores[name], pictures), balanced_accuracy(scores[name] > threshold, pictures))
        for name, pictures in scanners.items()
    }


def area_under_curve(scores: np.ndarray, pictures: Pictures) -> float:
    """How often a diseased eye scores above a healthy one."""
    area = measure_auc(scores, pictures.is_diseased)
    assert area is not None, "num.test is large enough for both classes"
    return area.value


def balanced_accuracy(predicted: np.ndarray, pictures: Pictures) -> float:
    """Mean of sensitivity and specificity."""
    return float(
        np.mean([(predicted == pictures.is_diseased)[pictures.is_diseased == truth].mean() for truth in (0, 1)])
    )


def print_readings(name: str, augmented: str, by_scanner: Readings) -> None:
    """Print one row of the table."""
    foreign = np.mean([pair for scanner, pair in by_scanner.items() if scanner not in FAMILIAR], axis=0)
    cells = [f"{area:.2f} / {accuracy:.2f}" for area, accuracy in (*by_scanner.values(), foreign)]
    print_cells(name, augmented, *cells)


def print_cells(*cells: str) -> None:
    """Print one line of Markdown."""
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
