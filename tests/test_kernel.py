import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.compiler import Flags
from numba.core.errors import TypingError

from octa_svr_dataset.kernel import _values, kernel, sources

DRAW = """
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.config import GrowthConfig
import numpy as np
config = GrowthConfig(superficial={"iterations": 4}, deep={"iterations": 0})
rng = np.random.default_rng(0)
print(grow_forest(config, 1.5, draw_fovea(config, 1.5, rng), rng).position_mm.sum())
"""


@kernel()
def doubled(value: float) -> float:
    return 2.0 * value


@kernel()
def quadrupled(value: float) -> float:
    return doubled(doubled(value))


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


def test_every_file_of_loops_is_hashed(repository):
    package = repository / "octa_svr_dataset"
    loops = {path for path in package.rglob("*.py") if "@kernel(" in path.read_text()}
    assert len(loops) > 10
    assert loops <= set(sources())


def test_a_loop_that_others_call_has_a_way_in_from_python_once_it_is_asked_for():
    assert quadrupled(1.5) == 6.0
    assert not doubled.overloads
    assert doubled(1.5) == 3.0
    assert len(doubled.overloads) == 1


@kernel()
def impossible(value: float) -> float:
    for _ in range(3):
        value = max(value, 2.0) + min(value, 3.0)
    return value.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("is_wanted", [True, False])
def test_no_garbage_is_collected_while_a_loop_is_compiled_and_as_before_afterwards(is_wanted):
    runs = []

    def note(phase: str, _info: dict) -> None:
        runs.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    if not is_wanted:
        gc.disable()
    try:
        with pytest.raises(TypingError):
            impossible(1.0)
        assert gc.isenabled() == is_wanted
    finally:
        gc.enable()
        gc.callbacks.remove(note)
    assert runs.count("start") <= 2


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


@pytest.mark.slow
def test_processes_that_start_together_on_an_empty_cache_agree_and_leave_a_whole_one(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", DRAW]
    together = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    printed = [process.communicate()[0] for process in together]
    assert [process.returncode for process in together] == [0] * 4
    assert printed[0]
    assert len(set(printed)) == 1
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.suffix for path in files} == {".nbc"}
    again = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert again.stdout == printed[0]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == files


def test_options_that_are_compared_at_once_are_those_that_numba_compares():
    flags = Flags()
    flags.nrt, flags.forceinline = True, True
    assert _values(flags) == flags.values() != Flags().values()
    assert _values(Flags()) == Flags().values()
