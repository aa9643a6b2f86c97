"""The transfer probe tells whether an appearance carries over: benchmarks/transfer.py in small."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.metrics import balanced_accuracy_score

from octa_svr_dataset.evaluation.discrimination import best_threshold
from octa_svr_dataset.evaluation.pictures import Pictures, synthesize_pictures
from octa_svr_dataset.evaluation.probe import ProbeSettings, disease_probabilities, train_probe
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

pytestmark = pytest.mark.slow

SETS = ((Split.TRAIN, 160), (Split.VALIDATION, 40))


def synthesized(appearance: Mapping[str, Any], split: Split, num: int) -> Pictures:
    config = resolve_config("dropout_ma", overrides=appearance)
    keys = [SceneKey(seed=0, split=split, scene_index=index) for index in range(num)]
    return Pictures.of(synthesize_pictures(config, keys, size_px=128, workers=1))


def test_a_probe_of_one_appearance_fails_under_another_and_recovers_when_its_appearance_is_randomized(
    repository: Path,
) -> None:
    plan = yaml.safe_load((repository / "benchmarks/transfer.yaml").read_text())
    foreign = synthesized(plan["scanners"]["noise"], Split.TEST, 40)
    accuracies = {}
    for name in ("narrow", "randomized"):
        appearance = plan["training"][name]
        training, validation = (synthesized(appearance, split, num) for split, num in SETS)
        network = train_probe(training, ProbeSettings(epochs=12, is_augmented=False), np.random.default_rng(0))
        threshold = best_threshold(disease_probabilities(network, validation.gray), validation.is_diseased)
        accuracies[name] = [
            balanced_accuracy_score(pictures.is_diseased, disease_probabilities(network, pictures.gray) > threshold)
            for pictures in (validation, foreign)
        ]
    print(f"\nbalanced accuracy under the own scanner and a noisy one: {accuracies}")
    assert accuracies["narrow"][0] > 0.95
    assert accuracies["narrow"][1] < 0.8
    assert accuracies["randomized"][1] > accuracies["narrow"][1] + 0.05
