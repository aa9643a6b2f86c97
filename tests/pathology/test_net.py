import networkx as nx
import numpy as np
import pytest
from nets import blind_ends

from octa_svr_dataset.graph_files import to_networkx
from octa_svr_dataset.pathology import gap_kernels, kernels
from octa_svr_dataset.pathology.net import Net, widened
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

SEEDS = range(4)


def ladder(**changes) -> VesselGraph:
    """Two trunks, 0-1-2-3 and 4-5-6-7, with the rungs 1-8-5 and 2-9-6, each a segment and a link."""
    columns = {
        "position_mm": np.array([[x, y, 0.0] for y in (0.0, 0.2) for x in (0.0, 0.1, 0.2, 0.3)]
                                + [[0.1, 0.1, 0.0], [0.2, 0.1, 0.0]]),
        "parent": [-1, 0, 1, 2, -1, 4, 5, 6, 1, 2],
        "radius_mm": [0.02] * 8 + [0.003] * 2,
        "kind": np.zeros(10),
        "layer": np.zeros(10),
        "links": np.array([[8, 5], [9, 6]]),
    }  # fmt: skip
    return VesselGraph(**{name: np.asarray(column) for name, column in (columns | changes).items()})


def branch_of(net: Net, *nodes: int) -> int:
    """Number of the branch that connects two nodes by an edge."""
    return int(net.branch[[set(edge) == set(nodes) for edge in net.edges.tolist()]][0])


@pytest.fixture(scope="module", params=SEEDS)
def healthy(request, dropout_ma) -> VesselGraph:
    return grow_healthy_scene(dropout_ma, SceneKey(seed=request.param, split=Split.TRAIN, scene_index=1)).graph


def test_a_branch_runs_from_junction_to_junction_over_segments_and_links():
    net = Net.of(ladder())
    assert branch_of(net, 1, 8) == branch_of(net, 8, 5)
    assert branch_of(net, 2, 9) == branch_of(net, 9, 6)
    ends = [(0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (6, 7), (1, 8), (2, 9)]
    assert len({branch_of(net, *nodes) for nodes in ends}) == net.num_branches == 8


def test_the_mean_of_a_branch_is_weighted_by_length():
    graph = ladder()
    position_mm = graph.position_mm.copy()
    position_mm[8] = [0.1, 0.05, 0.0]
    net = Net.of(ladder(position_mm=position_mm))
    is_long = np.array([set(edge) == {8, 5} for edge in net.edges.tolist()])
    assert net.mean_of_branches(is_long)[branch_of(net, 1, 8)] == pytest.approx(0.75)


def test_a_lost_branch_goes_whole_and_larger_vessels_stay():
    net = Net.of(ladder())
    is_lost = np.arange(net.num_branches) == branch_of(net, 1, 8)
    left = net.select(net.left(is_lost, 0.01))
    assert (len(left), len(left.links)) == (9, 1)
    assert len(net.select(net.left(np.ones(net.num_branches, dtype=bool), 0.01))) == 0


def test_what_ends_blind_or_has_no_supply_goes():
    net = Net.of(ladder(radius_mm=np.array([0.02, 0.02, 0.005, 0.005, 0.02, 0.02, 0.005, 0.005, 0.003, 0.003])))
    is_lost = np.isin(np.arange(net.num_branches), [branch_of(net, 1, 2), branch_of(net, 2, 9), branch_of(net, 5, 6)])
    edges = {tuple(sorted(edge)) for edge in net.edges[net.left(is_lost, 0.01)].tolist()}
    assert edges == {(0, 1), (1, 8), (5, 8), (4, 5)}


def test_no_larger_vessel_is_interrupted(healthy):
    """It is lost from its tips: whatever is left of it hangs on what lies upstream."""
    net = Net.of(healthy)
    is_lost = np.random.default_rng(0).uniform(size=net.num_branches) < 0.6 * net.vulnerability(0.01)
    left = net.select(net.left(is_lost, 0.01))
    started_mm = {tuple(position) for position in healthy.position_mm[healthy.parent < 0]}
    new_roots = [node for node in np.flatnonzero(left.parent < 0) if tuple(left.position_mm[node]) not in started_mm]
    starts_at = left.parent[left.segments][left.radius_mm[left.segments] > 0.006]
    upstream_thick = np.isin(new_roots, starts_at) & (left.radius_mm[new_roots] > 0.006)
    assert np.sum(left.radius_mm > 0.006) < np.sum(healthy.radius_mm > 0.006)
    assert not upstream_thick.any()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_what_is_left_has_no_new_blind_ends_and_hangs_on_roots(healthy, share):
    net = Net.of(healthy)
    rng = np.random.default_rng(0)
    is_lost = rng.uniform(size=net.num_branches) < share * net.vulnerability(0.01)
    left = net.select(net.left(is_lost, 0.01))
    assert 0 < len(left) < len(healthy)
    assert blind_ends(left, thinner_than_mm=0.01) <= blind_ends(healthy, thinner_than_mm=0.01)
    for layer in VesselLayer:
        assert blind_ends(left.in_layer(layer), 0.006) <= blind_ends(healthy.in_layer(layer), 0.006)
    roots_mm = {tuple(position) for position in healthy.position_mm[healthy.parent < 0]}
    for part in nx.connected_components(to_networkx(left).to_undirected()):
        assert any(tuple(left.position_mm[node]) in roots_mm for node in part)


def test_without_loss_the_graph_stays_as_it_is(healthy):
    net = Net.of(healthy)
    left = net.select(net.left(np.zeros(net.num_branches, dtype=bool), 0.01))
    for column in ("position_mm", "parent", "radius_mm", "kind", "layer", "links"):
        np.testing.assert_array_equal(getattr(left, column), getattr(healthy, column))


def test_only_capillaries_widen():
    radii_mm = np.array([0.02, 0.02, 0.01, 0.008, 0.02, 0.02, 0.01, 0.006, 0.003, 0.0025])
    factor = widened(ladder(radius_mm=radii_mm), np.full(10, 2.0), 0.01).radius_mm / radii_mm
    np.testing.assert_allclose(factor, [1, 1, 1, 1.5, 1, 1, 1, 2, 2, 2])


def test_compiled_loops_equal_plain_python():
    net = Net.of(ladder())
    for compiled, plain in zip(
        kernels.list_incident(net.edges, 10), kernels.list_incident.py_func(net.edges, 10), strict=True
    ):
        np.testing.assert_array_equal(compiled, plain)
    np.testing.assert_array_equal(net.branch, kernels.number_branches.py_func(net.edges, net.start, net.incident))
    rng = np.random.default_rng(0)
    for _ in range(20):
        both = [rng.uniform(size=10) < 0.7]
        both.append(both[0].copy())
        is_thick = rng.uniform(size=10) < 0.8
        for loop, left in zip((kernels.restore_upstream, kernels.restore_upstream.py_func), both, strict=True):
            loop(net.graph.parent, is_thick, left)
        np.testing.assert_array_equal(*both)
    for _ in range(20):
        is_there = rng.uniform(size=len(net.edges)) < 0.8
        is_root, may_go = net.graph.parent < 0, net.radius_mm < 0.01
        both = []
        for blind, unsupplied in (
            (kernels.remove_blind_ends, kernels.remove_unsupplied),
            (kernels.remove_blind_ends.py_func, kernels.remove_unsupplied.py_func),
        ):
            left = is_there.copy()
            blind(net.edges, net.start, net.incident, net.layer, 8, may_go, may_go, left)
            unsupplied(net.edges, is_root.copy(), left)
            both.append(left)
        np.testing.assert_array_equal(*both)


def test_gaps_are_taken_apart_but_for_an_end_until_they_cover_enough():
    rng = np.random.default_rng(0)
    middle_mm, half_width_mm = rng.uniform(0.0, 3.0, (600, 1, 2)), rng.uniform(0.03, 0.07, 600)
    path_mm = middle_mm + np.linspace(-0.08, 0.08, 5)[:, None] * rng.uniform(-1.0, 1.0, (600, 1, 2))
    on_vessel = np.zeros((200, 200), dtype=bool)
    on_vessel[:, 100:104] = True
    is_avoiding = rng.uniform(size=600) < 0.5
    maps = [np.zeros_like(on_vessel) for _ in range(2)]
    arguments = path_mm, half_width_mm, is_avoiding, on_vessel, 0.02, 2.0, 0.015
    is_taken, plain = (f(*arguments, covered) for f, covered in zip(
        (gap_kernels.take_gaps, gap_kernels.take_gaps.py_func), maps, strict=True))  # fmt: skip
    np.testing.assert_array_equal(is_taken, plain)
    np.testing.assert_array_equal(*maps)
    assert 2.0 <= maps[0].sum() * 0.015**2 < 2.06
    is_there = is_taken & (np.abs(path_mm[..., 0] - 1.53) < 0.03).any(axis=1)
    assert is_there.any()
    assert not (is_there & is_avoiding).any()
    middles_mm, widths_mm = path_mm[is_taken, 1:4], half_width_mm[is_taken]
    apart_mm = np.linalg.norm(middles_mm[:, None, :, None] - middles_mm[None, :, None, :], axis=4).min(axis=(2, 3))
    apart_mm -= np.maximum(widths_mm[:, None], widths_mm)
    assert apart_mm[~np.eye(len(widths_mm), dtype=bool)].min() > 0.0


def test_a_painted_gap_has_the_area_of_its_outline():
    path_mm = np.array([[[0.5, 0.6], [0.8, 1.0], [1.1, 1.4]]])
    covered, plain = (np.zeros((200, 200), dtype=bool) for _ in range(2))
    gap_kernels.paint_gaps(path_mm, np.array([0.2]), 0.01, covered)
    assert covered.sum() * 1e-4 == pytest.approx(0.4 * 1.0 + np.pi * 0.2**2, rel=0.02)
    assert gap_kernels.paint_gap.py_func(path_mm[0], 0.2, 0.01, plain) == covered.sum()
    np.testing.assert_array_equal(covered, plain)


def test_squares_around_places_are_marked():
    cells, plain = (np.zeros((20, 30), dtype=bool) for _ in range(2))
    place_mm = np.array([[1.05, 0.55], [2.95, 1.95]])
    gap_kernels.mark_around(place_mm, 0.2, 0.1, cells)
    gap_kernels.mark_around.py_func(place_mm, 0.2, 0.1, plain)
    np.testing.assert_array_equal(cells, plain)
    assert cells[3:8, 8:13].all()
    assert cells.sum() == 25 + 9
