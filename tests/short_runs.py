"""Runs of training/sft.py that take little time, and what they leave."""

import json
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]

BARE = {"growth.superficial.iterations": 0, "growth.deep.iterations": 0}
"""Settings of scenes that take little time."""

SHORT = {
    "preset": "dropout_ma",
    "overrides": json.dumps(BARE | {"text.turns": [1, 1]}),
    "num_train": 12,
    "streaming": True,
    "model_name_or_path": "tiny",
    "seed": 0,
    "per_device_train_batch_size": 2,
    "max_steps": 2,
    "logging_steps": 1,
    "save_strategy": "no",
    "use_cpu": True,
    "bf16": False,
    "disable_tqdm": True,
}
"""Settings of a run that takes little time."""

Train = Callable[..., None]


def options(**settings: object) -> list[str]:
    return [part for name, value in settings.items() for part in (f"--{name}", str(value))]


def losses(folder: Path) -> list[float]:
    history = json.loads((folder / "loss_curve.json").read_text())
    return [entry["loss"] for entry in history if "loss" in entry]
