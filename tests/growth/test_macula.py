import numpy as np
import pytest

from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.growth.kernels.arrays import NONE
from octa_svr_dataset.growth.macula import (
    ARCADE_HEIGHT_MM,
    ARCADE_RADIUS_MM,
    CLEARANCE_MM,
    LEAST_POINTS,
    MEETING_MM,
    PARTED_MM,
    STEP_MM,
    TWIG_RADIUS_MM,
    draw_trees,
)
from octa_svr_dataset.growth.trunks import cut_to_field
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.vessel_graph import VesselKind

MACULAR = resolve_config("healthy").growth
SCATTERED = MACULAR.model_copy(update={"trunks": "scattered"})
SEEDS = range(4)
AVASCULAR_MM = 0.3


def grown(config, seed, width_mm=3.0, nasal=1.0):
    rng = np.random.default_rng(seed)
    fovea = draw_fovea(config, width_mm, rng)
    return fovea, grow_forest(config, width_mm, fovea, rng, nasal=nasal)


@pytest.fixture(scope="module")
def wide():
    return [grown(MACULAR, seed, 6.0) for seed in SEEDS]


@pytest.fixture(scope="module")
def pairs():
    """(artery, vein) of many maculae."""
    return [draw_trees(5, AVASCULAR_MM, 3.0, np.random.default_rng(seed)) for seed in range(40)]


def test_a_point_comes_after_the_one_upstream_and_has_at_most_two_downstream(pairs):
    for tree in (tree for pair in pairs for tree in pair):
        parent = np.array(tree.parent)
        assert (parent < np.arange(len(parent))).all()
        assert np.bincount(parent[parent != NONE]).max() == 2


def test_no_vessel_runs_through_the_avascular_zone_but_some_reach_it(pairs):
    nearest_mm = [np.abs(np.array(tree.point)).min() for pair in pairs for tree in pair]
    assert min(nearest_mm) >= AVASCULAR_MM + CLEARANCE_MM - 1e-9
    assert np.median(nearest_mm) < AVASCULAR_MM + 0.3


def test_twigs_and_forks_stop_before_they_meet_a_vessel_of_their_kind(pairs):
    """A course that has left its parent keeps off all that was there before it."""
    for tree in (tree for pair in pairs for tree in pair):
        point, parent = np.array(tree.point), np.array(tree.parent)
        springs = [node for node in range(1, len(point)) if parent[node] != node - 1]
        last_twig = range(springs[-1], len(point))
        before, start = point[: last_twig.start], point[parent[last_twig.start]]
        gap_mm = np.abs(point[last_twig][:, None] - before).min(axis=1)
        is_clear = np.abs(point[last_twig] - start) > PARTED_MM
        is_clear[: LEAST_POINTS - 1] = False
        assert (gap_mm[is_clear] >= MEETING_MM).all()


def test_vessels_are_smooth(pairs):
    for tree in (tree for pair in pairs for tree in pair):
        point, parent = np.array(tree.point), np.array(tree.parent)
        inner = np.flatnonzero((parent != NONE) & (np.array(tree.num_children) > 0))
        along = point[inner] - point[parent[inner]]
        single = inner[[tree.num_children[node] == 1 for node in inner]]
        following = {above: node for node, above in enumerate(parent)}
        ahead = np.array([point[following[node]] - point[node] for node in single])
        turns_deg = np.rad2deg(np.angle(ahead / (point[single] - point[parent[single]])))
        assert np.percentile(np.abs(turns_deg), 99) < 35
        assert np.percentile(np.abs(along), 95) < 2 * STEP_MM


def test_arteries_and_veins_take_turns_around_the_fovea(pairs):
    """Branches from the arcades end around the fovea: neighbors by angle are of different kinds more often than not."""
    different = []
    for pair in pairs:
        ends = [
            (np.angle(tree.point[node]), kind)
            for kind, tree in enumerate(pair)
            for node in range(len(tree.point))
            if tree.num_children[node] == 0 and abs(tree.point[node]) < AVASCULAR_MM + 0.3
        ]
        kinds = np.array([kind for _, kind in sorted(ends)])
        different += (kinds != np.roll(kinds, 1)).tolist()
    assert np.mean(different) > 0.55


def test_arcades_run_above_and_below_the_macula(wide):
    low_mm, high_mm = ARCADE_HEIGHT_MM
    for fovea, graph in wide:
        down_mm = (graph.position_mm[:, 1] - fovea.position_mm[1])[graph.radius_mm > 0.035]
        assert (down_mm < 0.0).any()
        assert (down_mm > 0.0).any()
        assert 0.5 * low_mm < np.median(np.abs(down_mm)) < high_mm + 0.4


def test_vessels_that_leave_the_field_keep_their_radius(wide):
    for _, graph in wide:
        is_leaf = graph.num_children() == 0
        at_side = ((graph.position_mm[:, :2] == 0.0) | (graph.position_mm[:, :2] == 6.0)).any(axis=1)
        radii_mm = graph.radius_mm[is_leaf & at_side]
        assert radii_mm.max() >= ARCADE_RADIUS_MM[0]
        assert radii_mm.min() >= TWIG_RADIUS_MM[0]


def radial_share(fovea, graph):
    """Share of the length of larger vessels near the fovea that leads toward it within 45 degrees."""
    node = np.flatnonzero((graph.parent != NONE) & (graph.radius_mm > 0.008))
    start, end = graph.position_mm[graph.parent[node], :2], graph.position_mm[node, :2]
    way, outward = end - start, start - fovea.position_mm
    length_mm, distance_mm = np.linalg.norm(way, axis=1), np.linalg.norm(outward, axis=1)
    is_near = (distance_mm > 0.5) & (distance_mm < 1.4)
    cosine = np.abs(np.einsum("ij,ij->i", way, outward)) / (length_mm * distance_mm)
    return length_mm[is_near & (cosine > np.sqrt(0.5))].sum() / length_mm[is_near].sum()


def test_larger_vessels_converge_on_the_fovea_as_those_of_scattered_trees_do_not():
    macular = [radial_share(*grown(MACULAR, seed)) for seed in SEEDS]
    scattered = [radial_share(*grown(SCATTERED, seed)) for seed in SEEDS]
    print(f"\nmacular {np.median(macular):.2f}, scattered {np.median(scattered):.2f}")
    assert np.median(macular) > np.median(scattered) + 0.1


def test_left_eyes_mirror_the_trunks_of_right_ones():
    config = MACULAR.model_copy(update={"fovea_offset_mm": 0.0})
    none = {"iterations": 0}
    config = config.model_copy(
        update={layer: getattr(config, layer).model_copy(update=none) for layer in ("superficial", "deep")}
    )
    _, right = grown(config, 1, nasal=1.0)
    _, left = grown(config, 1, nasal=-1.0)
    np.testing.assert_allclose(left.position_mm[:, 0], 3.0 - right.position_mm[:, 0], atol=1e-12)
    np.testing.assert_allclose(left.position_mm[:, 1:], right.position_mm[:, 1:], atol=1e-12)
    assert {int(kind) for kind in right.kind} == {int(kind) for kind in VesselKind}


def test_a_vessel_is_cut_where_it_enters_and_leaves_the_field():
    points = np.array([[-1.0, 0.5], [1.0, 0.5], [2.0, 2.0], [2.0, 4.0], [2.0, 5.0], [1.0, 1.5]])
    position_mm, parent, beyond_mm = cut_to_field(points, [NONE, 0, 1, 2, 3, 1], [0.01] * 6, 3.0)
    np.testing.assert_allclose(position_mm, [[0.0, 0.5], [1.0, 0.5], [2.0, 2.0], [2.0, 3.0], [1.0, 1.5]])
    np.testing.assert_array_equal(parent, [NONE, 0, 1, 2, 1])
    np.testing.assert_array_equal(beyond_mm, [0.0, 0.0, 0.0, 0.01, 0.0])


def test_a_field_without_vessels_has_no_trunks():
    position_mm, parent, beyond_mm = cut_to_field(np.full((3, 2), -1.0), [NONE, 0, 1], [0.01] * 3, 3.0)
    assert len(position_mm) == len(parent) == len(beyond_mm) == 0
