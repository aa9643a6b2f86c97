import numpy as np
import pytest

from octa_svr_dataset.pathology.lesions import Dropout, Lesions, Microaneurysm, NewVessels, VesselShape
from octa_svr_dataset.vessel_graph import VesselLayer


def dropout(**changes) -> Dropout:
    settings = {
        "center_mm": np.array([1.0, 2.0]),
        "radius_mm": 0.5,
        "strength": 0.95,
        "outline_amplitude": np.zeros(6),
        "outline_phase_rad": np.zeros(6),
        "edge_softness": 0.2,
    }
    return Dropout(**{**settings, **changes})


def test_without_irregularity_the_outline_is_a_circle():
    angle = np.linspace(0, 2 * np.pi, 50)
    level = dropout().level(1.0 + 0.5 * np.cos(angle), 2.0 + 0.5 * np.sin(angle))
    np.testing.assert_allclose(level, 1.0)


def test_the_loss_falls_from_the_strength_inside_to_nothing_outside():
    x_mm = 1.0 + np.linspace(0.0, 0.7, 30)
    loss = dropout().loss(x_mm, np.full(30, 2.0))
    assert loss[0] == pytest.approx(0.95)
    assert loss[-1] == 0.0
    assert np.all(np.diff(loss) <= 0)
    assert dropout().loss(np.array([1.5]), np.array([2.0]))[0] == pytest.approx(0.95 / 2)


def test_no_point_of_the_outline_lies_beyond_the_reach():
    irregular = dropout(outline_amplitude=np.full(6, 0.05), outline_phase_rad=np.arange(6.0))
    angle = np.linspace(0, 2 * np.pi, 400)
    x_mm, y_mm = 1.0 + irregular.reach_mm * np.cos(angle), 2.0 + irregular.reach_mm * np.sin(angle)
    assert irregular.level(x_mm, y_mm).min() >= 1.0


def test_severity_follows_from_the_lesions():
    dot = Microaneurysm(position_mm=np.zeros(3), radius_mm=0.02, flow=1.0, layer=VesselLayer.SUPERFICIAL)
    assert Lesions().severity == 0
    assert Lesions(microaneurysms=(dot,)).severity == 1
    assert Lesions(dropouts=(dropout(),), microaneurysms=(dot,)).severity == 2
    new = NewVessels(position_mm=np.zeros((2, 3)), edges=np.array([[0, 1]]), radius_mm=np.full(2, 0.01), flow=0.0)
    assert Lesions(shape=VesselShape(tortuosity_gain=1.1, vein_dilation=1.2)).severity == 0  # not specific
    assert Lesions(shape=VesselShape(beading=0.3)).severity == 3
    assert Lesions(dropouts=(dropout(),), irma=(new,)).severity == 3
    assert Lesions(irma=(new,), neovascularization=(new,)).severity == 4


def test_a_fusiform_microaneurysm_is_as_large_as_a_round_one_of_its_radius():
    dot = Microaneurysm(position_mm=np.zeros(3), radius_mm=0.02, flow=1.0, layer=VesselLayer.DEEP, elongation=2.25)
    assert dot.half_length_mm == pytest.approx(0.03)
    assert dot.half_width_mm * dot.half_length_mm == pytest.approx(0.02**2)


def test_loops_of_a_network_are_counted():
    square = np.array([[0, 0, 0], [3, 0, 0], [3, 4, 0], [0, 4, 0]], dtype=float)
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]])
    new = NewVessels(position_mm=square, edges=edges, radius_mm=np.ones(4), flow=0.0)
    assert new.num_loops == 2
    assert new.length_mm == pytest.approx(3 + 4 + 3 + 4 + 5)
