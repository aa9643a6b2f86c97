"""Features of a small network that was trained on photographs, without any training of ours."""

from functools import cache

import numpy as np
import torch
from torch.nn import functional

from octa_svr_dataset.evaluation.efficientnet import EfficientNetLite0, load_efficientnet_lite0
from octa_svr_dataset.realism.filters import PATCHES_PER_SIDE
from octa_svr_dataset.realism.sampling import standardized

NUM_BLOCKS = 5
"""Blocks up to the features, which have 40 channels and an eighth of the picture's resolution.

Deeper features have more channels than the folders of real pictures have patches.
"""


def backbone_features(image: np.ndarray) -> np.ndarray:
    """(9, 40) float64. Features of an (H, H) uint8 picture, averaged over each patch, row by row."""
    gray = torch.from_numpy(standardized(image).copy())
    with torch.inference_mode():
        features = _network().after_blocks(((gray - 127.0) / 128.0).expand(1, 3, -1, -1), num_blocks=NUM_BLOCKS)
        pooled = functional.adaptive_avg_pool2d(features, PATCHES_PER_SIDE)
    return pooled[0].flatten(1).T.numpy().astype(np.float64)


@cache
def _network() -> EfficientNetLite0:
    return load_efficientnet_lite0().eval()
