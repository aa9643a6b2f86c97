import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DRAW = """
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.config import GrowthConfig
import numpy as np
config = GrowthConfig(superficial={"iterations": 4}, deep={"iterations": 0})
rng = np.random.default_rng(0)
print(grow_forest(config, 1.5, draw_fovea(config, 1.5, rng), rng).position_mm.sum())
"""


def grown(package_parent: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DRAW],
        env={**os.environ, "PYTHONPATH": str(package_parent)},
        cwd=package_parent,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.mark.slow
def test_an_edit_of_one_file_of_loops_reaches_the_loops_of_the_others(repository, tmp_path):
    """The draws are made in one file and used in others, whose machine code is cached apart."""
    shutil.copytree(repository / "octa_svr_dataset", tmp_path / "octa_svr_dataset",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    before = grown(tmp_path)
    assert grown(tmp_path) == before
    arrays = tmp_path / "octa_svr_dataset" / "growth" / "kernels" / "arrays.py"
    source = arrays.read_text()
    arrays.write_text(source.replace("0xBF58476D1CE4E5B9", "0xBF58476D1CE4E5BB"))
    after = grown(tmp_path)
    assert after != before
    arrays.write_text(source)
    assert grown(tmp_path) == before
