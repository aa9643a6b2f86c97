import numpy as np
import pytest

from octa_svr_dataset.pathology.lesions import Dropout, Microaneurysm, NewVessels
from octa_svr_dataset.pathology.outline import NUM_DIRECTIONS, directions_rad
from octa_svr_dataset.vessel_graph import VesselLayer


def dropout(**changes) -> Dropout:
    settings = {
        "center_mm": np.array([1.0, 2.0]),
        "radius_mm": 0.5,
        "strength": 0.95,
        "outline": np.ones(NUM_DIRECTIONS),
        "edge_softness": 0.2,
    }
    return Dropout(**{**settings, **changes})


def test_the_level_is_one_on_the_outline_in_every_direction():
    outline = 1.0 + 0.3 * np.cos(3 * directions_rad())
    x_mm, y_mm = 0.5 * outline * np.cos(directions_rad()), 0.5 * outline * np.sin(directions_rad())
    np.testing.assert_allclose(dropout(outline=outline).level(1.0 + x_mm, 2.0 + y_mm), 1.0)
    np.testing.assert_allclose(dropout(outline=outline).level(1.0 + x_mm / 4, 2.0 + y_mm / 4), 0.25)


def test_the_loss_falls_from_the_strength_inside_to_nothing_outside():
    x_mm = 1.0 + np.linspace(0.0, 0.7, 30)
    loss = dropout().loss(dropout().level(x_mm, np.full(30, 2.0)))
    assert loss[0] == pytest.approx(0.95)
    assert loss[-1] == 0.0
    assert np.all(np.diff(loss) <= 0)
    assert dropout().loss(np.array([1.0]))[0] == pytest.approx(0.95 / 2)


def test_no_point_of_the_outline_lies_beyond_the_reach():
    irregular = dropout(outline=1.0 + 0.2 * np.sin(5 * directions_rad()) + 0.1 * np.cos(directions_rad()))
    angle = np.linspace(0, 2 * np.pi, 400)
    x_mm, y_mm = 1.0 + irregular.reach_mm * np.cos(angle), 2.0 + irregular.reach_mm * np.sin(angle)
    assert irregular.level(x_mm, y_mm).min() >= 1.0


def test_an_area_reaches_farther_in_the_deep_layer():
    area = dropout(deep_excess=0.2)
    assert area.in_layer(VesselLayer.SUPERFICIAL) is area
    deep = area.in_layer(VesselLayer.DEEP)
    assert deep.reach_mm == pytest.approx(0.6)
    assert deep.in_layer(VesselLayer.DEEP).reach_mm == pytest.approx(0.6)


def test_capillaries_are_widest_on_the_outline_and_unchanged_where_the_area_has_no_influence():
    area = dropout(dilation=2.0, dilated_band_mm=0.1)
    x_mm = 1.0 + np.array([0.5, 0.55, 0.6, area.influence_mm])
    np.testing.assert_allclose(area.widening(area.level(x_mm, np.full(4, 2.0))), [2.0, 1.5, 1.0, 1.0], atol=1e-9)


def test_larger_vessels_are_lost_only_where_nearly_all_is():
    radii_mm = [dropout(strength=strength).spared_radius_mm(0.01) for strength in (0.5, 0.97, 0.985, 1.0)]
    np.testing.assert_allclose(radii_mm, [0.01, 0.01, 0.015, 0.02])


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
