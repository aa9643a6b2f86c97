import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from small_builds import build_here, small_plan

from octa_svr_dataset.errors import InputError

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="the processes of Ray are looked up in /proc"),
    pytest.mark.filterwarnings("ignore"),
]

from octa_svr_dataset.publishing.ray_engine import run_on_ray  # noqa: E402


def files(folder):
    return {path.name: path.read_bytes() for path in (folder / "dropout_ma").iterdir()}


def busy_workers():
    """Processes of Ray's workers that write a shard: theirs is a name in the list of processes."""
    lines = [(path.parent.name, path.read_bytes()) for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return [int(process) for process, line in lines if line.startswith(b"ray::make_shard")]


def kill_one_worker(folder, killed):
    """Kill a worker once the first shard is there."""
    limit_s = time.monotonic() + 120.0
    while time.monotonic() < limit_s and not killed:
        workers = busy_workers() if list(folder.rglob("*.parquet")) else []
        if workers:
            os.kill(workers[0], signal.SIGKILL)
            killed.append(workers[0])
        time.sleep(0.02)


def test_a_build_on_ray_with_a_killed_worker_is_the_local_build(tmp_path):
    plan = small_plan(num_train=24, num_test=0, rows_per_shard=4)
    killed = []
    killer = threading.Thread(target=kill_one_worker, args=(tmp_path / "ray", killed))
    killer.start()
    outcome = build_here(f"file://{tmp_path / 'ray'}", plan, partial(run_on_ray, address=None, workers=2))
    killer.join()
    assert len(killed) == 1
    assert outcome.num_made == 24
    build_here(tmp_path / "local", plan)
    assert files(tmp_path / "ray") == files(tmp_path / "local")


def test_what_is_refused_on_a_worker_is_refused_here(tmp_path):
    plan = small_plan(num_train=4, num_test=0)

    def engine(tasks, *, on_tick):
        for path in (tmp_path / "dropout_ma").glob("*"):
            path.unlink()
        (tmp_path / "dropout_ma").rmdir()
        (tmp_path / "dropout_ma").touch()
        yield from run_on_ray(tasks, address=None, workers=1, on_tick=on_tick)

    with pytest.raises(InputError, match="out: cannot write train-0000"):
        build_here(tmp_path, plan, engine)
    assert not ray.is_initialized()


def test_a_cluster_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="address: no Ray cluster at '127.0.0.1:1'"):
        build_here(tmp_path, small_plan(), partial(run_on_ray, address="127.0.0.1:1", workers=1))
