"""What a completed run says is of the weights that it holds, and it is complete as soon as it looks so."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from short_runs import BARE, SHORT, Train

from octa_svr_dataset.finetuning import curves, saving
from octa_svr_dataset.finetuning.model_card import card_text
from octa_svr_dataset.finetuning.record import TrainedOn, TrainingRecord
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


def test_what_told_of_the_earlier_model_goes_with_it_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished, folder = tmp_path / ".unfinished", tmp_path / "out"
    stale = ("README.md", "provenance.json", "chat_template.jinja", "task_scores.jsonl")
    for path, names in ((unfinished, ()), (folder, (*stale, "mine.txt"))):
        path.mkdir()
        for name in ("config.json", "model.safetensors", *names):
            (path / name).write_text(path.name)
    removed = []
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, **options: (removed.append(path.name), unlink(path, **options)))
    saving.put_in_place(unfinished, folder, results=["task_scores.jsonl"])
    assert removed[0] == "config.json", "what is left looks like a model"
    assert set(removed) >= set(stale)
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "mine.txt"}


def test_a_readme_that_is_of_no_model_stays(tmp_path: Path) -> None:
    unfinished, folder = tmp_path / ".unfinished", tmp_path / "out"
    for path, name in ((unfinished, "config.json"), (folder, "README.md")):
        path.mkdir()
        (path / name).write_text("mine")
    saving.put_in_place(unfinished, folder)
    assert (folder / "README.md").read_text() == "mine"


def test_starting_anew_leaves_no_weights_of_another_kind(train: Train, tmp_path: Path) -> None:
    train(tmp_path, max_steps=1, use_peft=True)
    assert (tmp_path / "adapter_model.safetensors").exists()
    train(tmp_path, max_steps=1, overwrite_output=True)
    assert not list(tmp_path.glob("adapter_*"))
    assert (tmp_path / "model.safetensors").exists()


def test_a_card_tells_the_rows_that_were_taken_and_what_was_trained(train: Train, tmp_path: Path) -> None:
    bare = BARE | {"text.turns": [1, 1]}
    mixture = [
        {"source": "dropout_ma", "num_train": 6, "weight": 1, "overrides": bare},
        {"source": "healthy", "num_train": 900, "weight": 1, "overrides": bare},
    ]
    options = {"mixture": json.dumps(mixture), "overrides": "{}", "max_steps": 1}
    given = {"freeze_vision_tower": True, "use_peft": True, "lora_r": 3}
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(SHORT, "num_train")
        train(tmp_path, **options, **given)
    told = json.loads((tmp_path / "provenance.json").read_text())
    of_first, of_second = (part["num_rows"] for part in told["data"])
    assert of_first == 6
    assert 1 <= of_second < 60, "not the 900 that were there"
    card = (tmp_path / "README.md").read_text()
    for name, value in {"freeze_vision_tower": "True", "lora_r": "3", "lr_scheduler_type": "linear"}.items():
        assert told["settings"][name] == value
        assert f"| `{name}` | {value} |" in card
    assert "fine-tuned on synthetic OCTA" in card


def test_a_card_claims_synthetic_rows_where_a_manifest_says_so(tmp_path: Path) -> None:
    built, other = tmp_path / "octa_svr", tmp_path / "scans"
    (built / "dropout_ma").mkdir(parents=True)
    other.mkdir()
    told = {"seed": 7, "version": "0.9.0", "config_hash": "abc", "config": {"views": 1}}
    (built / "dropout_ma" / "manifest.json").write_text(json.dumps(told))
    parts = [TrainedOn.of_folder(folder, config_name=None, num_rows=5) for folder in (built, other)]
    assert (parts[0].seed, parts[0].version, parts[0].config_hash) == (7, "0.9.0", "abc")
    record = TrainingRecord(base="tiny", data=(parts[0],), settings={}, log=[])
    assert "trained on synthetic OCTA" in card_text(record, [], is_adapter=False)
    mixed = card_text(replace(record, data=tuple(parts)), [], is_adapter=False)
    assert "synthetic OCTA" not in mixed.split("## Use")[0]
    assert "not all of them are known to be synthesized" in mixed
