"""Networks that a probe may be: a compact one from scratch, or a published one with a new head for the one question."""

import textwrap
from pathlib import Path

import torch
import transformers
from torch import nn

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.efficientnet import (
    EFFICIENTNET_LITE0,
    NUM_FEATURES,
    PHOTOGRAPH_SPREAD,
    load_efficientnet_lite0,
)

COMPACT = "compact"
"""Name of the network that is made here and learns from scratch."""


class CompactNetwork(nn.Module):
    """Six convolutions for meshes, holes and dots: about 110,000 weights; the last features see 57 px.

    Normalization by groups of channels within a picture keeps no statistics of the training pictures, which would be
    wrong for other scanners. Mean and maximum of the features are read, as lesions may be everywhere or in one place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(1, 16, kernel_px=5, stride=2),
            *_convolution(16, 32, stride=2),
            *_convolution(32, 32),
            *_convolution(32, 64, stride=2),
            *_convolution(64, 64),
            *_convolution(64, 64, stride=2),
        )
        self.head = nn.Linear(2 * 64, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,) log-odds of disease of (B, S, S) pictures."""
        features = self.features(pictures[:, None])
        pooled = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
        return torch.as_tensor(self.head(pooled)[:, 0])


class PublishedNetwork(nn.Module):
    """An image classifier of transformers with a new head for the one question."""

    def __init__(self, model: "transformers.PreTrainedModel") -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,) log-odds of disease of (B, S, S) pictures."""
        channels = getattr(self.model.config, "num_channels", 3)
        return torch.as_tensor(self.model(pictures[:, None].expand(-1, channels, -1, -1)).logits[:, 0])


class EfficientNetNetwork(nn.Module):
    """EfficientNet-Lite0 as published, with a new head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = load_efficientnet_lite0()
        self.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a third faster on a CPU
        self.head = nn.Linear(NUM_FEATURES, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B,) log-odds of disease of (B, S, S) pictures."""
        features = self.backbone(PHOTOGRAPH_SPREAD * pictures[:, None].expand(-1, 3, -1, -1))
        return torch.as_tensor(self.head(features.mean(dim=(2, 3)))[:, 0])


def make_network(backbone: str) -> nn.Module:
    """An untrained probe; what is not published of its weights is drawn from torch's stream.

    Parameters
    ----------
    backbone
        `"compact"`, `"efficientnet-lite0"`, or the folder of an image classifier of transformers.

    Raises
    ------
    InputError
        There is no such backbone, or it has no usable files.
    """
    if backbone == COMPACT:
        return CompactNetwork()
    if backbone == EFFICIENTNET_LITE0:
        return EfficientNetNetwork()
    return PublishedNetwork(_load_backbone(backbone))


def _convolution(in_channels: int, out_channels: int, *, kernel_px: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, kernel_px, stride, kernel_px // 2, bias=False),
        nn.GroupNorm(8, out_channels),
        nn.ReLU(),
    ]


def _load_backbone(folder: str) -> "transformers.PreTrainedModel":
    if not (Path(folder) / "config.json").is_file():
        raise InputError(
            f"backbone: there is no config.json in a folder {folder!r}; allowed: {COMPACT!r}, "
            f"{EFFICIENTNET_LITE0!r}, or the folder of an image classifier of transformers"
        )
    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # the head is new on purpose
    try:
        model, loading = transformers.AutoModelForImageClassification.from_pretrained(
            folder,
            num_labels=1,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
    except Exception as error:  # transformers lets through whatever a strange file makes it stumble over
        raise InputError(f"backbone: cannot load {folder!r}: {textwrap.shorten(str(error), 200)}") from None
    finally:
        transformers.logging.set_verbosity(verbosity)
    _require_published(model, loading["missing_keys"] | {key for key, *_ in loading["mismatched_keys"]}, folder)
    return model


def _require_published(model: "transformers.PreTrainedModel", absent: set[str], folder: str) -> None:
    """Refuse weights that lack more than the head: transformers would draw the rest at random."""
    lacking = sorted(key for key in absent if key.startswith(f"{model.base_model_prefix}."))
    if lacking:
        raise InputError(f"backbone: {folder!r} lacks {len(lacking)} weights of its own network, as {lacking[0]}")
