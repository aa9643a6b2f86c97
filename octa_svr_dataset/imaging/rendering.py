"""Take the picture of a scene."""

from dataclasses import dataclass

import numpy as np

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.appearance import Acquisition
from octa_svr_dataset.imaging.fields import blurred
from octa_svr_dataset.imaging.layers import Layers, draw_layers
from octa_svr_dataset.imaging.lesions import NewVesselStrokes, draw_microaneurysms
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.raster import Drawing, draw_evenly, draw_network, draw_vessels
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

BED_RADIUS_MM = 0.005
"""Radius at which vessels are drawn to measure how densely they lie."""

BED_BLUR_MM = 0.045
"""Distance over which that density is averaged (standard deviation)."""

HEALTHY_BED = {"full": 0.55, "superficial": 0.30, "deep": 0.35}
"""Mean density of that drawing in healthy eyes, beyond 0.8 mm from the fovea and with a closed bed, by projection."""

LARGER_RADIUS_MM, FREE_REACH_MM = 0.010, 0.025
"""Vessels of more than this radius have a zone free of capillaries at their flanks, which ends over this distance (the
standard deviation of a Gaussian). In published pictures of known vessels, gray levels are lowest 25 um from the axis of
vessels of 10 um, by 9 of 105 levels, and back to those around at 80 um."""

SHADOW_RADII_MM, SHADOW_DEPTHS = (0.011, 0.018), (0.0, 1.0)
"""Superficial vessels of these radii cast so much of the shadow of the largest on the deep layer."""

RESIDUE_RADII_MM, RESIDUES = (0.007, 0.010, 0.014, 0.018), (0.0, 1.0, 1.0, 0.3)
"""Superficial vessels of these radii shine through so far, relative to the most: the shadow of larger ones outweighs
their projection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A picture, and what is where in it."""

    fov: FieldOfView
    """Field of view and picture size."""

    image: np.ndarray
    """(H, W) uint8. The picture."""

    layers: Layers
    """Label maps."""

    motion: EyeMotion
    """Eye movements that displace both."""

    projection: str = "full"
    """Layers that the picture shows: "full", "superficial" or "deep"."""

    def to_row_col(self, position_mm: np.ndarray) -> np.ndarray:
        """(2,) picture coordinates (row, column), px, at which a point (x, y, ...), mm, is shown."""
        return self.motion.to_row_col(position_mm, self.fov)


def render(scene: Scene, config: ImagingConfig, motion: EyeMotion, rng: np.random.Generator) -> Rendering:
    """Picture and label maps of a scene.

    Parameters
    ----------
    scene
        The scene.
    config
        Settings of the picture.
    motion
        Eye movements.
    rng
        Stream of the imaging; what it draws depends on the eye before any disease only.
    """
    acquisition = Acquisition.draw(config, scene.field_width_mm, scene.fovea, scene.healthy_graph, rng)
    shown = scene if config.projection == "full" else scene.in_layer(VesselLayer[config.projection.upper()])
    graph = shown.graph
    radius_mm = acquisition.shown_radius_mm(graph.radius_mm)
    value = acquisition.vessel_signal(graph.radius_mm, graph.position_mm[:, 2] / scene.depth_mm)
    shown_value = value
    if config.projection == "full":
        shown_value = np.where(graph.layer == VesselLayer.DEEP, acquisition.deep_layer_signal * value, value)
    vessels = draw_vessels(graph, acquisition.grid, radius_mm, shown_value)
    dots = draw_microaneurysms(shown.lesions.microaneurysms, acquisition.grid)
    irma, tufts = (
        NewVesselStrokes.of(new_vessels, acquisition, scene.depth_mm)
        for new_vessels in (shown.lesions.irma, shown.lesions.neovascularization)
    )
    beneath = np.maximum(np.maximum(vessels.brightness, dots), irma.draw(acquisition.grid).brightness)
    cover, residue = _projected(scene.graph, acquisition) if config.projection == "deep" else 2 * [np.zeros_like(dots)]
    picture = acquisition.expose(
        flow=np.maximum(beneath, tufts.draw(acquisition.grid).brightness),
        perfusion=_perfusion(graph, acquisition.grid, HEALTHY_BED[config.projection]),
        beside=_beside_larger(graph, vessels, acquisition.grid),
        cover=cover,
        residue=residue,
        motion=motion,
        size_px=config.size_px,
    )
    fov = FieldOfView(width_mm=scene.field_width_mm, size_px=config.size_px)
    if fov != acquisition.grid or shown_value is not value:
        vessels = draw_vessels(graph, fov, radius_mm, value)
    layers = draw_layers(
        shown, fov, vessels, value, irma.instances(fov), tufts.instances(fov), _around_faz(shown, config.projection)
    )
    return Rendering(
        fov=fov,
        image=picture,
        layers=layers.displaced(motion, fov),
        motion=motion,
        projection=config.projection,
    )


def _around_faz(shown: Scene, projection: str) -> VesselGraph:
    """Vessels that bound the avascular zone of what is shown.

    In pictures of both layers, readers follow the superficial ring: deep capillaries that reach farther in hardly show.
    Only a closed bed has such rings.
    """
    if projection == "full" and len(shown.faz_graph.links):
        return shown.faz_graph.in_layer(VesselLayer.SUPERFICIAL)
    return shown.faz_graph


def _perfusion(graph: VesselGraph, grid: FieldOfView, healthy: float) -> np.ndarray:
    """(L, L) float32. Local density of capillaries, 1 on average in a healthy eye."""
    bed = draw_evenly(graph, grid, BED_RADIUS_MM)
    return np.asarray(blurred(bed, grid.length_px(BED_BLUR_MM)) / np.float32(healthy))


def _beside_larger(graph: VesselGraph, drawing: Drawing, grid: FieldOfView) -> np.ndarray:
    """(L, L) float32 in [0, 1]. Nearness of larger vessels, 1 on them and right beside."""
    is_larger = np.append(graph.radius_mm > LARGER_RADIUS_MM, False)[drawing.node]  # -1 where there is no vessel
    larger = drawing.brightness * is_larger
    return np.minimum(np.float32(2.0) * blurred(larger, grid.length_px(FREE_REACH_MM)), np.float32(1.0))


def _projected(graph: VesselGraph, acquisition: Acquisition) -> tuple[np.ndarray, np.ndarray]:
    """Two (L, L) float32 in [0, 1]: how far superficial vessels shade what lies below them, and shine through."""
    superficial = graph.in_layer(VesselLayer.SUPERFICIAL)
    largest = superficial.segments[superficial.radius_mm[superficial.segments] > RESIDUE_RADII_MM[0]]
    edges = np.stack((superficial.parent[largest], largest), axis=1)
    radius_mm = superficial.radius_mm
    cover, residue = (
        draw_network(
            acquisition.grid, superficial.position_mm, edges, drawn_mm[edges], np.interp(radius_mm, radii_mm, shares)
        ).brightness
        for drawn_mm, radii_mm, shares in (
            (radius_mm, SHADOW_RADII_MM, SHADOW_DEPTHS),
            (acquisition.shown_radius_mm(radius_mm), RESIDUE_RADII_MM, RESIDUES),
        )
    )
    return cover, residue
