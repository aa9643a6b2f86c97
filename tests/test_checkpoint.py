import json

import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from huggingface_hub.utils import httpx
from safetensors.numpy import save_file

from octa_svr_dataset import checkpoint
from octa_svr_dataset.checkpoint import find_checkpoint
from octa_svr_dataset.errors import InputError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen3_vl"}))
    save_file({"weight": np.zeros(100, np.float32)}, tmp_path / "model.safetensors")
    return tmp_path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def model_info(*_, **__):
        raise httpx.ConnectError("no network")

    monkeypatch.setattr(checkpoint.HfApi, "model_info", model_info)


def test_a_folder_with_a_model_is_found(folder) -> None:
    assert find_checkpoint(str(folder)) == folder


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
    with pytest.raises(InputError, match="of the kind 'llava'; allowed: qwen3_vl, qwen3_vl_moe"):
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
