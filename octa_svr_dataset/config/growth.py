"""Settings of the growth of the vessels."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from octa_svr_dataset.setting_types import Range, Settings, Within


class PlexusGrowthConfig(Settings):
    """Growth of one plexus by the model of Kreitner et al. (IEEE TMI 2024), symbols of that paper in brackets."""

    iterations: int = Field(100, ge=0, le=400)
    """Number of growth iterations (I)."""

    candidates_per_iteration: int = Field(2000, ge=0, le=20_000)
    """Oxygen-sink candidates drawn an iteration over 9 mm2 of tissue; scaled with the area (N)."""

    artery_distance_mm: float = Field(0.18, gt=0, le=1)
    """Search radius for arterial nodes whose own oxygen rejects a candidate, mm (eps_n).

    The larger of this and the satisfaction distance counts, and no oxygen reaches farther than 0.024 mm; so it acts
    only where both are smaller than that, and the published value never does.
    """

    sink_spacing_mm: float = Field(0.135, ge=0.005, le=1)
    """Least distance between oxygen sinks, mm (eps_s)."""

    satisfaction_distance_mm: float = Field(0.135, ge=0.005, le=1)
    """Distance from a new node at which a sink counts as satisfied, mm (eps_k)."""

    perception_distance_mm: float = Field(0.2925, ge=0.005, le=2)
    """Distance within which a node perceives a sink, mm (delta)."""

    perception_angle_deg: float = Field(50.0, gt=0, le=180)
    """Full opening angle of the cone in which a node perceives sinks, deg (gamma)."""

    bifurcation_spread_deg: float = Field(15.0, ge=0, le=90)
    """Least standard deviation of the sinks' angles for a leaf to split in two, deg (phi)."""

    direction_persistence: float = Field(0.3, ge=0, le=1)
    """Weight of the parent's direction against the pull of the sinks (omega)."""

    murray_exponent: float = Field(2.55, ge=2, le=5)
    """Exponent of Murray's law at branchings (kappa); below 2 two equal branches have no angle by that law."""

    tissue_growth_rate: float = Field(0.02, ge=0, le=1)
    """Growth of the tissue an iteration; distances shrink by 1 + rate * iteration (delta_sigma)."""

    step_mm: float = Field(0.1, ge=0.01, le=0.5)
    """Length of a new segment at the first iteration, mm (d)."""

    least_step_mm: float = Field(0.04, ge=0.01, le=0.5)
    """Length below which a new segment never shrinks, mm."""

    rotation_floor: float = Field(0.0, ge=0, le=1)
    """Least squared weight of the bend around the fovea, at any distance from it."""

    @model_validator(mode="after")
    def _first_step_is_not_below_the_least(self) -> Self:
        if self.step_mm < self.least_step_mm:
            raise ValueError(
                f"step_mm must be at least least_step_mm, as no step is shorter; got step_mm {self.step_mm:g} and "
                f"least_step_mm {self.least_step_mm:g}"
            )
        return self


def _deep_plexus() -> PlexusGrowthConfig:
    return PlexusGrowthConfig(
        iterations=150,
        artery_distance_mm=0.09,
        sink_spacing_mm=0.0675,
        satisfaction_distance_mm=0.0675,
        perception_distance_mm=0.14625,
        perception_angle_deg=90.0,
        direction_persistence=0.0,
        murray_exponent=2.9,
        step_mm=0.04,
        rotation_floor=0.01,
    )


class GrowthConfig(Settings):
    """Growth of the vessel forest. Defaults are those of the published forests (Kreitner et al. 2024)."""

    margin_mm: float = Field(0.04, ge=0, le=0.5)
    """The tissue is wider than the field of view by this much, mm."""

    depth_mm: float = Field(0.04, ge=0.01, le=0.2)
    """Thickness of the tissue slab, mm."""

    trunks: Literal["scattered", "macular"] = "scattered"
    """Let trees enter from anywhere at the sides of the field, as in the published forests, or lay the larger vessels
    as in a macula: arcades above and below it, from which arteries and veins in turns converge on the fovea."""

    trees_per_kind: int = Field(8, ge=1, le=32)
    """Scattered: arterial trees that enter a field of 3 mm, and as many venous ones; scaled with its width. Macular:
    arterial branches that converge on the fovea, and as many venous ones, beside the arcades."""

    stump_length_mm: float = Field(0.135, gt=0, le=0.5)
    """Length of the stump from which a scattered tree grows, mm."""

    stump_murray_exponent: float = Field(4.0, ge=1, le=6)
    """Exponent of Murray's law at that stump."""

    terminal_radius_mm: float = Field(0.0025, gt=0, le=0.01)
    """Radius of a capillary, mm (r)."""

    faz_area_median_mm2: float = Field(0.338, ge=0.02, le=1.5)
    """Median area of the foveal avascular zone within the superficial ring, mm2; that of the deep layer is alike.

    The published forests suppress it within 0.44 mm (R in Kreitner et al. 2024).
    """

    faz_radius_spread: float = Field(0.0909, ge=0, le=0.5)
    """Standard deviation of that radius, relative to its median (0.04 mm of 0.44 mm in the published forests)."""

    faz_area_least_mm2: float = Field(0.01, ge=0.01, le=1.5)
    """No avascular zone is meant to be smaller, mm2."""

    fovea_offset_mm: float = Field(0.0, ge=0, le=0.45)
    """The fovea lies anywhere within this distance of the center of the field, uniformly by area, mm."""

    rotation_radius_mm: float = Field(1.05, ge=0, le=3)
    """Distance from the fovea within which growing vessels bend around it, mm."""

    tortuosity: Annotated[Range, Within(1, 1.5)] = (1.0, 1.0)
    """Factor by which the courses of arterioles and venules get longer as they wind; healthy eyes vary in it."""

    age_loss: Annotated[Range, Within(0, 0.3)] = (0.0, 0.0)
    """Share of the length of the capillaries that is lost evenly over the field, as with age: in every class alike, and
    in the healthy twin. Healthy eyes vary in it; it is no lesion, and no finding."""

    capillary_bed: Literal["open", "closed"] = "open"
    """Leave the tips of the twigs blind, as in the published forests, or join them into a closed mesh."""

    superficial: PlexusGrowthConfig = Field(default_factory=PlexusGrowthConfig)
    """Superficial vascular complex, grown first."""

    deep: PlexusGrowthConfig = Field(default_factory=_deep_plexus)
    """Deep vascular complex, grown from the superficial one."""

    @field_validator("deep", mode="before")
    @classmethod
    def _keep_deep_defaults(cls, deep: Any) -> Any:
        return _deep_plexus().model_dump() | dict(deep) if isinstance(deep, Mapping) else deep
