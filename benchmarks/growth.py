"""What a forest costs, part by part, over fields of different widths, and what the first one costs.

    python benchmarks/growth.py [--num 30]

Prints medians of CPU time in one process, after warm-up, and of fresh processes, which are busy all the time: on a free
core they take as long by the clock.

The parts are measured in a second run of the same forests, in which the loop over iterations runs as
plain Python and calls the compiled parts one by one. Handing arrays to compiled code from Python costs
time of its own; it is measured by handing the same arrays to a function that does nothing, and taken
off. What the parts do not add up to is the rest: work arrays, the loop itself, the table of the graph.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from numba import njit
from rich.console import Console
from rich.table import Table

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.growth import forest
from octa_svr_dataset.growth.bed import close_bed
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.growth.kernels import plexus

PARTS = {
    "place_sinks": "place sinks: candidates, sinks near them, oxygen",
    "assign_sinks": "assign sinks to their nearest nodes",
    "grow_toward_sinks": "grow: elongate, sprout, split, radii",
    "meet_new_nodes": "let new nodes meet sinks",
    "sort_sinks": "sort sinks",
    "turn_into_sources": "turn sinks into sources",
}
WIDTHS_MM = (1.5, 3.0, 4.5, 6.0)
FIRST_FOREST = """
import numpy as np
from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
config, rng = GrowthConfig(capillary_bed="{bed}"), np.random.default_rng(0)
grow_forest(config, 3.0, draw_fovea(config, 3.0, rng), rng)
"""
PEAK_MB = "import re; print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
"""What `getrusage` calls the peak of a process is that of its parent, where that was larger."""


@njit(_nrt=False)
def do_nothing(*_arguments: Any) -> int:
    """Take arguments as a part does."""
    return 0


def main() -> None:
    """Measure and print three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=30, help="forests to take the median over")
    num = parser.parse_args().num
    console = Console(width=100)
    bed_ms(0)  # warms both up
    whole_ms = statistics.median(forest_ms(seed, 3.0) for seed in range(num))
    parts_ms = {part: statistics.median(costs) for part, costs in costs_of_parts_ms(num).items()}
    table = Table("part", "CPU ms (median)", title=f"A published forest of 3 mm, {num} forests, one core")
    for part, cost_ms in parts_ms.items():
        table.add_row(PARTS[part], f"{cost_ms:.1f}")
    table.add_row("rest: work arrays, loop, graph", f"{whole_ms - sum(parts_ms.values()):.1f}")
    table.add_row("whole", f"{whole_ms:.1f}")
    table.add_row("closing its bed, in the presets", f"{statistics.median(bed_ms(seed) for seed in range(num)):.1f}")
    console.print(table)
    table = Table("field, mm", "CPU ms (median)", "CPU ms a mm2", title="Wider fields")
    for width_mm in WIDTHS_MM:
        cost_ms = statistics.median(forest_ms(seed, width_mm) for seed in range(max(num // 3, 1)))
        table.add_row(f"{width_mm:g}", f"{cost_ms:.1f}", f"{cost_ms / width_mm**2:.1f}")
    console.print(table)
    table = Table("start", "open bed: CPU s", "closed bed: CPU s", title="First forest, with imports")
    codes = [FIRST_FOREST.format(bed=bed) for bed in ("open", "closed")]
    with tempfile.TemporaryDirectory() as open_cache, tempfile.TemporaryDirectory() as closed_cache:
        starts = list(zip(codes, (open_cache, closed_cache), strict=True))
        for name, runs in (("compilation included (one run)", 1), ("compiled before (median of 3)", 3)):
            table.add_row(name, *(f"{start_s(code, runs, cache):.2f}" for code, cache in starts))
    console.print(table)
    printed = subprocess.run([sys.executable, "-c", codes[1] + PEAK_MB], check=True, capture_output=True, text=True)
    console.print(f"Peak resident memory of that process: {int(printed.stdout)} MB")


def forest_ms(seed: int, width_mm: float) -> float:
    """CPU time of one forest."""
    config, rng = GrowthConfig(), np.random.default_rng(seed)
    fovea = draw_fovea(config, width_mm, rng)
    start = time.process_time()
    forest.grow_forest(config, width_mm, fovea, rng)
    return (time.process_time() - start) * 1000


def bed_ms(seed: int) -> float:
    """CPU time of closing the bed of a forest of 3 mm."""
    config, rng = GrowthConfig(), np.random.default_rng(seed)
    fovea = draw_fovea(config, 3.0, rng)
    graph = forest.grow_forest(config, 3.0, fovea, rng)
    start = time.process_time()
    close_bed(graph, fovea.position_mm)
    return (time.process_time() - start) * 1000


def start_s(code: str, runs: int, cache: str) -> float:
    """Median CPU time of a fresh process that runs the code."""
    times_s = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_CACHE_DIR": cache})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times_s)


def costs_of_parts_ms(num: int) -> dict[str, list[float]]:
    """CPU times of each part over forests of 3 mm."""
    costs_ms: dict[str, list[float]] = {part: [] for part in PARTS}
    spent_ms: Counter[str] = Counter()
    with timed_parts(spent_ms):
        for seed in range(-1, num):
            spent_ms.clear()
            forest_ms(max(seed, 0), 3.0)
            for part in PARTS if seed >= 0 else ():
                costs_ms[part].append(spent_ms[part])
    return costs_ms


@contextmanager
def timed_parts(spent_ms: Counter[str]) -> Iterator[None]:
    """Run the loop over iterations as plain Python, and add up what its compiled parts take."""

    def timed(part: str) -> Callable[..., Any]:
        compiled = getattr(plexus, part)

        def run(*arguments: Any) -> Any:
            start = time.process_time()
            do_nothing(*arguments)
            middle = time.process_time()
            result = compiled(*arguments)
            spent_ms[part] += (time.process_time() - middle - (middle - start)) * 1000
            return result

        return run

    with ExitStack() as patches:
        for part in PARTS:
            patches.enter_context(patch.object(plexus, part, timed(part)))
        patches.enter_context(patch.object(forest, "grow_plexus", plexus.grow_plexus.py_func))
        yield


if __name__ == "__main__":
    main()
