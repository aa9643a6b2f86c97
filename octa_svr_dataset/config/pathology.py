"""Settings of the lesions."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from octa_svr_dataset.setting_types import BySeverity, CountRange, Range, Settings, Within

AreaShares = Annotated[tuple[float, float, float, float], Within(0, 0.3)]
"""A share of the area, in eyes of each severity from 1 to 4; gaps find no room for more."""


class DropoutConfig(Settings):
    """Capillary dropout: areas in which capillaries are lost and larger vessels stay."""

    probability: BySeverity = (0.0, 1.0, 1.0, 1.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that have any."""

    count: Annotated[CountRange, Within(1, 12)] = (1, 6)
    """Number of areas in such an eye; one large, the others small."""

    large_radius_mm: Annotated[Range, Within(0.1, 2.0)] = (0.54, 0.96)
    """Mean radius of the one large area, mm (0.18 to 0.32 of a 3 mm field in OCTA-SVR)."""

    small_radius_mm: Annotated[Range, Within(0.05, 1.0)] = (0.2, 0.4)
    """Mean radius of the others, mm."""

    extent: BySeverity = (1.0, 1.0, 1.0, 1.0)
    """Factor on these radii, by severity from 1 to 4."""

    faz_distance_mm: Annotated[Range, Within(0.0, 3.0)] = (0.15, 1.2)
    """Distance of an area's center from the rim of the avascular zone, mm (0.05 to 0.4 of the field in OCTA-SVR)."""

    strength: Annotated[Range, Within(0.0, 1.0)] = (0.90, 0.99)
    """Share of the capillaries that is lost well inside an area."""

    irregularity: float = Field(0.35, ge=0, le=0.8)
    """Relative amplitude of the outline's departures from a circle."""

    edge_softness: float = Field(0.25, ge=0.01, le=1)
    """Width of the band in which the loss falls off, relative to the area's radius."""

    spared_radius_mm: float = Field(0.010, ge=0.003, le=0.05)
    """Vessels of this radius or more are spared; the loss fades out between 0.6 of it and it, mm.

    It grows up to twofold as the strength goes from 0.97 to 1.
    """

    vessel_reach: float = Field(0.3, ge=0, le=0.8)
    """The outline moves onto larger vessels that are nearer to it than this share of its distance from the center."""

    deep_excess: float = Field(0.08, ge=0, le=0.5)
    """So much farther, relatively, an area reaches in the deep layer, where loss is more frequent."""

    dilation: Annotated[Range, Within(1, 4)] = (1.3, 2.2)
    """Factor on the radius of the capillaries that are left along the outline: collaterals."""

    dilated_band_mm: float = Field(0.15, gt=0, le=0.5)
    """Up to this distance from the outline capillaries are wider, mm."""


class DispersedLossConfig(Settings):
    """Dispersed capillary loss: gaps of a few capillary loops, everywhere in the bed.

    Wider intercapillary areas are an early sign of diabetes in OCTA (Schottenhamml et al., Retina 2016).
    """

    probability: BySeverity = (0.0, 0.0, 0.0, 0.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that have any."""

    least_area_share: AreaShares = (0.01, 0.10, 0.14, 0.23)
    """Least share of the area that gaps take, by severity from 1 to 4."""

    most_area_share: AreaShares = (0.06, 0.19, 0.23, 0.30)
    """Largest share of the area that gaps take, by severity from 1 to 4; for more they find no room."""

    gap_width_mm: Annotated[Range, Within(0.05, 0.5)] = (0.07, 0.13)
    """Width of the gaps before the capillaries that they leave blind are gone, too, mm; narrow ones are frequent. They
    are up to 2.5 times as long, and bent."""

    strength: Annotated[Range, Within(0, 1)] = (0.85, 1.0)
    """Share of the capillaries in the gaps that is lost."""

    gap_distance_mm: float = Field(0.01, ge=0, le=0.3)
    """Least distance between two gaps, but for an end of one that may run into another, and between them and the
    avascular zone, mm."""

    foveal_excess: float = Field(1.0, ge=0, le=5)
    """So many times more gaps lie at the rim of the avascular zone than far from it, less one."""

    patchiness: float = Field(0.6, ge=0, le=1)
    """Share of the gaps that do not arise far from the patches in which loss is densest."""

    vessel_avoidance: float = Field(0.7, ge=0, le=1)
    """Share of the gaps that do not arise where a larger vessel runs through them."""

    coincidence: float = Field(0.8, ge=0, le=1)
    """Share of the gaps that go through both layers."""

    deep_share: float = Field(0.6, ge=0, le=1)
    """Share of the other gaps that lie in the deep layer."""

    dilation: Annotated[Range, Within(1, 3)] = (1.0, 1.3)
    """Factor on the radius of the capillaries that are left (1.17 in donor eyes, An et al., TVST 2021)."""

    spared_radius_mm: float = Field(0.010, ge=0.003, le=0.05)
    """Vessels of this radius or more are spared; the loss fades out between 0.6 of it and it, mm."""

    @model_validator(mode="after")
    def _have_shares_in_order(self) -> Self:
        shares = zip(self.least_area_share, self.most_area_share, strict=True)
        for severity, (least, most) in enumerate(shares, start=1):
            if least > most:
                raise ValueError(
                    f"least_area_share ({least:g}) must not be above most_area_share ({most:g}) at severity {severity}"
                )
        return self


class FovealLossConfig(Settings):
    """Perifoveal capillary loss: sectors of the rim of the avascular zone, which grows and gets irregular.

    Zones are larger in moderate to severe npdr and in pdr (Mastropasqua et al., Int. J. Ophthalmol. 2017), but overlap
    with healthy ones.
    """

    probability: BySeverity = (0.0, 0.0, 0.0, 0.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that have any."""

    strength: BySeverity = (0.4, 0.6, 0.8, 1.0)
    """Factor on the depth of the loss, by severity from 1 to 4."""

    sectors: Annotated[CountRange, Within(1, 12)] = (1, 5)
    """Number of sectors of the rim that are lost."""

    depth_mm: Annotated[Range, Within(0.0, 0.6)] = (0.04, 0.20)
    """How far the rim recedes in the middle of a sector, mm, before the strength."""

    loops: Annotated[CountRange, Within(0, 8)] = (0, 3)
    """Number of loops of the old rim that survive in the sectors."""

    dilation: Annotated[Range, Within(1, 4)] = (1.0, 1.8)
    """Factor on the radius of the capillaries along the new rim."""

    spared_radius_mm: float = Field(0.010, ge=0.003, le=0.05)
    """Vessels of more than 0.8 of this radius are spared, mm."""


class MicroaneurysmConfig(Settings):
    """Microaneurysms: small outpouchings of capillaries, most of them at the border of dropout."""

    probability: BySeverity = (1.0, 1.0, 1.0, 1.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that may have any."""

    rate_per_segment: float = Field(0.032, ge=0, le=1)
    """Probability that a piece of 0.04 mm of a capillary in the border band, a segment of the published forests,
    carries one (OCTA-SVR)."""

    border_band_mm: float = Field(0.12, gt=0, le=0.5)
    """Width of the band around a dropout's outline in which they lie, mm."""

    rate_away_per_mm2: float = Field(0.0, ge=0, le=20)
    """Expected number on a mm2 of healthy capillaries away from these bands, with dropout in the eye or without."""

    superficial_rate: float = Field(1.0, ge=0, le=1)
    """Chance of a superficial capillary to carry one, relative to a deep one. At 0.3, 77 % lie in the deep layer, where
    this forest has as many capillaries (76.5 +- 9.7 % in eyes with macular edema, Nozaki et al., EURETINA 2015)."""

    radius_mm: Annotated[Range, Within(0.005, 0.06)] = (0.010, 0.030)
    """Radius of a circle as large, mm (OCTA-SVR; 20 to 60 um across)."""

    fusiform_share: float = Field(0.0, ge=0, le=1)
    """Share that is fusiform, a spindle along the capillary, and not saccular, a sphere (Schreur et al., Br. J.
    Ophthalmol. 2019, describe both on OCTA)."""

    elongation: Annotated[Range, Within(1, 4)] = (1.5, 2.5)
    """Length of fusiform ones over their width."""

    flow: Annotated[Range, Within(0, 1)] = (0.5, 1.0)
    """Brightness relative to the largest vessels; slow flow leaves some microaneurysms faint or invisible."""


class IrmaConfig(Settings):
    """Intraretinal microvascular abnormalities: dilated, tortuous shunts from arterioles to venules over dropout."""

    probability: BySeverity = (0.0, 0.0, 0.0, 0.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that have any; they need capillary dropout to cross."""

    count: Annotated[CountRange, Within(1, 12)] = (1, 4)
    """Number in such an eye; one that finds no two vessels to join is left out."""

    chord_mm: Annotated[Range, Within(0.1, 1.2)] = (0.2, 0.7)
    """Distance between the vessels that one joins, mm."""

    radius_mm: Annotated[Range, Within(0.004, 0.03)] = (0.008, 0.020)
    """Radius, mm; capillaries have 0.0025 to 0.005."""

    arc_over_chord: Annotated[Range, Within(1, 2.5)] = (1.15, 1.5)
    """Length of its course over that of its chord."""

    wavelength_mm: Annotated[Range, Within(0.05, 1)] = (0.18, 0.40)
    """Length of its windings, mm."""

    branches: Annotated[CountRange, Within(0, 6)] = (0, 3)
    """Number of thinner vessels that leave its course and join it again farther on."""


class NeovascularizationConfig(Settings):
    """Neovascularization: fine looping tufts above the retina, from veins at the edge of capillary dropout."""

    probability: BySeverity = (0.0, 0.0, 0.0, 0.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that have any; tufts need the edge of dropout to grow from."""

    count: Annotated[CountRange, Within(1, 6)] = (1, 3)
    """Number of tufts in such an eye; one that finds no vein to grow from is left out."""

    area_mm2: Annotated[Range, Within(0.04, 2.0)] = (0.05, 0.7)
    """Area that a tuft fills, mm2; its logarithm is drawn uniformly, so that small ones are frequent."""

    spacing_mm: Annotated[Range, Within(0.015, 0.2)] = (0.025, 0.038)
    """Area of a tuft over the length of its vessels, mm: their distance from one another."""

    radius_mm: Annotated[Range, Within(0.002, 0.02)] = (0.003, 0.006)
    """Radius of its vessels, mm."""

    curl_per_mm: Annotated[Range, Within(0, 60)] = (10.0, 24.0)
    """Standard deviation of the curvature of its vessels, rad per mm; the inverse of the radius of their bends."""

    loop_share: float = Field(0.7, ge=0, le=1)
    """Share of the sprouts that meet another one and join it in a loop; the others cross it."""

    flow: Annotated[Range, Within(0, 1)] = (0.5, 0.95)
    """Brightness, from 0 for that of capillaries at the surface to 1 for that of the largest vessels."""


class TortuosityConfig(Settings):
    """Tortuosity: arterioles and venules wind in smooth waves. It is not specific to the disease."""

    probability: BySeverity = (0.0, 0.0, 0.0, 0.0)
    """Share of the eyes of severity 1, 2, 3 and 4 whose vessels wind more than they did in health."""

    gain: Annotated[Range, Within(1, 2)] = (1.02, 1.15)
    """Factor by which the courses of vessels get longer: arc over chord, relative to that of the healthy eye."""

    wavelength_mm: Annotated[Range, Within(0.1, 2)] = (0.25, 0.45)
    """Length of the waves of a vessel of 0.010 mm in radius, mm; it grows with the square root of the radius."""


class VenousConfig(Settings):
    """Changes of the larger veins in severe disease, those of more than about 0.012 mm in radius.

    Beading goes with severe npdr and pdr (Wilkinson et al., Ophthalmology 2003; Chen et al., Graefe's Archive 2018).
    """

    probability: BySeverity = (0.0, 0.0, 0.0, 0.0)
    """Share of the eyes of severity 1, 2, 3 and 4 whose veins are changed."""

    dilation: Annotated[Range, Within(0.5, 2)] = (1.15, 1.35)
    """Factor on their radius."""

    beading: Annotated[Range, Within(0, 0.8)] = (0.35, 0.50)
    """How much beads swell, relative to the radius; between them, the vein narrows by 0.75 of it. As the optics widen
    all vessels, the calibre that the picture shows swings by 25 to 40 %."""

    bead_distance_mm: Annotated[Range, Within(0.05, 1)] = (0.20, 0.40)
    """Distance from one bead to the next, mm."""


class PathologyConfig(Settings):
    """Lesions of diabetic retinopathy."""

    severity_shares: Annotated[tuple[float, float, float, float, float], Within(0, 1)] = (0.5, 0.0, 0.5, 0.0, 0.0)
    """Shares of the eyes of severity 0 (healthy) to 4 (see `octa_svr_dataset.grading`); they add up to 1."""

    dropout: DropoutConfig = Field(default_factory=DropoutConfig)
    """Capillary dropout."""

    dispersed_loss: DispersedLossConfig = Field(default_factory=DispersedLossConfig)
    """Dispersed capillary loss."""

    foveal_loss: FovealLossConfig = Field(default_factory=FovealLossConfig)
    """Perifoveal capillary loss."""

    microaneurysms: MicroaneurysmConfig = Field(default_factory=MicroaneurysmConfig)
    """Microaneurysms."""

    new_vessels: Literal["both", "irma", "neovascularization"] = "both"
    """Which of these eyes may have, where their probabilities give them any."""

    irma: IrmaConfig = Field(default_factory=IrmaConfig)
    """Intraretinal microvascular abnormalities."""

    neovascularization: NeovascularizationConfig = Field(default_factory=NeovascularizationConfig)
    """Neovascularization."""

    tortuosity: TortuosityConfig = Field(default_factory=TortuosityConfig)
    """Tortuosity."""

    veins: VenousConfig = Field(default_factory=VenousConfig)
    """Venous beading and dilation."""

    @property
    def spared_radius_mm(self) -> float:
        """Vessels of this radius or more are spared by every kind of loss, mm."""
        return max(section.spared_radius_mm for section in (self.dropout, self.dispersed_loss, self.foveal_loss))

    @field_validator("severity_shares")
    @classmethod
    def _add_up(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if abs(sum(shares) - 1.0) > 1e-6:
            raise ValueError(f"the five shares must add up to 1, not to {sum(shares):g}")
        return shares
