"""Every setting of a scene: typed, documented, checked once.

One frozen model per stage, nested into `SceneConfig`. How users give them (a preset's name, a YAML
file, overrides) is in `resolve`.
"""

from octa_svr_dataset.config.growth import GrowthConfig, PlexusGrowthConfig
from octa_svr_dataset.config.imaging import ImagingConfig
from octa_svr_dataset.config.pathology import (
    DispersedLossConfig,
    DropoutConfig,
    FovealLossConfig,
    MicroaneurysmConfig,
    PathologyConfig,
)
from octa_svr_dataset.config.scene import SceneConfig
from octa_svr_dataset.config.text import TextConfig

__all__ = [
    "DispersedLossConfig",
    "DropoutConfig",
    "FovealLossConfig",
    "GrowthConfig",
    "ImagingConfig",
    "MicroaneurysmConfig",
    "PathologyConfig",
    "PlexusGrowthConfig",
    "SceneConfig",
    "TextConfig",
]
