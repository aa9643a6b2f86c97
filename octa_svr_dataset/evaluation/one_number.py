"""Baselines that learn nothing: one number of a picture, cut where it parts synthetic pictures best.

The cuts are constants (`thresholds.yaml`, printed by `benchmarks/baseline_thresholds.py`), so no real picture has had a
say in them.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

import numpy as np
import yaml

from octa_svr_dataset.evaluation.baselines import coarse_mesh_power, darkness, low_perfusion, vessel_loss
from octa_svr_dataset.geometry import FieldOfView

ONE_NUMBER: Mapping[str, Callable[[np.ndarray, FieldOfView], float]] = {
    "perfusion index": vessel_loss,
    "mean brightness": darkness,
    "low perfusion": low_perfusion,
    "coarse mesh power": coarse_mesh_power,
}
"""What each measures, larger where more disease is expected: missing perfusion, missing brightness, and so on."""


def one_number_scores(gray: np.ndarray, width_mm: float) -> dict[str, float]:
    """Each of the measures, by its name, of an (S, S) uint8 picture of so wide a field, mm."""
    fov = FieldOfView(width_mm=width_mm, size_px=len(gray))
    return {name: measure(gray, fov) for name, measure in ONE_NUMBER.items()}


def thresholds(width_mm: float) -> tuple[dict[str, float], float]:
    """Cut of each measure, above which a picture counts as diseased, and the width of the field that it was fixed at.

    That is the one nearest to `width_mm` by ratio, of those for which there are synthetic pictures.
    """
    by_width = _by_width()
    nearest_mm = min(by_width, key=lambda known_mm: max(known_mm / width_mm, width_mm / known_mm))
    return by_width[nearest_mm], nearest_mm


@cache
def _by_width() -> dict[float, dict[str, float]]:
    text = (resources.files("octa_svr_dataset.evaluation") / "thresholds.yaml").read_text(encoding="utf-8")
    return {float(width_mm): cuts for width_mm, cuts in yaml.safe_load(text).items()}
