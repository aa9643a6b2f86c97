import numpy as np
from scipy.spatial import cKDTree

from octa_svr_dataset.config import DropoutConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.outline import directions_rad
from octa_svr_dataset.pathology.placement import (
    INSIDE_MARGIN_MM,
    draw_dropouts,
    strongest_dropout,
)
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.vessel_graph import VesselGraph

FOVEA = Fovea(position_mm=np.array([1.4, 1.6]), suppression_radius_mm=0.44)
SEEDS = range(60)
NO_VESSELS = VesselGraph(
    position_mm=np.zeros((0, 3)), parent=np.zeros(0), radius_mm=np.zeros(0), kind=np.zeros(0), layer=np.zeros(0)
)


def draw(seed: int, config: DropoutConfig | None = None):
    return draw_dropouts(config or DropoutConfig(), 2, NO_VESSELS, 3.0, FOVEA, np.random.default_rng(seed))


def test_the_first_area_is_large_and_the_others_are_small():
    config = DropoutConfig()
    for seed in SEEDS:
        radii_mm = [dropout.radius_mm for dropout in draw(seed)]
        assert config.large_radius_mm[0] <= radii_mm[0] <= config.large_radius_mm[1]
        assert all(config.small_radius_mm[0] <= radius <= config.small_radius_mm[1] for radius in radii_mm[1:])


def test_counts_cover_the_range_and_never_leave_it():
    counts = {len(draw(seed, DropoutConfig(count=(2, 4)))) for seed in SEEDS}
    assert counts == {2, 3, 4}


def test_areas_lie_inside_the_field_and_off_one_another():
    for seed in SEEDS:
        dropouts = draw(seed)
        for number, dropout in enumerate(dropouts):
            assert np.all(dropout.center_mm >= INSIDE_MARGIN_MM)
            assert np.all(dropout.center_mm <= 3.0 - INSIDE_MARGIN_MM)
            for other in dropouts[:number]:
                gap_mm = np.linalg.norm(dropout.center_mm - other.center_mm)
                assert gap_mm > dropout.reach_mm + other.reach_mm - 1e-9


def test_at_most_one_area_adjoins_the_avascular_zone():
    """Two that do would look like one."""
    for seed in SEEDS:
        to_fovea_mm = [np.linalg.norm(d.center_mm - FOVEA.position_mm) - d.reach_mm for d in draw(seed)]
        assert sum(gap_mm < 1.3 * FOVEA.avascular_radius_mm for gap_mm in to_fovea_mm) <= 1


def test_an_area_that_finds_no_place_is_left_out_but_never_the_first():
    crowded = DropoutConfig(count=(12, 12), small_radius_mm=(0.9, 1.0), large_radius_mm=(1.4, 1.5))
    counts = [len(draw(seed, crowded)) for seed in range(10)]
    assert min(counts) >= 1
    assert max(counts) < 12


def test_the_strongest_area_takes_the_upper_ends_of_the_ranges():
    config = DropoutConfig(large_radius_mm=(0.3, 0.7), strength=(0.2, 0.8))
    (dropout,) = strongest_dropout(config, 2, NO_VESSELS, 3.0, FOVEA, np.random.default_rng(0))
    assert (dropout.radius_mm, dropout.strength) == (0.7, 0.8)


def test_the_extent_scales_the_areas_by_severity():
    config = DropoutConfig(extent=(0.25, 0.5, 0.75, 1.0))
    radii_mm = [
        draw_dropouts(config, severity, NO_VESSELS, 3.0, FOVEA, np.random.default_rng(3))[0].radius_mm
        for severity in (1, 2, 3, 4)
    ]
    np.testing.assert_allclose(np.array(radii_mm) / radii_mm[3], [0.25, 0.5, 0.75, 1.0])


def test_without_irregularity_and_vessels_areas_are_round():
    for dropout in draw(0, DropoutConfig(irregularity=0.0)):
        np.testing.assert_allclose(dropout.outline, 1.0)


def test_outlines_run_along_larger_vessels(all_diseased):
    """Of the directions that a larger vessel crosses near the outline, most have the outline on one."""
    on_vessel = {0.0: [], 0.3: []}
    for seed in range(6):
        scene = grow_healthy_scene(all_diseased, SceneKey(seed=seed, split=Split.TRAIN, scene_index=0))
        graph = scene.graph
        large = graph.segments[graph.radius_mm[graph.segments] >= 0.01]
        share = np.linspace(0.0, 1.0, 9)[:, None, None]
        along_mm = (1 - share) * graph.position_mm[large, :2] + share * graph.position_mm[graph.parent[large], :2]
        vessels = cKDTree(along_mm.reshape(-1, 2))
        for reach, shares in on_vessel.items():
            config = DropoutConfig(vessel_reach=reach)
            rng = np.random.default_rng(seed)
            for dropout in draw_dropouts(config, 2, graph, 3.0, scene.fovea, rng)[:1]:
                distance_mm = dropout.radius_mm * dropout.outline[:, None]
                unit = np.stack([np.cos(directions_rad()), np.sin(directions_rad())], axis=1)
                shares.append(np.mean(vessels.query(dropout.center_mm + distance_mm * unit)[0] < 0.03))
    assert np.mean(on_vessel[0.3]) > 2 * np.mean(on_vessel[0.0])
