import os
import subprocess
import sys

import pytest

from octa_svr_dataset.evaluation.processes import map_in_processes

PATIENCE_S = 60

STUCK = """
import os, time
from octa_svr_dataset.evaluation.processes import map_in_processes

def report_and_wait(seconds):
    print(os.getpid(), flush=True)
    time.sleep(seconds)

if __name__ == "__main__":
    list(map_in_processes(report_and_wait, [600, 600], workers=2))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers):
    assert list(map_in_processes(abs, range(-9, 0), workers=workers, items_a_task=2)) == list(range(9, 0, -1))


def test_one_worker_is_this_process():
    assert list(map_in_processes(_process_id, [0], workers=1)) == [os.getpid()]


def test_an_error_in_a_worker_is_raised_here():
    with pytest.raises(ValueError, match="invalid literal"):
        list(map_in_processes(int, ["1", "one"], workers=2))


def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "stuck.py"
    script.write_text(STUCK)
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    for _ in range(2):
        assert int(parent.stdout.readline())
    parent.kill()
    parent.communicate(timeout=PATIENCE_S)  # the pipe stays open for as long as a worker holds it


def _process_id(_: int) -> int:
    return os.getpid()
