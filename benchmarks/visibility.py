"""How often lesions are called visible, and how often the same place is in the healthy twin.

    python benchmarks/visibility.py [--preset dr_staging] [--num 60]

Each lesion of an eye is measured in its picture and, where its label map says that it lies, in the pictures of the same
eye without lesions and without new vessels under the same exposure.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from octa_svr_dataset.findings import Findings, observe
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage

PROJECTIONS = ("full", "superficial", "deep")


class Sighting(NamedTuple):
    """A lesion of an eye: whether it is called visible in three pictures of one exposure."""

    index: int
    projection: str
    kind: str
    itself: bool
    in_the_twin: bool
    without_new_vessels: bool


def sightings(preset: str, num: int, projections: tuple[str, ...] = PROJECTIONS, seed: int = 31) -> Iterator[Sighting]:
    """Lesions of eyes of severity 1 to 4 in turn."""
    for index in range(num):
        key = SceneKey(seed=seed, split=Split.TRAIN, scene_index=index)
        config = resolve_config(preset)
        healthy = grow_healthy_scene(config, key)
        eye = add_lesions(healthy, config.pathology, 4 - index % 4, key.rng(Stage.LESIONS))
        bare = replace(eye, lesions=replace(eye.lesions, irma=(), neovascularization=()))
        for projection in projections:
            imaging = resolve_config(preset, overrides={"imaging.projection": projection}).imaging
            motion = EyeMotion.draw(imaging, key.rng(Stage.MOTION))
            shown, twin, without = (
                render(scene, imaging, motion, key.rng(Stage.IMAGING)) for scene in (eye, healthy, bare)
            )
            findings = [
                visible_by_kind(observe(eye, replace(shown, image=picture.image))) for picture in (shown, twin, without)
            ]
            for kind in findings[0]:
                for seen in zip(*(found[kind] for found in findings), strict=True):
                    yield Sighting(index, projection, kind, *seen)


def visible_by_kind(findings: Findings) -> dict[str, list[bool]]:
    """Whether each lesion is visible."""
    instances = {
        name: [found.is_visible for found in getattr(findings, name)]
        for name in ("dropouts", "microaneurysms", "irma", "neovascularization")
    }
    loss = findings.diffuse_loss
    return instances | {"diffuse_loss": [loss.is_visible] if loss.share > 0.0 else []}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="dr_staging")
    parser.add_argument("--num", type=int, default=60, help="eyes")
    options = parser.parse_args()
    rows = defaultdict(list)
    for seen in sightings(options.preset, options.num):
        rows[seen.kind, seen.projection].append((seen.itself, seen.in_the_twin, seen.without_new_vessels))
    columns = ("kind", "projection", "lesions", "visible", "in the twin", "without new vessels")
    table = Table(*columns, title=f"{options.preset}, {options.num} diseased eyes")
    for (kind, projection), seen in sorted(rows.items()):
        table.add_row(kind, projection, str(len(seen)), *(f"{share:.3f}" for share in np.mean(seen, axis=0)))
    Console().print(table)


if __name__ == "__main__":
    main()
