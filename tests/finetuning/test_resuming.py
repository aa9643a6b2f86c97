"""An interrupted run goes on as if nothing had happened, or says how; nothing of another run is lost or taken over."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from short_runs import ROOT, SHORT, Train, losses, options

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.resuming import newest_checkpoint

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


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_train": 14}, "num_train was 12 in the interrupted run, got 14"),
        ({"learning_rate": 1e-3}, "learning_rate was 2e-05 in the interrupted run, got 0.001"),
        ({"freeze_vision_tower": True}, "freeze_vision_tower was False in the interrupted run, got True"),
        ({"overwrite_output": True}, "overwrite_output: not allowed with resume_from_checkpoint"),
        ({"resume_from_checkpoint": "checkpoint-77"}, "'checkpoint-77' is no whole checkpoint"),
    ],
)
def test_a_run_goes_on_with_its_own_settings_only(
    train: Train, undisturbed: Path, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train(undisturbed, **(LONG | {"resume_from_checkpoint": True} | settings))


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
