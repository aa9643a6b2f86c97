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

    optical_width_mm: Annotated[Range, Within(0.001, 0.1)] = (0.0062, 0.0095)
    """Width at which the optics show even the thinnest vessel, mm."""

    capillary_signal: Annotated[Range, Within(0, 1)] = (0.27, 0.43)
    """Brightness of capillaries at the surface of the slab; the largest vessels have 0.95."""

    deep_signal: Annotated[Range, Within(0, 1)] = (0.026, 0.23)
    """Brightness of capillaries at the bottom of the slab, relative to those at its surface."""

    deep_layer_signal: Annotated[Range, Within(0, 1)] = (0.09, 0.41)
    """Brightness of the deep layer relative to the superficial one, in pictures of both."""

    bright_radius_mm: Annotated[Range, Within(0.004, 0.05)] = (0.024, 0.028)
    """Radius from which vessels are as bright as the largest, mm; from 0.003 mm to it, brightness grows."""

    mesh_signal: Annotated[Range, Within(0, 1)] = (0.064, 0.096)
    """Brightness of the capillary mesh that is too fine to be drawn; where capillaries are lost, so are its strands."""

    mesh_contrast: Annotated[Range, Within(0, 2)] = (0.74, 1.1)
    """Standard deviation of that mesh, relative to its mean, before what is below 0 is cut off."""

    mesh_inequality: Annotated[Range, Within(0, 0.99)] = (0.45, 0.77)
    """How much brighter some strands are than others: the brightest have 1 / (1 - inequality) of the faintest."""

    mesh_sharpness: Annotated[Range, Within(0, 1)] = (0.99, 1.0)
    """Shape of its strands: 0 broad ones with narrow gaps, 1 thin ones with broad gaps."""

    mesh_scale_mm: Annotated[Range, Within(0.005, 0.2)] = (0.034, 0.038)
    """Distance of its strands, mm; they are never nearer than 2.2 px."""

    mesh_length_mm: Annotated[Range, Within(0, 1)] = (0.28, 0.6)
    """Length of the longest strands, mm; never less than twice their distance."""

    mesh_wander_rad: Annotated[Range, Within(0, 4)] = (0.07, 0.22)
    """Standard deviation of the angle between strands and the line across the larger vessels near them, rad."""

    mesh_lobule_mm: Annotated[Range, Within(0, 3)] = (0.0, 0.0)
    """Distance of lobules, toward whose middles strands run in some deep layers, in place of across vessels, mm; below
    0.4 there are none."""

    capillary_free: Annotated[Range, Within(0, 1)] = (0.053, 0.55)
    """Share of their brightness that mesh and drawn capillaries lack right beside the larger vessels."""

    flow_noise: Annotated[Range, Within(0, 1)] = (0.056, 0.34)
    """Standard deviation of the brightness along vessels, relative to it: blood cells pass unevenly."""

    halo: Annotated[Range, Within(0, 1)] = (0.44, 0.76)
    """Share of the brightness of the mesh that is lost where there are no capillaries in the surroundings."""

    halo_mm: Annotated[Range, Within(0.02, 0.5)] = (0.3, 0.5)
    """Width of the surroundings that count, mm."""

    foveal_dimming: Annotated[Range, Within(0, 1)] = (0.87, 1.0)
    """What the mesh loses everywhere of its mean brightness at the fovea, so that the fainter strands vanish first, and
    the share of the flow's unevenness that is lost there: fewer layers of capillaries lie above one another."""

    foveal_clarity: Annotated[Range, Within(-1, 2)] = (-0.7, 0.1)
    """Share by which drawn capillaries are brighter at the fovea, where single ones stand out; dimmer if negative."""

    foveal_dimming_mm: Annotated[Range, Within(0.1, 3)] = (0.27, 0.59)
    """Width of both, as the standard deviation of a bell, mm."""

    shadow: Annotated[Range, Within(0, 1)] = (0.2, 0.9)
    """Share of the light that the largest superficial vessels take from the deep layer; of effect in deep pictures."""

    residue: Annotated[Range, Within(0, 1)] = (0.0, 0.5)
    """Brightness of smaller superficial vessels in deep pictures, where a scanner has not removed their projection."""

    speckle: Annotated[Range, Within(0, 2)] = (0.17, 0.43)
    """Standard deviation of the multiplicative noise where the signal is weak."""

    shot_noise: Annotated[Range, Within(0, 1)] = (0.019, 0.071)
    """Standard deviation of noise whose variance grows with the brightness, at a brightness of 1; its grains
    are those of speckle, and both add up."""

    vessel_speckle: Annotated[Range, Within(0, 1)] = (0.28, 0.72)
    """Share of both that is left where the signal saturates: the gray level of large vessels wavers."""

    noise_floor: Annotated[Range, Within(0, 0.5)] = (0.054, 0.11)
    """Mean brightness where no blood flows."""

    pit_floor: Annotated[Range, Within(0, 1)] = (0.0, 0.26)
    """Share of it that is left at the fovea, where the retina is thin and scatters little light."""

    noise_grain_mm: Annotated[Range, Within(0.001, 0.05)] = (0.0038, 0.0058)
    """Standard deviation of the grains of noise, mm."""

    floor_contrast: Annotated[Range, Within(0, 1)] = (0.54, 1.0)
    """Standard deviation of that noise floor relative to its mean: 1 for speckle of one look, less where scanners
    average."""

    floor_grain_mm: Annotated[Range, Within(0.001, 0.05)] = (0.0042, 0.0093)
    """Standard deviation of the grains where no blood flows, mm."""

    line_mixing: Annotated[Range, Within(0, 0.3)] = (0.0, 0.18)
    """Share of each of its neighbors that a scan line shows: scanners that average lines leave upright grains."""

    point_mixing: Annotated[Range, Within(0, 0.3)] = (0.0, 0.02)
    """Share of each of its neighbors on the line that a point shows: dense sampling leaves grains along the lines."""

    streak_noise: Annotated[Range, Within(0, 1)] = (0.0, 0.021)
    """Standard deviation of the brightness of short pieces of scan lines, relative to the mean."""

    streak_length_mm: Annotated[Range, Within(0.01, 3)] = (0.19, 0.5)
    """Length of these pieces, mm."""

    defocus_mm: Annotated[Range, Within(0, 0.1)] = (0.0022, 0.0044)
    """Standard deviation of the blur by the optics, mm."""

    row_noise: Annotated[Range, Within(0, 1)] = (0.0, 0.0047)
    """Standard deviation of the brightness from one scan line to the next, relative to the mean."""

    motion_lines: Annotated[CountRange, Within(0, 40)] = (0, 1)
    """Number of bright scan lines that eye movement leaves."""

    motion_line_contrast: Annotated[Range, Within(0, 1)] = (0.03, 0.12)
    """Brightness that such a line adds."""

    saccades: Annotated[CountRange, Within(0, 20)] = (0, 2)
    """Number of times that the eye has moved between two scan lines: all later ones are displaced."""

    saccade_mm: Annotated[Range, Within(0, 0.2)] = (0.005, 0.04)
    """Width of such a movement along the scan lines, mm; no line is displaced by more than twice the upper limit."""

    tremor_mm: Annotated[Range, Within(0, 0.02)] = (0.00086, 0.0027)
    """Standard deviation by which single scan lines are displaced, mm; none is by more than twice that."""

    strip_noise: Annotated[Range, Within(0, 0.5)] = (0.0013, 0.013)
    """Standard deviation of the brightness from one strip between two movements to the next, relative to the mean."""

    shading: Annotated[Range, Within(0, 0.5)] = (0.026, 0.13)
    """Standard deviation of the slow variation of brightness over the field, relative to the mean."""

    shading_scale_mm: Annotated[Range, Within(0.2, 5)] = (1.3, 5.0)
    """Distance over which it varies, mm."""

    vignetting: Annotated[Range, Within(0, 0.9)] = (0.041, 0.24)
    """Loss of brightness at the corners of the picture."""

    floater_probability: float = Field(0.1, ge=0, le=1)
    """Share of the pictures in which an opacity of the vitreous casts a soft shadow; it is no disease."""

    floater_depth: float = Field(0.6, ge=0, le=1)
    """Share of the light that the deepest shadow takes in its middle; the faintest one takes 0.3 of that."""

    floater_radius_mm: float = Field(0.7, ge=0.05, le=3)
    """Radius of the largest shadow where it has half of its depth, mm; the smallest one has half of that."""

    black_level: Annotated[Range, Within(-0.2, 0.5)] = (-0.072, 0.004)
    """Brightness that is shown as black."""

    gain: Annotated[Range, Within(0.1, 5)] = (1.5, 1.7)
    """Factor on the brightness above it."""

    gamma: Annotated[Range, Within(0.2, 5)] = (0.93, 1.0)
    """Exponent on the brightness."""

    shoulder: Annotated[Range, Within(0.3, 1)] = (0.39, 0.79)
    """Share of white from which gray levels rise ever more slowly, so that few reach it; 1 for a hard end."""
