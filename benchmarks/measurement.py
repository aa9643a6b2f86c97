"""What it costs to measure a picture alone, part by part.

    python benchmarks/measurement.py

Prints the mean over pictures of the shortest time of several, in one process.
"""

import time
from collections.abc import Callable

import numpy as np

from octa_svr_dataset.example import make_example
from octa_svr_dataset.measurement.branches import measure_branches
from octa_svr_dataset.measurement.faz import measure_faz
from octa_svr_dataset.measurement.picture import measure_picture
from octa_svr_dataset.measurement.quality import measure_quality
from octa_svr_dataset.measurement.sampling import fine
from octa_svr_dataset.measurement.vessels import map_vessels, measure_mesh

NUM_PICTURES = 8
REPEATS = 7


def main() -> None:
    """Print the mean over pictures of the shortest time of each part."""
    renderings = [make_example("dropout_ma", seed=3, index=index).rendering for index in range(NUM_PICTURES)]
    pictures = [(rendering.image, rendering.fov) for rendering in renderings]
    sampled = [fine(*picture) for picture in pictures]
    vessels = [map_vessels(picture) for picture in sampled]
    parts: dict[str, Callable[[int], object]] = {
        "avascular zone": lambda index: measure_faz(*pictures[index]),
        "vessel map, area density": lambda index: map_vessels(fine(*pictures[index])).area_density,
        "mesh": lambda index: measure_mesh(vessels[index]),
        "branches": lambda index: measure_branches(vessels[index]),
        "quality": lambda index: measure_quality(pictures[index][0], sampled[index]),
        "all": lambda index: measure_picture(pictures[index][0], 3.0),
    }
    for name, part in parts.items():
        print(f"{name:26} {1000 * np.mean([_shortest_s(part, index) for index in range(NUM_PICTURES)]):6.2f} ms")


def _shortest_s(part: Callable[[int], object], index: int) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        part(index)
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
