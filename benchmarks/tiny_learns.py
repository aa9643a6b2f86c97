"""Does the tiny model learn to see? Several seeds on unseen pictures of one mean brightness, beside the baselines.

    python benchmarks/tiny_learns.py [--seeds 0 1 2] [--num 300] [--out outputs/tiny_learns]

Trains with training/configs/tiny_cpu.yaml and prints the tables of docs/tiny_model.md. A seed whose model is in --out
already is not trained again. Every question is answered greedily, once; cuts of the baselines are fixed on synthetic
pictures of the training split.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, load_dataset
from PIL import Image

from octa_svr_dataset.brightness import equalized
from octa_svr_dataset.evaluation.bootstrap import Resamples, percentile_interval
from octa_svr_dataset.evaluation.discrimination import best_threshold, measure_auc
from octa_svr_dataset.evaluation.one_number import ONE_NUMBER, one_number_scores
from octa_svr_dataset.evaluation.protocol import Response
from octa_svr_dataset.evaluation.task_scores import Answered, ask, questions_of, task_scores
from octa_svr_dataset.finetuning.settings import read_settings
from octa_svr_dataset.finetuning.sources import open_source
from octa_svr_dataset.grading import Label
from octa_svr_dataset.label_likelihood import answer_log_probabilities
from octa_svr_dataset.registration import NAME, register
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.text.answers import ClassAnswer, format_last_line
from octa_svr_dataset.text.dialogue import QUESTION
from octa_svr_dataset.tiny_vlm import MEAN_GRAY
from octa_svr_dataset.vlm import Vlm, generate, limit_threads, load_vlm

CONFIG = "training/configs/tiny_cpu.yaml"
PRESET = "dr_staging"
FAZ = "foveal avascular zone"

ASKED = {
    "text.opening": "prior_art",
    "text.form": "answer_only",
    "text.turns": [4, 4],
    **{
        f"text.tasks.{task}": 0
        for task in ("describe", "multiple_choice", "compare_regions", "report", "explain_grade")
    },
    "text.tasks.classify": 1,
    "text.tasks.yes_no": 2,
    "text.tasks.locate": 3,
}
"""What is asked of each test picture; of places, only the avascular zone counts here."""

CONCLUSIONS = tuple(format_last_line(ClassAnswer(label=label)) for label in Label)
"""Answers to the first question about a picture."""

TRAINING_SEED, TEST_SEED = 0, 5
"""Seeds of the scenes: `CONFIG` was fixed before anyone looked at those of the second."""

NUM_FOR_CUTS = 300
"""Training pictures on which the baselines are cut."""

MOST_NEW_TOKENS = 64
BATCH_SIZE = 10


def main() -> None:
    """Train, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--num", type=int, default=300, help="test pictures")
    parser.add_argument("--out", type=Path, default=Path("outputs/tiny_learns"))
    parser.add_argument("--num_proc", type=int, default=2)
    options = parser.parse_args()
    models = {seed: trained(seed, options.out / f"seed_{seed}", options.num_proc) for seed in options.seeds}
    rows = [even_row(row) for row in synthesized("test", options.num, ASKED, options.num_proc)]
    severities = np.array([row["severity"] for row in rows])
    samples = Resamples.draw((severities > 0).astype(int), [None] * len(rows), np.random.default_rng(0))
    questions = [question for row in rows for question in questions_of(row)]
    called = baselines([row["image"] for row in rows], options.num_proc)
    print_head()
    for name, flags in called.items():
        print_reader(name, flags, severities, samples)
    for seed, folder in models.items():
        vlm = load_vlm(str(folder))
        limit_threads(vlm.model)
        answered = ask(questions, lambda images, texts, vlm=vlm: say(vlm, images, texts), batch_size=BATCH_SIZE)
        flags = called_diseased(answered, rows)
        print_reader(f"tiny model, seed {seed}", flags, severities, samples)
        for name in ("mean brightness", "perfusion index"):
            print_lead(name, flags, called[name], severities, samples)
        print_tasks(answered)
        if seed == options.seeds[0]:
            print_curve(folder, [row["image"] for row in rows], severities)


def trained(seed: int, folder: Path, num_proc: int) -> Path:
    """The folder of a model, which is trained now unless it is there; prints what that cost."""
    if not (folder / "config.json").exists():
        start, used = time.monotonic(), cpu_s()
        settings, _, _ = read_settings(["--config", CONFIG])
        open_source(settings.sources[0], streaming=False, num_proc=num_proc)
        synthesis_s, synthesis_cpu_s = time.monotonic() - start, cpu_s() - used
        command = [sys.executable, "training/sft.py", "--config", CONFIG, "--seed", str(seed), "--output_dir", folder]
        command += ["--save_strategy", "steps", "--save_steps", "75", "--save_only_model", "true"]
        subprocess.run([*map(str, command), "--num_proc", str(num_proc)], check=True, stdout=subprocess.DEVNULL)
        print(
            f"seed {seed}: synthesis {synthesis_s:.0f} s ({synthesis_cpu_s:.0f} s of CPU; 0 where it was cached), ",
            end="",
        )
        rest_s, rest_cpu_s = time.monotonic() - start - synthesis_s, cpu_s() - used - synthesis_cpu_s
        print(f"training {rest_s:.0f} s ({rest_cpu_s:.0f} s of CPU)", flush=True)
    return folder


def cpu_s() -> float:
    """CPU time of this process and of those that it has waited for, s."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def synthesized(split: str, number: int, overrides: Mapping[str, Any], num_proc: int) -> Dataset:
    """The first rows of a split."""
    register()
    seed = TEST_SEED if split == "test" else TRAINING_SEED
    numbers = {f"num_{name}": number if name == split else 0 for name in ("train", "validation", "test")}
    return load_dataset(NAME, PRESET, split=split, seed=seed, overrides=overrides, num_proc=num_proc, **numbers)


def even_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose picture has the mean brightness of all, without the turns that are not scored here."""
    turns = list(zip(row["messages"][::2], row["messages"][1::2], row["tasks"], strict=True))
    kept = [turn for turn in turns if turn[2]["task"] != "locate" or json.loads(turn[2]["answer"])["kind"] == FAZ]
    messages = [message for question, answer, _ in kept for message in (question, answer)]
    changed = {"image": equalized(row["image"], MEAN_GRAY), "messages": messages, "tasks": [turn[2] for turn in kept]}
    return {**row, **changed}


def baselines(images: Sequence[Image.Image], num_proc: int) -> dict[str, np.ndarray]:
    """(N,) bool each. What one number calls diseased, cut on training pictures of the same brightness."""
    rows = synthesized("train", NUM_FOR_CUTS, {}, num_proc)
    is_diseased = np.array([row["severity"] > 0 for row in rows])
    known = measured([equalized(row["image"], MEAN_GRAY) for row in rows])
    found = measured(images)
    return {name: found[name] > best_threshold(known[name], is_diseased) for name in ONE_NUMBER}


def measured(images: Sequence[Image.Image]) -> dict[str, np.ndarray]:
    """(N,) float64 each. The one-number measures by name."""
    width_mm = resolve_config(PRESET).field_of_view_mm
    scores = [one_number_scores(np.asarray(image), width_mm) for image in images]
    return {name: np.array([score[name] for score in scores]) for name in ONE_NUMBER}


def say(vlm: Vlm, images: Sequence[Image.Image], texts: Sequence[str]) -> list[str]:
    """Answers to one question about each picture."""
    return generate(vlm, images, texts, max_new_tokens=MOST_NEW_TOKENS)


def called_diseased(answered: Sequence[Answered], rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(N,) bool. Whether the first answer about each picture that gives a class gives a disease."""
    first: dict[str, bool] = {}
    for entry in answered:
        if entry.question.is_of_class:
            first.setdefault(entry.question.row, entry.verdict.is_diseased is True)
    return np.array([first[row["id"]] for row in rows])


def print_head() -> None:
    """Head of the table."""
    print("\n| reader | balanced accuracy | healthy | 1 | 2 | 3 | 4 |\n|---|---|---|---|---|---|---|")


def print_reader(name: str, flags: np.ndarray, severities: np.ndarray, samples: Resamples) -> None:
    """Balanced accuracy with its interval, and recall by severity."""
    truths = (severities > 0).astype(int)
    is_right = flags == (truths == 1)
    value = np.mean([is_right[truths == truth].mean() for truth in (0, 1)])
    low, high = percentile_interval(samples.balanced_accuracies(truths, is_right))
    recalls = " | ".join(f"{is_right[severities == severity].mean():.2f}" for severity in range(5))
    print(f"| {name} | {value:.3f} ({low:.3f} to {high:.3f}) | {recalls} |", flush=True)


def print_lead(name: str, flags: np.ndarray, other: np.ndarray, severities: np.ndarray, samples: Resamples) -> None:
    """How far the balanced accuracy lies above that of a baseline, over the same samples."""
    truths = (severities > 0).astype(int)
    one, another = (samples.balanced_accuracies(truths, called == (truths == 1)) for called in (flags, other))
    low, high = percentile_interval(one - another)
    print(f"  lead over {name}: {(one - another).mean():+.3f} ({low:+.3f} to {high:+.3f})")


def print_tasks(answered: Sequence[Answered]) -> None:
    """Three classes, and the mean value of the answers to every task."""
    scores = task_scores(answered)
    three = scores.three_class
    assert three.value is not None, "all classes are among the pictures"
    print(
        f"  three classes: {three.value:.3f} ({three.low:.3f} to {three.high:.3f}); unparsable {scores.unparsable:.3f}"
    )
    for name, task in scores.tasks.items():
        value = task.value
        print(f"  {name}: {value.value:.3f} ({value.low:.3f} to {value.high:.3f}), {value.number} questions")


def print_curve(folder: Path, images: Sequence[Image.Image], severities: np.ndarray) -> None:
    """Loss, AUC and balanced accuracy on the test pictures by step."""
    log = json.loads((folder / "loss_curve.json").read_text())
    losses = {entry["step"]: entry["loss"] for entry in log if "loss" in entry}
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    for checkpoint in checkpoints:
        step = int(checkpoint.name.split("-")[1])
        auc, accuracy = read_class(load_vlm(str(checkpoint)), images, severities > 0)
        print(
            f"  step {step}: loss {losses.get(step, float('nan')):.3f}, AUC {auc:.3f}, balanced accuracy {accuracy:.3f}"
        )


def read_class(vlm: Vlm, images: Sequence[Image.Image], is_diseased: np.ndarray) -> tuple[float, float]:
    """AUC and balanced accuracy of the likelihoods of the class answers."""
    limit_threads(vlm.model)
    likelihoods: list[tuple[float, ...]] = []
    for start in range(0, len(images), BATCH_SIZE):
        batch = images[start : start + BATCH_SIZE]
        likelihoods += answer_log_probabilities(vlm, batch, QUESTION, CONCLUSIONS)
    scores = [Response(output="", class_log_probabilities=one).disease_probability for one in likelihoods]
    auc = measure_auc(np.array(scores, dtype=float), is_diseased)
    assert auc is not None, "both classes are among the pictures"
    is_right = (np.argmax(likelihoods, axis=1) > 0) == is_diseased
    return auc.value, float(np.mean([is_right[is_diseased].mean(), is_right[~is_diseased].mean()]))


if __name__ == "__main__":
    main()
