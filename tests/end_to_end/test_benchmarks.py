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


def test_the_grain_of_given_pictures_is_measured_where_they_are_dark_and_where_they_are_bright(tmp_path):
    """White noise of 4 gray levels around 40, and of 12 around 110; a blur takes nearly none of it."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((304, 304))
    noise[:152], noise[152:] = 40 + 4 * noise[:152], 110 + 12 * noise[152:]
    Image.fromarray(np.rint(noise).astype(np.uint8)).save(tmp_path / "theirs.png")
    theirs, ours = run("noise_curve.py", "theirs.png", "--num", "1", folder=tmp_path).splitlines()[1:]
    assert [float(theirs.split()[column]) for column in (3, 7)] == pytest.approx([4.0, 12.0], rel=0.15)
    assert ours.startswith("ours")


def run(script: str, *arguments: str, folder: Path) -> str:
    """What a benchmark prints that is run in a folder."""
    command = [sys.executable, FOLDER / script, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
