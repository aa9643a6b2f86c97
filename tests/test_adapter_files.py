"""An adapter is recognized, belongs to its model or is refused in one line, and changes what the model says."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file
from small_models import save_adapter, save_model

from octa_svr_dataset.adapter_files import find_model, record_base, require_fit, shapes_of
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.vlm import Vlm, load_vlm, prompt_inputs


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model `base`, another of the same shape `twin`, and an adapter of the first."""
    root = tmp_path_factory.mktemp("models")
    save_model(root / "base")
    save_model(root / "twin", seed=1)
    save_adapter(root / "adapter", str(root / "base"), modules_to_save=["merger"])
    return root


@pytest.fixture
def adapter(folders: Path, tmp_path: Path) -> Path:
    """A copy of the adapter, to be broken."""
    return Path(shutil.copytree(folders / "adapter", tmp_path / "adapter"))


def logits(vlm: Vlm) -> torch.Tensor:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
    with torch.inference_mode():
        return vlm.model(**prompt_inputs(vlm, [image], "What?")).logits


def test_an_adapter_stands_for_its_model_with_it(folders: Path) -> None:
    base, adapter = str(folders / "base"), str(folders / "adapter")
    alone, named, given = (load_vlm(base), load_vlm(adapter), load_vlm(base, adapter=adapter))
    assert torch.equal(logits(named), logits(given))
    assert not torch.allclose(logits(alone), logits(given), atol=0.01)
    assert type(named.model) is type(alone.model)
    assert find_model(adapter).fingerprint == find_model(base, adapter=adapter).fingerprint
    assert find_model(adapter).fingerprint != find_model(base).fingerprint


def test_an_adapter_of_the_embedded_model_knows_from_which_seed_that_was_made(tmp_path: Path) -> None:
    vlm = load_vlm("tiny", seed=5)
    save_adapter(tmp_path, "tiny")
    with pytest.raises(InputError, match="does not say to which model the adapter belongs"):
        find_model(str(tmp_path))
    record_base(tmp_path, "tiny", seed=5)
    weight = "language_model.layers.0.mlp.up_proj.weight"
    assert torch.equal(load_vlm(str(tmp_path)).model.model.get_parameter(weight), vlm.model.model.get_parameter(weight))


def test_an_adapter_is_not_put_on_other_weights_than_it_was_fitted_to(folders: Path, adapter: Path) -> None:
    find_model(str(folders / "twin"), adapter=adapter)
    record_base(adapter, str(folders / "base"), seed=0)
    find_model(str(folders / "base"), adapter=adapter)
    for other in (str(folders / "twin"), "tiny"):
        with pytest.raises(InputError, match=r"^adapter: .* belongs to the weights of '.*base'; the model '.*' has"):
            find_model(other, adapter=adapter)


def test_a_copy_of_the_model_elsewhere_serves_as_well(folders: Path, adapter: Path, tmp_path: Path) -> None:
    record_base(adapter, str(folders / "base"), seed=0)
    copy = shutil.copytree(folders / "base", tmp_path / "copy")
    assert find_model(str(copy), adapter=adapter).base == copy


def change_config(adapter: Path, **settings: object) -> None:
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def change_weights(adapter: Path, change) -> None:
    file = adapter / "adapter_model.safetensors"
    weights = load_file(file)
    change(weights, next(name for name in weights if name.endswith("q_proj.lora_A.weight")))
    save_file(weights, file)


def widen(weights: dict, name: str) -> None:
    weights[name] = np.zeros((4, 256), np.float32)


def rename(weights: dict, name: str) -> None:
    weights[name.replace("layers.0", "layers.30")] = weights.pop(name)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda adapter: change_weights(adapter, widen), r"its .*q_proj\.lora_A\.weight of the shape \[4, 256\] does "
         r"not fit .*q_proj\.weight of the shape \[128, 128\]"),
        (lambda adapter: change_weights(adapter, rename), "does not belong to .* it changes .*layers.30.* does not"),
        (lambda adapter: change_config(adapter, peft_type="PROMPT_TUNING"), "of the kind 'PROMPT_TUNING'; allowed: L"),
        (lambda adapter: (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin"), "no weights"),
        (lambda adapter: (adapter / "adapter_model.safetensors").write_bytes(b"x"), "cannot read the weights"),
        (lambda adapter: (adapter / "adapter_config.json").write_text("{"), "cannot read adapter_config.json"),
        (lambda adapter: (adapter / "adapter_config.json").unlink(), "is no adapter: it has no adapter_config.json"),
    ],
)  # fmt: skip
def test_an_unusable_adapter_is_refused(folders: Path, adapter: Path, spoil, message: str) -> None:
    spoil(adapter)
    with pytest.raises(InputError, match=message):
        find_model(str(folders / "base"), adapter=adapter)


def test_an_adapter_that_lacks_a_part_is_refused(folders: Path, adapter: Path) -> None:
    change_weights(adapter, lambda weights, name: weights.pop(name))
    with pytest.raises(InputError, match=r"adapter: the adapter in .* is not whole: .*q_proj"):
        load_vlm(str(folders / "base"), adapter=adapter)


def test_an_adapter_of_the_embedded_model_must_fit_it(adapter: Path) -> None:
    change_weights(adapter, widen)
    with pytest.raises(InputError, match=r"does not belong to the model 'tiny': its .* does not fit"):
        load_vlm("tiny", adapter=adapter)


def test_files_that_name_the_levels_above_in_another_way_fit_as_well(folders: Path, adapter: Path) -> None:
    own = shapes_of(folders / "base" / "model.safetensors", "model")
    other = {
        name.replace("model.language_model.", "model.").replace("model.visual", "visual"): own[name] for name in own
    }
    assert other.keys() != own.keys()
    require_fit(adapter, other, "other", field="adapter")
    other["model.layers.0.self_attn.q_proj.weight"] = (128, 64)
    with pytest.raises(InputError, match=r"q_proj.lora_A.weight of the shape \[4, 128\] does not fit"):
        require_fit(adapter, other, "other", field="adapter")


@pytest.mark.parametrize(
    "settings",
    [{"use_dora": True}, {"bias": "lora_only"}, {"target_modules": ["embed_tokens", "q_proj"]}],
)
def test_each_kind_of_lora_fits_the_model_that_it_was_made_for(folders: Path, tmp_path: Path, settings: dict) -> None:
    save_adapter(tmp_path, str(folders / "base"), **settings)
    load_vlm(str(folders / "base"), adapter=tmp_path)


def test_a_model_that_is_gone_is_named_with_the_way_out(folders: Path, adapter: Path) -> None:
    change_config(adapter, base_model_name_or_path="outputs/gone/model")
    with pytest.raises(InputError, match=r"model: there is no folder 'outputs/gone/model'.* allowed: --model with the"):
        find_model(str(adapter))
    with pytest.raises(InputError, match="is an adapter, too; allowed with --adapter: the model that it belongs to"):
        find_model(str(adapter), adapter=folders / "adapter")
