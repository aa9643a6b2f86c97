import networkx as nx
import numpy as np
import pytest

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.graph_files import (
    from_networkx,
    graph_from_edges,
    read_graph_csv,
    to_networkx,
    write_graph_csv,
)
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.vessel_graph import VesselGraph, edge_radii_mm


@pytest.fixture(scope="module", params=["open", "closed"])
def grown(request) -> VesselGraph:
    rng = np.random.default_rng(3)
    config = GrowthConfig(capillary_bed=request.param)
    return grow_forest(config, 3.0, draw_fovea(config, 3.0, rng), rng)


def edges_of(graph: VesselGraph) -> set[tuple[float, ...]]:
    """Ends and radius of each segment and link, whatever the order of the nodes."""
    ends = graph.position_mm[graph.edges].reshape(-1, 6)
    return {tuple(row) for row in np.hstack([ends, edge_radii_mm(graph, graph.radius_mm)[:, 1:]]).round(9)}


def test_networkx_and_back_gives_the_same_graph(grown):
    again = from_networkx(to_networkx(grown))
    for column in ("position_mm", "parent", "radius_mm", "kind", "layer"):
        np.testing.assert_array_equal(getattr(again, column), getattr(grown, column))
    assert {tuple(link) for link in again.links} == {tuple(link) for link in grown.links}


def test_the_networkx_graph_is_a_forest_with_the_roots_of_the_trees(grown):
    graph = to_networkx(grown)
    links = [edge for edge, is_link in nx.get_edge_attributes(graph, "is_link").items() if is_link]
    assert len(links) == len(grown.links)
    graph.remove_edges_from(links)
    assert nx.is_branching(graph)
    assert sum(degree == 0 for _, degree in graph.in_degree()) == (grown.parent < 0).sum()


def test_csv_and_back_gives_the_same_segments_and_links(grown, tmp_path):
    write_graph_csv(grown, tmp_path / "graph.csv", 3.0)
    assert (tmp_path / "graph.csv").read_text().startswith("node1,node2,radius")
    again = read_graph_csv(tmp_path / "graph.csv", 3.0)
    assert edges_of(again) == edges_of(grown)
    assert (len(again), len(again.links)) == (len(grown), len(grown.links))


def test_edges_make_a_forest_of_the_same_shape(grown):
    order = np.random.default_rng(0).permutation(grown.segments)
    again = graph_from_edges(
        grown.position_mm[grown.parent[order]], grown.position_mm[order], grown.radius_mm[order],
        kind=grown.kind[order], layer=grown.layer[order],
    )  # fmt: skip
    assert edges_of(again) == edges_of(grown.with_links(grown.links[:0]))
    assert sorted(again.num_children()) == sorted(grown.num_children())
    np.testing.assert_array_equal(np.bincount(again.kind), np.bincount(grown.kind))


def test_a_published_graph_is_read_as_sixteen_trees(reference):
    edges = np.load(min((reference / "vessel_graphs").glob("*.npz")))
    graph = graph_from_edges(edges["proximal_mm"], edges["distal_mm"], edges["radius_mm"])
    assert len(graph.segments) == len(edges["radius_mm"])
    assert (graph.parent < 0).sum() == 16


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1"),
        ("a,b,c\n", "line 1: must be node1,node2,radius"),
        ("node1,node2,radius\n[0 0 0],[1 0],0.1\n", "line 2: .*three coordinates"),
        ("node1,node2,radius\n[0 0 0],[1 0 0],0.1\n[0 0 0],[1 0 x],0.1\n", "line 3"),
        ("node1,node2,radius\n[0 0 0],[1 0 0]\n", "line 2"),
        ("node1,node2,radius\n[0 0 0],[1 0 nan],0.1\n", "line 2: .*finite numbers"),
        ("node1,node2,radius\n[0 0 0],[1 0 0],-0.1\n", "line 2: .*not be negative"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "graph.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_graph_csv(path, 3.0)


def test_a_second_edge_to_a_point_is_a_link():
    points = np.eye(3)
    graph = graph_from_edges(points[[0, 1]], points[[2, 2]], np.ones(2))
    np.testing.assert_array_equal(graph.position_mm[graph.edges], [points[[0, 2]], points[[1, 2]]])
    assert len(graph.links) == 1


def test_edges_that_form_a_circle_are_refused():
    points = np.eye(3)
    start, end = points[[0, 1]], points[[1, 0]]
    with pytest.raises(InputError, match="circle"):
        graph_from_edges(start, end, np.ones(2))


def test_other_graphs_of_networkx_are_refused_in_words():
    with pytest.raises(InputError, match=r"must be a networkx\.DiGraph, got Graph"):
        from_networkx(nx.path_graph(3))
    with pytest.raises(InputError, match="missing or unknown: 'position_mm'"):
        from_networkx(nx.path_graph(3, create_using=nx.DiGraph))
    assert len(from_networkx(nx.DiGraph())) == 0
