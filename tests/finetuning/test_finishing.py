"""What a completed run says is of the weights that it holds, and it is complete as soon as it looks so."""

import json
from pathlib import Path

import pytest
import torch
from short_runs import BARE, Train

from octa_svr_dataset.finetuning import curves, saving
from octa_svr_dataset.finetuning.model_card import TrainingRecord
from octa_svr_dataset.vlm import load_vlm

BEST = {
    "num_validation": 2,
    "num_scored": 1,
    "max_new_tokens": 4,
    "num_proc": 1,
    "max_steps": 3,
    "learning_rate": 0.5,
    "lr_scheduler_type": "constant",
    "warmup_steps": 0,
    "eval_strategy": "steps",
    "eval_steps": 1,
    "save_strategy": "steps",
    "save_steps": 1,
    "load_best_model_at_end": True,
    "overrides": json.dumps(BARE | {"text.turns": [1, 1]}),
}
"""A learning rate that soon spoils the model: the best weights are not the last ones."""


@pytest.fixture(scope="module")
def best(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("best")
    train(folder, **BEST)
    return folder


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_vlm(str(folder)).model.state_dict()


def test_the_scores_of_a_card_are_of_the_weights_beside_it(best: Path) -> None:
    losses = {
        entry["step"]: entry["eval_loss"]
        for entry in json.loads((best / "loss_curve.json").read_text())
        if "eval_loss" in entry
    }
    step = min(losses, key=losses.__getitem__)
    assert step < max(losses), "else this test says nothing"
    saved, checkpoint = weights(best), weights(best / f"checkpoint-{step}")
    assert all(torch.equal(saved[name], checkpoint[name]) for name in saved)
    record = TrainingRecord.read(best)
    assert record is not None
    assert record.step == step
    assert f"At step {step}, by generation" in (best / "README.md").read_text()
    lines = [json.loads(line) for line in (best / "task_scores.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == sorted(losses)


@pytest.mark.parametrize("place", [(curves, "_draw"), (saving, "write_model_card"), (saving, "record_base")])
def test_a_run_that_is_killed_while_it_ends_is_completed(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[object, str]
) -> None:
    settings = {"save_strategy": "steps", "save_steps": 2, "use_peft": True}

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*place, killed)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, **settings)
    assert not (tmp_path / "adapter_config.json").exists(), "it looks complete"
    train(tmp_path, **settings, resume_from_checkpoint=True)
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {"adapter_config.json", "base_model.json", "README.md", "provenance.json", "loss_curve.json"}
    assert ".unfinished" not in names
    assert json.loads((tmp_path / "base_model.json").read_text())["name"] == "tiny"


def test_the_mark_of_a_model_is_moved_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished, folder = tmp_path / ".unfinished", tmp_path / "out"
    for path in (unfinished, folder):
        path.mkdir()
        for name in ("config.json", "model.safetensors", "zz.json"):
            (path / name).write_text(path.name)
    (folder / "model-00001-of-00002.safetensors").write_text("stale")
    (folder / "adapter_model.safetensors").write_text("stale")
    moved = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda old, new: (moved.append(old.name), replace(old, new)))
    saving.put_in_place(unfinished, folder)
    assert moved[-1] == "config.json"
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "zz.json"}


def test_starting_anew_leaves_no_weights_of_another_kind(train: Train, tmp_path: Path) -> None:
    train(tmp_path, max_steps=1, use_peft=True)
    assert (tmp_path / "adapter_model.safetensors").exists()
    train(tmp_path, max_steps=1, overwrite_output=True)
    assert not list(tmp_path.glob("adapter_*"))
    assert (tmp_path / "model.safetensors").exists()
