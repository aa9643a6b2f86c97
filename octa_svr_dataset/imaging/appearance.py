"""How a scanner shows the flow: signal, unresolved mesh, noise and artifacts.

Everything random here is drawn before any lesion is looked at (`Acquisition.draw`), in an order and
number that none changes: quality tells nothing of the disease. A picture is taken on the scanner's
own grid of lines and points, and then shown at the size that is asked for.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import ndimage

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.fields import bell, blurred, resized, speckle, standardized
from octa_svr_dataset.imaging.mesh import Mesh, draw_mesh
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.shadows import draw_shadow
from octa_svr_dataset.vessel_graph import VesselGraph

LARGEST_VESSEL_SIGNAL = 0.95
"""Brightness of the largest vessels: decorrelation saturates."""

SHOWN_CALIBRE, CALIBRE_RADIUS_MM, CALIBRE_EXPONENT = 0.6, 0.012, 0.18
"""Share of their width at which vessels of this radius are shown, before the optics, and the power of the radius with
which it grows: blood is slow along walls, and walls are more of a small vessel. The share fits published pictures of
known vessels best, its growth real superficial ones."""

LARGEST_SHARE = 0.65
"""It grows no further, or arcades are wider than in real pictures."""

THIN_RADIUS_MM = 0.003
"""Up to this radius, vessels are as bright as capillaries."""

LINES_EXPONENT = 0.4
"""Scan lines grow with this power of the field: scanners take 245, 304 or 320 on 3 mm and 350, 400 or 320 on 6 mm."""

FLOW_GRAIN_MM = 0.022
"""Standard deviation of the pieces of a vessel that are equally bright, mm: capillaries show as strokes of 50 um."""

PIT_MM = 0.35
"""Width of the thin middle of the fovea, as the standard deviation of a bell."""

TONES = 8192
"""Steps of the curve that turns brightness into gray levels."""

BRIGHTEST = 2.0
"""Brightness at its end; noise may outshine the largest vessels."""

LEAST_BELL = 1e-9
"""Far from the middle of a bell, so that no product underflows."""

LEAST_ROOM = 1e-9
"""Between shoulder and white, so that a hard end is the limit of soft ones."""

_RANGES = (
    "optical_width_mm", "capillary_signal", "deep_signal", "deep_layer_signal", "bright_radius_mm", "mesh_signal",
    "mesh_contrast", "mesh_inequality", "mesh_sharpness", "mesh_scale_mm", "mesh_length_mm", "mesh_wander_rad",
    "mesh_lobule_mm", "capillary_free", "flow_noise", "halo", "halo_mm", "foveal_dimming", "foveal_clarity",
    "foveal_dimming_mm", "shadow", "residue", "speckle", "shot_noise", "vessel_speckle", "noise_floor", "pit_floor",
    "noise_grain_mm", "floor_contrast", "floor_grain_mm", "line_mixing", "point_mixing", "streak_noise",
    "streak_length_mm", "defocus_mm", "row_noise", "tremor_mm", "strip_noise", "shading", "shading_scale_mm",
    "vignetting", "black_level", "gain", "gamma", "shoulder",
)  # fmt: skip
"""Settings of which one number is drawn a picture, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """One exposure of a scanner, drawn from `ImagingConfig`: scalars as named there, and what varies over the field.

    The scanner's grid has L lines of as many points.
    """

    grid: FieldOfView
    """The scanner's grid."""

    optical_width_mm: float
    capillary_signal: float
    deep_signal: float
    deep_layer_signal: float
    bright_radius_mm: float
    mesh_signal: float
    capillary_free: float
    halo: float
    halo_mm: float
    shadow: float
    residue: float
    speckle: float
    shot_noise: float
    vessel_speckle: float
    noise_floor: float
    line_mixing: float
    point_mixing: float
    defocus_mm: float
    black_level: float
    gain: float
    gamma: float
    shoulder: float

    mesh: Mesh
    """The unresolved mesh."""

    unevenness: np.ndarray
    """(L, L) float32. Factor on the brightness of vessels, mean 1."""

    grain: np.ndarray
    """(L, L) float32. Speckle, mean 0 and standard deviation 1."""

    mesh_dimming: np.ndarray
    """(L, L) float32. What is taken from the mesh's brightness, of which the mean is 1: most at the fovea."""

    clearing: np.ndarray
    """(L, L) float32. Factor on the brightness of drawn capillaries, higher around the fovea."""

    floor: np.ndarray
    """(L, L) float32. Noise where nothing flows: speckle, mean 1 away from the fovea."""

    illumination: np.ndarray
    """(L, L) float32. Factor on the brightness."""

    line_offset: np.ndarray
    """(L,) float32. Brightness that eye movement adds to each scan line."""

    line_shift_px: np.ndarray
    """(L,) float64. Displacement of each scan line to the right by the eye's tremor, px."""

    strip_gain: np.ndarray
    """(S,) float32. Factor on the brightness of each strip of scan lines between two movements of the eye."""

    light: np.ndarray
    """(L, L) float32. Share of the light that opacities of the vitreous let through."""

    @classmethod
    def draw(
        cls,
        config: ImagingConfig,
        field_width_mm: float,
        fovea: Fovea,
        vessels: VesselGraph,
        rng: np.random.Generator,
    ) -> Self:
        """Draw the exposure of one picture.

        Parameters
        ----------
        config
            Settings of the picture.
        field_width_mm
            Width of the field of view, mm.
        fovea
            The fovea: the mesh follows the rim of its avascular zone, and dims toward it.
        vessels
            Vessels before any disease; strands of the mesh run across the larger ones.
        rng
            Stream of the imaging.
        """
        drawn = {name: float(rng.uniform(*getattr(config, name))) for name in _RANGES}
        lines = rng.integers(*config.scan_lines, endpoint=True) * (field_width_mm / 3.0) ** LINES_EXPONENT
        grid = FieldOfView(width_mm=field_width_mm, size_px=round(lines))
        grain_px = grid.length_px(drawn["noise_grain_mm"])
        white = rng.standard_normal((6, grid.size_px, grid.size_px), dtype=np.float32)
        look = speckle(*(blurred(field, grid.length_px(drawn["floor_grain_mm"])) for field in white[2:4]))
        uneven = standardized(blurred(white[5], grid.length_px(FLOW_GRAIN_MM)))
        dimming = _pit(drawn["foveal_dimming"], drawn["foveal_dimming_mm"], grid, fovea)
        tremor_px = grid.length_px(drawn["tremor_mm"])
        return cls(
            grid=grid,
            **{name: drawn[name] for name in drawn if name in cls.__dataclass_fields__},
            mesh=draw_mesh(drawn, grid, fovea, vessels, white[0], rng),
            grain=standardized(blurred(white[1], grain_px)),
            unevenness=np.maximum(1.0 + np.float32(drawn["flow_noise"]) * dimming * uneven, np.float32(0.0)),
            mesh_dimming=1.0 - dimming,
            clearing=_pit(-drawn["foveal_clarity"], drawn["foveal_dimming_mm"], grid, fovea),
            floor=_pit(1.0 - drawn["pit_floor"], PIT_MM, grid, fovea)
            * (1.0 + np.float32(drawn["floor_contrast"]) * (look - 1.0)),
            illumination=_illumination(drawn, grid, white[4], rng),
            line_offset=_bright_lines(config, grid.size_px, rng),
            line_shift_px=tremor_px * np.clip(rng.standard_normal(grid.size_px), -2.0, 2.0),
            strip_gain=_strip_gain(drawn["strip_noise"], config.saccades[1] + 1, rng),
            light=draw_shadow(config, grid, rng),
        )

    def shown_radius_mm(self, radius_mm: np.ndarray) -> np.ndarray:
        """(N,) float64. Radii at which the optics show vessels of (N,) radii, mm."""
        share = np.minimum(SHOWN_CALIBRE * (radius_mm / CALIBRE_RADIUS_MM) ** CALIBRE_EXPONENT, LARGEST_SHARE)
        return np.asarray(np.hypot(share * radius_mm, self.optical_width_mm / 2.0))

    def vessel_signal(self, radius_mm: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Brightness of vessels, nearly independent of the calibre of thin ones.

        Parameters
        ----------
        radius_mm
            (N,) float64. Radii, mm.
        depth
            (N,) float64. Depth in the slab, 0 at its surface and 1 at its bottom.
        """
        shine = 1.0 - np.clip(depth, 0.0, 1.0)
        capillary = self.capillary_signal * (self.deep_signal + (1.0 - self.deep_signal) * shine * np.sqrt(shine))
        calibre = np.clip((radius_mm - THIN_RADIUS_MM) / (self.bright_radius_mm - THIN_RADIUS_MM), 0.0, 1.0)
        return np.asarray(capillary + (LARGEST_VESSEL_SIGNAL - capillary) * calibre)

    def expose(
        self,
        flow: np.ndarray,
        perfusion: np.ndarray,
        beside: np.ndarray,
        cover: np.ndarray,
        residue: np.ndarray,
        motion: EyeMotion,
        size_px: int,
    ) -> np.ndarray:
        """Take the picture.

        Parameters
        ----------
        flow
            (L, L) float32 in [0, 1]. Brightness of what is drawn.
        perfusion
            (L, L) float32. Local density of capillaries, 1 where it is that of a healthy eye.
        beside
            (L, L) float32 in [0, 1]. Nearness of larger vessels, 1 right beside them.
        cover, residue
            (L, L) float32 in [0, 1]. How far vessels above the layer that is shown shade it, and shine through.
        motion
            Eye movements.
        size_px
            Width and height of the picture, px.

        Returns
        -------
        (size_px, size_px) ndarray of uint8
            The picture.
        """
        signal = blurred(
            self._signal(flow, perfusion, beside, cover, residue) * self.light, self.grid.length_px(self.defocus_mm)
        )
        signal = motion.displace_signal(signal, self.grid, self.line_shift_px)
        speckled = 1.0 - np.float32(1.0 - self.vessel_speckle) * signal
        shown = signal + (self.noise_floor * (1.0 - signal)) * self.floor
        spread = (self.speckle * signal + self.shot_noise * np.sqrt(shown)) * speckled
        noisy = np.maximum(shown + spread * self.grain, 0.0)
        noisy = mixed_lines(mixed_lines(noisy, self.line_mixing).T, self.point_mixing).T
        gain = self.strip_gain[motion.strip_of_line(self.grid)]
        taken = resized(noisy * (self.illumination * gain[:, None]) + self.line_offset[:, None], size_px)
        return self._tones()[np.clip(taken * (TONES / BRIGHTEST), 0, TONES - 1).astype(np.int64)]

    def _signal(
        self, flow: np.ndarray, perfusion: np.ndarray, beside: np.ndarray, cover: np.ndarray, residue: np.ndarray
    ) -> np.ndarray:
        """(L, L) float32. Brightness without noise and blur; see `expose`."""
        reach_px = max(round(self.grid.length_px(self.halo_mm)), 1)
        surroundings = ndimage.uniform_filter(ndimage.uniform_filter(perfusion, reach_px), reach_px)
        spared = 1.0 - self.capillary_free * beside
        thinned = spared * (1.0 - self.halo * np.clip(1.0 - surroundings, 0.0, 1.0))
        mesh = self.mesh_signal * thinned * np.maximum(self.mesh.perfused(perfusion) - self.mesh_dimming, 0.0)
        lit = self.clearing * spared
        uneven = self.unevenness + (1.0 - self.unevenness) * flow  # the largest vessels saturate
        drawn = np.minimum(flow * (lit + (1.0 - lit) * flow) * uneven, 1.0)
        signal = 1.0 - (1.0 - drawn) * (1.0 - np.minimum(mesh, 1.0))
        shine = np.minimum(self.residue * residue * self.unevenness, 1.0)
        return np.asarray(1.0 - (1.0 - signal * (1.0 - self.shadow * cover)) * (1.0 - shine))

    def _tones(self) -> np.ndarray:
        """(TONES,) uint8. Gray level of each step of brightness from 0 to `BRIGHTEST`."""
        brightness = (np.arange(TONES) + 0.5) * (BRIGHTEST / TONES)
        shown = np.maximum(brightness - self.black_level, 0.0) / (1.0 - self.black_level)
        return np.asarray(np.rint(255.0 * shouldered(self.gain * shown**self.gamma, self.shoulder)), dtype=np.uint8)


def shouldered(brightness: np.ndarray, shoulder: float) -> np.ndarray:
    """(N,) float64. Shares of white by brightness, (N,): equal up to the shoulder, ever slower to 1 beyond."""
    room = max(1.0 - shoulder, LEAST_ROOM)
    over = np.maximum(brightness - shoulder, 0.0)
    return np.asarray(np.minimum(brightness, shoulder) + room * (1.0 - bell(over / room)))


def mixed_lines(picture: np.ndarray, share: float) -> np.ndarray:
    """(L, L) float32. Lines of a picture, (L, L) float32, that show a share of the one above and as much of that below.

    The first and the last line stay as they are.
    """
    mixed = picture.copy()
    mixed[1:-1] += np.float32(share) * (picture[:-2] + picture[2:] - 2.0 * picture[1:-1])
    return mixed


def _pit(depth: float, width_mm: float, grid: FieldOfView, fovea: Fovea) -> np.ndarray:
    """(L, L) float32. Factor that falls by the depth toward the fovea, as a bell of that standard deviation."""
    across, down = (
        np.maximum(bell(((position_mm - fovea_mm) / width_mm) ** 2 / 2.0), LEAST_BELL).astype(np.float32)
        for position_mm, fovea_mm in zip(grid.pixel_centers_mm(), fovea.position_mm, strict=True)
    )
    return np.asarray(1.0 - np.float32(depth) * across * down)


def _illumination(
    drawn: dict[str, float], grid: FieldOfView, white: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(L, L) float32. Factor on the brightness, from scan lines, pieces of them, shading and vignetting."""
    size_px = grid.size_px
    line_gain = 1.0 + drawn["row_noise"] * rng.standard_normal((size_px, 1))
    streaks = ndimage.uniform_filter1d(white, max(round(grid.length_px(drawn["streak_length_mm"])), 1), axis=1)
    num_knots = int(np.ceil(grid.width_mm / drawn["shading_scale_mm"])) + 2
    shading = resized(standardized(rng.standard_normal((num_knots, num_knots))), size_px)
    across = (np.arange(size_px) + 0.5) / size_px * 2.0 - 1.0
    vignette = 1.0 - drawn["vignetting"] * (across[None, :] ** 2 + across[:, None] ** 2) / 2.0
    slow = np.maximum(1.0 + drawn["shading"] * shading, 0.0) * vignette
    fast = np.maximum(line_gain + drawn["streak_noise"] * standardized(streaks), 0.0)
    return np.asarray(slow * fast, dtype=np.float32)


def _bright_lines(config: ImagingConfig, num_lines: int, rng: np.random.Generator) -> np.ndarray:
    """(L,) float32. Brightness that eye movement adds to each scan line."""
    offset = np.zeros(num_lines, np.float32)
    for _ in range(int(rng.integers(*config.motion_lines, endpoint=True))):
        offset[rng.integers(num_lines)] += rng.uniform(*config.motion_line_contrast)
    return offset


def _strip_gain(noise: float, num_strips: int, rng: np.random.Generator) -> np.ndarray:
    """(S,) float32. Factor on the brightness of each strip, mean about 1."""
    return np.asarray(np.maximum(1.0 + noise * rng.standard_normal(num_strips), 0.0), dtype=np.float32)
