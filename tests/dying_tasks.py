"""Tasks for processes that die; a module of its own, as they are pickled."""

import os
import signal
from pathlib import Path


def double_but_die(task: tuple[int, str, int]) -> int:
    """Twice the number; the first so many times, its process is killed instead."""
    number, folder, num_deaths = task
    deaths = sorted(Path(folder).glob(f"{number}-*"))
    if len(deaths) < num_deaths:
        (Path(folder) / f"{number}-{len(deaths)}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number
