import numpy as np
import pytest

from octa_svr_dataset.pathology.course_kernels import add_up, find_widest
from octa_svr_dataset.pathology.courses import Courses, arc_over_chord, mean_curvature_per_mm, subdivide, turns_rad
from octa_svr_dataset.pathology.shape import change_shape, change_veins, wind
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, edge_lengths_mm, segment_lengths_mm

WAVELENGTH_MM = (0.3, 0.3)
GAINS = (1.0, 1.03, 1.1, 1.25)


def straight_vessel(radius_mm: float = 0.015, kind: VesselKind = VesselKind.VEIN) -> VesselGraph:
    """A vessel along x of 2 mm, with a side branch at its middle, and a link between them."""
    trunk = np.column_stack((np.arange(51) * 0.04, np.full(51, 1.0), np.zeros(51)))
    branch = np.column_stack((np.full(12, 1.0), 1.0 + np.arange(1, 13) * 0.04, np.zeros(12)))
    return VesselGraph(
        position_mm=np.concatenate((trunk, branch)),
        parent=np.concatenate((np.arange(-1, 50), [25], np.arange(51, 62))),
        radius_mm=np.concatenate((np.full(51, radius_mm), np.full(12, 0.004))),
        kind=np.full(63, kind),
        layer=np.zeros(63),
        links=np.array([[40, 62]]),
    )


def test_a_vessel_goes_on_in_its_widest_branch():
    courses = Courses.of(straight_vessel())
    assert courses.before[26] == 25
    assert courses.before[51] == -1
    assert courses.origin[51] == courses.origin[62] == 25
    assert courses.first[50] == 0
    assert courses.distance_mm[50] == pytest.approx(2.0)
    assert courses.distance_mm[62] == pytest.approx(0.48)


def test_sums_along_chains_equal_those_of_plain_python():
    rng = np.random.default_rng(0)
    before = np.array([-1, 0, 1, -1, 3, 2, 4, 1])
    value, share = rng.uniform(size=(8, 2)), rng.uniform(size=8)
    compiled, plain = value.copy(), value.copy()
    add_up(compiled, before, share)
    add_up.py_func(plain, before, share)
    np.testing.assert_array_equal(compiled, plain)
    assert compiled[2, 0] == pytest.approx(value[2, 0] + share[2] * (value[1, 0] + share[1] * value[0, 0]))


def test_cutting_segments_moves_nothing(healthy_eyes):
    graph = healthy_eyes[0].graph
    pieces = np.where(graph.parent >= 0, 1 + np.arange(len(graph)) % 3, 1)
    fine, owner, share = subdivide(graph, pieces)
    assert len(fine) == pieces.sum()
    np.testing.assert_array_equal(fine.position_mm[share == 1.0], graph.position_mm)
    assert segment_lengths_mm(fine).sum() == pytest.approx(segment_lengths_mm(graph).sum())
    np.testing.assert_array_equal(owner[fine.links], graph.links)


def test_a_straight_vessel_gets_longer_by_the_gain():
    unchanged = wind(straight_vessel(), 1.0, WAVELENGTH_MM, np.random.default_rng(0))
    np.testing.assert_array_equal(unchanged.position_mm, straight_vessel().position_mm)
    for gain in GAINS[1:]:
        gained = []
        for seed in range(8):
            graph = wind(straight_vessel(), gain, WAVELENGTH_MM, np.random.default_rng(seed))
            courses = Courses.of(graph)
            gained.append(courses.distance_mm[courses.first == 0].max() / 2.0)
        assert np.mean(gained) - 1.0 == pytest.approx(gain - 1.0, rel=0.3)


def test_arc_over_chord_and_curvature_grow_with_the_gain(healthy_eyes):
    for eye in healthy_eyes:
        winding = [wind(eye.graph, gain, (0.25, 0.45), np.random.default_rng(1)) for gain in GAINS]
        arcs = [arc_over_chord(graph, 0.006, 0.4) for graph in winding]
        curvatures = [mean_curvature_per_mm(graph, 0.006) for graph in winding]
        assert arcs == sorted(arcs)
        assert curvatures == sorted(curvatures)
        assert arcs[-1] / arcs[0] > 1.08


def test_longer_waves_bend_vessels_less(healthy_eyes):
    curvatures = [
        [
            mean_curvature_per_mm(wind(eye.graph, 1.1, (length, length), np.random.default_rng(1)), 0.006)
            for length in (0.2, 0.4, 0.8)
        ]
        for eye in healthy_eyes
    ]
    means = np.mean(curvatures, axis=0).tolist()
    assert means == sorted(means, reverse=True)


def test_what_hangs_together_stays_so(healthy_eyes):
    for eye in healthy_eyes[:3]:
        graph = eye.graph
        wound = wind(graph, 1.2, (0.25, 0.45), np.random.default_rng(2))
        assert (wound.num_children() > 1).sum() == (graph.num_children() > 1).sum()
        assert (wound.parent < 0).sum() == (graph.parent < 0).sum()
        assert len(wound.links) == len(graph.links)
        roots_mm = wound.position_mm[wound.parent < 0]
        np.testing.assert_array_equal(roots_mm, graph.position_mm[graph.parent < 0])
        assert segment_lengths_mm(wound).max() < 2.0 * segment_lengths_mm(graph).max()
        assert edge_lengths_mm(wound)[len(wound.segments) :].max() < 0.35


def test_vessels_wind_smoothly():
    for seed in range(8):
        graph = wind(straight_vessel(), 1.1, WAVELENGTH_MM, np.random.default_rng(seed))
        courses = Courses.of(graph)
        node = np.flatnonzero((courses.before >= 0) & (graph.parent[courses.before] >= 0) & (courses.first == 0))
        assert turns_rad(graph, node).max() < 0.9
        assert turns_rad(graph, node).mean() < 0.35


def test_a_branch_moves_with_its_vessel_and_less_and_less_along_it():
    before, after = straight_vessel(), wind(straight_vessel(), 1.3, WAVELENGTH_MM, np.random.default_rng(3))
    courses = Courses.of(after)
    branch = np.flatnonzero(courses.origin >= 0)
    start, end = after.position_mm[branch[0]], after.position_mm[branch[-1]]
    assert np.linalg.norm(start - after.position_mm[courses.origin[branch[0]]]) < 0.08
    np.testing.assert_allclose(end, before.position_mm[-1], atol=1e-9)


def test_only_larger_veins_change_their_calibre(healthy_eyes):
    for eye in healthy_eyes[:3]:
        graph = eye.graph
        changed = change_veins(graph, 1.2, 0.4, 0.2, np.random.default_rng(0))
        assert changed.radius_mm[changed.kind == VesselKind.ARTERY].sum() == pytest.approx(
            graph.radius_mm[graph.kind == VesselKind.ARTERY].sum()
        )
        thin = graph.radius_mm[(graph.kind == VesselKind.VEIN) & (graph.radius_mm <= 0.010)]
        assert np.isin(thin, changed.radius_mm).all()
        assert changed.radius_mm.max() > 1.1 * graph.radius_mm[graph.kind == VesselKind.VEIN].max()


def test_beads_come_at_their_distance():
    graph = change_veins(straight_vessel(), 1.0, 0.4, 0.2, np.random.default_rng(0))
    courses = Courses.of(graph)
    radius_mm = graph.radius_mm[courses.first == 0]
    assert radius_mm.max() == pytest.approx(0.015 * 1.4, rel=0.05)
    assert radius_mm.min() == pytest.approx(0.015 * 0.7, rel=0.05)
    crossings = np.flatnonzero(np.diff(np.sign(radius_mm - 0.015)) != 0)
    assert len(crossings) == pytest.approx(2 * 2.0 / 0.2, abs=2)
    assert np.mean(radius_mm > 0.015) > 0.55  # long beads, short constrictions


def test_dilation_widens_veins_by_its_factor():
    graph = change_veins(straight_vessel(), 1.3, 0.0, 0.2, np.random.default_rng(0))
    assert graph.radius_mm.max() == pytest.approx(1.3 * 0.015)
    artery = change_veins(straight_vessel(kind=VesselKind.ARTERY), 1.3, 0.3, 0.2, np.random.default_rng(0))
    np.testing.assert_array_equal(artery.radius_mm, straight_vessel().radius_mm)


def test_the_shape_that_is_recorded_is_that_of_the_graph(dr_staging, healthy_eyes):
    seen = set()
    for seed in range(24):
        graph, shape = change_shape(healthy_eyes[0].graph, dr_staging.pathology, 4, np.random.default_rng(seed))
        is_changed = shape.tortuosity_gain > 1.0 or shape.beading > 0.0
        assert (graph is not healthy_eyes[0].graph) == is_changed
        seen.add((shape.tortuosity_gain > 1.0, shape.beading > 0.0))
    assert len(seen) == 4


def test_a_vessel_goes_on_into_the_widest_of_its_branches():
    parent = np.array([-1, 0, 1, 1, 1, 0, -1], np.int32)
    radius_mm = np.array([9.0, 2.0, 1.0, 3.0, 3.0, 1.0, 1.0])
    np.testing.assert_array_equal(find_widest(parent, radius_mm), [1, 3])
    np.testing.assert_array_equal(find_widest.py_func(parent, radius_mm), [1, 3])
