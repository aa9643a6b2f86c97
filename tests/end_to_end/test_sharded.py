"""Weights, gradients and optimizer state shared out by FSDP2: the file for it, on two processes of this CPU.

`accelerate` itself spreads over CPUs by DDP only. Here it is told that the two processes had GPUs; all that follows,
PyTorch's `fully_shard` over gloo and the gathering of whole weights for the files, is what runs on GPUs.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from short_runs import ROOT, SHORT, losses, options

from octa_svr_dataset.vlm import load_vlm

pytestmark = pytest.mark.slow

RUN = SHORT | {
    "streaming": False,
    "num_proc": 1,
    "freeze_language_model": True,
    "max_steps": 3,
    "max_pixels": 8192,
    "num_validation": 3,
    "num_scored": 3,
    "max_new_tokens": 4,
    "save_strategy": "steps",
    "save_steps": 2,
}

SHARE = """
import json, os, runpy, sys
import torch
from accelerate.state import PartialState
from accelerate.utils import DistributedType
from torch.distributed.tensor import DTensor
from octa_svr_dataset.finetuning import trainer

def choose(*_, **__):
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
    return "gloo", DistributedType.MULTI_GPU

def numel(weight):
    return weight.to_local().numel() if isinstance(weight, DTensor) else weight.numel()

def noting(self):
    state = [entry["exp_avg"] for entry in self.optimizer.state.values()]
    notes = {
        "kind": str(self.accelerator.distributed_type),
        "held": sum(map(numel, self.model.parameters())),
        "held_state": sum(map(numel, state)),
        "state": sum(entry.numel() for entry in state),
    }
    with open(os.path.join(os.environ["NOTES"], os.environ["RANK"]), "w") as file:
        json.dump(notes, file)
    return score_saved(self)

def unlike(*arguments, max_new_tokens, **keywords):
    return generate(*arguments, max_new_tokens=max_new_tokens + 5 * int(os.environ["RANK"]), **keywords)

score_saved, generate = trainer.VlmTrainer.score_saved, trainer.generate
trainer.VlmTrainer.score_saved, trainer.generate = noting, unlike
PartialState._prepare_backend = choose
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script on CPUs as on GPUs, with replies of unlike length on each, and notes what each process holds."""


def train(folder: Path, *launcher: str, **settings: object) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NOTES": str(folder.parent)}
    environment |= {"ACCELERATE_TORCH_DEVICE": "cpu", "TORCH_DISTRIBUTED_DEBUG": "DETAIL"}  # unlike calls are errors
    command = [sys.executable, *launcher, "training/sft.py", *options(**(RUN | settings), output_dir=folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr


def train_sharded(folder: Path, **settings: object) -> list[dict[str, object]]:
    """Train on two processes; what each of them held at the end."""
    code = folder.parent / "share.py"
    code.write_text(SHARE)
    launcher = ["-m", "accelerate.commands.launch", "--config_file", "training/accelerate/fsdp2.yaml"]
    train(folder, *launcher, "--num_processes", "2", "--mixed_precision", "no", str(code), **settings)
    return [json.loads((folder.parent / rank).read_text()) for rank in "01"]


def test_sharded_weights_train_as_whole_ones_and_are_saved_whole(tmp_path: Path) -> None:
    held = train_sharded(tmp_path / "sharded")
    train(tmp_path / "one", per_device_train_batch_size=4)
    assert losses(tmp_path / "sharded") == pytest.approx(losses(tmp_path / "one"), abs=2e-5)
    first = dict(load_vlm("tiny").model.named_parameters())
    saved, alone = (load_file(tmp_path / name / "model.safetensors") for name in ("sharded", "one"))
    assert saved.keys() == alone.keys() >= first.keys()
    moved = {name for name, weight in first.items() if not torch.equal(saved[name], weight)}
    assert moved == {name for name in first if "visual" in name}
    apart = torch.cat([(saved[name] - alone[name]).abs().flatten() for name in moved])
    step = torch.cat([(alone[name] - first[name]).abs().flatten() for name in moved])
    assert apart.mean() < 0.01 * step.mean()
    num_weights, num_trained = (sum(first[name].numel() for name in names) for names in (first, moved))
    for notes in held:
        assert notes["kind"] == "DistributedType.FSDP"
        assert notes["held"] == pytest.approx(num_weights / 2, rel=0.01)
        assert notes["held_state"] == pytest.approx(num_trained / 2, rel=0.01)
        assert notes["state"] == num_trained, "frozen weights have none"
    assert load_vlm(str(tmp_path / "sharded")).model.num_parameters() == num_weights
    assert len((tmp_path / "sharded" / "task_answers.jsonl").read_text().splitlines()) == 3


def test_sharded_runs_go_on_to_the_same_end(tmp_path: Path) -> None:
    settings = {"dtype": "bfloat16", "activation_checkpointing": True, "resume_from_checkpoint": True}
    train_sharded(tmp_path / "whole", **settings)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut", ignore=shutil.ignore_patterns("config.json", "*3"))
    (tmp_path / "cut" / "model.safetensors").unlink()
    train_sharded(tmp_path / "cut", **settings)
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "cut")]
    assert weights[0] == weights[1]


def test_sharded_adapters_are_saved_whole(tmp_path: Path) -> None:
    settings = {"use_peft": True, "lora_r": 4, "dtype": "bfloat16", "freeze_language_model": False}
    for notes in train_sharded(tmp_path / "out", **settings):
        assert notes["held_state"] == pytest.approx(notes["state"] / 2, rel=0.01)
    saved = load_file(tmp_path / "out" / "adapter_model.safetensors")
    assert sum(weight.numel() for weight in saved.values()) == notes["state"]
    assert all(weight.abs().max() > 0 for name, weight in saved.items() if "lora_B" in name)
    assert load_vlm(str(tmp_path / "out")).model.num_parameters() > 0
