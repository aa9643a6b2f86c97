"""Label maps of a picture: which pixels belong to what."""

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.fields import blurred
from octa_svr_dataset.imaging.label_kernels import label_covered, mark_within
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.raster import Drawing, draw_evenly, draw_vessels
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

ROUNDING = 1e-9
"""More than floating-point arithmetic can be off here; keeps bounds on the safe side."""

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
    return covered(drawing, value, scene.graph.kind + np.uint8(1))


def covered(drawing: Drawing, value: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(H, W) uint8. Label of the node, (N,) uint8, whose vessel covers at least half of a pixel; 0 where none does.

    Parameters
    ----------
    drawing
        The vessels.
    value
        (N,) float64. Brightness at which each node was drawn.
    label
        (N,) uint8. Label of each node.
    """
    labels = np.zeros(drawing.node.shape, np.uint8)
    if len(label):
        label_covered(drawing.node, drawing.brightness, value, label, labels)
    return labels


def within(mask: np.ndarray, reach_px: float) -> np.ndarray:
    """(H, W) bool. Pixels no farther than a distance from those of a mask, (H, W) bool, their own included."""
    near = np.zeros(mask.shape, dtype=bool)
    mark_within(mask, reach_px, np.empty(mask.shape, np.int32), near)
    return near


def _dropout_map(dropouts: tuple[Dropout, ...], fov: FieldOfView) -> np.ndarray:
    """(H, W) uint8. Number of the area that each pixel lies in, from 1; of several, that in which it lies deepest."""
    x_mm, y_mm = (center_mm.ravel() for center_mm in fov.pixel_centers_mm())
    instance = np.zeros((fov.size_px, fov.size_px), np.uint8)
    for number, dropout in enumerate(dropouts, start=1):
        columns, rows = (
            slice(*np.searchsorted(centers_mm, (center_mm - dropout.reach_mm, center_mm + dropout.reach_mm)))
            for centers_mm, center_mm in zip((x_mm, y_mm), dropout.center_mm, strict=True)
        )
        window, is_inside = instance[rows, columns], _is_inside(dropout, x_mm[columns], y_mm[rows])
        row, column = np.nonzero(is_inside & (window > 0))
        place_mm = np.stack((x_mm[columns][column], y_mm[rows][row]), axis=1)
        for other in np.unique(window[row, column]):
            own, others = (_level(area, place_mm) for area in (dropout, dropouts[other - 1]))
            is_deeper = (window[row, column] != other) | (own < others)
            is_inside[row, column] &= is_deeper
        window[is_inside] = number
    return instance


def _is_inside(dropout: Dropout, x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
    """(R, C) bool. Whether places in columns (C,) and rows (R,), mm, lie inside an area.

    Angles, which are dear, are only asked for where its outline may lie.
    """
    right_mm, down_mm = x_mm - dropout.center_mm[0], y_mm - dropout.center_mm[1]
    distance_sq = right_mm**2 + (down_mm**2)[:, None]
    least_mm, most_mm = (
        (1.0 - ROUNDING) * dropout.radius_mm * dropout.outline.min(),
        (1.0 + ROUNDING) * dropout.reach_mm,
    )
    is_inside = distance_sq < least_mm**2
    row, column = np.nonzero(~is_inside & (distance_sq <= most_mm**2))
    is_inside[row, column] = _level(dropout, np.stack((x_mm[column], y_mm[row]), axis=1)) < 1.0
    return np.asarray(is_inside)


def _level(dropout: Dropout, place_mm: np.ndarray) -> np.ndarray:
    """(K,) levels (`Dropout.level`) of places (K, 2), mm."""
    return dropout.level_in_layers(place_mm, np.zeros(len(place_mm), np.uint8), np.inf)


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
    return blurred(draw_evenly(graph, grid, DENSITY_RADIUS_MM), grid.length_px(DENSITY_BLUR_MM))


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
    numbers, count = ndimage.label(~within(vessels.node >= 0, reach_px))
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
    zone[window] = within(numbers[window] == number, np.nextafter(reach_px, 0.0))  # nearer than vessels are
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
        closed = ~within(~within(vessels, reach_px), reach_px)
        inside = closed[margin_px:-margin_px, margin_px:-margin_px]
        filled[box] = np.where(inside & (filled[box] == 0), number, filled[box])
    return filled
