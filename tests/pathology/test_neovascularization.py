import numpy as np
import pytest

from octa_svr_dataset.config import NeovascularizationConfig
from octa_svr_dataset.pathology.neovascularization import EDGE_MM, draw_neovascularization
from octa_svr_dataset.pathology.tuft_kernels import Law, Outline, grow_sprouts
from octa_svr_dataset.pathology.tufts import grow_tuft
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselKind

SEEDS = range(8)


def draw(eye: Scene, config: NeovascularizationConfig, seed: int = 0):
    where = eye.graph, eye.lesions.dropouts, eye.field_width_mm
    return draw_neovascularization(config, *where, np.random.default_rng(seed))


def grow(seed: int, area_mm2: float = 0.2, root_mm=(1.5, 1.5, 0.02), **changes):
    config = NeovascularizationConfig(**changes)
    return grow_tuft(config, np.array(root_mm), area_mm2, 3.0, np.random.default_rng(seed))


def num_blind(tuft) -> int:
    return int((np.bincount(tuft.edges.ravel(), minlength=len(tuft.position_mm))[1:] == 1).sum())


def test_a_tuft_grows_from_a_vein_at_the_edge_of_dropout(dropout_eyes):
    count = 0
    for eye in dropout_eyes:
        for tuft in draw(eye, NeovascularizationConfig(count=(3, 3))):
            (node,) = np.flatnonzero((eye.graph.position_mm[:, :2] == tuft.position_mm[0, :2]).all(axis=1))
            assert eye.graph.kind[node] == VesselKind.VEIN
            x_mm, y_mm = tuft.position_mm[:1, 0], tuft.position_mm[:1, 1]
            to_outline_mm = [abs(float(a.level(x_mm, y_mm)[0]) - 1) * a.radius_mm for a in eye.lesions.dropouts]
            assert min(to_outline_mm) <= EDGE_MM
            count += 1
    assert count >= 2 * len(dropout_eyes)


@pytest.mark.parametrize("area_mm2", [0.05, 0.2, 0.8])
def test_a_tuft_hangs_together_in_loops(area_mm2):
    for seed in SEEDS:
        tuft = grow(seed, area_mm2)
        reached = {0}
        links = [set(edge) for edge in tuft.edges.tolist()]
        neighbors: dict[int, set[int]] = {}
        for first, second in tuft.edges.tolist():
            neighbors.setdefault(first, set()).add(second)
            neighbors.setdefault(second, set()).add(first)
        front = [0]
        while front:
            front = [n for node in front for n in neighbors[node] if n not in reached and not reached.add(n)]
        assert len(reached) == len(tuft.position_mm)
        assert len({frozenset(link) for link in links}) == len(links)
        assert tuft.num_loops >= 3


def test_a_tuft_stays_inside_the_field():
    for seed in SEEDS:
        for root_mm in ((0.05, 0.05, 0.0), (2.9, 1.4, 0.0)):
            tuft = grow(seed, 0.5, root_mm)
            assert tuft.position_mm[:, :2].min() > 0
            assert tuft.position_mm[:, :2].max() < 3


def test_tufts_have_many_sizes_and_shapes(dropout_eyes):
    areas_mm2, ratios = [], []
    for eye in dropout_eyes:
        for seed in range(3):
            for tuft in draw(eye, NeovascularizationConfig(count=(2, 2)), seed):
                spread_mm = np.sqrt(np.linalg.eigvalsh(np.cov(tuft.position_mm[:, :2].T)))
                areas_mm2.append(4 * np.pi * spread_mm.prod())
                ratios.append(spread_mm[1] / spread_mm[0])
    assert np.quantile(areas_mm2, 0.9) > 4 * np.quantile(areas_mm2, 0.1)
    assert np.quantile(ratios, 0.1) < 1.5
    assert np.quantile(ratios, 0.9) > 1.45


def test_a_tuft_lies_above_the_retina():
    assert np.all(grow(0).position_mm[:, 2] == 0.0)


def test_a_tuft_has_the_length_of_vessels_that_area_and_spacing_ask_for():
    lengths = [[grow(s, area, spacing_mm=(0.04, 0.04)).length_mm for s in SEEDS] for area in (0.1, 0.4)]
    assert np.mean(lengths[0]) == pytest.approx(0.1 / 0.04, rel=0.35)  # the arcs that close it weigh more
    assert np.mean(lengths[1]) == pytest.approx(0.4 / 0.04, rel=0.25)


def test_sprouts_that_join_what_they_meet_leave_more_loops_than_those_that_cross_it():
    def loops(share: float) -> float:
        return float(np.mean([grow(seed, 0.4, loop_share=share).num_loops for seed in SEEDS]))

    assert loops(1.0) > 1.3 * loops(0.0)


def test_few_ends_are_blind():
    for seed in SEEDS:
        tuft = grow(seed, 0.3)
        assert num_blind(tuft) <= 3 + 0.1 * tuft.num_loops


def test_more_curl_bends_the_vessels_more():
    def turning(curl_per_mm: float) -> float:
        total = 0.0
        for seed in SEEDS:
            tuft = grow(seed, 0.2, curl_per_mm=(curl_per_mm, curl_per_mm), loop_share=0.0)
            first, second = tuft.edges[:, 0], tuft.edges[:, 1]
            along = tuft.position_mm[second, :2] - tuft.position_mm[first, :2]
            ends_at = {int(node): way for node, way in zip(second, along, strict=True)}
            turns = [
                abs(np.angle(complex(*way) / complex(*ends_at[int(node)])))
                for node, way in zip(first, along, strict=True)
                if int(node) in ends_at
            ]
            total += float(np.median(turns))
        return total

    assert turning(2.0) < turning(15.0) < turning(40.0)


def test_without_dropout_no_tuft_grows(healthy_eyes):
    assert draw(healthy_eyes[0], NeovascularizationConfig()) == ()


def test_tufts_of_an_eye_lie_apart(dropout_eyes):
    for eye in dropout_eyes:
        middles = [t.position_mm[:, :2].mean(axis=0) for t in draw(eye, NeovascularizationConfig(count=(3, 3)))]
        for number, middle in enumerate(middles):
            assert all(np.linalg.norm(middle - other) > 0.1 for other in middles[:number])


def test_the_compiled_growth_equals_that_of_plain_python():
    arrays = []
    for grow_them in (grow_sprouts, grow_sprouts.py_func):
        rng = np.random.default_rng(5)
        position_mm, edges = np.full((40, 2), 0.5), np.zeros((80, 2), np.int64)
        sprout, born = np.zeros((2, 40), np.int64)
        outline = Outline(0.6, 0.5, 0.15, 0.08, (0.1, 2.0, 4.0), 0.02, 0.98, 0.5, 1.4)
        law = Law(0.015, 0.8, 0.2, 0.5, 0.014, 8, 0.7, 4, 2)
        place = rng.uniform(0.4, 0.7, size=(60, 2, 3, 4))
        normal, chance = rng.standard_normal((60, 4)), rng.uniform(size=(60, 4))
        heading = rng.uniform(-1, 1, 3)
        counts = grow_them(position_mm, sprout, born, edges, heading, outline, law, normal, chance, place)
        arrays.append((position_mm, sprout, born, edges, np.array(counts)))
    for compiled, plain in zip(*arrays, strict=True):
        np.testing.assert_allclose(compiled, plain, atol=1e-12)
    assert arrays[0][4][0] == 40
