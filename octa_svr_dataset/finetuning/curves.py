"""The curves of a run as files: every logged figure, and a picture of the losses and scores."""

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from octa_svr_dataset.command import write_whole

LOSS_CURVE_NAME = "loss_curve.json"
PICTURE_NAME = "loss_curve.png"

_SCORES = {
    "eval_binary_balanced_accuracy": "healthy or diabetic",
    "eval_three_class_balanced_accuracy": "three classes",
}
"""Scores that are drawn, with their names."""


def write_curves(log_history: Sequence[Mapping[str, float]], folder: Path) -> list[str]:
    """Write what was logged, and draw it where matplotlib is installed; what to print about it, one line each."""
    write_whole(folder / LOSS_CURVE_NAME, json.dumps(list(log_history), indent=1) + "\n")
    lines = [f"loss curve: {folder / LOSS_CURVE_NAME}"]
    if importlib.util.find_spec("matplotlib") is None:
        return [*lines, f"no {PICTURE_NAME}: matplotlib is not installed; pip install matplotlib"]
    _draw(log_history, folder / PICTURE_NAME)
    return [*lines, f"its picture: {folder / PICTURE_NAME}"]


def _draw(log_history: Sequence[Mapping[str, float]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    losses = figure.add_subplot()
    for name, label in (("loss", "training"), ("eval_loss", "validation")):
        points = _points(log_history, name)
        if points:
            losses.plot(*zip(*points, strict=True), marker="." if len(points) < 40 else "", label=label)
    losses.set_xlabel("step")
    losses.set_ylabel("loss per token of the answers")
    losses.set_ylim(bottom=0)
    lines = list(losses.get_lines())
    if any(_points(log_history, name) for name in _SCORES):
        scores = losses.twinx()
        for number, (name, label) in enumerate(_SCORES.items()):
            points = _points(log_history, name)
            if points:
                lines += scores.plot(*zip(*points, strict=True), "--", marker="s", color=f"C{number + 2}", label=label)
        scores.set_ylim(0, 1)
        scores.set_ylabel("balanced accuracy")
    losses.legend(handles=lines, loc="best")
    figure.savefig(path, dpi=150)


def _points(log_history: Sequence[Mapping[str, float]], name: str) -> list[tuple[float, float]]:
    """Steps and values of one figure."""
    return [(entry["step"], entry[name]) for entry in log_history if name in entry]
