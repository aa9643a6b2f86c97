import numpy as np
import pytest

from octa_svr_dataset.pathology.lesions import Dropout, Lesions, Microaneurysm
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
