"""Lesions of `dr_staging` that are vessels or change their shape, over many eyes."""

import numpy as np
import pytest

from octa_svr_dataset.example import simulate
from octa_svr_dataset.pathology.courses import arc_over_chord
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.vessel_graph import VesselLayer

pytestmark = pytest.mark.slow

NUM_EYES = 40


@pytest.fixture(scope="module")
def pairs() -> dict[int, list[tuple[Scene, Scene]]]:
    """Healthy twin and eye, by the severity that the eye is meant to have."""
    config = resolve_config("dr_staging")
    rows: dict[int, list[tuple[Scene, Scene]]] = {severity: [] for severity in range(1, 5)}
    for index in range(NUM_EYES):
        key = SceneKey(seed=11, split=Split.TRAIN, scene_index=index)
        healthy = grow_healthy_scene(config, key)
        for severity, row in rows.items():
            row.append((healthy, add_lesions(healthy, config.pathology, severity, key.rng(Stage.LESIONS))))
    return rows


def test_each_severity_has_the_lesions_that_it_stands_for(pairs):
    severities = {meant: np.array([eye.severity for _, eye in row]) for meant, row in pairs.items()}
    assert np.mean(severities[1] == 1) > 0.75  # the others have none
    assert np.all(severities[1] <= 1)
    assert np.all(severities[2] == 2)
    assert np.mean(severities[3] == 3) > 0.85
    assert np.mean(severities[4] == 4) > 0.9  # some have no vein at the edge of dropout


def test_most_microaneurysms_are_deep(pairs):
    """As in Hasegawa et al. 2016."""
    dots = [dot for row in pairs.values() for _, eye in row for dot in eye.lesions.microaneurysms]
    assert 0.70 < np.mean([dot.layer == VesselLayer.DEEP for dot in dots]) < 0.91
    diameters_um = np.array([2000 * dot.radius_mm for dot in dots])
    assert 20 <= diameters_um.min() <= diameters_um.max() <= 100


def test_about_half_of_the_microaneurysms_are_faint_or_invisible():
    """The best of five scanners showed 43 % of those of angiography with dye (doi 10.1136/bjophthalmol-2020-316817)."""
    config = resolve_config("dr_staging", overrides={"pathology.severity_shares": [0, 0, 1, 0, 0]})
    visible = [
        dot.is_visible
        for index in range(30)
        for dot in simulate(config, SceneKey(seed=12, split=Split.TRAIN, scene_index=index)).findings.microaneurysms
    ]
    assert 0.4 <= np.mean(visible) <= 0.6


def test_tortuosity_rises_with_severity_but_overlaps(pairs):
    arcs = {
        severity: np.array([[arc_over_chord(scene.graph, 0.008, 0.4) for scene in pair] for pair in row])
        for severity, row in pairs.items()
    }
    gained = [float(np.mean(arc[:, 1] - arc[:, 0])) for arc in arcs.values()]
    assert gained[3] > gained[0] >= -0.01
    healthy, severe = arcs[4].T
    auc = np.mean(severe[:, None] > healthy[None, :])
    assert 0.5 < auc <= 0.75


def test_only_severe_eyes_have_new_vessels_and_beading(pairs):
    for severity in (1, 2):
        assert not any(eye.lesions.irma or eye.lesions.neovascularization for _, eye in pairs[severity])
        assert not any(eye.lesions.shape.beading for _, eye in pairs[severity])
    assert 0.3 < np.mean([eye.lesions.shape.beading > 0 for _, eye in pairs[3]]) < 0.85
    assert not any(eye.lesions.neovascularization for _, eye in pairs[3])
    assert 0.25 < np.mean([bool(eye.lesions.irma) for _, eye in pairs[4]]) < 0.75


def test_healthy_eyes_vary_in_tortuosity(pairs):
    arcs = [arc_over_chord(healthy.graph, 0.008, 0.4) for healthy, _ in pairs[1]]
    assert 1.02 < np.median(arcs) < 1.2
    assert np.ptp(arcs) > 0.05
