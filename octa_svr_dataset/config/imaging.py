"""Settings of the picture."""

from typing import Annotated, Literal

from pydantic import Field

from octa_svr_dataset.setting_types import CountRange, Range, Settings, Within


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

    scan_lines: Annotated[CountRange, Within(64, 1024)] = (270, 330)
    """Scan lines over a field of 3 mm, and points on each; a field of 6 mm has a third more."""

    optical_width_mm: Annotated[Range, Within(0.001, 0.1)] = (0.0014, 0.0042)
    """Width at which the optics show even the thinnest vessel, mm."""

    capillary_signal: Annotated[Range, Within(0, 1)] = (0.49, 0.67)
    """Brightness of capillaries at the surface of the slab; the largest vessels have 0.95."""

    deep_signal: Annotated[Range, Within(0, 1)] = (0.2, 0.45)
    """Brightness of capillaries at the bottom of the slab, relative to those at its surface."""

    bright_radius_mm: Annotated[Range, Within(0.004, 0.05)] = (0.018, 0.028)
    """Radius from which vessels are as bright as the largest, mm; from 0.003 mm to it, brightness grows."""

    mesh_signal: Annotated[Range, Within(0, 1)] = (0.093, 0.14)
    """Brightness of the capillary mesh that is too fine to be drawn; it follows the density of drawn capillaries."""

    mesh_contrast: Annotated[Range, Within(0, 2)] = (0.46, 0.94)
    """Standard deviation of that mesh, relative to its mean, before what is below 0 is cut off."""

    mesh_sharpness: Annotated[Range, Within(0, 1)] = (0.46, 0.94)
    """Shape of its strands: 0 broad ones with narrow gaps, 1 thin ones with broad gaps."""

    mesh_scale_mm: Annotated[Range, Within(0.005, 0.2)] = (0.021, 0.037)
    """Distance of its strands, mm; they are never nearer than 2.2 px."""

    mesh_length_mm: Annotated[Range, Within(0, 1)] = (0.09, 0.33)
    """Length of the longest strands, mm; none is shorter than their distance."""

    mesh_wander_rad: Annotated[Range, Within(0, 4)] = (0.43, 0.75)
    """Standard deviation of the angle between strands and the line across the larger vessels near them, rad."""

    mesh_lobule_mm: Annotated[Range, Within(0, 3)] = (0.0, 0.0)
    """Distance of lobules, toward whose middles strands run in some deep layers, in place of across vessels, mm; below
    0.4 there are none."""

    capillary_free: Annotated[Range, Within(0, 1)] = (0.3, 0.61)
    """Share of their brightness that mesh and drawn capillaries lack right beside the larger vessels."""

    flow_noise: Annotated[Range, Within(0, 1)] = (0.016, 0.24)
    """Standard deviation of the brightness along vessels, relative to it: blood cells pass unevenly."""

    halo: Annotated[Range, Within(0, 1)] = (0.21, 0.53)
    """Share of the brightness of mesh and capillaries that is lost where there are none in the surroundings."""

    halo_mm: Annotated[Range, Within(0.02, 0.5)] = (0.3, 0.5)
    """Width of the surroundings that count, mm."""

    foveal_dimming: Annotated[Range, Within(0, 1)] = (0.59, 0.94)
    """Share of the brightness of the mesh, and of the unevenness of the flow, that is lost at the fovea, where fewer
    layers of capillaries lie above one another."""

    foveal_clarity: Annotated[Range, Within(-1, 2)] = (-0.075, 0.33)
    """Share by which drawn capillaries are brighter at the fovea, where single ones stand out; dimmer if negative."""

    foveal_dimming_mm: Annotated[Range, Within(0.1, 3)] = (0.63, 0.87)
    """Width of both, as the standard deviation of a bell, mm."""

    shadow: Annotated[Range, Within(0, 1)] = (0.2, 0.9)
    """Share of the light that the largest superficial vessels take from the deep layer; of effect in deep pictures."""

    residue: Annotated[Range, Within(0, 1)] = (0.0, 0.5)
    """Brightness of smaller superficial vessels in deep pictures, where a scanner has not removed their projection."""

    speckle: Annotated[Range, Within(0, 2)] = (0.28, 0.42)
    """Standard deviation of the multiplicative noise where the signal is weak."""

    vessel_speckle: Annotated[Range, Within(0, 1)] = (0.1, 0.4)
    """Share of that noise that is left where the signal saturates: the gray level of large vessels wavers."""

    noise_floor: Annotated[Range, Within(0, 0.5)] = (0.13, 0.2)
    """Mean brightness where no blood flows."""

    pit_floor: Annotated[Range, Within(0, 1)] = (0.3, 0.75)
    """Share of it that is left at the fovea, where the retina is thin and scatters little light."""

    noise_grain_mm: Annotated[Range, Within(0.001, 0.05)] = (0.0058, 0.0091)
    """Standard deviation of the grains of noise, mm."""

    floor_contrast: Annotated[Range, Within(0, 1)] = (0.35, 0.67)
    """Standard deviation of that noise floor relative to its mean: 1 for speckle of one look, less where scanners
    average."""

    floor_grain_mm: Annotated[Range, Within(0.001, 0.05)] = (0.0059, 0.0091)
    """Standard deviation of the grains where no blood flows, mm."""

    line_mixing: Annotated[Range, Within(0, 0.3)] = (0.0, 0.13)
    """Share of each of its neighbors that a scan line shows: scanners that average lines leave upright grains."""

    streak_noise: Annotated[Range, Within(0, 1)] = (0.0028, 0.038)
    """Standard deviation of the brightness of short pieces of scan lines, relative to the mean."""

    streak_length_mm: Annotated[Range, Within(0.01, 3)] = (0.064, 0.61)
    """Length of these pieces, mm."""

    defocus_mm: Annotated[Range, Within(0, 0.1)] = (0.0025, 0.0055)
    """Standard deviation of the blur by the optics, mm."""

    row_noise: Annotated[Range, Within(0, 1)] = (0.00061, 0.01)
    """Standard deviation of the brightness from one scan line to the next, relative to the mean."""

    motion_lines: Annotated[CountRange, Within(0, 40)] = (0, 1)
    """Number of bright scan lines that eye movement leaves."""

    motion_line_contrast: Annotated[Range, Within(0, 1)] = (0.03, 0.12)
    """Brightness that such a line adds."""

    saccades: Annotated[CountRange, Within(0, 20)] = (0, 2)
    """Number of times that the eye has moved between two scan lines: all later ones are displaced."""

    saccade_mm: Annotated[Range, Within(0, 0.2)] = (0.005, 0.04)
    """Width of such a movement along the scan lines, mm; no line is displaced by more than twice the upper limit."""

    tremor_mm: Annotated[Range, Within(0, 0.02)] = (0.00014, 0.0016)
    """Standard deviation by which single scan lines are displaced, mm; none is by more than twice that."""

    strip_noise: Annotated[Range, Within(0, 0.5)] = (0.0032, 0.033)
    """Standard deviation of the brightness from one strip between two movements to the next, relative to the mean."""

    shading: Annotated[Range, Within(0, 0.5)] = (0.031, 0.11)
    """Standard deviation of the slow variation of brightness over the field, relative to the mean."""

    shading_scale_mm: Annotated[Range, Within(0.2, 5)] = (1.7, 4.5)
    """Distance over which it varies, mm."""

    vignetting: Annotated[Range, Within(0, 0.9)] = (0.0, 0.12)
    """Loss of brightness at the corners of the picture."""

    floater_probability: float = Field(0.1, ge=0, le=1)
    """Share of the pictures in which an opacity of the vitreous casts a soft shadow; it is no disease."""

    floater_depth: float = Field(0.6, ge=0, le=1)
    """Share of the light that the deepest shadow takes in its middle; the faintest one takes 0.3 of that."""

    floater_radius_mm: float = Field(0.7, ge=0.05, le=3)
    """Radius of the largest shadow where it has half of its depth, mm; the smallest one has half of that."""

    black_level: Annotated[Range, Within(-0.2, 0.5)] = (-0.015, 0.043)
    """Brightness that is shown as black."""

    gain: Annotated[Range, Within(0.1, 5)] = (1.3, 1.5)
    """Factor on the brightness above it."""

    gamma: Annotated[Range, Within(0.2, 5)] = (1.0, 1.3)
    """Exponent on the brightness."""

    shoulder: Annotated[Range, Within(0.3, 1)] = (0.5, 0.75)
    """Share of white from which gray levels rise ever more slowly, so that few reach it; 1 for a hard end."""
