"""An interrupted run goes on as if nothing had happened, or says how; nothing of another run is lost or taken over."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from short_runs import ROOT, SHORT, Train, losses, options

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning import resuming
from octa_svr_dataset.finetuning.resuming import newest_checkpoint, run_settings
from octa_svr_dataset.finetuning.settings import read_settings

LONG = {"max_steps": 9, "save_strategy": "steps", "save_steps": 3, "dataloader_num_workers": 1}
"""Nine steps of two of twelve rows: the end of an epoch lies between the checkpoints."""


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def undisturbed(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    train(folder, **LONG)
    return folder


def kill_after(folder: Path, checkpoint: str, **settings: object) -> None:
    """Run the script in a process of its own, and kill it as soon as there is a checkpoint."""
    command = [sys.executable, "training/sft.py", *options(**(SHORT | LONG | settings), output_dir=folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (folder / checkpoint / "trainer_state.json").exists():
        assert process.poll() is None, "it ended before there was a checkpoint"
        time.sleep(0.02)
    process.kill()
    process.wait()


@pytest.mark.parametrize("streaming", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_to_the_same_end_to_the_last_bit(
    train: Train, undisturbed: Path, tmp_path: Path, streaming: bool
) -> None:
    settings = LONG | {"streaming": streaming, "num_proc": 1}
    kill_after(tmp_path, "checkpoint-3", **settings)
    assert not (tmp_path / "config.json").exists()
    with pytest.raises(InputError, match=r"holds checkpoint-\d of an interrupted run; allowed: resume_from_check"):
        train(tmp_path, **settings)
    train(tmp_path, **settings, resume_from_checkpoint=True)
    assert len(losses(tmp_path)) == 9
    assert losses(tmp_path) == losses(undisturbed), "rows made ahead are those made on demand, too"
    assert digest(tmp_path) == digest(undisturbed)


def test_a_completed_run_is_not_run_again(train: Train, undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = digest(undisturbed)
    train(undisturbed, **LONG, resume_from_checkpoint=True)
    assert "nothing to do" in capsys.readouterr().out
    assert digest(undisturbed) == before
    with pytest.raises(InputError, match=r"already holds a model; allowed: another folder, or overwrite_output: true"):
        train(undisturbed, **LONG)


def test_a_run_that_lacks_its_model_alone_makes_no_step_more(train: Train, undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed, tmp_path / "out")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "out" / name).unlink()
    train(tmp_path / "out", **LONG, resume_from_checkpoint=True)
    assert losses(tmp_path / "out") == losses(undisturbed)
    assert digest(tmp_path / "out") == digest(undisturbed)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_train": 14}, "num_train was 12 in the interrupted run, got 14"),
        ({"learning_rate": 1e-3}, "learning_rate was 2e-05 in the interrupted run, got 0.001"),
        ({"freeze_vision_tower": True}, "freeze_vision_tower was False in the interrupted run, got True"),
        ({"adam_beta2": 0.9}, "adam_beta2 was 0.999 in the interrupted run, got 0.9"),
        ({"max_grad_norm": 2}, "max_grad_norm was 1.0 in the interrupted run, got 2.0"),
        ({"overwrite_output": True}, "overwrite_output: not allowed with resume_from_checkpoint"),
        ({"resume_from_checkpoint": "checkpoint-77"}, "'checkpoint-77' is no whole checkpoint"),
    ],
)
def test_a_run_goes_on_with_its_own_settings_only(
    train: Train, undisturbed: Path, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train(undisturbed, **(LONG | {"resume_from_checkpoint": True} | settings))


def test_a_run_goes_on_however_it_logs(train: Train, undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"logging_steps": 3, "save_steps": 2, "dataloader_num_workers": 0, "num_proc": 1}
    train(undisturbed, **(LONG | settings), resume_from_checkpoint=True)
    assert "nothing to do" in capsys.readouterr().out


def test_other_rows_under_the_same_name_are_other_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes, rows = tmp_path / "scenes.yaml", tmp_path / "rows"
    rows.mkdir()

    def noted(*given: str) -> dict[str, object]:
        data, model, training = read_settings([*given, "--use_cpu", "true", "--bf16", "false"])
        return run_settings(data, model, training, num_processes=1)

    def changed(*given: str, change: Callable[[], object]) -> set[str]:
        before = noted(*given)
        assert before == noted(*given)
        change()
        after = noted(*given)
        return {name for name in after if after[name] != before[name]}

    scenes.write_text("text:\n  turns: [1, 1]\n")
    (rows / "a.parquet").write_bytes(b"one")
    of_file = changed("--config_file", str(scenes), change=lambda: scenes.write_text("text:\n  turns: [2, 2]\n"))
    assert of_file == {"rows of source 1"}
    of_folder = changed("--dataset", str(rows), change=lambda: (rows / "a.parquet").write_bytes(b"two"))
    assert of_folder == {"rows of source 1"}
    of_version = changed(change=lambda: monkeypatch.setattr(resuming, "VERSION", "99"))
    assert of_version == {"version of the data"}


def test_weights_without_the_state_of_the_optimizer_are_not_gone_on_with(train: Train, tmp_path: Path) -> None:
    settings = {"save_strategy": "steps", "save_steps": 1, "save_only_model": True}
    train(tmp_path, **settings)
    (tmp_path / "config.json").unlink()
    with pytest.raises(InputError, match=r"^resume_from_checkpoint: .*checkpoint-2' has weights alone, as save_only_"):
        train(tmp_path, **settings, resume_from_checkpoint=True)


def test_a_run_that_may_resume_starts_where_there_is_nothing(train: Train, tmp_path: Path) -> None:
    train(tmp_path, resume_from_checkpoint=True)
    assert len(losses(tmp_path)) == SHORT["max_steps"]


def test_a_checkpoint_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None
    for step, content in ((9, '{"global_step": 9}'), (12, '{"global'), (100, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if content is not None:
            (folder / "trainer_state.json").write_text(content)
    (tmp_path / "checkpoint-best").mkdir()
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint-9"


def test_starting_anew_leaves_nothing_of_the_earlier_run(train: Train, tmp_path: Path) -> None:
    train(tmp_path, save_strategy="steps", save_steps=1)
    (tmp_path / "mine.txt").write_text("mine")
    train(tmp_path, max_steps=1, overwrite_output=True)
    assert not list(tmp_path.glob("checkpoint-*"))
    assert (tmp_path / "mine.txt").exists()
    assert json.loads((tmp_path / "training_settings.json").read_text())["training.max_steps"] == 1
