"""Diabetic retinopathy of an eye: which lesions it has, and what they leave of its vessels."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from octa_svr_dataset.config import PathologyConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.dispersed import DispersedLoss
from octa_svr_dataset.pathology.effects import lost_in_dropout, widen_collaterals
from octa_svr_dataset.pathology.irma import draw_irma
from octa_svr_dataset.pathology.lesions import Dropout, Lesions, Microaneurysm, NewVessels
from octa_svr_dataset.pathology.microaneurysms import draw_microaneurysms, strongest_microaneurysms
from octa_svr_dataset.pathology.neovascularization import draw_neovascularization
from octa_svr_dataset.pathology.net import Net
from octa_svr_dataset.pathology.perifovea import FovealLoss
from octa_svr_dataset.pathology.placement import draw_dropouts, strongest_dropout
from octa_svr_dataset.pathology.shape import change_shape
from octa_svr_dataset.setting_types import BySeverity, Settings
from octa_svr_dataset.vessel_graph import VesselGraph

Section = TypeVar("Section", bound=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disease:
    """What has become of the vessels of an eye."""

    graph: VesselGraph
    """Vessels that carry blood."""

    faz_graph: VesselGraph
    """Vessels that delimit the foveal avascular zone: after perifoveal loss, before any other lesion."""

    lesions: Lesions


def draw_severity(config: PathologyConfig, rng: np.random.Generator) -> int:
    """Severity, from 0 to 4, that an eye is meant to have."""
    reached = np.flatnonzero(rng.uniform() < np.cumsum(config.severity_shares))
    return int(reached[0]) if len(reached) else int(np.flatnonzero(config.severity_shares)[-1])


def develop(
    graph: VesselGraph,
    config: PathologyConfig,
    severity: int,
    field_width_mm: float,
    fovea: Fovea,
    rng: np.random.Generator,
    *,
    strongest: bool = False,
) -> Disease:
    """Let an eye have retinopathy. Each kind of lesion has a stream of its own.

    Parameters
    ----------
    graph
        Vessels of the healthy eye.
    config
        Settings of the lesions.
    severity
        Severity that the eye is meant to have, from 1 to 4.
    field_width_mm
        Width of the field of view, mm.
    fovea
        Position of the fovea.
    rng
        Stream of the lesions.
    strongest
        Take the most visible lesions that the settings admit instead of drawing them. How much vessels wind and bead is
        still drawn: that alone is no sign of the disease.
    """
    foveal_rng, dispersed_rng, dropout_rng, shape_rng, new_rng = rng.spawn(5)
    net, spared_mm = Net.of(graph), config.spared_radius_mm
    is_lost = np.zeros(net.num_branches, dtype=bool)
    faz_graph, foveal_loss, dispersed_loss = graph, None, None
    dropouts: tuple[Dropout, ...] = ()
    if _has(config.foveal_loss.probability, severity, foveal_rng):
        foveal_loss = FovealLoss.draw(config.foveal_loss, severity, graph, fovea, foveal_rng, strongest=strongest)
        is_lost |= foveal_loss.lost(net, config.foveal_loss.spared_radius_mm)
        faz_graph = foveal_loss.widen(net.without(is_lost, spared_mm), config.foveal_loss.spared_radius_mm)
    if _has(config.dispersed_loss.probability, severity, dispersed_rng):
        dispersed_loss = DispersedLoss.draw(
            config.dispersed_loss, severity, faz_graph, field_width_mm, fovea, dispersed_rng, strongest=strongest
        )
        is_lost |= dispersed_loss.lost(net, config.dispersed_loss.spared_radius_mm, dispersed_rng)
    if _has(config.dropout.probability, severity, dropout_rng):
        place = strongest_dropout if strongest else draw_dropouts
        dropouts = place(config.dropout, severity, graph, field_width_mm, fovea, dropout_rng)
        is_lost |= lost_in_dropout(net, dropouts, config.dropout.spared_radius_mm, dropout_rng)
    graph = net.without(is_lost, spared_mm)
    if foveal_loss is not None:
        graph = foveal_loss.widen(graph, config.foveal_loss.spared_radius_mm)
    if dispersed_loss is not None:
        graph = dispersed_loss.widen(graph, config.dispersed_loss.spared_radius_mm)
    if dropouts:
        graph = widen_collaterals(graph, dropouts, config.dropout.spared_radius_mm)
    graph, shape = change_shape(graph, config, severity, shape_rng)
    dots, irma, tufts = _grow_out(graph, dropouts, config, severity, field_width_mm, new_rng, strongest=strongest)
    lesions = Lesions(
        severity=severity,
        dropouts=dropouts,
        microaneurysms=dots,
        dispersed_loss=dispersed_loss,
        foveal_loss=foveal_loss,
        irma=irma,
        neovascularization=tufts,
        shape=shape,
    )
    return Disease(graph=graph, faz_graph=faz_graph, lesions=lesions)


def _grow_out(
    graph: VesselGraph,
    dropouts: tuple[Dropout, ...],
    config: PathologyConfig,
    severity: int,
    field_width_mm: float,
    rng: np.random.Generator,
    *,
    strongest: bool,
) -> tuple[tuple[Microaneurysm, ...], tuple[NewVessels, ...], tuple[NewVessels, ...]]:
    """What grows on the vessels that are left: microaneurysms, shunts, tufts; parameters as in `develop`."""
    dot_rng, irma_rng, tuft_rng = rng.spawn(3)
    dots: tuple[Microaneurysm, ...] = ()
    irma: tuple[NewVessels, ...] = ()
    tufts: tuple[NewVessels, ...] = ()
    if _has(config.microaneurysms.probability, severity, dot_rng):
        place = strongest_microaneurysms if strongest else draw_microaneurysms
        spared_mm = config.dropout.spared_radius_mm
        dots = place(config.microaneurysms, graph, dropouts, spared_mm, field_width_mm, dot_rng)
    if config.new_vessels != "neovascularization" and _has(config.irma.probability, severity, irma_rng):
        settings = _strongest(config.irma, "count", "radius_mm") if strongest else config.irma
        irma = draw_irma(settings, graph, dropouts, field_width_mm, irma_rng)
    if config.new_vessels != "irma" and _has(config.neovascularization.probability, severity, tuft_rng):
        chosen = config.neovascularization
        chosen = _strongest(chosen, "count", "area_mm2", "radius_mm", "flow") if strongest else chosen
        tufts = draw_neovascularization(chosen, graph, dropouts, field_width_mm, tuft_rng)
    return dots, irma, tufts


def _strongest(section: Section, *names: str) -> Section:
    """Settings of a kind of lesion with ranges narrowed down to their upper ends."""
    return section.model_copy(update={name: (getattr(section, name)[1],) * 2 for name in names})


def _has(probability: BySeverity, severity: int, rng: np.random.Generator) -> bool:
    """Whether an eye of a severity, from 1 to 4, has a kind of lesion."""
    return bool(rng.uniform() < probability[severity - 1])
