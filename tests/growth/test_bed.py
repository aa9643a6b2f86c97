"""The closed capillary bed: what links may join, and what they leave open."""

import networkx as nx
import numpy as np
import pytest
from scipy import ndimage

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.graph_files import to_networkx
from octa_svr_dataset.growth.bed import DEMANDS, LARGE_RADIUS_MM, close_bed
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import Fovea, draw_fovea
from octa_svr_dataset.growth.kernels.bed import LONGEST_RING_JOIN, MOST_LIMBS
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.vessel_graph import VesselGraph, VesselKind, VesselLayer, edge_lengths_mm

FOV = FieldOfView(width_mm=3.0, size_px=912)


def grow(seed: int, capillary_bed: str) -> tuple[Fovea, VesselGraph]:
    rng = np.random.default_rng(seed)
    config = GrowthConfig(capillary_bed=capillary_bed)
    fovea = draw_fovea(config, 3.0, rng)
    return fovea, grow_forest(config, 3.0, fovea, rng)


@pytest.fixture(scope="module", params=range(3))
def closed(request) -> tuple[Fovea, VesselGraph]:
    return grow(request.param, "closed")


def test_links_leave_the_forest_as_it_grew():
    (_, with_links), (_, without) = grow(4, "closed"), grow(4, "open")
    for column in ("position_mm", "parent", "radius_mm", "kind", "layer"):
        np.testing.assert_array_equal(getattr(with_links, column), getattr(without, column))
    assert (len(with_links.links) > 1000, len(without.links)) == (True, 0)


def test_few_tips_stay_blind(closed):
    _, graph = closed
    is_tip = (graph.num_children() == 0) & (graph.parent >= 0)
    is_joined = np.isin(np.arange(len(graph)), graph.links)
    assert (is_tip & ~is_joined).sum() <= 0.05 * is_tip.sum()


def test_nearly_all_vessels_hang_together(closed):
    _, graph = closed
    whole = to_networkx(graph).to_undirected()
    lengths_mm = dict(zip((tuple(sorted(edge)) for edge in graph.edges.tolist()), edge_lengths_mm(graph), strict=True))
    shares = [
        sum(lengths_mm[tuple(sorted(edge))] for edge in whole.subgraph(part).edges)
        for part in nx.connected_components(whole)
    ]
    assert max(shares) >= 0.98 * sum(shares)


def test_links_are_short(closed):
    _, graph = closed
    lengths_mm = edge_lengths_mm(graph)[len(graph.segments) :]
    assert lengths_mm.max() <= LONGEST_RING_JOIN
    assert np.quantile(lengths_mm, 0.99) <= DEMANDS[-1].reach
    assert np.median(lengths_mm) < 0.05


def test_no_two_nodes_are_connected_twice(closed):
    _, graph = closed
    assert len(np.unique(np.sort(graph.edges, axis=1), axis=0)) == len(graph.edges)


def test_links_stay_in_their_layer(closed):
    _, graph = closed
    first, second = graph.layer[graph.links].T
    np.testing.assert_array_equal(first, second)
    assert {VesselLayer.SUPERFICIAL, VesselLayer.DEEP} == set(first)


def test_links_join_arteries_with_veins_more_often_than_chance_would(closed):
    _, graph = closed
    is_venous = graph.kind == VesselKind.VEIN
    same_layer = graph.links[np.all(graph.layer[graph.links] == VesselLayer.SUPERFICIAL, axis=1)]
    share = is_venous[graph.layer == VesselLayer.SUPERFICIAL].mean()
    assert (is_venous[same_layer[:, 0]] != is_venous[same_layer[:, 1]]).mean() > 1.1 * 2 * share * (1 - share)


def sides(start: np.ndarray, end: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Positive where points (..., 2) lie on one side of the lines from `start` to `end`, negative on the other."""
    along, to_point = end - start, points - start
    return along[..., 0] * to_point[..., 1] - along[..., 1] * to_point[..., 0]


def are_crossed(lines: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    """Whether any of the lines (K, 2, 2) is crossed by the line between two points (2,), other than at its ends."""
    start, end = lines.swapaxes(0, 1)
    is_parted = sides(start, end, one) * sides(start, end, other) < 0
    start, end = start[is_parted], end[is_parted]
    return bool(np.any(sides(one, other, start) * sides(one, other, end) < 0))


def lines_within(graph: VesselGraph, layer: VesselLayer, lines: np.ndarray) -> np.ndarray:
    """(K, 2, 2) ends (x, y) of those lines between nodes (N, 2) that lie in a layer."""
    return graph.position_mm[lines[np.all(graph.layer[lines] == layer, axis=1)], :2]


@pytest.mark.parametrize("layer", list(VesselLayer))
def test_a_link_crosses_no_vessel_of_its_layer_and_no_other_link(closed, layer):
    _, graph = closed
    lines, links = lines_within(graph, layer, graph.edges), lines_within(graph, layer, graph.links)
    assert not any(are_crossed(lines, one, other) for one, other in links)
    assert len(links) > 500


def test_large_vessels_are_superficial_and_deep_links_pass_beneath_them(closed):
    _, graph = closed
    is_large = graph.radius_mm > LARGE_RADIUS_MM
    assert is_large.sum() > 500
    assert np.all(graph.layer[is_large] == VesselLayer.SUPERFICIAL)
    large = lines_within(graph, VesselLayer.SUPERFICIAL, graph.edges[is_large[graph.edges].all(axis=1)])
    deep = lines_within(graph, VesselLayer.DEEP, graph.links)
    assert sum(are_crossed(large, one, other) for one, other in deep) > 20


def test_no_link_ends_at_a_large_vessel(closed):
    _, graph = closed
    assert graph.radius_mm[graph.links].max() <= LARGE_RADIUS_MM


def test_no_more_than_four_vessels_of_a_layer_meet_at_a_node(closed):
    _, graph = closed
    in_one_layer = graph.edges[graph.layer[graph.edges[:, 0]] == graph.layer[graph.edges[:, 1]]]
    num_limbs = np.bincount(in_one_layer.ravel(), minlength=len(graph))
    assert num_limbs[graph.radius_mm <= LARGE_RADIUS_MM].max() == MOST_LIMBS


def enclosed_area_mm2(fovea: Fovea, graph: VesselGraph) -> float:
    """Area around the fovea out of which no way leads but across vessels."""
    drawing = draw_vessels(graph, FOV, np.full(len(graph), 0.004), np.ones(len(graph)))
    numbers, _ = ndimage.label(drawing.node < 0)
    row, column = FOV.to_row_col(fovea.position_mm).astype(int)
    return FOV.area_mm2((numbers == numbers[row, column]).sum())


@pytest.mark.parametrize("layer", list(VesselLayer))
def test_a_ring_of_each_layer_encloses_the_fovea(closed, layer):
    fovea, graph = closed
    assert enclosed_area_mm2(fovea, graph.in_layer(layer)) < 2 * np.pi * fovea.avascular_radius_mm**2


def test_without_links_the_deep_layer_encloses_no_such_area():
    areas_mm2 = {"open": [], "closed": []}
    for capillary_bed, areas in areas_mm2.items():
        for seed in range(3):
            fovea, graph = grow(seed, capillary_bed)
            areas.append(enclosed_area_mm2(fovea, graph.in_layer(VesselLayer.DEEP)))
    assert min(areas_mm2["open"]) > 1.5 * max(areas_mm2["closed"])


def test_both_layers_hold_vessels_everywhere(closed):
    fovea, graph = closed
    segments = graph.segments
    for layer in VesselLayer:
        end_mm = graph.position_mm[segments[graph.layer[segments] == layer], :2]
        counts, _, _ = np.histogram2d(*end_mm.T, bins=6, range=[[0, 3], [0, 3]])
        centers_mm = np.stack(np.meshgrid(*[np.arange(0.25, 3, 0.5)] * 2, indexing="ij"), axis=-1)
        is_off_fovea = np.linalg.norm(centers_mm - fovea.position_mm, axis=-1) > 0.8
        assert counts[is_off_fovea].min() > 0.3 * counts[is_off_fovea].mean()


def test_a_forest_of_stumps_and_an_empty_one_are_closed_without_complaint():
    stumps = VesselGraph(
        position_mm=np.array([[0, 1, 0], [0.1, 1, 0]]), parent=np.array([-1, 0]), radius_mm=np.full(2, 0.0025),
        kind=np.zeros(2), layer=np.zeros(2),
    )  # fmt: skip
    assert len(close_bed(stumps, np.array([1.5, 1.5])).links) == 0
    assert len(close_bed(stumps.select(np.zeros(2, bool)), np.array([1.5, 1.5]))) == 0
