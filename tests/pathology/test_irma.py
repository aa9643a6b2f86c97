import numpy as np
import pytest

from octa_svr_dataset.config import IrmaConfig
from octa_svr_dataset.pathology.irma import LEAST_RADIUS_MM, draw_irma
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselKind, VesselLayer


def draw(eye: Scene, config: IrmaConfig, seed: int = 0):
    return draw_irma(config, eye.graph, eye.lesions.dropouts, eye.field_width_mm, np.random.default_rng(seed))


def all_shunts(eyes: list[Scene], config: IrmaConfig):
    return [(eye, shunt) for eye in eyes for seed in range(3) for shunt in draw(eye, config, seed)]


def node_at(eye: Scene, position_mm: np.ndarray) -> int:
    (node,) = np.flatnonzero((eye.graph.position_mm == position_mm).all(axis=1))
    return int(node)


def test_a_shunt_joins_an_arteriole_to_a_venule(dropout_eyes):
    rows = all_shunts(dropout_eyes, IrmaConfig(count=(3, 3)))
    assert len(rows) > 30
    for eye, shunt in rows:
        ends = [node_at(eye, shunt.position_mm[end]) for end in (0, -1)]
        assert list(eye.graph.kind[ends]) == [VesselKind.ARTERY, VesselKind.VEIN]
        assert np.all(eye.graph.layer[ends] == VesselLayer.SUPERFICIAL)
        assert np.all(eye.graph.radius_mm[ends] >= LEAST_RADIUS_MM)


def test_a_shunt_crosses_or_borders_dropout(dropout_eyes):
    shares, nearest = [], []
    for eye, shunt in all_shunts(dropout_eyes, IrmaConfig(count=(3, 3), branches=(0, 0))):
        x_mm, y_mm = shunt.position_mm.T[:2]
        level = np.min([area.level(x_mm, y_mm) for area in eye.lesions.dropouts], axis=0)
        shares.append(np.mean(level < 1.0))
        nearest.append(level.min())
    assert np.mean(shares) > 0.5
    assert max(nearest) < 1.1


def test_a_shunt_has_the_length_and_the_winding_that_are_set(dropout_eyes):
    config = IrmaConfig(count=(3, 3), arc_over_chord=(1.3, 1.3), chord_mm=(0.3, 0.6), branches=(0, 0))
    for _, shunt in all_shunts(dropout_eyes, config):
        chord_mm = np.linalg.norm((shunt.position_mm[-1] - shunt.position_mm[0])[:2])
        assert 0.3 <= chord_mm <= 0.6
        assert shunt.length_mm / chord_mm == pytest.approx(1.3, rel=0.02)
        assert np.all((shunt.position_mm[:, :2] >= 0) & (shunt.position_mm[:, :2] <= 3))


def test_branches_leave_a_shunt_and_join_it_again(dropout_eyes):
    rows = all_shunts(dropout_eyes, IrmaConfig(count=(3, 3), branches=(2, 2)))
    loops = np.array([shunt.num_loops for _, shunt in rows])
    assert set(loops) <= {0, 1, 2}  # a branch that would be too short is left out
    assert np.mean(loops) > 1.2
    for _, shunt in rows:
        degree = np.bincount(shunt.edges.ravel(), minlength=len(shunt.position_mm))
        assert degree[0] <= 2
        assert np.flatnonzero(degree == 1).tolist() in ([0, len(degree) - 1], [0], [len(degree) - 1])
        first, second = shunt.position_mm[shunt.edges, :2].transpose(1, 0, 2)
        assert np.linalg.norm(first - second, axis=1).max() < 0.03


def test_a_shunt_is_one_unbroken_smooth_course(dropout_eyes):
    turns = []
    for _, shunt in all_shunts(dropout_eyes, IrmaConfig(count=(3, 3), branches=(0, 0))):
        assert shunt.num_loops == 0
        along = np.diff(shunt.position_mm[:, :2], axis=0)
        assert np.linalg.norm(along, axis=1).max() < 0.03
        heading = np.unwrap(np.arctan2(along[:, 1], along[:, 0]))
        turns.append(np.abs(np.diff(heading)))
        assert turns[-1].max() < 1.6  # no turning back on itself
        assert np.quantile(turns[-1], 0.95) < 0.8
    assert np.quantile(np.concatenate(turns), 0.95) < 0.6


def test_shunts_are_as_wide_as_set(dropout_eyes):
    config = IrmaConfig(count=(3, 3), radius_mm=(0.012, 0.012), branches=(0, 0))
    for _, shunt in all_shunts(dropout_eyes, config):
        assert shunt.radius_mm.mean() == pytest.approx(0.012, rel=0.1)
        assert np.ptp(shunt.radius_mm) > 0.002  # of varying calibre


def test_without_dropout_there_is_nothing_to_cross(healthy_eyes):
    assert draw(healthy_eyes[0], IrmaConfig()) == ()


def test_their_number_stays_in_the_range(dropout_eyes):
    counts = [len(draw(eye, IrmaConfig(count=(2, 4)), seed)) for eye in dropout_eyes for seed in range(8)]
    assert max(counts) == 4
    assert np.mean(np.array(counts) >= 2) > 0.9
