"""Settings of the lesions; those of the loss of capillaries are in `capillary_loss`."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from octa_svr_dataset.config.capillary_loss import DispersedLossConfig, DropoutConfig, FovealLossConfig
from octa_svr_dataset.setting_types import BySeverity, CountRange, Range, Settings, Within


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
