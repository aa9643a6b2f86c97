"""The tiny model learns to see: a shorter run than that of `benchmarks/tiny_learns.py`, with a lower bound."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.brightness import equalized
from octa_svr_dataset.evaluation.discrimination import measure_auc
from octa_svr_dataset.evaluation.protocol import Response
from octa_svr_dataset.example import make_example
from octa_svr_dataset.grading import Label
from octa_svr_dataset.label_likelihood import answer_log_probabilities
from octa_svr_dataset.text.answers import ClassAnswer, format_last_line
from octa_svr_dataset.text.dialogue import QUESTION
from octa_svr_dataset.tiny_vlm import MEAN_GRAY
from octa_svr_dataset.vlm import Vlm, limit_threads, load_vlm

ROOT = Path(__file__).parents[2]
NUM_TRAINED, NUM_TESTED = 800, 60
CONCLUSIONS = tuple(format_last_line(ClassAnswer(label=label)) for label in Label)
LEAST_AUC = 0.9
"""An untrained model is at 0.5; one such run was at 0.975."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Vlm:
    out = tmp_path_factory.mktemp("tiny")
    command = ["training/sft.py", "--config", "training/configs/tiny_cpu.yaml", "--output_dir", str(out / "model")]
    environment = os.environ | {"HF_DATASETS_CACHE": str(out / "cache"), "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, *command, "--num_train", str(NUM_TRAINED), "--num_train_epochs", "1"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=1500,
    )
    vlm = load_vlm(str(out / "model"))
    limit_threads(vlm.model)
    return vlm


@pytest.mark.slow
def test_unseen_diseased_eyes_of_the_same_brightness_are_told_from_healthy_ones(trained: Vlm) -> None:
    scores, truths = [], []
    for index in range(NUM_TESTED):
        example = make_example("dr_staging", split="test", index=index)
        image = equalized(Image.fromarray(example.rendering.image), MEAN_GRAY)
        (likelihoods,) = answer_log_probabilities(trained, [image], QUESTION, CONCLUSIONS)
        scores.append(Response(output="", class_log_probabilities=likelihoods).disease_probability)
        truths.append(example.findings.label.is_diseased)
    auc = measure_auc(np.array(scores, dtype=float), np.array(truths))
    assert auc is not None
    assert auc.value > LEAST_AUC
