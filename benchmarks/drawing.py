"""What it costs to draw a forest, and how bright it is, at several resolutions.

    python benchmarks/drawing.py [--num 30]

Prints the median and the least CPU time of `draw_vessels` in one process, after warm-up, on a grown forest of 3 mm.
"""

import argparse
import statistics
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.vessel_graph import VesselGraph

FIELD_WIDTH_MM = 3.0
SIZES_PX = (304, 400, 512, 1216)
SIZES_TO_COMPARE_PX = (64, 128, 304, 1216, 2048)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=30, help="drawings to take the median over")
    options = parser.parse_args()
    rng = np.random.default_rng(2)
    forest = grow_forest(GrowthConfig(), FIELD_WIDTH_MM, draw_fovea(GrowthConfig(), FIELD_WIDTH_MM, rng), rng)
    optical_radius_mm = np.sqrt((0.8 * forest.radius_mm) ** 2 + 0.0065**2)
    by_depth = np.clip(1.0 - 0.8 * forest.position_mm[:, 2] / GrowthConfig().depth_mm, 0.2, 1.0)
    cases = (
        ("their own", forest.radius_mm, np.ones(len(forest)), SIZES_PX),
        ("optical", optical_radius_mm, np.ones(len(forest)), SIZES_PX),
        ("optical, dimmer with depth", optical_radius_mm, by_depth, SIZES_TO_COMPARE_PX),
    )
    title = f"{len(forest.segments)} segments in {FIELD_WIDTH_MM:g} mm, one core"
    table = Table("size (px)", "radii", "CPU ms", "least", "mean brightness", "relative to 1216 px", title=title)
    for name, radius_mm, value, sizes_px in cases:
        measured = {size_px: draw_cost(forest, radius_mm, value, size_px, options.num) for size_px in sizes_px}
        for size_px, (cost_ms, least_ms, mean) in measured.items():
            relative = mean / measured[1216][2]
            table.add_row(str(size_px), name, f"{cost_ms:.2f}", f"{least_ms:.2f}", f"{mean:.4f}", f"{relative:.4f}")
    Console(width=120).print(table)


def draw_cost(
    forest: VesselGraph, radius_mm: np.ndarray, value: np.ndarray, size_px: int, num: int
) -> tuple[float, float, float]:
    """Median and least CPU time, ms, of drawing a forest, and the mean brightness of the picture."""
    fov = FieldOfView(width_mm=FIELD_WIDTH_MM, size_px=size_px)
    costs_ms = []
    for _ in range(num + 3):
        start = time.process_time()
        drawing = draw_vessels(forest, fov, radius_mm, value)
        costs_ms.append((time.process_time() - start) * 1000)
    return statistics.median(costs_ms[3:]), min(costs_ms[3:]), float(drawing.brightness.mean())


if __name__ == "__main__":
    main()
