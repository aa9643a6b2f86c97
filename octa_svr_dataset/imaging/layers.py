"""Label maps of a picture: which pixels belong to what."""

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.raster import Drawing, draw_vessels
from octa_svr_dataset.pathology.lesions import Dropout, Microaneurysm
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselGraph

AVASCULAR_DISTANCE_MM = 0.035
"""Between vessels, a healthy eye has no point farther than this from one (99 % are within 0.026 mm); the fovea has."""

TUFT_GAP_MM = 0.06
"""Gaps between the vessels of a tuft belong to it up to twice this width."""

AVASCULAR_GRID_MM = 3.0 / 304
"""Pitch of the grid on which the avascular zone is found."""

DENSITY_GRID_MM = 0.02
"""Pitch of the grid on which the local density of vessels is compared with that before dispersed loss, mm."""

DENSITY_RADIUS_MM = 0.005
"""Radius at which vessels are drawn to measure it, mm."""

DENSITY_BLUR_MM = 0.05
"""Distance over which it is averaged (standard deviation), mm: about the width of a healthy intercapillary area."""

DENSITY_LEFT = 0.7
"""Capillary loss counts as diffuse where no more than this share of the density is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """One layer a kind of thing, (H, W) each. Layers may overlap."""

    vessels: np.ndarray
    """uint8. 0 none, 1 artery, 2 vein."""

    faz: np.ndarray
    """uint8. 1 in the foveal avascular zone as perifoveal loss leaves it, before dropout and dispersed loss."""

    dropout: np.ndarray
    """uint8. Instance of capillary dropout, from 1; 0 outside and in the avascular zone."""

    diffuse_loss: np.ndarray
    """uint8. 1 where dispersed loss has thinned the bed; 0 elsewhere, in dropout and in the avascular zone."""

    microaneurysms: np.ndarray
    """uint16. Instance of microaneurysm, from 1; 0 outside."""

    irma: np.ndarray
    """uint8. Instance of intraretinal microvascular abnormality, from 1; 0 outside."""

    neovascularization: np.ndarray
    """uint8. Instance of neovascularization, from 1, with what lies between its vessels; 0 outside."""

    def displaced(self, motion: EyeMotion, fov: FieldOfView) -> "Layers":
        """The layers as eye movements leave them."""
        return Layers(**{name: motion.displace_labels(layer, fov) for name, layer in self.as_dict().items()})

    def as_dict(self) -> dict[str, np.ndarray]:
        """Layers by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def draw_layers(
    scene: Scene,
    fov: FieldOfView,
    drawing: Drawing,
    value: np.ndarray,
    irma: np.ndarray,
    tufts: np.ndarray,
    around_faz: VesselGraph,
) -> Layers:
    """Label maps of a scene.

    Parameters
    ----------
    scene
        The scene; its graph has N nodes.
    fov
        Field of view and picture size.
    drawing
        Vessels as the optics show them.
    value
        (N,) float64. Brightness at which each node was drawn.
    irma, tufts
        (H, W) uint8. Pixels that new vessels cover, by instance.
    around_faz
        Vessels that bound the avascular zone.
    """
    faz = avascular_zone(scene.fovea, around_faz, fov)
    dropout = np.where(faz > 0, np.uint8(0), _dropout_map(scene.lesions.dropouts, fov))
    return Layers(
        vessels=_vessel_map(scene, drawing, value),
        faz=faz,
        dropout=dropout,
        diffuse_loss=np.where(faz > 0, np.uint8(0), diffuse_loss_map(scene, fov)),
        microaneurysms=_microaneurysm_map(scene.lesions.microaneurysms, fov),
        irma=irma,
        neovascularization=_filled(tufts, fov),
    )


def _vessel_map(scene: Scene, drawing: Drawing, value: np.ndarray) -> np.ndarray:
    """Kind of the vessel that covers at least half of a pixel."""
    if not len(scene.graph):
        return np.zeros(drawing.node.shape, np.uint8)
    is_covered = (drawing.node >= 0) & (drawing.brightness >= 0.5 * value[drawing.node])
    return np.where(is_covered, scene.graph.kind[drawing.node] + 1, 0).astype(np.uint8)


def _dropout_map(dropouts: tuple[Dropout, ...], fov: FieldOfView) -> np.ndarray:
    x_mm, y_mm = fov.pixel_centers_mm()
    instance = np.zeros((fov.size_px, fov.size_px), np.uint8)
    best_level = np.ones(instance.shape)
    for number, dropout in enumerate(dropouts, start=1):
        rows = np.flatnonzero(np.abs(y_mm[:, 0] - dropout.center_mm[1]) <= dropout.reach_mm)
        columns = np.flatnonzero(np.abs(x_mm[0] - dropout.center_mm[0]) <= dropout.reach_mm)
        window = np.ix_(rows, columns)
        level = dropout.level(x_mm[:, columns], y_mm[rows])
        instance[window] = np.where(level < best_level[window], number, instance[window])
        best_level[window] = np.minimum(level, best_level[window])
    return instance


def diffuse_loss_map(scene: Scene, fov: FieldOfView) -> np.ndarray:
    """(H, W) uint8. 1 where dispersed loss leaves the local density of vessels well below that before it.

    Found away from dropout, whose loss is another; and on a grid of one pitch, so that it does not depend on the
    size of the picture.
    """
    if scene.lesions.dispersed_loss is None:
        return np.zeros((fov.size_px, fov.size_px), np.uint8)
    grid = FieldOfView(width_mm=fov.width_mm, size_px=round(fov.width_mm / DENSITY_GRID_MM))
    left, healthy = (_local_density(graph, grid) for graph in (scene.graph, scene.faz_graph))
    around = tuple(
        replace(dropout, radius_mm=dropout.radius_mm + 2.0 * DENSITY_BLUR_MM) for dropout in scene.lesions.dropouts
    )
    is_thinned = (left < DENSITY_LEFT * healthy) & (_dropout_map(around, grid) == 0)
    return _magnified(is_thinned.astype(np.uint8), fov)


def _local_density(graph: VesselGraph, grid: FieldOfView) -> np.ndarray:
    drawing = draw_vessels(graph, grid, np.full(len(graph), DENSITY_RADIUS_MM), np.ones(len(graph)))
    return np.asarray(ndimage.gaussian_filter(drawing.brightness, grid.length_px(DENSITY_BLUR_MM), truncate=3.0))


def _magnified(labels: np.ndarray, fov: FieldOfView) -> np.ndarray:
    """(H, W) labels of the nearest point of a grid over the same field."""
    nearest = ((np.arange(fov.size_px) + 0.5) / fov.size_px * len(labels)).astype(int)
    nearest = np.minimum(nearest, len(labels) - 1)
    return labels[np.ix_(nearest, nearest)]


def avascular_zone(fovea: Fovea, around: VesselGraph, fov: FieldOfView) -> np.ndarray:
    """Pixels around the fovea that are connected and farther from vessels than capillaries ever leave them.

    Found on a grid of one pitch, so that the zone does not depend on the size of the picture.
    """
    grid = FieldOfView(width_mm=fov.width_mm, size_px=round(fov.width_mm / AVASCULAR_GRID_MM))
    return _magnified(_zone_on_grid(fovea, around, grid), fov)


def _zone_on_grid(fovea: Fovea, around: VesselGraph, grid: FieldOfView) -> np.ndarray:
    vessels = draw_vessels(around, grid, around.radius_mm, np.ones(len(around)))
    reach_px = grid.length_px(AVASCULAR_DISTANCE_MM)
    zone = np.zeros(vessels.node.shape, np.uint8)
    numbers, count = ndimage.label(ndimage.distance_transform_edt(vessels.node < 0) > reach_px)
    if count == 0:
        return zone
    row_col = grid.to_row_col(fovea.position_mm)
    core = np.argwhere(numbers)
    distances_px = np.linalg.norm(core + 0.5 - row_col, axis=1)
    if distances_px.min() > grid.length_px(fovea.avascular_radius_mm):
        return zone
    number = numbers[tuple(core[distances_px.argmin()])]
    margin_px = math.ceil(reach_px)
    box = ndimage.find_objects(numbers)[number - 1]
    window = tuple(slice(max(side.start - margin_px, 0), side.stop + margin_px) for side in box)
    zone[window] = ndimage.distance_transform_edt(numbers[window] != number) < reach_px
    return zone


def _microaneurysm_map(microaneurysms: tuple[Microaneurysm, ...], fov: FieldOfView) -> np.ndarray:
    instance = np.zeros((fov.size_px, fov.size_px), np.uint16)
    for number, dot in enumerate(microaneurysms, start=1):
        row, column = fov.to_row_col(dot.position_mm)
        half_length_px = max(fov.length_px(dot.half_length_mm), 0.5)
        half_width_px = max(fov.length_px(dot.half_width_mm), 0.5)
        rows, columns = (
            np.arange(max(int(place - half_length_px), 0), min(int(place + half_length_px) + 2, fov.size_px))
            for place in (row, column)
        )
        down, right = rows[:, None] + 0.5 - row, columns[None, :] + 0.5 - column
        sine, cosine = math.sin(dot.angle_rad), math.cos(dot.angle_rad)
        along, across = right * cosine + down * sine, down * cosine - right * sine
        is_inside = (along / half_length_px) ** 2 + (across / half_width_px) ** 2 <= 1.0
        window = np.ix_(rows, columns)
        instance[window] = np.where(is_inside, number, instance[window])
    return instance


def _filled(tufts: np.ndarray, fov: FieldOfView) -> np.ndarray:
    """(H, W) uint8. Pixels of tufts, and those from which vessels of the same one lie on all sides nearby."""
    filled = tufts.copy()
    reach_px = fov.length_px(TUFT_GAP_MM)
    margin_px = math.ceil(reach_px) + 1
    for number, box in enumerate(ndimage.find_objects(tufts), start=1):
        if box is None:
            continue
        vessels = np.pad(tufts[box] == number, margin_px)
        near = ndimage.distance_transform_edt(~vessels) <= reach_px
        closed = ndimage.distance_transform_edt(near) > reach_px
        inside = closed[margin_px:-margin_px, margin_px:-margin_px]
        filled[box] = np.where(inside & (filled[box] == 0), number, filled[box])
    return filled
