"""Settings of the lesions."""

from typing import Annotated

from pydantic import Field, field_validator

from octa_svr_dataset.setting_types import BySeverity, CountRange, Range, Settings, Within


class DropoutConfig(Settings):
    """Capillary dropout: areas in which capillaries are lost and larger vessels stay."""

    probability: BySeverity = (0.0, 1.0, 1.0, 1.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that have any."""

    count: Annotated[CountRange, Within(1, 12)] = (1, 6)
    """Number of areas in such an eye; one large, the others small."""

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

    probability: BySeverity = (1.0, 1.0, 1.0, 1.0)
    """Share of the eyes of severity 1, 2, 3 and 4 that may have any."""

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

    severity_shares: Annotated[tuple[float, float, float, float, float], Within(0, 1)] = (0.5, 0.0, 0.5, 0.0, 0.0)
    """Shares of the eyes of severity 0 (healthy) to 4 (see `octa_svr_dataset.grading`); they add up to 1."""

    dropout: DropoutConfig = Field(default_factory=DropoutConfig)
    """Capillary dropout."""

    microaneurysms: MicroaneurysmConfig = Field(default_factory=MicroaneurysmConfig)
    """Microaneurysms."""

    @field_validator("severity_shares")
    @classmethod
    def _add_up(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if abs(sum(shares) - 1.0) > 1e-6:
            raise ValueError(f"the five shares must add up to 1, not to {sum(shares):g}")
        return shares
