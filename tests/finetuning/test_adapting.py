"""Which weights train, and that no others hold gradients or an optimizer's state."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from short_runs import SHORT, Train, options

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.adapting import PARTS, adapter_settings, counts, part_of
from octa_svr_dataset.finetuning.settings import read_settings
from octa_svr_dataset.vlm import load_vlm

FREEZE = {
    "vision_tower": "freeze_vision_tower",
    "projector": "freeze_multi_modal_projector",
    "language_model": "freeze_language_model",
}


def model_arguments(tmp_path: Path, **settings: object):
    return read_settings(options(**SHORT, output_dir=tmp_path, use_peft=True, **settings))[1]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")  # what peft asks
@pytest.mark.parametrize("name", ["tiny", "qwen2_5"])
@pytest.mark.parametrize("frozen", [None, *PARTS])
def test_adapters_stand_in_all_linear_layers_of_the_parts_that_train(
    name: str, frozen: str | None, qwen2_5: Path, tmp_path: Path
) -> None:
    from peft import get_peft_model

    model = load_vlm("tiny" if name == "tiny" else str(qwen2_5)).model
    linear = {
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != "lm_head" and part_of(name) != frozen
    }
    arguments = model_arguments(tmp_path, **({} if frozen is None else {FREEZE[frozen]: True}))
    adapted = get_peft_model(model, adapter_settings(model, arguments))
    trained = {
        name.removeprefix("base_model.model.").split(".lora_")[0]
        for name, weight in adapted.named_parameters()
        if weight.requires_grad
    }
    assert trained == linear
    assert {part for part, number in counts(adapted).items() if number == 0} == ({frozen} - {None})


def test_training_moves_the_adapters_and_the_modules_that_are_named_alone(train: Train, tmp_path: Path) -> None:
    settings = {"use_peft": True, "lora_r": 4, "learning_rate": 0.01, "warmup_steps": 0, "lora_dropout": 0}
    train(tmp_path, lora_modules_to_save="merger", save_strategy="steps", save_steps=2, **settings)
    saved = load_file(tmp_path / "adapter_model.safetensors")
    before = load_vlm("tiny").model
    kinds = {"lora": [name for name in saved if "lora_B" in name], "merger": [n for n in saved if ".merger." in n]}
    assert all(saved[name].abs().max() > 0 for name in kinds["lora"])
    own = {name: weight for name, weight in before.named_parameters() if ".visual.merger." in name}
    assert {name.removeprefix("base_model.model.") for name in kinds["merger"] if "lora" not in name} == own.keys()
    for name, weight in own.items():
        assert not torch.equal(saved[f"base_model.model.{name}"], weight), name
    state = torch.load(tmp_path / "checkpoint-2" / "optimizer.pt", weights_only=True)["state"]
    assert sum(entry["exp_avg"].numel() for entry in state.values()) == sum(w.numel() for w in saved.values())
    assert not (tmp_path / "model.safetensors").exists()


def test_a_module_that_the_model_does_not_have_is_refused(tmp_path: Path) -> None:
    arguments = model_arguments(tmp_path, lora_modules_to_save="marger")
    with pytest.raises(InputError, match="lora_modules_to_save: the model has no module 'marger'"):
        adapter_settings(load_vlm("tiny").model, arguments)


@pytest.mark.parametrize("frozen", PARTS)
def test_a_frozen_part_has_no_gradient_and_no_optimizer_state(
    frozen: str, sft, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_gradient = set()

    class Watching(sft.VlmTrainer):
        def training_step(self, *arguments, **keywords):
            loss = super().training_step(*arguments, **keywords)
            with_gradient.update(name for name, weight in self.model.named_parameters() if weight.grad is not None)
            return loss

    monkeypatch.setattr(sft, "VlmTrainer", Watching)
    train(tmp_path, save_strategy="steps", save_steps=2, learning_rate=0.01, warmup_steps=0, **{FREEZE[frozen]: True})
    before = dict(load_vlm("tiny").model.named_parameters())
    trained = {name for name in before if part_of(name) != frozen}
    assert with_gradient == trained
    state = torch.load(tmp_path / "checkpoint-2" / "optimizer.pt", weights_only=True)["state"]
    assert sum(entry["exp_avg"].numel() for entry in state.values()) == sum(before[name].numel() for name in trained)
    after = load_file(tmp_path / "model.safetensors")
    assert {name for name, weight in before.items() if not torch.equal(after[name], weight)} == trained
