import numpy as np
import pytest

from octa_svr_dataset.config import MicroaneurysmConfig
from octa_svr_dataset.pathology.microaneurysms import LEAST_GAP_MM, draw_microaneurysms, strongest_microaneurysms
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselLayer

CAPILLARY_MM = 0.01


def draw(eye: Scene, config: MicroaneurysmConfig, seed: int = 0, *, dropouts=None):
    areas = eye.lesions.dropouts if dropouts is None else dropouts
    return draw_microaneurysms(config, eye.graph, areas, CAPILLARY_MM, eye.field_width_mm, np.random.default_rng(seed))


def to_outline_mm(dot, dropouts) -> float:
    x_mm, y_mm = dot.position_mm[:1], dot.position_mm[1:2]
    return min(abs(float(d.level(x_mm, y_mm)[0]) - 1) * d.radius_mm for d in dropouts)


def test_they_sit_on_surviving_capillaries_at_the_border(dropout_eyes):
    config = MicroaneurysmConfig(rate_per_segment=0.064)
    for eye in dropout_eyes:
        dots = draw(eye, config)
        assert dots
        radius_mm = {tuple(p): r for p, r in zip(eye.graph.position_mm, eye.graph.radius_mm, strict=True)}
        for dot in dots:
            assert radius_mm[tuple(dot.position_mm)] <= CAPILLARY_MM
            assert to_outline_mm(dot, eye.lesions.dropouts) <= config.border_band_mm / 2 + 1e-9
            assert config.radius_mm[0] <= dot.radius_mm <= config.radius_mm[1]


def test_they_lie_inside_the_field_and_do_not_touch(dropout_eyes):
    config = MicroaneurysmConfig(rate_per_segment=0.3, rate_away_per_mm2=10, fusiform_share=0.5)
    for eye in dropout_eyes:
        dots = draw(eye, config)
        for number, dot in enumerate(dots):
            assert np.all((dot.position_mm[:2] > 0) & (dot.position_mm[:2] < 3))
            for other in dots[:number]:
                gap_mm = np.linalg.norm(dot.position_mm[:2] - other.position_mm[:2])
                assert gap_mm - dot.half_length_mm - other.half_length_mm >= LEAST_GAP_MM


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_the_rate_is_the_share_of_border_segments_that_carry_one(dropout_eyes, rate):
    eye = dropout_eyes[0]
    dots = draw(eye, MicroaneurysmConfig(rate_per_segment=rate))
    if rate == 0.0:
        assert not dots
    else:
        assert len(dots) > 2 * len(draw(eye, MicroaneurysmConfig()))


def test_eyes_without_dropout_have_as_many_as_the_rate_away_says(healthy_eyes):
    config = MicroaneurysmConfig(rate_away_per_mm2=2.0, radius_mm=(0.005, 0.006))
    counts = [
        len(draw(eye, config, 100 * number + seed, dropouts=()))
        for number, eye in enumerate(healthy_eyes)
        for seed in range(10)
    ]
    assert np.mean(counts) == pytest.approx(2.0 * 9.0, rel=0.1)
    assert not draw(healthy_eyes[0], MicroaneurysmConfig(), dropouts=())


def test_those_away_from_dropout_lie_outside_its_band(dropout_eyes):
    config = MicroaneurysmConfig(rate_per_segment=0.0, rate_away_per_mm2=8.0)
    for eye in dropout_eyes:
        for dot in draw(eye, config):
            x_mm, y_mm = dot.position_mm[:1], dot.position_mm[1:2]
            for area in eye.lesions.dropouts:
                assert float(area.level(x_mm, y_mm)[0]) > 1 + config.border_band_mm / 2 / area.radius_mm


def test_most_are_deep_where_superficial_capillaries_carry_fewer(healthy_eyes):
    def deep_share(rate: float) -> float:
        config = MicroaneurysmConfig(rate_away_per_mm2=10.0, superficial_rate=rate, radius_mm=(0.005, 0.006))
        dots = [dot for eye in healthy_eyes for dot in draw(eye, config, dropouts=())]
        return float(np.mean([dot.layer == VesselLayer.DEEP for dot in dots]))

    assert deep_share(1.0) == pytest.approx(0.5, abs=0.12)
    assert deep_share(0.3) == pytest.approx(0.77, abs=0.08)
    assert deep_share(0.0) == 1.0


def test_fusiform_ones_are_drawn_out_along_their_capillary(dropout_eyes):
    config = MicroaneurysmConfig(fusiform_share=0.5, elongation=(2.0, 3.0), rate_per_segment=0.1)
    elongations = []
    for eye in dropout_eyes:
        node_at = {tuple(position): node for node, position in enumerate(eye.graph.position_mm)}
        for dot in draw(eye, config):
            node = node_at[tuple(dot.position_mm)]
            along_mm = eye.graph.position_mm[node] - eye.graph.position_mm[eye.graph.parent[node]]
            way = np.array([np.cos(dot.angle_rad), np.sin(dot.angle_rad)])
            assert abs(way @ along_mm[:2]) == pytest.approx(np.linalg.norm(along_mm[:2]))
            assert dot.half_length_mm * dot.half_width_mm == pytest.approx(dot.radius_mm**2)
            elongations.append(dot.elongation)
    fusiform = [elongation for elongation in elongations if elongation > 1]
    assert len(fusiform) / len(elongations) == pytest.approx(0.5, abs=0.15)
    assert 2.0 <= min(fusiform) <= max(fusiform) <= 3.0


def test_the_strongest_ones_have_the_upper_ends_of_the_ranges(dropout_eyes):
    config = MicroaneurysmConfig(flow=(0.1, 0.8))
    eye = dropout_eyes[0]
    where = config, eye.graph, eye.lesions.dropouts, CAPILLARY_MM, 3.0
    dots = strongest_microaneurysms(*where, np.random.default_rng(0))
    assert {(dot.radius_mm, dot.flow) for dot in dots} == {(0.03, 0.8)}
