import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.kernels import draw_segments
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.vessel_graph import VesselGraph


def draw_one(size, start, end, radius, value=1.0):
    return draw_segments(
        size, np.array([start], float), np.array([end], float), np.array([radius, ]), np.array([radius]),
        np.array([value]),
    )  # fmt: skip


def test_the_kernel_equals_itself_as_plain_python():
    rng = np.random.default_rng(0)
    start, end = rng.uniform(-4, 36, (2, 25, 2))
    radius = rng.uniform(0.1, 3.0, (2, 25))
    arguments = (32, start, end, radius[0], radius[1], rng.uniform(0.2, 1.0, 25))
    for compiled, plain in zip(draw_segments(*arguments), draw_segments.py_func(*arguments), strict=True):
        np.testing.assert_array_equal(compiled, plain)


def test_coverage_is_the_distance_to_the_segment():
    image, drawn = draw_one(21, (10.5, 4.5), (10.5, 16.5), 2.0)
    np.testing.assert_allclose(image[8:13, 10], [0.5, 1.0, 1.0, 1.0, 0.5])
    assert image[10, 2] == pytest.approx(0.5)
    assert drawn[10, 10] == 0
    assert drawn[0, 0] == -1


def test_the_brighter_of_two_segments_is_in_front():
    ends = np.array([[5.0, 0.0], [0.0, 5.0]]), np.array([[5.0, 10.0], [10.0, 5.0]])
    image, drawn = draw_segments(10, *ends, np.ones(2), np.ones(2), np.array([0.4, 0.9]))
    assert drawn[5, 5] == 1
    assert image[5, 5] == pytest.approx(0.9)


def test_a_segment_outside_the_picture_leaves_it_black():
    image, drawn = draw_one(10, (-20.0, -20.0), (-9.0, -9.0), 2.0)
    assert image.max() == 0
    assert drawn.max() == -1


@pytest.mark.parametrize("radius_mm", [0.001, 0.0025, 0.008, 0.02])
def test_total_brightness_does_not_depend_on_the_resolution(radius_mm):
    graph = VesselGraph(
        position_mm=np.array([[0.4, 0.5, 0.0], [2.3, 2.61, 0.0]]), parent=np.array([-1, 0]),
        radius_mm=np.full(2, radius_mm), kind=np.zeros(2), layer=np.zeros(2),
    )  # fmt: skip
    means = [
        draw_vessels(graph, FieldOfView(width_mm=3.0, size_px=size), graph.radius_mm, np.ones(2)).brightness.mean()
        for size in (304, 512, 1216)
    ]
    np.testing.assert_allclose(means, means[-1], rtol=0.04)


def published_graph(path) -> VesselGraph:
    edges = np.load(path)
    ends = np.concatenate([edges["proximal_mm"], edges["distal_mm"]])[:, [1, 0, 2]]
    count = len(edges["radius_mm"])
    return VesselGraph(
        position_mm=ends, parent=np.concatenate([np.full(count, -1), np.arange(count)]),
        radius_mm=np.tile(edges["radius_mm"], 2), kind=np.zeros(2 * count), layer=np.zeros(2 * count),
    )  # fmt: skip


def test_a_published_graph_lines_up_with_its_published_picture(reference):
    """No shift or flip of the drawing fits the picture better."""
    paths = sorted((reference / "vessel_graphs").glob("*.npz"))[:6]
    inner = np.s_[16:-16, 16:-16]
    for path in paths:
        graph = published_graph(path)
        fov = FieldOfView(width_mm=3.0, size_px=304)
        drawing = draw_vessels(graph, fov, graph.radius_mm, np.ones(len(graph))).brightness
        drawing = ndimage.gaussian_filter(drawing, 1.0)
        picture = np.asarray(Image.open(reference / "gan_images" / f"{path.stem}.png"), float)

        def fit(candidate, picture=picture):
            return np.corrcoef(candidate[inner].ravel(), picture[inner].ravel())[0, 1]

        aligned = fit(drawing)
        others = [fit(np.roll(drawing, shift, axis)) for axis in (0, 1) for shift in (-2, 2)]
        others += [fit(drawing[::-1]), fit(drawing[:, ::-1]), fit(drawing.T)]
        assert aligned > 0.7
        assert aligned > max(others)
