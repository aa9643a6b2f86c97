import itertools

import numpy as np
import pytest
from PIL import Image
from processes import json_printed_by
from scipy import ndimage

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.graph_files import graph_from_edges
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.imaging.kernels import LANES, draw_segments
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.kernel import kernel
from octa_svr_dataset.vessel_graph import VesselGraph

SIZES_PX = (304, 400, 512, 1216)
CAPILLARY_RADIUS_MM = 0.0025


def draw(size, row_col, radius, start, end, value):
    """Picture of segments, and the node that is seen at each pixel."""
    image, drawn = np.full(size * size + LANES, 7.0, np.float32), np.full(size * size + LANES, 7, np.int32)
    edges = np.stack([start, end], axis=1)
    draw_segments(image, drawn, row_col, edges, radius[edges], value)
    return image[:-LANES].reshape(size, size), drawn[:-LANES].reshape(size, size)


def draw_lines(size, *lines):
    """Draw lines (start, end, radius, value), each for itself."""
    row_col = np.array([[start, end] for start, end, _, _ in lines], float).reshape(-1, 2)
    starts = np.arange(0, len(row_col), 2)
    radius, value = (np.repeat(np.array([line[column] for line in lines], float), 2) for column in (2, 3))
    return draw(size, row_col, radius, starts, starts + 1, value)


def draw_path(size, points, radius):
    """Brightness of one vessel through points, and that of its supersampled area."""
    points = np.array(points, float)
    nodes = np.arange(len(points))
    radii, ones = np.full(len(points), float(radius)), np.ones(len(points))
    image, _ = draw(size, points, radii, nodes[:-1], nodes[1:], ones)
    return image, area_by_supersampling(size, points, radii, nodes[:-1], nodes[1:], ones, 8)


@kernel()
def front_at_points(size, row_col, radius, start, end, value):
    """Value of the brightest of the segments that cover the center of each pixel."""
    image = np.zeros((size, size), np.float32)
    for segment in range(len(start)):
        row_0, column_0 = row_col[start[segment]]
        row_1, column_1 = row_col[end[segment]]
        length_sq = (row_1 - row_0) ** 2 + (column_1 - column_0) ** 2
        reach = max(radius[start[segment]], radius[end[segment]]) + 1
        for row in range(max(int(min(row_0, row_1) - reach), 0), min(int(max(row_0, row_1) + reach) + 1, size)):
            first, last = int(min(column_0, column_1) - reach), int(max(column_0, column_1) + reach) + 1
            for column in range(max(first, 0), min(last, size)):
                down, right = row + 0.5 - row_0, column + 0.5 - column_0
                share = 0.0
                if length_sq > 0:
                    share = (down * (row_1 - row_0) + right * (column_1 - column_0)) / length_sq
                share = min(max(share, 0.0), 1.0)
                down -= share * (row_1 - row_0)
                right -= share * (column_1 - column_0)
                here = radius[start[segment]] + share * (radius[end[segment]] - radius[start[segment]])
                if down * down + right * right <= here * here:
                    image[row, column] = max(image[row, column], value[end[segment]])
    return image


def area_by_supersampling(size, row_col, radius, start, end, value, points):
    """What a maximum projection without pixels is on average over each pixel: at `points` x `points` points."""
    fine = front_at_points(size * points, row_col * points, radius * points, start, end, value)
    return fine.reshape(size, points, size, points).mean(axis=(1, 3), dtype=float)


def expected_picture(graph, fov, radius_mm, value, points):
    start, end = graph.edges.T
    return area_by_supersampling(
        fov.size_px, fov.to_row_col(graph.position_mm), fov.lengths_px(radius_mm), start, end,
        value, points,
    )  # fmt: skip


def fields_of_view():
    return [FieldOfView(width_mm=3.0, size_px=size_px) for size_px in SIZES_PX]


@pytest.fixture(scope="module")
def forest():
    rng = np.random.default_rng(4)
    config = GrowthConfig()
    return grow_forest(config, 3.0, draw_fovea(config, 3.0, rng), rng)


def as_seen(radius_mm):
    """Radii as the optics of a scanner show them."""
    return np.sqrt((0.8 * radius_mm) ** 2 + 0.0065**2)


DRAW_A_SMALL_NETWORK = """
import json
import numpy as np
from octa_svr_dataset.imaging.kernels import LANES, draw_segments
rng = np.random.default_rng(0)
row_col = rng.uniform(-4, 36, (30, 2))
row_col[:4] = [[5.5, 3.0], [5.5, 9.0], [5.5, 15.0], [11.5, 15.0]]
end = np.arange(30)
start = np.where(end < 4, np.maximum(end - 1, 0), (end * rng.uniform(size=30)).astype(int))
edges = np.stack([start, end], axis=1)
image, drawn = np.full(32 * 32 + LANES, 7.0, np.float32), np.full(32 * 32 + LANES, 7, np.int32)
draw_segments(image, drawn, row_col, edges, rng.uniform(0.1, 3.0, (30, 2)), rng.uniform(0.2, 1.0, 30))
print(json.dumps([image.tolist(), drawn.tolist()]))
"""


def test_the_loops_draw_the_same_as_plain_python():
    compiled = json_printed_by(DRAW_A_SMALL_NETWORK)
    assert max(compiled[0]) > 0.5
    assert json_printed_by(DRAW_A_SMALL_NETWORK, NUMBA_DISABLE_JIT="1") == compiled


def test_the_loops_stay_within_their_arrays(tmp_path):
    checked = json_printed_by(DRAW_A_SMALL_NETWORK, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))
    assert checked == json_printed_by(DRAW_A_SMALL_NETWORK)


def test_coverage_is_the_distance_to_the_segment():
    image, drawn = draw_lines(21, ((10.5, 4.5), (10.5, 16.5), 2.0, 1.0))
    np.testing.assert_allclose(image[8:13, 10], [0.5, 1.0, 1.0, 1.0, 0.5])
    assert image[10, 2] == pytest.approx(0.5)
    assert drawn[10, 10] == 1
    assert drawn[0, 0] == -1


@pytest.mark.parametrize("angle_deg", [0, 10, 30, 45, 77, 90])
@pytest.mark.parametrize("radius", [0.2, 0.5, 1.3])
def test_a_straight_vessel_covers_its_exact_area_of_each_row_or_column(angle_deg, radius):
    along = np.array([np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg))])
    points = [(10.3, 10.6) + share * 30 * along for share in (-1, 1)]
    image, expected = draw_path(21, points, radius)
    crossed = image.sum(axis=int(along[0] > along[1]))
    np.testing.assert_allclose(crossed[5:-5], 2 * radius / along.max(), rtol=1e-4)
    np.testing.assert_allclose(image, expected, atol=0.15)


def test_the_brighter_of_two_segments_is_in_front():
    crossing = ((5.0, 0.0), (5.0, 10.0), 1.0, 0.4), ((0.0, 5.0), (10.0, 5.0), 1.0, 0.9)
    for lines in itertools.permutations(crossing):
        image, drawn = draw_lines(10, *lines)
        assert drawn[5, 5] == 2 * lines.index(crossing[1]) + 1
        assert image[5, 5] == pytest.approx(0.9)


def test_a_segment_outside_the_picture_leaves_it_black():
    for end in ((-9.0, -9.0), (-20.0, 40.0), (40.0, -20.0)):
        image, drawn = draw_lines(10, ((-20.0, -20.0), end, 2.0, 1.0), ((31.0, -20.0), (31.0, 40.0), 2.0, 1.0))
        assert image.max() == 0
        assert drawn.max() == -1


def test_a_segment_that_reaches_out_of_the_picture_is_cut_at_its_border():
    line = (-12.0, -7.0), (30.0, 21.0), 1.2, 1.0
    wide, _ = draw_lines(60, (*(tuple(np.add(end, 20)) for end in line[:2]), *line[2:]))
    image, _ = draw_lines(16, line)
    np.testing.assert_allclose(image, wide[20:36, 20:36], atol=1e-6)


def test_an_empty_graph_is_a_black_picture():
    nothing = np.zeros(0)
    graph = VesselGraph(
        position_mm=np.zeros((0, 3)), parent=nothing, radius_mm=nothing, kind=nothing, layer=nothing
    )  # fmt: skip
    drawing = draw_vessels(graph, FieldOfView(width_mm=3.0, size_px=16), nothing, nothing)
    assert drawing.brightness.max() == 0
    assert drawing.node.max() == -1


@pytest.mark.parametrize("radius", [0.25, 0.7, 2.0, 6.0])
def test_joints_of_a_straight_vessel_cannot_be_seen(radius):
    whole, _ = draw_path(40, [(3.2, 6.1), (33.2, 31.1)], radius)
    for num_joints in (1, 5, 60):
        joined, _ = draw_path(40, np.linspace((3.2, 6.1), (33.2, 31.1), num_joints + 2), radius)
        np.testing.assert_allclose(joined, whole, atol=1e-5)


@pytest.mark.parametrize("points", [[(9.5, 2), (9.5, 8.5), (9.5, 17)], [(9.5, 2), (9.5, 9.5), (17, 9.5)]])
def test_a_pixel_on_the_line_between_two_segments_belongs_to_one_of_them(points):
    for path in (points, points[::-1]):
        image, expected = draw_path(20, path, 1.7)
        np.testing.assert_allclose(image[5:12, 5:12], expected[5:12, 5:12], atol=0.1)


@pytest.mark.parametrize("radius", [0.25, 0.7, 2.0])
def test_joints_of_a_winding_vessel_are_as_bright_as_the_rest(radius):
    along = np.linspace(0, 4 * np.pi, 40)
    image, expected = draw_path(60, np.stack([30 + 8 * np.sin(along), 5 + 50 * along / along[-1]], axis=1), radius)
    assert image.mean() == pytest.approx(expected.mean(), rel=0.02)
    np.testing.assert_allclose(image, expected, atol=0.2)
    assert np.sqrt(((image - expected)[expected > 0] ** 2).mean()) < 0.055


def graph_with_a_link(thin_mm):
    """Two vessels side by side, and a link from the tip of the first to a node within the second."""
    x_mm = [0.2, 0.8, 1.4, 0.2, 2.0, 2.8]
    y_mm = [0.9, 0.9, 0.9, 1.5, 1.5, 1.5]
    return VesselGraph(
        position_mm=np.stack([x_mm, y_mm, np.zeros(6)], axis=1), parent=np.array([-1, 0, 1, -1, 3, 4]),
        radius_mm=np.array([0.04, 0.04, 0.04, thin_mm, thin_mm, thin_mm]), kind=np.zeros(6), layer=np.zeros(6),
        links=np.array([[2, 4]]),
    )  # fmt: skip


def test_a_link_is_as_thin_as_its_thinner_node_and_shows_its_first_node():
    fov = FieldOfView(width_mm=3.0, size_px=300)
    value = np.array([0.5, 0.5, 0.5, 0.9, 0.9, 0.9])
    graph = graph_with_a_link(0.02)
    drawing = draw_vessels(graph, fov, graph.radius_mm, value)
    assert drawing.node[120, 170] == 2
    assert drawing.brightness[120, 170] == pytest.approx(0.5)
    across = drawing.brightness[:, 170][drawing.node[:, 170] == 2] / 0.5
    assert across.sum() == pytest.approx(4.0 * np.sqrt(2), rel=0.02)
    without = draw_vessels(graph.with_links(np.empty((0, 2))), fov, graph.radius_mm, value)
    assert without.brightness[120, 170] == 0


def test_a_vessel_goes_on_from_its_tip_into_a_link():
    fov = FieldOfView(width_mm=3.0, size_px=300)
    graph = graph_with_a_link(0.04)
    drawn = draw_vessels(graph, fov, graph.radius_mm, np.ones(6)).brightness
    expected = expected_picture(graph, fov, graph.radius_mm, np.ones(6), 8)
    assert drawn.mean() == pytest.approx(expected.mean(), rel=0.005)
    np.testing.assert_allclose(drawn, expected, atol=0.15)


@pytest.mark.parametrize("radius", [1.0, 1.5, 3.0])
def test_discs_have_their_area(radius):
    for row_col in np.random.default_rng(1).uniform(10, 20, (20, 1, 2)):
        image, _ = draw(30, row_col, np.array([radius]), np.zeros(1, int), np.zeros(1, int), np.ones(1))
        assert image.sum() == pytest.approx(np.pi * radius**2, rel=0.13), row_col


@pytest.mark.parametrize("radius", [0.2, 1.0, 1.5, 3.0])
def test_vessels_with_two_tips_have_their_area(radius):
    rng = np.random.default_rng(1)
    totals = []
    for row_col, angle in zip(rng.uniform(20, 40, (200, 2)), rng.uniform(0, 2 * np.pi, 200), strict=True):
        image, _ = draw_lines(60, (row_col, row_col + 8 * np.array([np.cos(angle), np.sin(angle)]), radius, 1.0))
        totals.append(image.sum())
    assert np.mean(totals) == pytest.approx(16 * radius + np.pi * radius**2, rel=0.02)


@pytest.mark.parametrize("radius_mm", [0.001, 0.0025, 0.008, 0.02])
def test_the_mean_brightness_of_a_vessel_does_not_depend_on_the_resolution(radius_mm):
    for angle_deg in (0, 7, 26.57, 45, 60, 90, 135):
        half = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg)), 0.0])
        for offset_mm in (0.0, 0.0021, 0.0047):
            middle = np.array([1.5 + offset_mm, 1.5 + 0.7 * offset_mm, 0.0])
            graph = VesselGraph(
                position_mm=np.array([middle - half, middle + half]), parent=np.array([-1, 0]),
                radius_mm=np.full(2, radius_mm), kind=np.zeros(2), layer=np.zeros(2),
            )  # fmt: skip
            means = [
                draw_vessels(graph, fov, graph.radius_mm, np.ones(2)).brightness.mean() for fov in fields_of_view()
            ]
            area_mm2 = 2 * 2 * radius_mm + np.pi * radius_mm**2
            np.testing.assert_allclose(means, area_mm2 / 9, rtol=0.01)


@pytest.mark.parametrize("radii", ["their own", "as seen"])
def test_the_mean_brightness_of_a_forest_does_not_depend_on_the_resolution(forest, radii):
    assert np.median(forest.radius_mm) == pytest.approx(CAPILLARY_RADIUS_MM)
    radius_mm = forest.radius_mm if radii == "their own" else as_seen(forest.radius_mm)
    for value in (np.ones(len(forest)), 0.9 - forest.position_mm[:, 2] / 0.6):
        means = [draw_vessels(forest, fov, radius_mm, value).brightness.mean() for fov in fields_of_view()]
        np.testing.assert_allclose(means, means[-1], rtol=0.02)


@pytest.mark.parametrize("size_px", SIZES_PX)
def test_a_forest_is_drawn_as_supersampling_draws_it(forest, size_px):
    """A ramp over the distance, at least a pixel wide, is off by 0.1 at 304 px, and 7 % too dark."""
    fov = FieldOfView(width_mm=3.0, size_px=size_px)
    points = 8 if size_px < 1000 else 4
    for value in (np.ones(len(forest)), 0.9 - forest.position_mm[:, 2] / 0.6):
        image = draw_vessels(forest, fov, forest.radius_mm, value).brightness
        expected = expected_picture(forest, fov, forest.radius_mm, value, points)
        assert image.mean() == pytest.approx(expected.mean(), rel=0.01)
        assert np.sqrt(np.mean((image - expected) ** 2)) < 0.05


def test_a_picture_shows_nothing_brighter_than_its_vessels(forest):
    value = 0.9 - forest.position_mm[:, 2] / 0.6
    drawing = draw_vessels(forest, FieldOfView(width_mm=3.0, size_px=304), as_seen(forest.radius_mm), value)
    assert drawing.brightness.min() >= 0
    assert drawing.brightness.max() <= value.max() + 1e-6
    assert np.all((drawing.node >= 0) == (drawing.brightness > 0))
    is_covered = drawing.brightness >= 0.5 * value[drawing.node]
    assert is_covered[drawing.node >= 0].mean() == pytest.approx(0.8, abs=0.15)


def published_graph(path) -> VesselGraph:
    edges = np.load(path)
    proximal_mm, distal_mm = (edges[name][:, [1, 0, 2]].astype(float) for name in ("proximal_mm", "distal_mm"))
    return graph_from_edges(proximal_mm, distal_mm, edges["radius_mm"].astype(float))


def test_a_published_graph_lines_up_with_its_published_picture(reference):
    """Blurred by 1 px (10 um), at its own radii; no shift, flip or transposition fits the picture better."""
    paths = sorted((reference / "vessel_graphs").glob("*.npz"))[::20]
    assert len(paths) >= 12
    inner = np.s_[16:-16, 16:-16]
    shifts = [(rows, columns) for rows in range(-2, 3) for columns in range(-2, 3) if rows or columns]
    for path in paths:
        graph = published_graph(path)
        fov = FieldOfView(width_mm=3.0, size_px=304)
        drawing = draw_vessels(graph, fov, graph.radius_mm, np.ones(len(graph))).brightness
        drawing = ndimage.gaussian_filter(drawing, 1.0)
        picture = np.asarray(Image.open(reference / "gan_images" / f"{path.stem}.png"), float)

        def fit(candidate, picture=picture):
            return np.corrcoef(candidate[inner].ravel(), picture[inner].ravel())[0, 1]

        turned = [np.rot90(side, quarter) for side in (drawing, drawing.T) for quarter in range(4)]
        others = [np.roll(drawing, shift, (0, 1)) for shift in shifts] + turned[1:]
        assert fit(drawing) >= 0.75
        assert fit(drawing) > max(fit(other) for other in others) + 0.02
