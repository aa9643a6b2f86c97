"""Every setting of a scene: typed, documented, checked once.

One frozen model per stage, nested into `SceneConfig`. How users give them (a preset's name, a YAML
file, overrides) is in `resolve`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.setting_types import CountRange, Range, Settings, Within


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

    trees_per_kind: int = Field(8, ge=1, le=32)
    """Arterial trees that enter a field of 3 mm from its sides, and as many venous ones; scaled with its width."""

    stump_length_mm: float = Field(0.135, gt=0, le=0.5)
    """Length of the stump from which a tree grows, mm."""

    stump_murray_exponent: float = Field(4.0, ge=1, le=6)
    """Exponent of Murray's law at the stump."""

    terminal_radius_mm: float = Field(0.0025, gt=0, le=0.01)
    """Radius of a capillary, mm (r)."""

    faz_area_median_mm2: float = Field(0.292, ge=0.02, le=1.5)
    """Median area of the foveal avascular zone where both layers are seen, mm2; that of one layer is a little larger.

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


class DropoutConfig(Settings):
    """Capillary dropout: areas in which capillaries are lost and larger vessels stay."""

    count: Annotated[CountRange, Within(1, 12)] = (1, 6)
    """Number of areas in a diseased eye; one large, the others small."""

    large_radius_mm: Annotated[Range, Within(0.1, 1.5)] = (0.54, 0.96)
    """Mean radius of the one large area, mm (0.18 to 0.32 of a 3 mm field in OCTA-SVR)."""

    small_radius_mm: Annotated[Range, Within(0.05, 1.0)] = (0.2, 0.4)
    """Mean radius of the others, mm."""

    faz_distance_mm: Annotated[Range, Within(0.0, 2.5)] = (0.15, 1.2)
    """Distance of an area's center from the rim of the avascular zone, mm (0.05 to 0.4 of the field in OCTA-SVR)."""

    strength: Annotated[Range, Within(0.0, 1.0)] = (0.90, 0.99)
    """Share of the capillaries that is lost well inside an area."""

    irregularity: float = Field(0.35, ge=0, le=0.8)
    """Relative amplitude of the outline's departures from a circle."""

    edge_softness: float = Field(0.25, ge=0.01, le=1)
    """Width of the band in which the loss falls off, relative to the area's radius."""

    spared_radius_mm: float = Field(0.010, ge=0.003, le=0.05)
    """Vessels of this radius or more are spared; the loss fades out between 0.6 of it and it, mm."""


class MicroaneurysmConfig(Settings):
    """Microaneurysms: small saccular outpouchings of capillaries at the border of dropout."""

    rate_per_segment: float = Field(0.032, ge=0, le=1)
    """Probability that a capillary segment in the border band carries one (OCTA-SVR)."""

    radius_mm: Annotated[Range, Within(0.005, 0.06)] = (0.010, 0.030)
    """Radius, mm (OCTA-SVR; 20 to 60 um across)."""

    border_band_mm: float = Field(0.12, gt=0, le=0.5)
    """Width of the band around a dropout's outline in which they lie, mm."""

    flow: Annotated[Range, Within(0, 1)] = (0.5, 1.0)
    """Brightness relative to the largest vessels; slow flow leaves some microaneurysms faint or invisible."""


class PathologyConfig(Settings):
    """Lesions of diabetic retinopathy."""

    disease_probability: float = Field(0.5, ge=0, le=1)
    """Share of the scenes that are diseased."""

    dropout: DropoutConfig = Field(default_factory=DropoutConfig)
    """Capillary dropout."""

    microaneurysms: MicroaneurysmConfig = Field(default_factory=MicroaneurysmConfig)
    """Microaneurysms."""


class ImagingConfig(Settings):
    """The picture: an en-face OCTA image. Ranges are drawn once a picture, uniformly.

    Defaults suit the full projection; `docs/realism.md` says what they, and those of the other projections, were
    fitted to.
    """

    size_px: int = Field(304, ge=64, le=2048)
    """Width and height of the picture, px."""

    projection: Literal["full", "superficial", "deep"] = "full"
    """Layers of vessels that the picture shows."""

    views: int = Field(1, ge=1, le=64)
    """Pictures that are taken of each scene, one row each, by as many scanners; they are pixel-aligned. The label map
    of the vessels is as wide in each as its optics show them."""

    appearance: str = "default"
    """What gives the ranges below where nothing else does: `default`, which suits the projection, or the path of a
    profile, a YAML file as `octa-svr fit-appearance` writes it, on top of that. It is read once: in settings that are
    resolved all ranges are given, and this is `default`."""

    scan_lines: Annotated[CountRange, Within(64, 1024)] = (245, 330)
    """Scan lines over a field of 3 mm, and points on each; a field of 6 mm has a third more."""

    optical_width_mm: Annotated[Range, Within(0.001, 0.1)] = (0.009, 0.015)
    """Width at which the optics show even the thinnest vessel, mm."""

    capillary_signal: Annotated[Range, Within(0, 1)] = (0.42, 0.70)
    """Brightness of capillaries at the surface of the slab; the largest vessels have 0.95."""

    deep_signal: Annotated[Range, Within(0, 1)] = (0.25, 0.70)
    """Brightness of capillaries at the bottom of the slab, relative to those at its surface."""

    bright_radius_mm: Annotated[Range, Within(0.004, 0.05)] = (0.012, 0.024)
    """Radius from which vessels are as bright as the largest, mm; from 0.003 mm to it, brightness grows."""

    mesh_signal: Annotated[Range, Within(0, 1)] = (0.08, 0.18)
    """Brightness of the capillary mesh that is too fine to be drawn; it follows the density of drawn capillaries."""

    mesh_contrast: Annotated[Range, Within(0, 2)] = (0.20, 0.50)
    """Standard deviation of that mesh, relative to its mean."""

    mesh_scale_mm: Annotated[Range, Within(0.005, 0.2)] = (0.020, 0.040)
    """Distance of its strands, mm."""

    halo: Annotated[Range, Within(0, 1)] = (0.40, 0.95)
    """Share of the brightness of mesh and capillaries that is lost where there are none in the surroundings."""

    halo_mm: Annotated[Range, Within(0.02, 0.5)] = (0.15, 0.45)
    """Width of the surroundings that count, mm."""

    shadow: Annotated[Range, Within(0, 1)] = (0.2, 0.9)
    """Share of the light that large superficial vessels take from the deep layer; of effect in deep pictures."""

    residue: Annotated[Range, Within(0, 1)] = (0.0, 0.5)
    """Brightness of large superficial vessels in deep pictures, where a scanner has not removed their projection."""

    speckle: Annotated[Range, Within(0, 2)] = (0.20, 0.45)
    """Standard deviation of the multiplicative noise where the signal is weak; it vanishes where it saturates."""

    noise_floor: Annotated[Range, Within(0, 0.5)] = (0.05, 0.10)
    """Mean brightness where no blood flows."""

    noise_grain_mm: Annotated[Range, Within(0.001, 0.05)] = (0.004, 0.008)
    """Standard deviation of the grains of noise, mm."""

    streak_noise: Annotated[Range, Within(0, 1)] = (0.0, 0.10)
    """Standard deviation of the brightness of short pieces of scan lines, relative to the mean."""

    streak_length_mm: Annotated[Range, Within(0.01, 3)] = (0.1, 0.5)
    """Length of these pieces, mm."""

    defocus_mm: Annotated[Range, Within(0, 0.1)] = (0.002, 0.006)
    """Standard deviation of the blur by the optics, mm."""

    row_noise: Annotated[Range, Within(0, 1)] = (0.01, 0.04)
    """Standard deviation of the brightness from one scan line to the next, relative to the mean."""

    motion_lines: Annotated[CountRange, Within(0, 40)] = (0, 2)
    """Number of bright scan lines that eye movement leaves."""

    motion_line_contrast: Annotated[Range, Within(0, 1)] = (0.03, 0.12)
    """Brightness that such a line adds."""

    saccades: Annotated[CountRange, Within(0, 20)] = (0, 2)
    """Number of times that the eye has moved between two scan lines: all later ones are displaced."""

    saccade_mm: Annotated[Range, Within(0, 0.2)] = (0.01, 0.04)
    """Width of such a movement along the scan lines, mm; no line is displaced by more than twice the upper limit."""

    shading: Annotated[Range, Within(0, 0.5)] = (0.02, 0.09)
    """Standard deviation of the slow variation of brightness over the field, relative to the mean."""

    shading_scale_mm: Annotated[Range, Within(0.2, 5)] = (0.5, 1.3)
    """Distance over which it varies, mm."""

    vignetting: Annotated[Range, Within(0, 0.9)] = (0.0, 0.25)
    """Loss of brightness at the corners of the picture."""

    black_level: Annotated[Range, Within(-0.2, 0.5)] = (-0.02, 0.03)
    """Brightness that is shown as black."""

    gain: Annotated[Range, Within(0.1, 5)] = (0.92, 1.18)
    """Factor on the brightness above it."""

    gamma: Annotated[Range, Within(0.2, 5)] = (0.90, 1.15)
    """Exponent on the brightness."""


class TextConfig(Settings):
    """The dialogue that goes with a picture."""

    form: Literal["stages", "answer_only"] = "stages"
    """Reasoning in stages before the conclusion, or the conclusion alone."""


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
