"""The unresolved mesh: strands side by side, across the larger vessels."""

import numpy as np
import pytest
from processes import json_printed_by
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.mesh import MOST_NEED, draw_mesh
from octa_svr_dataset.imaging.mesh_axes import axes_across, from_lobules
from octa_svr_dataset.imaging.mesh_kernels import NONE, STEP_PX, lay_strands
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

GRID = FieldOfView(width_mm=3.0, size_px=200)
FOVEA_MM = np.array([1.3, 1.6])
FOVEA = Fovea(position_mm=FOVEA_MM, suppression_radius_mm=0.44)
SETTINGS = {
    "mesh_scale_mm": 0.05,
    "mesh_length_mm": 0.4,
    "mesh_wander_rad": 0.0,
    "mesh_lobule_mm": 0.0,
    "mesh_sharpness": 0.5,
    "mesh_contrast": 0.5,
    "mesh_inequality": 0.6,
}


def straight_vessels(
    *ends_mm: list[list[float]], radius_mm: float = 0.015, layer: VesselLayer = VesselLayer.SUPERFICIAL
) -> VesselGraph:
    """A vessel between each two ends (x, y)."""
    position_mm = np.zeros((2 * len(ends_mm), 3))
    position_mm[:, :2] = np.reshape(ends_mm, (-1, 2))
    parent = np.arange(-1, len(position_mm) - 1)
    parent[::2] = -1
    nothing = np.zeros(len(position_mm))
    return VesselGraph(
        position_mm=position_mm, parent=parent, radius_mm=nothing + radius_mm, kind=nothing, layer=nothing + layer
    )


NO_VESSELS = straight_vessels([[0.1, 0.1], [0.1, 2.9]], radius_mm=0.003)
"""None, that is, which is large enough to be crossed."""


def mesh(seed: int, vessels: VesselGraph = NO_VESSELS, **changes: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((GRID.size_px, GRID.size_px), dtype=np.float32)
    return draw_mesh(SETTINGS | changes, GRID, FOVEA, vessels, white, rng).brightness


def change_across_to_along(image: np.ndarray, is_counted: np.ndarray | None = None) -> float:
    """Mean squared slope across the line to the fovea over that along it."""
    down, right = np.gradient(image)
    x_mm, y_mm = GRID.pixel_centers_mm()
    angle_rad = np.arctan2(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0])
    if is_counted is None:
        is_counted = np.hypot(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0]) > 0.6
    along = right * np.cos(angle_rad) + down * np.sin(angle_rad)
    across = down * np.cos(angle_rad) - right * np.sin(angle_rad)
    return float((across[is_counted] ** 2).mean() / (along[is_counted] ** 2).mean())


def test_strands_run_across_the_larger_superficial_vessels():
    """Those here lie upright: slopes are then down the picture, but around the avascular zone."""
    ends_mm = [[[x_mm, 0.0], [x_mm, 3.0]] for x_mm in (0.3, 0.8, 1.3, 1.8, 2.3, 2.8)]
    x_mm, y_mm = GRID.pixel_centers_mm()
    is_away = np.hypot(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0]) > 0.6
    for seed in range(3):
        down_to_right = {}
        for radius_mm, layer in ((0.015, 0), (0.015, 1), (0.005, 0)):
            vessels = straight_vessels(*ends_mm, radius_mm=radius_mm, layer=VesselLayer(layer))
            down, right = np.gradient(mesh(seed, vessels))
            down_to_right[radius_mm, layer] = (down[is_away] ** 2).mean() / (right[is_away] ** 2).mean()
        assert down_to_right.pop((0.015, 0)) > 3.0
        assert all(0.5 < ratio < 2.0 for ratio in down_to_right.values())


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 135.0])
def test_the_axis_across_a_vessel_is_at_right_angles_to_it(angle_deg):
    along = np.exp(1j * np.radians(angle_deg))
    ends_mm = [[1.5 + sign * part for part in (along.real, along.imag)] for sign in (-1.4, 1.4)]
    axis = axes_across(straight_vessels(ends_mm), FieldOfView(width_mm=3.0, size_px=60))
    middle = axis[20:40, 20:40]
    is_near = np.abs(middle) > 0.3 * np.abs(axis).max()
    assert is_near.sum() > 50
    np.testing.assert_allclose(middle[is_near] / np.abs(middle[is_near]), -(along**2), atol=0.1)


def test_strands_run_toward_the_fovea_where_there_are_no_vessels_as_far_as_they_do_not_wander():
    for seed in range(3):
        ratios = [change_across_to_along(mesh(seed, mesh_wander_rad=wander)) for wander in (0.0, 0.6, 3.0)]
        assert ratios[0] > 3.5
        assert ratios[0] > 1.5 * ratios[1] > 1.5 * 1.3 * ratios[2]
        assert ratios[2] < 1.5


def test_strands_follow_the_rim_of_the_avascular_zone():
    x_mm, y_mm = GRID.pixel_centers_mm()
    distance_mm = np.hypot(y_mm - FOVEA_MM[1], x_mm - FOVEA_MM[0])
    is_at_rim = np.abs(distance_mm - FOVEA.avascular_radius_mm) < 0.04
    for seed in range(3):
        assert change_across_to_along(mesh(seed), is_at_rim) < 0.6


def test_strands_run_toward_the_middles_of_lobules_where_there_are_some():
    """Seen from the fovea, strands then run in all directions; seen from the right middle, along."""
    for seed in range(3):
        assert change_across_to_along(mesh(seed, mesh_lobule_mm=0.6)) < 1.5 < change_across_to_along(mesh(seed))
        assert not np.array_equal(mesh(seed, mesh_lobule_mm=0.6), mesh(seed, mesh_lobule_mm=0.8))
        np.testing.assert_array_equal(mesh(seed, mesh_lobule_mm=0.39), mesh(seed))


def test_the_middle_of_a_lobule_is_the_nearest_of_a_jittered_lattice():
    x_mm, y_mm = GRID.pixel_centers_mm()
    way_mm = from_lobules(0.6, GRID.width_mm, x_mm, y_mm, np.random.default_rng(0))
    right_mm, down_mm = way_mm.real, way_mm.imag
    middles_mm = np.unique(np.round(np.stack([x_mm - right_mm, y_mm - down_mm], axis=-1).reshape(-1, 2), 9), axis=0)
    ways_mm = np.linalg.norm(np.stack(np.broadcast_arrays(x_mm, y_mm), axis=-1)[:, :, None] - middles_mm, axis=-1)
    np.testing.assert_allclose(np.hypot(right_mm, down_mm), ways_mm.min(axis=-1), atol=1e-6)
    assert 16 <= len(middles_mm) <= 36


def test_the_mean_and_the_contrast_of_the_mesh_are_those_set():
    for seed in range(3):
        image = mesh(seed)
        assert image.mean() == pytest.approx(1.0, abs=0.02)
        assert image.std() == pytest.approx(0.5, abs=0.02)


def strands(
    seed_px: list[list[float]],
    reach: int = 200,
    size_px: int = 60,
    direction: np.ndarray | complex = 1.0,
    bend: float = 0.0,
    distance_px: float = 6.0,
) -> np.ndarray:
    """(S, S) strands from (row, column) seeds, each with twice the brightness of the one before."""
    direction = np.broadcast_to(direction, (size_px, size_px))
    density, needed = np.zeros((2, size_px, size_px), np.float32)
    need = np.linspace(0.2, 0.8, len(seed_px))
    lay_strands(
        np.array(seed_px),
        2.0 ** np.arange(len(seed_px)),
        need,
        direction.real.astype(np.float64),
        direction.imag.astype(np.float64),
        np.full((size_px, size_px), distance_px, np.float32),
        np.full(7, bend),
        0.5,
        np.empty((2 * reach + 1, 2)),
        np.zeros((size_px, size_px), np.bool_),
        np.full((size_px, size_px), NONE, np.int32),
        density,
        needed,
    )
    assert set(np.unique(needed)) <= {0.0, *need.astype(np.float32)}
    assert np.all(needed[density > 0] > 0)
    return density


def test_a_strand_runs_both_ways_as_far_as_it_may_reach_or_to_the_border():
    through = strands([[30.5, 20.5]])
    np.testing.assert_allclose(through[30, 1:-1], 1.0, atol=0.2)
    assert through.sum() == pytest.approx(60.0, abs=1.0) == through[30].sum()
    short = strands([[30.5, 20.5]], reach=10)
    assert short.sum() == pytest.approx(21 * STEP_PX) == short[30, 12:30].sum()


def test_a_seed_that_is_too_near_to_a_strand_gives_none():
    alone = strands([[30.5, 20.5]])
    np.testing.assert_array_equal(strands([[30.5, 20.5], [35.5, 40.5]]), alone)
    beside = strands([[30.5, 20.5], [37.5, 40.5]])
    np.testing.assert_allclose(beside[37, 1:-1], 2.0, atol=0.4)
    np.testing.assert_array_equal(beside[30], alone[30])


def test_a_strand_that_would_be_shorter_than_the_distance_is_left_out():
    assert not strands([[30.5, 20.5]], reach=3).any()
    assert strands([[30.5, 20.5]], reach=4).any()


def test_a_strand_joins_one_that_it_comes_near():
    """The second one runs down the picture, and ends at the first."""
    down = np.full((60, 60), 1j)
    down[28:34] = 1.0
    joined = strands([[30.5, 20.5], [10.5, 40.5]], direction=down)
    np.testing.assert_allclose(joined[1:28, 40], 2.0, atol=0.4)
    assert joined[29, 40] > 1.5
    assert not joined[34:].any()


def test_the_opposite_direction_is_as_good():
    """Signs that change from pixel to pixel do not stop a strand, and it does not turn back."""
    signs = np.random.default_rng(0).choice((-1.0, 1.0), (60, 60))
    np.testing.assert_allclose(strands([[30.5, 20.5]], direction=signs), strands([[30.5, 20.5]]), atol=1e-6)


def test_a_strand_that_curls_ends():
    """Around a center, a strand would run in narrow circles as long as it may."""
    row, column = np.mgrid[:60, :60] - 29.5
    around = np.asarray(column + 1j * row) * 1j
    around /= np.maximum(np.abs(around), 1e-9)
    circle = strands([[30.0, 33.0]], reach=5000, direction=around, distance_px=3.0)
    assert circle.sum() == pytest.approx(2 * 2.0 * 3.0, rel=0.3)  # both ways
    assert not circle[:20].any()
    assert circle[24:35, 24:35].sum() > 0.9 * circle.sum()


def test_a_strand_bends():
    straight, bent = (strands([[30.5, 5.5]], reach=80, bend=bend) for bend in (0.0, 0.05))
    assert np.count_nonzero(straight.sum(axis=1)) == 1
    assert np.count_nonzero(bent.sum(axis=1)) > 5


def test_strands_fill_the_picture_at_their_distance():
    """Counted along the line across them."""
    seed_px = np.random.default_rng(0).uniform(0, 60, (400, 2))
    filled = strands(seed_px.tolist(), distance_px=5.0)
    amount = filled[:, 30]
    is_first = (amount > 0) & (np.roll(amount, 1) == 0)  # a strand between two rows shows in both
    gaps_px = np.diff(np.flatnonzero(is_first))
    assert len(gaps_px) >= 5
    assert gaps_px.min() >= 5
    assert gaps_px.max() < 2 * 5 + 2


def test_the_shortest_strands_are_drawn_all_the_same():
    assert mesh(0, mesh_length_mm=0.0).std() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("size_px", [200, 600])
def test_loss_of_capillaries_prunes_strands_one_by_one(size_px):
    """Those that need more go first: of needs up to 0.65, a density of 0.5 satisfies 77 %, and 0.4 / 0.65 in full."""
    grid, rng = FieldOfView(width_mm=3.0, size_px=size_px), np.random.default_rng(0)
    white = rng.standard_normal((size_px, size_px), dtype=np.float32)
    drawn = draw_mesh(SETTINGS | {"mesh_sharpness": 1.0, "mesh_contrast": 1.0}, grid, FOVEA, NO_VESSELS, white, rng)
    left = [drawn.perfused(np.full_like(white, density)) for density in (0.0, 0.5, 0.9)]
    assert not left[0].any()
    np.testing.assert_array_equal(left[2], drawn.brightness)
    share = np.divide(left[1], drawn.brightness, where=drawn.brightness > 0, out=np.zeros_like(white))
    is_strand = drawn.brightness > 2.0
    assert share[is_strand].mean() == pytest.approx(0.4 / MOST_NEED, abs=0.08)
    assert share.mean() == pytest.approx(share[is_strand].mean(), abs=0.12)
    assert np.mean((share[is_strand] == 0) | (share[is_strand] == 1)) > 0.6


def test_some_strands_outshine_the_others_as_far_as_set():
    tails = [
        np.quantile(mesh(seed, mesh_sharpness=1.0, mesh_inequality=inequality), 0.99)
        for inequality in (0.0, 0.6, 0.95)
        for seed in range(5)
    ]
    equal, some, few = np.reshape(tails, (3, 5)).mean(axis=1)
    assert equal < 0.97 * some < 0.95 * few


def test_the_distance_of_strands_varies_over_the_field():
    white = np.random.default_rng(1).standard_normal((200, 200), dtype=np.float32)
    spreads = []
    for crowding in (0.0, 0.25):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("octa_svr_dataset.imaging.mesh.CROWDING", crowding)
            settings = SETTINGS | {"mesh_contrast": 0.8, "mesh_sharpness": 1.0}
            drawn = draw_mesh(settings, GRID, FOVEA, NO_VESSELS, white, np.random.default_rng(2))
        spreads.append(ndimage.uniform_filter(drawn.brightness, 40)[20:-20, 20:-20].std())
    assert spreads[1] > 1.3 * spreads[0]


HASH_STRANDS = """
import hashlib, json
import numpy as np
from octa_svr_dataset.imaging.mesh_kernels import NONE, lay_strands

size, rng = 70, np.random.default_rng(3)
angle = 2.0 * rng.uniform(size=(20, 20))
laid = np.zeros((2, size, size), np.float32)
lay_strands(
    rng.uniform(0, size, (300, 2)), rng.uniform(0.3, 1.7, 300), rng.uniform(0, 0.6, 300), np.cos(angle), np.sin(angle),
    rng.uniform(3.0, 6.0, (size, size)).astype(np.float32), 0.3 * rng.standard_normal(900), 0.45, np.empty((61, 2)),
    np.zeros((size, size), bool), np.full((size, size), NONE, np.int32), *laid,
)
print(json.dumps([hashlib.sha256(laid.tobytes()).hexdigest(), float(laid[0].sum())]))
"""


def test_the_loops_do_what_their_python_says():
    compiled, interpreted = json_printed_by(HASH_STRANDS), json_printed_by(HASH_STRANDS, NUMBA_DISABLE_JIT="1")
    assert compiled == interpreted
    assert compiled[1] > 500.0
