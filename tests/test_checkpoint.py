import json
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from huggingface_hub.utils import httpx
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models

from octa_svr_dataset import checkpoint
from octa_svr_dataset.checkpoint import find_checkpoint, fingerprint
from octa_svr_dataset.errors import InputError

WEIGHTS = {"weight": np.zeros(100, np.float32)}


@pytest.fixture
def folder(tmp_path):
    """The files of a published model, as far as they are looked at before anything is loaded."""
    sizes = {"hidden_size": 8}
    config = {"model_type": "qwen3_vl", "text_config": sizes, "vision_config": sizes}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "preprocessor_config.json").write_text("{}")
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    Tokenizer(models.BPE()).save(str(tmp_path / "tokenizer.json"))
    save_file(WEIGHTS, tmp_path / "model.safetensors")
    return tmp_path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def model_info(*_, **__):
        raise httpx.ConnectError("no network")

    monkeypatch.setattr(checkpoint.HfApi, "model_info", model_info)


def test_a_folder_with_a_model_is_found(folder) -> None:
    assert find_checkpoint(str(folder)) == folder


def test_each_form_of_a_chat_template_is_accepted(folder) -> None:
    template = folder / "chat_template.json"
    template.rename(folder / "tokenizer_config.json")
    assert find_checkpoint(str(folder)) == folder
    (folder / "tokenizer_config.json").rename(folder / "chat_template.jinja")
    assert find_checkpoint(str(folder)) == folder


def test_a_tokenizer_of_two_files_is_accepted(folder) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text("{}")
    (folder / "merges.txt").write_text("")
    assert find_checkpoint(str(folder)) == folder


def test_weights_in_several_files_are_accepted_when_all_are_there(folder) -> None:
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    index = {"weight_map": {"weight": "model-1.safetensors", "bias": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"lacks 'model-2\.safetensors', one of 1 absent files of the 2"):
        find_checkpoint(str(folder))
    save_file(WEIGHTS, folder / "model-2.safetensors")
    assert find_checkpoint(str(folder)) == folder


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tokenizer.json", r"holds no tokenizer: it has no tokenizer\.json, nor vocab\.json with merges\.txt"),
        ("chat_template.json", r"holds no chat template: it has no chat_template\.jinja"),
        ("preprocessor_config.json", r"holds no processor of pictures: it has no preprocessor_config\.json"),
        ("model.safetensors", r"holds no weights: it has no model\.safetensors"),
    ],
)
def test_a_folder_that_lacks_a_part_is_refused_by_the_file_s_name(folder, name: str, message: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"^mine: .*{message}"):
        find_checkpoint(str(folder), field="mine")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tokenizer.json", "{", "cannot read the tokenizer .*tokenizer.json"),
        ("tokenizer.json", "{}", "cannot read the tokenizer .*tokenizer.json"),
        ("tokenizer_config.json", "[1]", "tokenizer_config.json .* must hold a JSON object, got list"),
        ("preprocessor_config.json", "{", "cannot read preprocessor_config.json"),
        ("chat_template.json", "{}", "holds no chat template"),
        ("generation_config.json", "", "cannot read generation_config.json"),
        ("config.json", '{"model_type": "qwen3_vl"}', "does not describe the model: no text_config.hidden_size"),
    ],
)
def test_a_broken_file_is_refused_by_its_name(folder, name: str, content: str, message: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=message):
        find_checkpoint(str(folder))


def test_an_index_that_names_no_file_is_refused(folder) -> None:
    (folder / "model.safetensors").rename(folder / "model.safetensors.index.json")
    with pytest.raises(InputError, match=r"cannot read model\.safetensors\.index\.json"):
        find_checkpoint(str(folder))
    (folder / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(InputError, match=r"names no weights"):
        find_checkpoint(str(folder))


def test_weights_in_another_format_are_no_weights(folder) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="holds no weights"):
        find_checkpoint(str(folder))


def test_cut_weights_are_refused(folder) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="cannot read the weights"):
        find_checkpoint(str(folder))


def test_a_folder_without_a_model_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"model_name_or_path: the folder .* has no config.json"):
        find_checkpoint(str(tmp_path), field="model_name_or_path")


def test_another_kind_of_model_is_refused_by_its_name(folder) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "llava"}))
    with pytest.raises(InputError, match="of the kind 'llava'; allowed: qwen3_vl, qwen3_vl_moe, qwen2_5_vl"):
        find_checkpoint(str(folder))


def test_a_broken_description_of_a_model_is_refused(folder) -> None:
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"cannot read config.json"):
        find_checkpoint(str(folder))


def test_a_path_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="there is no folder 'outputs/no/such'"):
        find_checkpoint("outputs/no/such")


@pytest.mark.usefixtures("no_network")
def test_a_name_on_the_hub_without_network_is_refused() -> None:
    with pytest.raises(InputError, match="'no-such-owner/no-such-model', and no model of that name in the local cache"):
        find_checkpoint("no-such-owner/no-such-model")


@pytest.mark.usefixtures("no_network")
def test_a_cached_model_is_used_without_network(monkeypatch: pytest.MonkeyPatch, folder) -> None:
    def snapshot_download(_, *, local_files_only, **__):
        if not local_files_only:
            raise LocalEntryNotFoundError("asked the network")
        return str(folder)

    monkeypatch.setattr(checkpoint, "snapshot_download", snapshot_download)
    assert find_checkpoint("owner/model") == folder


def test_a_fingerprint_tells_weights_apart_and_no_copies(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = {"wide": rng.normal(size=(400, 3000)).astype(np.float32)}
    for name in ("first", "copy", "other"):
        (tmp_path / name).mkdir()
        if name == "other":
            weights["wide"] = weights["wide"] * np.float32(1.001)
        save_file(weights, tmp_path / name / "model.safetensors")
    first, copy, other = (fingerprint(tmp_path / name) for name in ("first", "copy", "other"))
    assert first == copy
    assert first != other
