"""Benchmarks run, on as little as they take: what they print is quoted in README and docs."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("script", "arguments", "printed"),
    [
        ("stages.py", ["--num", "4"], "appearance (of the imaging)"),
        ("drawing.py", ["--num", "1"], "ms"),
        ("contrast.py", ["--num", "2"], ""),
        ("words.py", ["--num", "4"], ""),
        ("visibility.py", ["--num", "4"], ""),
        ("explanation.py", ["--num", "2"], ""),
        ("contact_sheet.py", ["healthy", "--num", "1", "--out", "sheet.png"], ""),
        ("lesion_sheet.py", ["--kinds", "dropout", "--out", "sheet.png"], ""),
        ("projections.py", ["--out", "sheet.png"], ""),
    ],
)
def test_a_benchmark_runs(script, arguments, printed, tmp_path):
    done = subprocess.run(
        [sys.executable, FOLDER / script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout
    assert done.stdout or (tmp_path / "sheet.png").stat().st_size > 10_000
