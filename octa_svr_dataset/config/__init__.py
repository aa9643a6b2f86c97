"""Every setting of a scene: typed, documented, checked once.

One frozen model per stage, nested into `SceneConfig`. How users give them (a preset's name, a YAML
file, overrides) is in `resolve`.
"""

from octa_svr_dataset.config.capillary_loss import DispersedLossConfig, DropoutConfig, FovealLossConfig
from octa_svr_dataset.config.growth import GrowthConfig, PlexusGrowthConfig
from octa_svr_dataset.config.imaging import ImagingConfig
from octa_svr_dataset.config.pathology import (
    IrmaConfig,
    MicroaneurysmConfig,
    NeovascularizationConfig,
    PathologyConfig,
    TortuosityConfig,
    VenousConfig,
)
from octa_svr_dataset.config.scene import SceneConfig
from octa_svr_dataset.config.text import TextConfig

__all__ = [
    "DispersedLossConfig",
    "DropoutConfig",
    "FovealLossConfig",
    "GrowthConfig",
    "ImagingConfig",
    "IrmaConfig",
    "MicroaneurysmConfig",
    "NeovascularizationConfig",
    "PathologyConfig",
    "PlexusGrowthConfig",
    "SceneConfig",
    "TextConfig",
    "TortuosityConfig",
    "VenousConfig",
]
