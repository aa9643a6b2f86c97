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

    optical_width_mm: Annotated[Range, Within(0.001, 0.1)] = (0.0036, 0.0064)
    """Width at which the optics show even the thinnest vessel, mm."""

    capillary_signal: Annotated[Range, Within(0, 1)] = (0.38, 0.49)
    """Brightness of capillaries at the surface of the slab; the largest vessels have 0.95."""

    deep_signal: Annotated[Range, Within(0, 1)] = (0.0, 0.13)
    """Brightness of capillaries at the bottom of the slab, relative to those at its surface."""

    bright_radius_mm: Annotated[Range, Within(0.004, 0.05)] = (0.021, 0.031)
    """Radius from which vessels are as bright as the largest, mm; from 0.003 mm to it, brightness grows."""

    mesh_signal: Annotated[Range, Within(0, 1)] = (0.082, 0.11)
    """Brightness of the capillary mesh that is too fine to be drawn; where capillaries are lost, so are its strands."""

    mesh_contrast: Annotated[Range, Within(0, 2)] = (0.9, 1.3)
    """Standard deviation of that mesh, relative to its mean, before what is below 0 is cut off."""

    mesh_sharpness: Annotated[Range, Within(0, 1)] = (0.97, 1.0)
    """Shape of its strands: 0 broad ones with narrow gaps, 1 thin ones with broad gaps."""

    mesh_scale_mm: Annotated[Range, Within(0.005, 0.2)] = (0.039, 0.043)
    """Distance of its strands, mm; they are never nearer than 2.2 px."""

    mesh_length_mm: Annotated[Range, Within(0, 1)] = (0.12, 0.38)
    """Length of the longest strands, mm; never less than twice their distance."""

    mesh_wander_rad: Annotated[Range, Within(0, 4)] = (0.15, 0.45)
    """Standard deviation of the angle between strands and the line across the larger vessels near them, rad."""

    mesh_lobule_mm: Annotated[Range, Within(0, 3)] = (0.0, 0.0)
    """Distance of lobules, toward whose middles strands run in some deep layers, in place of across vessels, mm; below
    0.4 there are none."""

    capillary_free: Annotated[Range, Within(0, 1)] = (0.28, 0.59)
    """Share of their brightness that mesh and drawn capillaries lack right beside the larger vessels."""

    flow_noise: Annotated[Range, Within(0, 1)] = (0.055, 0.23)
    """Standard deviation of the brightness along vessels, relative to it: blood cells pass unevenly."""

    halo: Annotated[Range, Within(0, 1)] = (0.44, 0.67)
    """Share of the brightness of the mesh that is lost where there are no capillaries in the surroundings."""

    halo_mm: Annotated[Range, Within(0.02, 0.5)] = (0.3, 0.5)
    """Width of the surroundings that count, mm."""

    foveal_dimming: Annotated[Range, Within(0, 1)] = (0.97, 1.0)
    """Share of the brightness of the mesh, and of the unevenness of the flow, that is lost at the fovea, where fewer
    layers of capillaries lie above one another."""

    foveal_clarity: Annotated[Range, Within(-1, 2)] = (-0.15, 0.35)
    """Share by which drawn capillaries are brighter at the fovea, where single ones stand out; dimmer if negative."""

    foveal_dimming_mm: Annotated[Range, Within(0.1, 3)] = (0.88, 1.1)
    """Width of both, as the standard deviation of a bell, mm."""

    shadow: Annotated[Range, Within(0, 1)] = (0.2, 0.9)
    """Share of the light that the largest superficial vessels take from the deep layer; of effect in deep pictures."""

    residue: Annotated[Range, Within(0, 1)] = (0.0, 0.5)
    """Brightness of smaller superficial vessels in deep pictures, where a scanner has not removed their projection."""

    speckle: Annotated[Range, Within(0, 2)] = (0.27, 0.38)
    """Standard deviation of the multiplicative noise where the signal is weak."""

    vessel_speckle: Annotated[Range, Within(0, 1)] = (0.24, 0.51)
    """Share of that noise that is left where the signal saturates: the gray level of large vessels wavers."""

    noise_floor: Annotated[Range, Within(0, 0.5)] = (0.1, 0.14)
    """Mean brightness where no blood flows."""

    pit_floor: Annotated[Range, Within(0, 1)] = (0.12, 0.42)
    """Share of it that is left at the fovea, where the retina is thin and scatters little light."""

    noise_grain_mm: Annotated[Range, Within(0.001, 0.05)] = (0.0054, 0.0087)
    """Standard deviation of the grains of noise, mm."""

    floor_contrast: Annotated[Range, Within(0, 1)] = (0.4, 0.6)
    """Standard deviation of that noise floor relative to its mean: 1 for speckle of one look, less where scanners
    average."""

    floor_grain_mm: Annotated[Range, Within(0.001, 0.05)] = (0.0054, 0.0086)
    """Standard deviation of the grains where no blood flows, mm."""

    line_mixing: Annotated[Range, Within(0, 0.3)] = (0.0065, 0.1)
    """Share of each of its neighbors that a scan line shows: scanners that average lines leave upright grains."""

    streak_noise: Annotated[Range, Within(0, 1)] = (0.0, 0.014)
    """Standard deviation of the brightness of short pieces of scan lines, relative to the mean."""

    streak_length_mm: Annotated[Range, Within(0.01, 3)] = (0.069, 0.26)
    """Length of these pieces, mm."""

    defocus_mm: Annotated[Range, Within(0, 0.1)] = (0.0028, 0.0047)
    """Standard deviation of the blur by the optics, mm."""

    row_noise: Annotated[Range, Within(0, 1)] = (0.011, 0.018)
    """Standard deviation of the brightness from one scan line to the next, relative to the mean."""

    motion_lines: Annotated[CountRange, Within(0, 40)] = (0, 1)
    """Number of bright scan lines that eye movement leaves."""

    motion_line_contrast: Annotated[Range, Within(0, 1)] = (0.03, 0.12)
    """Brightness that such a line adds."""

    saccades: Annotated[CountRange, Within(0, 20)] = (0, 2)
    """Number of times that the eye has moved between two scan lines: all later ones are displaced."""

    saccade_mm: Annotated[Range, Within(0, 0.2)] = (0.005, 0.04)
    """Width of such a movement along the scan lines, mm; no line is displaced by more than twice the upper limit."""

    tremor_mm: Annotated[Range, Within(0, 0.02)] = (0.00016, 0.0013)
    """Standard deviation by which single scan lines are displaced, mm; none is by more than twice that."""

    strip_noise: Annotated[Range, Within(0, 0.5)] = (0.0, 0.0075)
    """Standard deviation of the brightness from one strip between two movements to the next, relative to the mean."""

    shading: Annotated[Range, Within(0, 0.5)] = (0.0, 0.064)
    """Standard deviation of the slow variation of brightness over the field, relative to the mean."""

    shading_scale_mm: Annotated[Range, Within(0.2, 5)] = (1.2, 4.0)
    """Distance over which it varies, mm."""

    vignetting: Annotated[Range, Within(0, 0.9)] = (0.027, 0.15)
    """Loss of brightness at the corners of the picture."""

    floater_probability: float = Field(0.1, ge=0, le=1)
    """Share of the pictures in which an opacity of the vitreous casts a soft shadow; it is no disease."""

    floater_depth: float = Field(0.6, ge=0, le=1)
    """Share of the light that the deepest shadow takes in its middle; the faintest one takes 0.3 of that."""

    floater_radius_mm: float = Field(0.7, ge=0.05, le=3)
    """Radius of the largest shadow where it has half of its depth, mm; the smallest one has half of that."""

    black_level: Annotated[Range, Within(-0.2, 0.5)] = (-0.041, 0.017)
    """Brightness that is shown as black."""

    gain: Annotated[Range, Within(0.1, 5)] = (1.7, 1.9)
    """Factor on the brightness above it."""

    gamma: Annotated[Range, Within(0.2, 5)] = (0.96, 1.3)
    """Exponent on the brightness."""

    shoulder: Annotated[Range, Within(0.3, 1)] = (0.4, 0.65)
    """Share of white from which gray levels rise ever more slowly, so that few reach it; 1 for a hard end."""
