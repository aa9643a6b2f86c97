import numpy as np
import pytest

from octa_svr_dataset.vessel_graph import (
    VesselGraph,
    VesselLayer,
    edge_lengths_mm,
    edge_radii_mm,
    segment_lengths_mm,
)


def y_shaped_graph(**changes) -> VesselGraph:
    """A trunk of two segments that splits in two."""
    columns = {
        "position_mm": np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0], [-1, 2, 0], [1, 2, 0]], float),
        "parent": np.array([-1, 0, 1, 2, 2]),
        "radius_mm": np.array([0.02, 0.02, 0.02, 0.01, 0.01]),
        "kind": np.zeros(5),
        "layer": np.zeros(5),
    }
    return VesselGraph(**{**columns, **changes})


def test_columns_are_read_only_and_of_the_documented_type():
    graph = y_shaped_graph()
    assert graph.parent.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        graph.radius_mm[0] = 1.0


def test_making_a_graph_leaves_the_caller_with_writable_arrays():
    radius_mm = np.full(5, 0.01)
    graph = y_shaped_graph(radius_mm=radius_mm)
    radius_mm[0] = 7.0
    assert graph.radius_mm[0] == 0.01


def test_a_parent_behind_its_child_is_refused():
    with pytest.raises(ValueError, match="earlier node"):
        y_shaped_graph(parent=np.array([-1, 0, 3, 2, 2]))


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="kind must have shape"):
        y_shaped_graph(kind=np.zeros(4))


def test_lengths_are_distances_to_the_parent():
    np.testing.assert_allclose(segment_lengths_mm(y_shaped_graph()), [0, 1, 1, 1, 1])


def test_children_are_counted():
    np.testing.assert_array_equal(y_shaped_graph().num_children(), [1, 1, 2, 0, 0])


def test_dropping_a_segment_leaves_what_hangs_on_it_as_a_tree_of_its_own():
    kept = y_shaped_graph().select(np.array([True, True, False, True, True]))
    np.testing.assert_array_equal(kept.parent, [-1, 0, -1, 2, 2])
    assert len(kept.segments) == 3


def test_dropping_all_segments_leaves_nothing():
    assert len(y_shaped_graph().select(np.zeros(5, bool))) == 0


def test_edges_are_the_segments_and_then_the_links_from_their_second_node():
    graph = y_shaped_graph(links=np.array([[3, 0]]))
    np.testing.assert_array_equal(graph.edges, [[0, 1], [1, 2], [2, 3], [2, 4], [0, 3]])
    np.testing.assert_allclose(edge_lengths_mm(graph), [1, 1, 1, 1, np.sqrt(5)])


def test_a_link_is_as_thin_as_its_thinner_node():
    graph = y_shaped_graph(links=np.array([[3, 0]]))
    radii_mm = edge_radii_mm(graph, graph.radius_mm)
    np.testing.assert_allclose(radii_mm, [[0.02, 0.02], [0.02, 0.02], [0.02, 0.01], [0.02, 0.01], [0.01, 0.01]])


def test_a_link_to_no_node_is_refused():
    with pytest.raises(ValueError, match="indices of nodes, from 0 to 4"):
        y_shaped_graph(links=np.array([[3, 5]]))


def test_links_go_with_their_nodes():
    graph = y_shaped_graph(links=np.array([[3, 4], [4, 1]]))
    kept = graph.select(np.array([True, True, True, False, True]))
    np.testing.assert_array_equal(kept.position_mm[kept.links], graph.position_mm[[[4, 1]]])


def test_a_layer_holds_its_segments_and_links_and_where_they_start():
    graph = y_shaped_graph(layer=np.array([0, 0, 0, 1, 0]), links=np.array([[3, 1], [4, 1], [2, 1]]))
    deep, superficial = graph.in_layer(VesselLayer.DEEP), graph.in_layer(VesselLayer.SUPERFICIAL)
    np.testing.assert_array_equal(deep.position_mm, graph.position_mm[[2, 3]])
    assert len(deep.links) == 0
    np.testing.assert_array_equal(superficial.position_mm[superficial.links], graph.position_mm[[[4, 1], [2, 1]]])


@pytest.mark.parametrize("column", ["position_mm", "radius_mm"])
def test_what_is_no_number_is_refused(column):
    values = getattr(y_shaped_graph(), column).copy()
    values[3] = np.nan
    with pytest.raises(ValueError, match="finite numbers"):
        y_shaped_graph(**{column: values})


def test_an_empty_list_of_links_is_no_link():
    assert y_shaped_graph(links=[]).links.shape == (0, 2)
