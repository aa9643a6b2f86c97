"""What the limits of visibility call visible, over many eyes and in each projection; `benchmarks/visibility.py`."""

import runpy

import numpy as np
import pytest

from octa_svr_dataset.example import simulate
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

pytestmark = pytest.mark.slow

NUM_EYES = 24
MOST_IN_TWIN = 0.05
LEAST_VISIBLE = {"dropouts": 0.7, "diffuse_loss": 0.8, "irma": 0.75, "neovascularization": 0.85}
"""Some dropout is weak or lies under tufts; loss of the first degree may be too little to see; some shunts are thin."""


@pytest.fixture(scope="module")
def seen(repository):
    return list(runpy.run_path(str(repository / "benchmarks" / "visibility.py"))["sightings"]("dr_staging", NUM_EYES))


@pytest.mark.parametrize("projection", ["full", "superficial", "deep"])
def test_hardly_a_lesion_would_be_seen_where_there_is_none(seen, projection):
    for kind in (*LEAST_VISIBLE, "microaneurysms"):
        sightings = [s for s in seen if s.projection == projection and s.kind == kind]
        assert sightings or (projection == "deep" and kind in ("irma", "neovascularization"))
        assert sum(s.in_the_twin for s in sightings) <= MOST_IN_TWIN * len(sightings)
        if kind in ("irma", "neovascularization"):
            assert sum(s.without_new_vessels for s in sightings) <= 2 * MOST_IN_TWIN * len(sightings)


@pytest.mark.parametrize("kind", LEAST_VISIBLE)
def test_most_lesions_can_be_seen(seen, kind):
    assert np.mean([s.itself for s in seen if s.kind == kind]) >= LEAST_VISIBLE[kind]
    assert np.mean([s.itself for s in seen if s.kind == kind and s.projection == "full"]) >= 0.85


def test_what_is_found_stands_for_the_severity_that_was_meant():
    config = resolve_config("dr_staging")
    examples = [simulate(config, SceneKey(seed=32, split=Split.TRAIN, scene_index=index)) for index in range(50)]
    off = np.array([abs(example.findings.severity - example.scene.severity) for example in examples])
    assert np.mean(off == 0) >= 0.9
    assert off.max() <= 1
