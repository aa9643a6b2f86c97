"""What pictures of healthy eyes measure: writes findings/healthy_ranges.yaml, by which words of degree are chosen.

    python benchmarks/healthy_ranges.py [--num 200] [--out octa_svr_dataset/findings/healthy_ranges.yaml]

The eyes are the healthy twins of the presets dr_staging (3 mm) and dr_staging_6mm, of the split "validation", seed 0.
"""

import argparse
from pathlib import Path

import numpy as np
from rich.progress import track

from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.reference import FILE
from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage

OUT = Path(__file__).parents[1] / "octa_svr_dataset" / "findings" / FILE

PRESETS = {"3mm": "dr_staging", "6mm": "dr_staging_6mm"}

PROJECTIONS = ("full", "superficial", "deep")

PERCENTILES = (2, 5, 10, 25, 50, 75, 90, 95, 98)

HEAD = """\
# Percentiles of what pictures of healthy eyes measure, by projection and width of the field; {num} eyes each.
# Made by: python benchmarks/healthy_ranges.py --num {num}
"""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=200, help="eyes of each projection and width")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    lines = []
    for width, preset in PRESETS.items():
        for projection in PROJECTIONS:
            lines.append(f"{projection}_{width}:")
            for name, values in percentiles(preset, projection, options.num).items():
                pairs = ", ".join(f"{percentile}: {value:.4g}" for percentile, value in values.items())
                lines.append(f"  {name}: {{{pairs}}}")
    options.out.write_text(HEAD.format(num=options.num) + "\n".join(lines) + "\n", encoding="utf-8")


def percentiles(preset: str, projection: str, num: int) -> dict[str, dict[int, float]]:
    """Percentiles of each measure; pictures that do not show one are left out of its."""
    measured = [measures(preset, projection, index) for index in track(range(num), f"{preset}, {projection}")]
    found = {name: [eye[name] for eye in measured if eye[name] is not None] for name in measured[0]}
    return {
        name: dict(zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True))
        for name, values in found.items()
        if values
    }


def measures(preset: str, projection: str, index: int) -> dict[str, float | None]:
    """Measures of one healthy eye."""
    config = resolve_config(preset, overrides={"imaging.projection": projection})
    key = SceneKey(seed=0, split=Split.VALIDATION, scene_index=index)
    scene = grow_healthy_scene(config, key)
    motion = EyeMotion.draw(config.imaging, key.rng(Stage.MOTION))
    rendering = render(scene, config.imaging, motion, key.rng(Stage.IMAGING))
    return PictureAlone.of(View.of(scene, rendering)).yardsticks


if __name__ == "__main__":
    main()
