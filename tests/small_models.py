"""Small models and adapters on disk, for tests of what uses them."""

import warnings
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model

from octa_svr_dataset.vlm import Vlm, load_vlm

LANGUAGE_LAYERS = r".*language_model.*\.(q_proj|v_proj)"


def save_model(folder: Path, *, seed: int = 0) -> Vlm:
    """Write the embedded model with weights of a seed as a folder of files."""
    vlm = load_vlm("tiny", seed=seed)
    vlm.model.save_pretrained(folder)
    vlm.processor.save_pretrained(folder)
    return vlm


def save_adapter(folder: Path, base: str, **settings: object) -> None:
    """Write an adapter of a model that changes what it says: its second half is not zero as before training."""
    vlm = load_vlm(base)
    lora = LoraConfig(**{"r": 4, "target_modules": LANGUAGE_LAYERS} | settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PEFT asks transformers by a name that will go, and advises on tied weights
        model = get_peft_model(vlm.model, lora)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name or "modules_to_save" in name:
                weight.add_(0.2 * torch.randn(weight.shape, generator=generator))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(folder)
