"""Benchmarks run, on as little as they take: what they print is quoted in README and docs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("script", "arguments", "printed"),
    [
        ("stages.py", ["--num", "4"], "appearance (of the imaging)"),
        ("drawing.py", ["--num", "1"], "size (px)"),
        ("contrast.py", ["--num", "2"], "balanced accuracy"),
        ("words.py", ["--num", "4"], "degree of diffuse loss"),
        ("visibility.py", ["--num", "4"], "diseased eyes"),
        ("explanation.py", ["--num", "2"], "supported by its own picture"),
    ],
)
def test_a_benchmark_prints_its_table(script, arguments, printed, tmp_path):
    assert printed in run(script, *arguments, folder=tmp_path)


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("contact_sheet.py", ["healthy", "--num", "1"]),
        ("lesion_sheet.py", ["--kinds", "dropout"]),
        ("projections.py", []),
    ],
)
def test_a_benchmark_draws_its_sheet(script, arguments, tmp_path):
    run(script, *arguments, "--out", "sheet.png", folder=tmp_path)
    with Image.open(tmp_path / "sheet.png") as picture:
        assert np.asarray(picture).std() > 10


def run(script: str, *arguments: str, folder: Path) -> str:
    """What a benchmark prints that is run in a folder."""
    command = [sys.executable, FOLDER / script, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
