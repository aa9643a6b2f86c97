import numpy as np

from octa_svr_dataset.pathology.area_kernels import add_levels
from octa_svr_dataset.pathology.lesions import Dropout
from octa_svr_dataset.pathology.outline import directions_rad
from octa_svr_dataset.vessel_graph import VesselLayer

AREA = Dropout(
    center_mm=np.array([1.0, 2.0]),
    radius_mm=0.5,
    strength=0.95,
    outline=1.0 + 0.2 * np.sin(3 * directions_rad()),
    edge_softness=0.2,
    deep_excess=0.1,
)


def test_levels_of_many_places_are_those_of_the_area_in_the_layer_of_each():
    rng = np.random.default_rng(0)
    place_mm, layer = rng.uniform(0.0, 3.0, (500, 3)), rng.integers(2, size=500).astype(np.uint8)
    level = AREA.level_in_layers(place_mm, layer, 0.8)
    is_near = np.abs(place_mm[:, :2] - AREA.center_mm).max(axis=1) < 0.8
    assert np.all(np.isinf(level[~is_near]))
    for which in VesselLayer:
        here = is_near & (layer == which)
        np.testing.assert_allclose(level[here], AREA.in_layer(which).level(*place_mm[here, :2].T), rtol=1e-12)


def test_the_loop_is_its_plain_python():
    rng = np.random.default_rng(1)
    arguments = (
        rng.uniform(0.0, 3.0, (60, 2)),
        rng.integers(2, size=60).astype(np.uint8),
        AREA.center_mm,
        np.array([0.5, 0.6]),
        AREA.outline,
        1.0,
    )
    compiled, plain = np.full(60, np.inf), np.full(60, np.inf)
    add_levels(*arguments, compiled)
    add_levels.py_func(*arguments, plain)
    np.testing.assert_allclose(compiled, plain, rtol=1e-12)
