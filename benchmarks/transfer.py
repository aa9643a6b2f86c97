"""Does the transfer probe discriminate? Appearances to train under, against scanners to be scored under.

    python benchmarks/transfer.py [--out outputs/transfer] [--workers 2]

Reads benchmarks/transfer.yaml and prints the table of docs/realism.md. Pictures and scores are kept in the
folder; a run that broke off goes on where it was. Another configuration needs another folder.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.progress import track

from octa_svr_dataset.evaluation.baselines import BASELINES, baseline_scores
from octa_svr_dataset.evaluation.discrimination import best_threshold, measure_auc
from octa_svr_dataset.evaluation.pictures import Pictures, synthesize_pictures
from octa_svr_dataset.evaluation.probe import ProbeSettings, train_probes
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

SETTINGS = Path(__file__).with_suffix(".yaml")


def main() -> None:
    """Synthesize, train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("outputs/transfer"))
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    plan = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))
    kept = {
        "train": {name: plan["training"][name] for name in plan["training"]},
        "validation": {name: plan["training"][name] for name in plan["training"]},
        "test": {name: plan["scanners"][name] for name in plan["scanners"]},
    }
    print(kept, options)


if __name__ == "__main__":
    main()
