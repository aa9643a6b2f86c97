"""`Scene`: what is there, in millimeters, before any picture is taken of it."""

from dataclasses import dataclass, replace

import numpy as np

from octa_svr_dataset.config import PathologyConfig, SceneConfig
from octa_svr_dataset.grading import Label, label_of_severity
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import Fovea, draw_fovea
from octa_svr_dataset.pathology.age import lose_with_age
from octa_svr_dataset.pathology.disease import develop
from octa_svr_dataset.pathology.lesions import Lesions
from octa_svr_dataset.pathology.shape import wind
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

    faz_graph: VesselGraph
    """Vessels that delimit the foveal avascular zone: after perifoveal loss, before any other lesion."""

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
            faz_graph=self.faz_graph.in_layer(layer),
            lesions=replace(
                self.lesions,
                dropouts=tuple(dropout.in_layer(layer) for dropout in self.lesions.dropouts),
                microaneurysms=dots,
                irma=irma,
                neovascularization=tufts,
            ),
        )

    @property
    def severity(self) -> int:
        """Severity from 0 to 4 that the eye was meant to have."""
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
    nasal = 1.0 if laterality == LATERALITIES[0] else -1.0
    graph = grow_forest(config.growth, config.field_of_view_mm, fovea, rng, nasal=nasal)
    graph = wind(graph, rng.uniform(*config.growth.tortuosity), WAVELENGTH_MM, rng)
    (age_rng,) = rng.spawn(1)
    graph = lose_with_age(graph, age_rng.uniform(*config.growth.age_loss), age_rng)
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


def add_lesions(
    healthy: Scene, config: PathologyConfig, severity: int, rng: np.random.Generator, *, strongest: bool = False
) -> Scene:
    """The same eye with diabetic retinopathy; parameters as in `octa_svr_dataset.pathology.disease.develop`."""
    disease = develop(healthy.graph, config, severity, healthy.field_width_mm, healthy.fovea, rng, strongest=strongest)
    return replace(healthy, graph=disease.graph, faz_graph=disease.faz_graph, lesions=disease.lesions)
