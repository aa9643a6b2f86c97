"""What is killed (kill -9) while it writes its model is never taken for whole, and the same command completes it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from short_runs import ROOT, SHORT, Train, losses, options

from octa_svr_dataset.adapter_files import find_model
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.vlm import load_vlm

SETTINGS = {"save_strategy": "steps", "save_steps": 2, "use_peft": True, "lora_r": 4}

KILL = """
import importlib, os, runpy, signal, sys
from pathlib import Path

sys.argv = sys.argv[1:]
module, name, number = sys.argv.pop(0).split(":")
*outer, name = name.split(".")
owner = importlib.import_module(module)
for level in outer:
    owner = getattr(owner, level)
called, calls = getattr(owner, name), []

def kill(*arguments, **keywords):
    if name != "replace" or Path(arguments[0]).parent.name == ".unfinished":
        calls.append(1)
    if len(calls) == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return called(*arguments, **keywords)

setattr(owner, name, kill)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script that kills itself at a call of a function, the first, second or so."""


def run(tmp_path: Path, place: str | None, *command: str) -> int:
    (tmp_path / "kill.py").write_text(KILL)
    launcher = [] if place is None else [str(tmp_path / "kill.py"), place]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *launcher, *command], cwd=ROOT, env=environment, capture_output=True, check=False
    ).returncode


@pytest.fixture(scope="module")
def adapter(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    train(folder, **SETTINGS)
    return folder


def files(folder: Path) -> dict[str, object]:
    """What a run leaves beside its checkpoints, but for pictures and what a pickle holds of the machine."""
    kept = [path for path in folder.iterdir() if path.is_file() and path.suffix not in (".png", ".bin")]
    return {path.name: json.loads(path.read_bytes()) if path.suffix == ".json" else path.read_bytes() for path in kept}


@pytest.mark.parametrize(
    "place",
    [
        "pathlib:Path.replace:3",
        pytest.param("transformers:PreTrainedTokenizerFast.save_pretrained:2", marks=pytest.mark.slow),
        pytest.param("safetensors.torch:save_file:2", marks=pytest.mark.slow),
        pytest.param("octa_svr_dataset.finetuning.saving:write_model_card:1", marks=pytest.mark.slow),
        pytest.param("octa_svr_dataset.finetuning.curves:write_curves:1", marks=pytest.mark.slow),
        pytest.param("pathlib:Path.rmdir:1", marks=pytest.mark.slow),
    ],
)
def test_a_training_that_is_killed_while_it_ends_is_completed_by_the_same_command(
    train: Train, adapter: Path, tmp_path: Path, place: str
) -> None:
    out = tmp_path / "out"
    assert run(tmp_path, place, "training/sft.py", *options(**(SHORT | SETTINGS), output_dir=out)) == -signal.SIGKILL
    assert (out / ".unfinished").exists(), "it was killed elsewhere"
    if place != "pathlib:Path.rmdir:1":
        with pytest.raises(InputError):
            find_model(str(out))
        with pytest.raises(InputError, match="holds checkpoint-2 of an interrupted run; allowed: resume_from_check"):
            train(out, **SETTINGS)
    train(out, **SETTINGS, resume_from_checkpoint=True)
    assert losses(out) == losses(adapter)
    assert files(out) == files(adapter)
    assert not (out / ".unfinished").exists()
    assert load_vlm(str(out)).model.num_parameters() > 0


@pytest.mark.slow
def test_a_merge_that_is_killed_leaves_no_model_and_is_made_by_the_same_command(adapter: Path, tmp_path: Path) -> None:
    command = ["training/merge.py", "--model", str(adapter), "--out", str(tmp_path / "out")]
    assert run(tmp_path, "pathlib:Path.replace:4", *command) == -signal.SIGKILL
    assert not (tmp_path / "out" / "config.json").exists()
    assert run(tmp_path, None, *command) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"config.json", "model.safetensors", "README.md", "provenance.json", "loss_curve.json"}
    assert ".unfinished" not in names


@pytest.mark.slow
def test_a_merge_that_is_killed_before_its_weights_are_moved_leaves_the_earlier_model_with_its_results(
    adapter: Path, tmp_path: Path
) -> None:
    command = ["training/merge.py", "--model", str(adapter), "--out", str(tmp_path / "out")]
    assert run(tmp_path, None, *command) == 0
    earlier = files(tmp_path / "out")
    place = "octa_svr_dataset.finetuning.saving:remove_model:1"
    assert run(tmp_path, place, *command, "--overwrite") == -signal.SIGKILL
    assert files(tmp_path / "out") == earlier
