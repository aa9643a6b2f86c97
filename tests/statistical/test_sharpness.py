"""Sharpness that is measured does not tell diseased eyes from their healthy twins; `benchmarks/words.py`.

A twin lies under the same exposure. Of 45 pairs chance moves an AUC by 0.06.
"""

import runpy

import pytest

from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.visibility import View

pytestmark = pytest.mark.slow

SEEDS = (51, 52)
NUM_EYES = 36
LEAST_AUC, MOST_AUC = 0.4, 0.6


@pytest.mark.parametrize(
    ("preset", "projection"), [("dr_staging", "full"), ("dr_staging", "superficial"), ("dr_staging_6mm", "full")]
)
def test_sharpness_does_not_tell_disease(repository, preset, projection):
    words = runpy.run_path(str(repository / "benchmarks" / "words.py"))
    values = [
        tuple(PictureAlone.of(View.of(example.scene, example.rendering)).exposure.edge_um for example in pair)
        for seed in SEEDS
        for pair in words["diseased_eyes"](preset, projection, NUM_EYES, seed)
    ]
    auc, number = words["auc_of"](values)
    assert number >= 40
    assert LEAST_AUC <= auc <= MOST_AUC
