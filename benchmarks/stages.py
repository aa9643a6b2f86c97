"""What an example costs, stage by stage, and what starting up costs.

    python benchmarks/stages.py [--preset dropout_ma] [--num 30]

Prints medians of CPU time in one process, after warm-up, and wall times of fresh processes.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.findings import observe
from octa_svr_dataset.imaging.appearance import Acquisition
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.row import encode_png
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.text.dialogue import write_dialogue

IMPORT = "import octa_svr_dataset"
APPEARANCE = "appearance (of the imaging)"
FIRST_EXAMPLE = "import octa_svr_dataset; octa_svr_dataset.make_example('dropout_ma')"


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="dropout_ma")
    parser.add_argument("--num", type=int, default=30, help="examples to take the median over")
    options = parser.parse_args()
    console = Console()
    costs_ms = stage_costs_ms(options.preset, options.num)
    table = Table("stage", "CPU ms (median)", title=f"{options.preset}, {options.num} diseased examples, one core")
    for stage, costs in costs_ms.items():
        table.add_row(stage, f"{statistics.median(costs):.1f}")
    table.add_row("sum of all but the PNG", f"{statistics.median(totals_ms(costs_ms)):.1f}")
    console.print(table)
    table = Table("start", "wall s (median of 3)", title="Fresh processes")
    table.add_row("import octa_svr_dataset", f"{start_s(IMPORT, runs=3):.2f}")
    table.add_row("first example, compiled before", f"{start_s(FIRST_EXAMPLE, runs=3):.2f}")
    with tempfile.TemporaryDirectory() as folder:
        cold_s = start_s(FIRST_EXAMPLE, runs=1, NUMBA_CACHE_DIR=folder)
    table.add_row("first example, compilation included (one run)", f"{cold_s:.2f}")
    console.print(table)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"Peak resident memory of this process: {peak_mb:.0f} MB")


def stage_costs_ms(preset: str, num: int) -> dict[str, list[float]]:
    """CPU times of each stage over diseased examples, of all severities that the preset has in turn."""
    config = resolve_config(preset)
    severities = [severity for severity in (1, 2, 3, 4) if config.pathology.severity_shares[severity] > 0]
    costs_ms: dict[str, list[float]] = defaultdict(list)

    def timed(stage: str, function: Callable[..., Any], *arguments: Any) -> Any:
        start = time.process_time()
        result = function(*arguments)
        costs_ms[stage].append((time.process_time() - start) * 1000)
        return result

    for index in range(-3, num):
        if index == 0:
            costs_ms.clear()
        key = SceneKey(seed=0, split=Split.TRAIN, scene_index=index + 3)
        scene = timed("growth", grow_healthy_scene, config, key)
        severity = severities[index % len(severities)]
        scene = timed("pathology", add_lesions, scene, config.pathology, severity, key.rng(Stage.LESIONS))
        motion = EyeMotion.draw(config.imaging, key.rng(Stage.MOTION))
        rendering = timed("imaging", render, scene, config.imaging, motion, key.rng(Stage.IMAGING))
        findings = timed("findings", observe, scene, rendering)
        timed("text", write_dialogue, findings, rendering.fov, scene.laterality, config.text, key.rng(Stage.TEXT))
        timed("PNG", encode_png, rendering.image)
        timed(APPEARANCE, expose, scene, config, motion, key.rng(Stage.IMAGING))
    return dict(costs_ms)


def expose(scene: Scene, config: SceneConfig, motion: EyeMotion, rng: np.random.Generator) -> None:
    """Draw an exposure and take a picture of nothing: that costs as much as one of vessels."""
    acquisition = Acquisition.draw(config.imaging, scene.field_width_mm, scene.fovea, scene.healthy_graph, rng)
    nothing = np.zeros((acquisition.grid.size_px,) * 2, np.float32)
    acquisition.expose(nothing, nothing, nothing, nothing, nothing, motion, config.imaging.size_px)


def totals_ms(costs_ms: dict[str, list[float]]) -> list[float]:
    """CPU time of each example without the PNG."""
    stages = [costs for stage, costs in costs_ms.items() if stage not in ("PNG", APPEARANCE)]
    return [sum(costs) for costs in zip(*stages, strict=True)]


def start_s(code: str, *, runs: int, **environment: str) -> float:
    """Median wall time of a fresh process that runs the code."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, **environment})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
