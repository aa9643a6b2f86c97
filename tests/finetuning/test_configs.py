"""Every file in training/configs is understood, and trains where small models and scenes take the place of its own."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from short_runs import BARE, ROOT, Train, losses
from transformers import Qwen3VLForConditionalGeneration

from octa_svr_dataset.finetuning import arguments
from octa_svr_dataset.finetuning.scratch import parse_scratch
from octa_svr_dataset.finetuning.settings import read_settings
from octa_svr_dataset.tiny_vlm import make_tokenizer

CONFIGS = sorted((ROOT / "training" / "configs").glob("*.yaml"))

SMALL = {
    "num_train": 4,
    "num_validation": 0,
    "num_scored": 0,
    "eval_strategy": "no",
    "resume_from_checkpoint": "false",
    "gradient_accumulation_steps": 1,
    "max_steps": 1,
    "dataloader_num_workers": 0,
    "dataloader_prefetch_factor": "",
    "overrides": json.dumps(BARE),
}

TINY_SCRATCH = {
    "pixels": 4096,
    "text_config": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 2, 2]},
    },
    "vision_config": {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "patch_size": 16,
        "temporal_patch_size": 1,
        "out_hidden_size": 32,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0],
    },
}


def test_there_are_the_files_that_the_documents_name() -> None:
    names = {path.stem for path in CONFIGS}
    assert names >= {"qwen3_vl_8b_full", "qwen3_vl_8b_lora", "qwen3_vl_2b_lora", "qwen2_5_vl_7b_lora", "tiny_cpu"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_file_is_understood_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "find_checkpoint", lambda name, **_: Path("models") / name)
    data, model, training = read_settings(["--config", str(path), "--use_cpu", "true"])
    content = yaml.safe_load(path.read_text())
    assert training.assistant_only_loss
    assert training.max_length is None
    assert data.num_train == content["num_train"]
    assert model.use_peft == ("lora" in path.stem)
    assert training.output_dir.startswith("outputs/")


@pytest.mark.parametrize("path", [path for path in CONFIGS if "tiny" not in path.stem], ids=lambda path: path.stem)
def test_a_file_trains_a_small_model(path: Path, train: Train, qwen2_5: Path, tmp_path: Path) -> None:
    settings = {name: value for name, value in SMALL.items() if value != ""}
    settings["model_name_or_path"] = str(qwen2_5) if "qwen2_5" in path.stem else "tiny"
    if "scratch" in path.stem:
        settings |= {"scratch": json.dumps(TINY_SCRATCH), "dataloader_num_workers": 1}
    train(tmp_path, config=path, **settings)
    assert len(losses(tmp_path)) == 1
    assert (tmp_path / ("adapter_config.json" if "lora" in path.stem else "config.json")).exists()


@pytest.mark.parametrize("path", [path for path in CONFIGS if "tiny" not in path.stem], ids=lambda path: path.stem)
def test_a_file_for_many_gpus_writes_checkpoints_there_goes_on_and_waits_for_the_synthesis(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    rows = content["per_device_train_batch_size"] * content.get("gradient_accumulation_steps", 1) * 8
    num_steps = content["num_train"] * content["num_train_epochs"] // rows
    every = content["save_steps"] * (num_steps if content["save_steps"] < 1 else 1)
    assert num_steps / every > 1
    assert content["resume_from_checkpoint"]
    assert content["ddp_timeout"] >= 86_400


def test_the_model_from_scratch_has_the_size_of_its_name() -> None:
    content = yaml.safe_load((ROOT / "training" / "configs" / "qwen3_vl_200m_scratch.yaml").read_text())
    sizes = parse_scratch(content["scratch"])
    with torch.device("meta"):
        model = Qwen3VLForConditionalGeneration(sizes.as_config(make_tokenizer()))
    assert 190e6 < sum(weight.numel() for weight in model.parameters()) < 210e6


@pytest.mark.parametrize("path", sorted((ROOT / "training" / "accelerate").glob("*.yaml")), ids=lambda path: path.stem)
def test_accelerate_understands_its_files(path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(path))
    assert config.num_machines == 1
    assert config.mixed_precision == "bf16"


@pytest.mark.parametrize("path", [path for path in CONFIGS if "tiny" not in path.stem], ids=lambda path: path.stem)
def test_deepspeed_is_told_what_a_file_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DeepSpeed is not installed: what `accelerate` and `transformers` would hand to it is looked at."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils import DeepSpeedPlugin
    from accelerate.utils.deepspeed import HfDeepSpeedConfig
    from accelerate.utils.launch import prepare_deepspeed_cmd_env
    from transformers.integrations import deepspeed

    file = str(ROOT / "training" / "accelerate" / "deepspeed_zero3.yaml")

    class Settings(deepspeed.HfTrainerDeepSpeedConfig, HfDeepSpeedConfig):
        """As where DeepSpeed is installed."""

    launch = _validate_launch_command(launch_command_parser().parse_args(["--config_file", file, "sft.py"]))[0]
    launch.deepspeed_fields_from_accelerate_config = ""  # as `accelerate launch` has it where no file of DeepSpeed is
    for name, value in prepare_deepspeed_cmd_env(launch)[1].items():
        if name.startswith("ACCELERATE_") and name != "ACCELERATE_USE_DEEPSPEED":
            monkeypatch.setenv(name, value)
    monkeypatch.setattr(arguments, "find_checkpoint", lambda name, **_: Path("models") / name)
    training = read_settings(["--config", str(path), "--use_cpu", "true"])[2]
    plugin = DeepSpeedPlugin()
    plugin.set_mixed_precision(launch.mixed_precision)
    monkeypatch.setattr(deepspeed, "dep_version_check", lambda _: None)
    settings = Settings(plugin.deepspeed_config)
    settings.trainer_config_process(training)
    assert settings.mismatches == []
    assert settings.config["zero_optimization"]["stage"] == 3
    assert settings.config["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"], "a whole model is saved"
    assert settings.config["bf16"]["enabled"]
    assert settings.config["gradient_accumulation_steps"] == training.gradient_accumulation_steps
    assert settings.config["gradient_clipping"] == training.max_grad_norm
