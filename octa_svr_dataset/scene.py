"""`Scene`: what is there, in millimeters, before any picture is taken of it."""

from dataclasses import dataclass, replace

import numpy as np

from octa_svr_dataset.config import PathologyConfig, SceneConfig
from octa_svr_dataset.grading import Label, label_of_severity
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import Fovea, draw_fovea
from octa_svr_dataset.pathology.dispersed import DispersedLoss
from octa_svr_dataset.pathology.effects import lose_capillaries
from octa_svr_dataset.pathology.lesions import Dropout, Lesions, Microaneurysm
from octa_svr_dataset.pathology.perifovea import FovealLoss
from octa_svr_dataset.pathology.placement import draw_dropouts, draw_microaneurysms, strongest_dropout
from octa_svr_dataset.seeding import SceneKey, Stage
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

LATERALITIES = ("od", "os")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An eye: vessels, fovea, lesions."""

    field_width_mm: float
    """Width of the square field of view, mm."""

    depth_mm: float
    """Thickness of the slab that holds the vessels, mm."""

    laterality: str
    """"od" for a right eye, "os" for a left one."""

    fovea: Fovea
    """Position of the fovea."""

    graph: VesselGraph
    """Vessels that carry blood."""

    healthy_graph: VesselGraph
    """Vessels before any lesion."""

    faz_graph: VesselGraph
    """Vessels that delimit the foveal avascular zone: after perifoveal loss, before any other lesion."""

    lesions: Lesions
    """Lesions; none in a healthy eye."""

    def in_layer(self, layer: VesselLayer) -> "Scene":
        """The eye with the vessels of one layer, and the microaneurysms on them, only."""
        dots = tuple(dot for dot in self.lesions.microaneurysms if dot.layer == layer)
        return replace(
            self,
            graph=self.graph.in_layer(layer),
            healthy_graph=self.healthy_graph.in_layer(layer),
            faz_graph=self.faz_graph.in_layer(layer),
            lesions=replace(
                self.lesions,
                microaneurysms=dots,
                dropouts=tuple(dropout.in_layer(layer) for dropout in self.lesions.dropouts),
            ),
        )

    @property
    def severity(self) -> int:
        """Severity from 0 to 4."""
        return self.lesions.severity

    @property
    def label(self) -> Label:
        """Class."""
        return label_of_severity(self.severity)


def grow_healthy_scene(config: SceneConfig, key: SceneKey) -> Scene:
    """The eye of a key before any lesion."""
    rng = key.rng(Stage.GROWTH)
    laterality = LATERALITIES[int(rng.integers(len(LATERALITIES)))]
    fovea = draw_fovea(config.growth, config.field_of_view_mm, rng)
    graph = grow_forest(config.growth, config.field_of_view_mm, fovea, rng)
    return Scene(
        field_width_mm=config.field_of_view_mm,
        depth_mm=config.growth.depth_mm,
        laterality=laterality,
        fovea=fovea,
        graph=graph,
        healthy_graph=graph,
        faz_graph=graph,
        lesions=Lesions(),
    )


def draw_severity(config: PathologyConfig, rng: np.random.Generator) -> int:
    """Severity, from 0 to 4, that an eye is meant to have."""
    reached = np.flatnonzero(rng.uniform() < np.cumsum(config.severity_shares))
    return int(reached[0]) if len(reached) else int(np.flatnonzero(config.severity_shares)[-1])


def add_lesions(
    healthy: Scene, config: PathologyConfig, severity: int, rng: np.random.Generator, *, strongest: bool = False
) -> Scene:
    """The same eye with diabetic retinopathy: loss of capillaries, and microaneurysms along the border of dropout.

    Parameters
    ----------
    healthy
        Eye before any lesion.
    config
        Settings of the lesions.
    severity
        Severity that the eye is meant to have, from 1 to 4.
    rng
        Stream of the lesions.
    strongest
        Take the most visible lesions that the settings admit instead of drawing them.
    """
    graph, foveal_loss = healthy.graph, None
    if rng.uniform() < config.foveal_loss.probability[severity - 1]:
        foveal_loss = FovealLoss.draw(config.foveal_loss, severity, graph, healthy.fovea, rng, strongest=strongest)
        graph = foveal_loss.prune(graph, config.foveal_loss.spared_radius_mm)
    faz_graph, dispersed_loss = graph, None
    if rng.uniform() < config.dispersed_loss.probability[severity - 1]:
        dispersed_loss = DispersedLoss.draw(
            config.dispersed_loss, severity, graph, healthy.field_width_mm, healthy.fovea, rng, strongest=strongest
        )
        dispersed_loss, graph = dispersed_loss.thin(graph, config.dispersed_loss.spared_radius_mm, rng)
    dropouts: tuple[Dropout, ...] = ()
    if rng.uniform() < config.dropout.probability[severity - 1]:
        place = strongest_dropout if strongest else draw_dropouts
        dropouts = place(config.dropout, severity, healthy.graph, healthy.field_width_mm, healthy.fovea, rng)
    graph = lose_capillaries(graph, dropouts, config.dropout.spared_radius_mm, rng)
    microaneurysms: tuple[Microaneurysm, ...] = ()
    if rng.uniform() < config.microaneurysms.probability[severity - 1]:
        microaneurysms = draw_microaneurysms(
            config.microaneurysms, graph, dropouts, config.dropout.spared_radius_mm, healthy.field_width_mm, rng
        )
    lesions = Lesions(
        dropouts=dropouts, microaneurysms=microaneurysms, dispersed_loss=dispersed_loss, foveal_loss=foveal_loss
    )
    return replace(healthy, graph=graph, faz_graph=faz_graph, lesions=lesions)
