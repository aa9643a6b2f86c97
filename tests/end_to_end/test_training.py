"""The two scripts as a user types them, on few scenes, with the embedded model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from octa_svr_dataset.example import make_example
from octa_svr_dataset.vlm import load_vlm

ROOT = Path(__file__).parents[2]
CONFIG = "training/configs/tiny_cpu.yaml"
NUM_SCENES = 8
NUM_STEPS = 24


def options(**settings: object) -> list[str]:
    return [part for name, value in settings.items() for part in (f"--{name}", str(value))]


def run(cache: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"HF_DATASETS_CACHE": str(cache), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    out = tmp_path_factory.mktemp("trained")
    settings = options(
        output_dir=out,
        num_train=NUM_SCENES,
        num_validation=2,
        num_proc=1,
        max_steps=NUM_STEPS,
        warmup_steps=2,
        logging_steps=4,
        eval_strategy="steps",
        eval_steps=12,
        per_device_train_batch_size=4,
        per_device_eval_batch_size=2,
        max_length=2048,
    )
    result = run(cache, "training/sft.py", "--config", CONFIG, *settings)
    assert result.returncode == 0, result.stderr
    assert f"{NUM_STEPS}/{NUM_STEPS}" in result.stderr, "progress is shown"
    assert str(out / "loss_curve.json") in result.stdout
    return out


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name, has_lesions in (("healthy", False), ("npdr", True)):
        (folder / name).mkdir()
        overrides = {"pathology.severity_shares": [float(not has_lesions), 0, float(has_lesions), 0, 0]}
        for index in range(2):
            example = make_example("dropout_ma", split="test", index=index, overrides=overrides)
            Image.fromarray(example.rendering.image).save(folder / name / f"{index}.png")
    (folder / "SYNTHETIC.txt").write_text("made by the tests")
    return folder


def test_the_loss_falls(trained: Path) -> None:
    history = json.loads((trained / "loss_curve.json").read_text())
    losses = [entry["loss"] for entry in history if "loss" in entry]
    assert len(losses) == NUM_STEPS // 4
    assert losses[-1] < losses[0] / 2
    assert [entry["step"] for entry in history if "eval_loss" in entry] == [12, 24]


def test_the_checkpoint_reloads_with_its_processor(trained: Path) -> None:
    vlm = load_vlm(str(trained))
    text = "Conclusion: healthy retina."
    assert vlm.processor.tokenizer.decode(vlm.processor.tokenizer(text)["input_ids"]) == text
    assert not (trained / ".unfinished").exists()


def test_the_published_settings_train_all_but_the_language_model(cache: Path, tmp_path: Path) -> None:
    small = options(model_name_or_path="tiny", num_train=1, num_proc=1, use_cpu="true", dataloader_num_workers=0)
    short = options(max_steps=2, per_device_train_batch_size=1, warmup_steps=0, learning_rate=0.05, output_dir=tmp_path)
    result = run(cache, "training/sft.py", "--config", "training/configs/qwen3_vl_8b_full.yaml", *small, *short)
    assert result.returncode == 0, result.stderr
    before, after = load_vlm("tiny", dtype=torch.bfloat16), load_vlm(str(tmp_path), dtype=torch.bfloat16)
    for (name, old), new in zip(before.model.named_parameters(), after.model.parameters(), strict=True):
        assert torch.equal(old, new) == ("visual" not in name), name


def test_a_trained_model_is_scored_on_a_folder(trained: Path, pictures: Path, cache: Path, tmp_path: Path) -> None:
    command = ["eval/zero_shot.py", "--real_dir", pictures, "--model", trained, "--out", tmp_path]
    result = run(cache, *map(str, command), "--max_new_tokens", "160", "--batch_size", "3")
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["num_images"] == 4
    assert report["balanced_accuracy"] is not None
    assert len((tmp_path / "predictions.jsonl").read_text().splitlines()) == 4
    assert "synthetic" in result.stdout
    assert str(tmp_path / "report.json") in result.stdout


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["training/sft.py", "--config", CONFIG, "--num_train", "-1"],
            "num_train: must be a whole number of at least 1",
        ),
        (
            ["training/sft.py", "--config", CONFIG, "--output_dir", "{trained}"],
            "output_dir: '{trained}' already holds a model; allowed: another folder, or overwrite_output: true",
        ),
        (["eval/zero_shot.py", "--real_dir", "missing", "--model", "tiny"], "real_dir: there is no folder 'missing'"),
    ],
)
def test_unusable_input_ends_a_script_with_one_line(
    command: list[str], message: str, cache: Path, trained: Path
) -> None:
    result = run(cache, *(part.format(trained=trained) for part in command))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"error: {message.format(trained=trained)}")
    assert result.stderr.count("\n") == 1
