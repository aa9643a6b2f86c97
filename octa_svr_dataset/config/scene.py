"""All settings of a scene."""

from pydantic import Field

from octa_svr_dataset.config.growth import GrowthConfig
from octa_svr_dataset.config.imaging import ImagingConfig
from octa_svr_dataset.config.pathology import PathologyConfig
from octa_svr_dataset.config.text import TextConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.setting_types import Settings


class SceneConfig(Settings):
    """Everything that a scene is a function of, but for its key."""

    field_of_view_mm: float = Field(3.0, ge=1.5, le=6.0)
    """Width and height of the field of view, mm."""

    growth: GrowthConfig = Field(default_factory=GrowthConfig)
    """Vessels."""

    pathology: PathologyConfig = Field(default_factory=PathologyConfig)
    """Lesions."""

    imaging: ImagingConfig = Field(default_factory=ImagingConfig)
    """The picture."""

    text: TextConfig = Field(default_factory=TextConfig)
    """The dialogue."""

    @property
    def fov(self) -> FieldOfView:
        """Field of view and picture size."""
        return FieldOfView(width_mm=self.field_of_view_mm, size_px=self.imaging.size_px)
