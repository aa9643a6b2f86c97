"""Settings of the loss of capillaries: in areas, dispersed over the bed, and around the fovea."""

from typing import Annotated, Self

from pydantic import Field, model_validator

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

    least_area_share: AreaShares = (0.01, 0.07, 0.13, 0.26)
    """Least share of the area that gaps take, by severity from 1 to 4."""

    most_area_share: AreaShares = (0.06, 0.14, 0.19, 0.30)
    """Largest share of the area that gaps take, by severity from 1 to 4; for more they find no room."""

    gap_width_mm: Annotated[Range, Within(0.05, 0.5)] = (0.08, 0.14)
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

    coincidence: float = Field(0.9, ge=0, le=1)
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
