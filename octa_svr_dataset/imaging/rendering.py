"""Take the picture of a scene."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.appearance import LARGEST_VESSEL_SIGNAL, Acquisition
from octa_svr_dataset.imaging.layers import Layers, draw_layers
from octa_svr_dataset.imaging.raster import draw_network, draw_vessels
from octa_svr_dataset.pathology.lesions import Microaneurysm
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselLayer

BED_RADIUS_MM = 0.005
"""Radius at which vessels are drawn to measure how densely they lie."""

BED_BLUR_MM = 0.03
"""Distance over which that density is averaged (standard deviation)."""

HEALTHY_BED = {"full": 0.55, "superficial": 0.32, "deep": 0.36}
"""Density of that drawing in a healthy eye, by projection; above it, the mesh is no brighter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A picture, and what is where in it."""

    fov: FieldOfView
    """Field of view and picture size."""

    image: np.ndarray
    """(H, W) uint8. The picture."""

    layers: Layers
    """Label maps."""


def render(scene: Scene, config: ImagingConfig, rng: np.random.Generator) -> Rendering:
    """Picture and label maps of a scene.

    Parameters
    ----------
    scene
        The scene.
    config
        Settings of the picture.
    rng
        Stream of the imaging; what it draws does not depend on the scene.
    """
    fov = FieldOfView(width_mm=scene.field_width_mm, size_px=config.size_px)
    acquisition = Acquisition.draw(config, fov, rng)
    if config.projection != "full":
        scene = scene.in_layer(VesselLayer[config.projection.upper()])
    graph = scene.graph
    optical_radius_mm = np.sqrt((0.8 * graph.radius_mm) ** 2 + (acquisition.optical_width_mm / 2) ** 2)
    value = acquisition.vessel_signal(graph.radius_mm, graph.position_mm[:, 2] / scene.depth_mm)
    vessels = draw_vessels(graph, fov, optical_radius_mm, value)
    bed = draw_vessels(graph, fov, np.full(len(graph), BED_RADIUS_MM), np.ones(len(graph)))
    density = ndimage.gaussian_filter(bed.brightness, fov.length_px(BED_BLUR_MM))
    perfusion = np.clip(density / HEALTHY_BED[config.projection], 0.0, 1.0)
    flow = np.maximum(vessels.brightness, _draw_microaneurysms(scene.lesions.microaneurysms, fov))
    return Rendering(
        fov=fov,
        image=acquisition.expose(flow, perfusion),
        layers=draw_layers(scene, fov, vessels, value),
    )


def _draw_microaneurysms(microaneurysms: tuple[Microaneurysm, ...], fov: FieldOfView) -> np.ndarray:
    """(H, W) float32. Brightness of the microaneurysms."""
    if not microaneurysms:
        return np.zeros((fov.size_px, fov.size_px), np.float32)
    position_mm = np.array([microaneurysm.position_mm for microaneurysm in microaneurysms])
    radius_mm = np.array([microaneurysm.radius_mm for microaneurysm in microaneurysms])
    value = LARGEST_VESSEL_SIGNAL * np.array([microaneurysm.flow for microaneurysm in microaneurysms])
    discs = np.arange(len(microaneurysms)).repeat(2).reshape(-1, 2)
    return draw_network(fov, position_mm, discs, radius_mm[discs], value).brightness
