"""The forests against the published ones (Kreitner et al. 2024), with the published settings.

Means and spreads of all 500 published forests where the reference holds them, else of its 240 files.
"""

import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from statistical.forest_statistics import describe

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.graph_files import graph_from_edges
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.vessel_graph import VesselGraph

NUM_FORESTS = 100
FOV = FieldOfView(width_mm=3.0, size_px=304)
COUNTS = ("edges", "length", "leaves", "bifurcations")
OTHERS = (
    "branching angle", "turn", "segments of order", "length of order", "capillary distance", "radial course",
    "fullest", "emptiest", "trees", "share of",
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grown() -> list[VesselGraph]:
    config = GrowthConfig()
    streams = [np.random.default_rng(seed) for seed in range(NUM_FORESTS)]
    return [grow_forest(config, 3.0, draw_fovea(config, 3.0, rng), rng) for rng in streams]


@pytest.fixture(scope="module")
def published(reference) -> list[VesselGraph]:
    graphs = []
    for path in sorted((reference / "vessel_graphs").glob("*.npz"))[:NUM_FORESTS]:
        edges = {name: column.astype(float) for name, column in np.load(path).items()}
        graphs.append(graph_from_edges(edges["proximal_mm"], edges["distal_mm"], edges["radius_mm"]))
    return graphs


def table_of(graphs: list[VesselGraph]) -> dict[str, np.ndarray]:
    rows = [describe(graph) for graph in graphs]
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


@pytest.fixture(scope="module")
def ours(grown) -> dict[str, np.ndarray]:
    return table_of(grown)


@pytest.fixture(scope="module")
def theirs(published, reference) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each quantity; printed beside ours."""
    table = {name: (values.mean(), values.std()) for name, values in table_of(published).items()}
    all_500 = json.loads((reference / "vessel_graph_statistics.json").read_text())
    for name, source in (("edges", "edges"), ("length", "length_mm"), ("leaves", "leaves"),
                         ("bifurcations", "bifurcations")):  # fmt: skip
        table[name] = (all_500[source]["mean"], all_500[source]["sd"])
    for number, level in enumerate((0.75, 0.95, 0.99), start=4):
        table[f"radius q{level}"] = tuple(all_500["radius_um_q"][part][number] for part in ("mean", "sd"))
    rings = all_500["length_density_mm_per_mm2_by_ring"]
    for outer, mean, sd in zip(all_500["ring_edges_mm"][1:], rings["mean"], rings["sd"], strict=True):
        table[f"density ring {outer:.2f}"] = (mean, sd)
    return table


def test_the_table(ours, theirs):
    """Prints every quantity; the tests below hold each to its bound."""
    print(f"\n{'quantity':34s}{'published':>20s}{'grown':>20s}{'difference':>12s}")
    for name, values in ours.items():
        mean, sd = theirs[name]
        difference = f"{100 * (values.mean() / mean - 1):+.1f} %" if mean else ""
        grown = f"{values.mean():.3f} +- {values.std():.3f}"
        print(f"{name:34s}{f'{mean:.3f} +- {sd:.3f}':>20s}{grown:>20s}{difference:>12s}")
    assert set(ours) == set(theirs)


@pytest.mark.parametrize("name", COUNTS)
def test_forests_are_as_large_as_the_published_ones(name, ours, theirs):
    mean, sd = theirs[name]
    assert ours[name].mean() == pytest.approx(mean, rel=0.02)
    assert 0.5 < ours[name].std() / sd < 2.0


@pytest.mark.parametrize("level", [0.75, 0.95, 0.99])
def test_calibres_are_those_of_the_published_forests(level, ours, theirs):
    name = f"radius q{level}"
    assert ours[name].mean() == pytest.approx(theirs[name][0], rel=0.08)


def test_vessels_lie_as_densely_around_the_fovea(ours, theirs):
    for name in (name for name in ours if name.startswith("density ring")):
        mean, sd = theirs[name]
        tolerance = 0.04 * mean if float(name.split()[-1]) > 0.45 else 1.5 * sd
        assert ours[name].mean() == pytest.approx(mean, abs=tolerance + 1e-9), name


def test_the_fovea_is_as_wide_and_as_variable(ours, theirs):
    mean, sd = theirs["distance fovea to vessel"]
    values = ours["distance fovea to vessel"]
    assert values.mean() == pytest.approx(mean, rel=0.1)
    assert 0.5 < values.std() / sd < 2.0


def test_branching_spacing_orientation_and_trees_are_those_of_the_published_forests(ours, theirs):
    names = [name for name in ours if name.startswith(OTHERS)]
    assert len(names) > 20
    for name in names:
        assert ours[name].mean() == pytest.approx(theirs[name][0], rel=0.1), name


def masks_of(graphs: list[VesselGraph], radius_factor: float = 1.0) -> np.ndarray:
    """Drawn masks, without the rim of the field in which vessels may leave it."""
    drawings = [draw_vessels(graph, FOV, graph.radius_mm * radius_factor, np.ones(len(graph))) for graph in graphs]
    return np.array([drawing.brightness[8:-8, 8:-8] for drawing in drawings])


def thinned(graphs: list[VesselGraph], share: float) -> list[VesselGraph]:
    """Forests without a share of their tips."""
    rng = np.random.default_rng(0)
    return [graph.select((graph.num_children() > 0) | (rng.uniform(size=len(graph)) >= share)) for graph in graphs]


def features_of(masks: np.ndarray) -> np.ndarray:
    """Of each quarter of each mask: coverage, local variation, power by wavelength."""
    half = masks.shape[1] // 2
    quarters = masks.reshape(len(masks), 2, half, 2, half).swapaxes(2, 3).reshape(-1, half, half)
    frequency = np.fft.fftfreq(half)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    bands = np.digitize(radius, np.geomspace(0.006, 0.5, 13))
    rows = []
    for quarter in quarters:
        power = np.abs(np.fft.fft2(quarter - quarter.mean())) ** 2
        blocks = quarter.reshape(16, half // 16, 16, half // 16).mean(axis=(1, 3))
        spectrum = [np.log(power[bands == band].mean()) for band in range(1, 13)]
        rows.append([quarter.mean(), (quarter > 0.99).mean(), blocks.std(), *spectrum])
    return np.array(rows)


def two_sample_auc(first: np.ndarray, second: np.ndarray) -> float:
    """How well a forest of decision trees tells two sets of masks apart; quarters of a mask stay together."""
    features = np.concatenate([features_of(first), features_of(second)])
    truth = np.repeat([0, 1], [4 * len(first), 4 * len(second)])
    groups = np.repeat(np.arange(len(first) + len(second)), 4)
    classifier = RandomForestClassifier(300, min_samples_leaf=4, random_state=0)
    guesses = cross_val_predict(classifier, features, truth, groups=groups, cv=GroupKFold(5), method="predict_proba")
    per_image = guesses[:, 1].reshape(-1, 4).mean(axis=1)
    return float(roc_auc_score(truth[::4], per_image))


def test_a_classifier_cannot_tell_grown_from_published_masks_but_sees_a_change_of_5_percent(grown, published):
    theirs, ours = masks_of(published), masks_of(grown)
    aucs = {
        "grown": two_sample_auc(theirs, ours),
        "grown, radii 5 % larger": two_sample_auc(theirs, masks_of(grown, 1.05)),
        "grown, 5 % of the tips missing": two_sample_auc(theirs, masks_of(thinned(grown, 0.05))),
    }
    print("\nAUC against published:", ", ".join(f"{name} {auc:.2f}" for name, auc in aucs.items()))
    assert aucs["grown"] <= 0.65
    assert aucs["grown, radii 5 % larger"] >= 0.9
