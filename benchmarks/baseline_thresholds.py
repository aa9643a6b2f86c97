"""Cuts of the one-number baselines, fixed on synthetic pictures alone: prints `evaluation/thresholds.yaml`.

    python benchmarks/baseline_thresholds.py --num 300 > octa_svr_dataset/evaluation/thresholds.yaml

The pictures are the first ones of the validation split of each preset, seed 0.
"""

import argparse
from functools import partial

import numpy as np
import yaml

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.evaluation.discrimination import best_threshold, measure_auc
from octa_svr_dataset.evaluation.one_number import ONE_NUMBER, one_number_scores
from octa_svr_dataset.evaluation.processes import map_in_processes
from octa_svr_dataset.example import simulate
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.version import VERSION

PRESETS = ("dr_staging", "dr_staging_6mm")


def main() -> None:
    """Print the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=300, help="pictures a preset")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    print(f"# Above which a picture counts as diseased, by the width of its field in mm; version {VERSION}.")
    print(f"# Printed by benchmarks/baseline_thresholds.py --num {options.num}; AUC on the same pictures beside each.")
    for preset in PRESETS:
        config = resolve_config(preset)
        keys = [SceneKey(seed=0, split=Split.VALIDATION, scene_index=index) for index in range(options.num)]
        measured = list(map_in_processes(partial(measure, config), keys, workers=options.workers, items_a_task=4))
        is_diseased = np.array([diseased for _, diseased in measured])
        print(f"{yaml.safe_dump(config.field_of_view_mm).splitlines()[0]}:  # {preset}")
        for name in ONE_NUMBER:
            scores = np.array([scores[name] for scores, _ in measured])
            auc = measure_auc(scores, is_diseased)
            assert auc is not None, "both classes are among the pictures"
            print(f"  {name}: {best_threshold(scores, is_diseased):.4f}  # {auc.value:.3f}", flush=True)


def measure(config: SceneConfig, key: SceneKey) -> tuple[dict[str, float], bool]:
    """Measures of one picture, and whether its eye is diseased."""
    example = simulate(config, key)
    return one_number_scores(example.rendering.image, config.field_of_view_mm), example.findings.label.is_diseased


if __name__ == "__main__":
    main()
