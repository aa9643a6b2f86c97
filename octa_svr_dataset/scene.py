"""`Scene`: what is there, in millimeters, before any picture is taken of it."""

from dataclasses import dataclass, replace

import numpy as np

from octa_svr_dataset.config import PathologyConfig, SceneConfig
from octa_svr_dataset.grading import Label, label_of_severity
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import Fovea, draw_fovea
from octa_svr_dataset.pathology.effects import lose_capillaries
from octa_svr_dataset.pathology.irma import draw_irma
from octa_svr_dataset.pathology.lesions import Dropout, Lesions, Microaneurysm, NewVessels
from octa_svr_dataset.pathology.microaneurysms import draw_microaneurysms, strongest_microaneurysms
from octa_svr_dataset.pathology.neovascularization import draw_neovascularization
from octa_svr_dataset.pathology.placement import draw_dropouts, strongest_dropout
from octa_svr_dataset.pathology.shape import change_shape, wind
from octa_svr_dataset.seeding import SceneKey, Stage
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

LATERALITIES = ("od", "os")

WAVELENGTH_MM = (0.25, 0.45)
"""Length of the waves in which the vessels of healthy eyes wind, mm; see `octa_svr_dataset.pathology.shape.wind`."""


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

    lesions: Lesions
    """Lesions; none in a healthy eye."""

    def in_layer(self, layer: VesselLayer) -> "Scene":
        """The eye with the vessels of one layer, and the lesions on them, only; new vessels are superficial."""
        dots = tuple(dot for dot in self.lesions.microaneurysms if dot.layer == layer)
        is_superficial = layer == VesselLayer.SUPERFICIAL
        irma = self.lesions.irma if is_superficial else ()
        tufts = self.lesions.neovascularization if is_superficial else ()
        return replace(
            self,
            graph=self.graph.in_layer(layer),
            healthy_graph=self.healthy_graph.in_layer(layer),
            lesions=replace(self.lesions, microaneurysms=dots, irma=irma, neovascularization=tufts),
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
    graph = wind(graph, rng.uniform(*config.growth.tortuosity), WAVELENGTH_MM, rng)
    return Scene(
        field_width_mm=config.field_of_view_mm,
        depth_mm=config.growth.depth_mm,
        laterality=laterality,
        fovea=fovea,
        graph=graph,
        healthy_graph=graph,
        lesions=Lesions(),
    )


def draw_severity(config: PathologyConfig, rng: np.random.Generator) -> int:
    """Severity, from 0 to 4, that an eye is meant to have."""
    reached = np.flatnonzero(rng.uniform() < np.cumsum(config.severity_shares))
    return int(reached[0]) if len(reached) else int(np.flatnonzero(config.severity_shares)[-1])


def add_lesions(
    healthy: Scene, config: PathologyConfig, severity: int, rng: np.random.Generator, *, strongest: bool = False
) -> Scene:
    """The same eye with diabetic retinopathy.

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
    dropouts: tuple[Dropout, ...] = ()
    if rng.uniform() < config.dropout.probability[severity - 1]:
        place = strongest_dropout if strongest else draw_dropouts
        dropouts = place(config.dropout, healthy.field_width_mm, healthy.fovea, rng)
    graph = lose_capillaries(healthy.graph, dropouts, config.dropout.spared_radius_mm, rng)
    graph, shape = change_shape(graph, config, severity, rng)
    diseased = replace(healthy, graph=graph, lesions=Lesions(dropouts=dropouts, shape=shape))
    return add_vessel_lesions(diseased, config, severity, rng, strongest=strongest)


def add_vessel_lesions(
    scene: Scene, config: PathologyConfig, severity: int, rng: np.random.Generator, *, strongest: bool
) -> Scene:
    """The eye with microaneurysms on the vessels that are left, and new vessels; parameters as in `add_lesions`."""
    dot_rng, irma_rng, tuft_rng = rng.spawn(3)
    where = scene.graph, scene.lesions.dropouts
    dots: tuple[Microaneurysm, ...] = ()
    irma: tuple[NewVessels, ...] = ()
    tufts: tuple[NewVessels, ...] = ()
    if dot_rng.uniform() < config.microaneurysms.probability[severity - 1]:
        place = strongest_microaneurysms if strongest else draw_microaneurysms
        spared_mm = config.dropout.spared_radius_mm
        dots = place(config.microaneurysms, *where, spared_mm, scene.field_width_mm, dot_rng)
    if irma_rng.uniform() < config.irma.probability[severity - 1] and config.new_vessels != "neovascularization":
        irma = draw_irma(config.irma, *where, scene.field_width_mm, irma_rng)
    if tuft_rng.uniform() < config.neovascularization.probability[severity - 1] and config.new_vessels != "irma":
        tufts = draw_neovascularization(config.neovascularization, *where, scene.field_width_mm, tuft_rng)
    lesions = replace(scene.lesions, microaneurysms=dots, irma=irma, neovascularization=tufts)
    return replace(scene, lesions=lesions)
