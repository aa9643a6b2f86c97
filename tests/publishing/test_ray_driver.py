"""A build on Ray whose command is killed, with all that it has started, and run again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_builds import CHEAP, build_here, small_plan

pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="the processes of Ray are looked up in /proc"),
]

NUM_ROWS, ROWS_PER_SHARD = 40, 4
LIMIT_S = 240.0


def build_command(out: Path) -> list[str]:
    options = [f"--out={out}", f"--num-train={NUM_ROWS}", "--num-validation=0", "--num-test=0", "--seed=7"]
    options += [f"--rows-per-shard={ROWS_PER_SHARD}", "--engine=ray", "--workers=1"]
    settings = [f"--set={name}={value}" for name, value in CHEAP.items()]
    return [sys.executable, "-m", "octa_svr_dataset.cli", "build", "dropout_ma", *options, *settings]


def session_of(driver: int) -> list[int]:
    """Processes of the session that a driver has begun: its workers and the services of Ray."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[3]) == driver:
                found.append(int(stat.parent.name))
    return found


@pytest.fixture
def started():
    """Starts the command; at the end nothing of what it has started is left."""
    drivers: list[subprocess.Popen] = []

    def start(out: Path) -> subprocess.Popen:
        drivers.append(subprocess.Popen(build_command(out), start_new_session=True, stdout=subprocess.DEVNULL))
        return drivers[-1]

    yield start
    for driver in drivers:
        for process in session_of(driver.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        driver.wait()


def test_a_killed_driver_goes_on_when_it_is_run_again(tmp_path, started):
    out = tmp_path / "ray"
    folder = out / "dropout_ma"
    driver = started(out)
    limit_s = time.monotonic() + LIMIT_S
    while not list(folder.glob("*.parquet")) and time.monotonic() < limit_s and driver.poll() is None:
        time.sleep(0.02)
    driver.send_signal(signal.SIGKILL)
    assert driver.wait() == -signal.SIGKILL
    time.sleep(1.0)
    kept = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    assert 0 < len(kept) < NUM_ROWS // ROWS_PER_SHARD
    assert not (folder / "manifest.json").exists()

    assert started(out).wait(LIMIT_S) == 0
    assert all((folder / name).stat().st_mtime_ns == made for name, made in kept.items())
    build_here(tmp_path / "local", small_plan(num_train=NUM_ROWS, num_test=0, rows_per_shard=ROWS_PER_SHARD))
    local = tmp_path / "local" / "dropout_ma"
    resumed, undisturbed = ({path.name: path.read_bytes() for path in place.iterdir()} for place in (folder, local))
    assert resumed == undisturbed
