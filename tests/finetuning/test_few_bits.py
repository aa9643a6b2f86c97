"""Weights of 4 and 8 bits: what `transformers` and TRL are asked for. bitsandbytes itself is not run."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import load_file
from short_runs import SHORT, Train, options
from transformers import BitsAndBytesConfig

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.settings import read_settings
from octa_svr_dataset.vlm import Vlm, load_vlm

FEW_BITS = {"use_peft": True, "dtype": "bfloat16"}


@pytest.fixture
def bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, as far as settings ask for it."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: object() if name == "bitsandbytes" else find_spec(name, *more)
    )


@pytest.mark.usefixtures("bitsandbytes")
@pytest.mark.parametrize("bits", [4, 8])
def test_a_model_is_asked_for_in_few_bits_once(
    sft: ModuleType, qwen2_5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    given = SHORT | FEW_BITS | {f"load_in_{bits}bit": True, "model_name_or_path": qwen2_5, "output_dir": tmp_path}
    asked = {}

    def load(name: str, **loading: object) -> Vlm:
        asked.update(loading, name=name)
        return load_vlm("tiny")

    monkeypatch.setattr(sft, "load_vlm", load)
    vlm = sft.load_trainable(read_settings(options(**given))[1], seed=0)
    settings = asked["quantization_config"]
    assert isinstance(settings, BitsAndBytesConfig)
    assert (settings.load_in_4bit, settings.load_in_8bit) == (bits == 4, bits == 8)
    if bits == 4:
        assert settings.bnb_4bit_quant_type == "nf4"
        assert settings.bnb_4bit_compute_dtype is torch.bfloat16, "products are formed in the type of the other weights"
    assert (asked["name"], asked["dtype"]) == (str(qwen2_5), torch.bfloat16)
    types = {weight.dtype for weight in vlm.model.parameters()}
    assert types == {torch.float32}, "what was loaded is left in its type: a cast would undo the few bits"


def test_the_frozen_weights_keep_their_type_and_adapters_get_sixteen_bits(
    sft: ModuleType, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def load(*_: object, **__: object) -> Vlm:
        vlm = load_vlm("tiny", dtype=torch.bfloat16)
        vlm.model.is_loaded_in_8bit = True  # what TRL goes by
        return vlm

    class Watching(sft.VlmTrainer):
        def score_saved(self) -> int:
            for name, weight in self.model.named_parameters():
                seen.setdefault((weight.requires_grad, weight.dtype), []).append(name)
            return super().score_saved()

    monkeypatch.setattr(sft, "load_model", load)
    monkeypatch.setattr(sft, "VlmTrainer", Watching)
    train(tmp_path, **FEW_BITS, bf16=True, activation_checkpointing=True, learning_rate=0.01, warmup_steps=0)
    assert seen.keys() == {(False, torch.bfloat16), (True, torch.bfloat16)}
    assert all("lora_" in name for name in seen[True, torch.bfloat16])
    saved = load_file(tmp_path / "adapter_model.safetensors")
    assert all(weight.abs().max() > 0 for name, weight in saved.items() if "lora_B" in name), "all of them learned"


@pytest.mark.usefixtures("bitsandbytes")
def test_a_model_that_is_made_and_not_read_has_all_its_bits(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^load_in_4bit: of a model from files only, got True"):
        read_settings(options(**(SHORT | FEW_BITS), load_in_4bit=True, output_dir=tmp_path))
