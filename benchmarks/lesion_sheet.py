"""A sheet of every kind of lesion at three strengths, outlined, beside the healthy twin of the eye.

python benchmarks/lesion_sheet.py --out lesions.png
python benchmarks/lesion_sheet.py --kinds irma neovascularization --projection superficial --out new_vessels.png
python benchmarks/lesion_sheet.py --kinds --kind "areas: pathology.dropout.count=[1, 1] | [3, 3] | [9, 9]" --out a.png
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image, ImageDraw
from scipy import ndimage

from octa_svr_dataset.example import Example, make_example

TILE_PX = 304
GAP_PX = 6
LABEL_PX = 18
LESIONS = (
    "dropout",
    "dispersed_loss",
    "foveal_loss",
    "microaneurysms",
    "irma",
    "neovascularization",
    "tortuosity",
    "veins",
)
NO_LESIONS = {f"pathology.{kind}.probability": [0, 0, 0, 0] for kind in LESIONS}
SEVERE = {"pathology.severity_shares": [0, 0, 0, 0, 1]}
ALWAYS = [0, 0, 0, 1]
AREAS = {"pathology.dropout.probability": ALWAYS}
COLORS = {
    "dropout": (80, 160, 255),
    "diffuse_loss": (60, 220, 220),
    "microaneurysms": (90, 255, 90),
    "irma": (255, 170, 0),
    "neovascularization": (255, 70, 70),
}
"""Colors of the outlines; label maps that are not named here are not outlined."""

KINDS: dict[str, tuple[dict[str, Any], str, tuple[Any, Any, Any]]] = {
    "dropout": (AREAS, "pathology.dropout.strength", ([0.5, 0.5], [0.75, 0.75], [0.98, 0.98])),
    "dispersed loss": (
        {"pathology.dispersed_loss.probability": ALWAYS, "pathology.dispersed_loss.least_area_share": [0, 0, 0, 0]},
        "pathology.dispersed_loss.most_area_share",
        ([0, 0, 0, 0.05], [0, 0, 0, 0.2], [0, 0, 0, 0.3]),
    ),
    "perifoveal loss": (
        {"pathology.foveal_loss.probability": ALWAYS, "pathology.foveal_loss.sectors": [4, 4]},
        "pathology.foveal_loss.depth_mm",
        ([0.05, 0.05], [0.12, 0.12], [0.25, 0.25]),
    ),
    "microaneurysms": (
        {"pathology.microaneurysms.probability": ALWAYS, "pathology.microaneurysms.flow": [0.8, 1.0]},
        "pathology.microaneurysms.rate_away_per_mm2",
        (0.5, 1.5, 4.0),
    ),
    "irma": (AREAS | {"pathology.irma.probability": ALWAYS}, "pathology.irma.count", ([1, 1], [3, 3], [6, 6])),
    "neovascularization": (
        AREAS | {"pathology.neovascularization.probability": ALWAYS, "pathology.neovascularization.count": [2, 2]},
        "pathology.neovascularization.area_mm2",
        ([0.06, 0.06], [0.2, 0.2], [0.6, 0.6]),
    ),
    "tortuosity": (
        {"pathology.tortuosity.probability": ALWAYS},
        "pathology.tortuosity.gain",
        ([1.02, 1.02], [1.06, 1.06], [1.15, 1.15]),
    ),
    "venous beading": (
        {"pathology.veins.probability": ALWAYS},
        "pathology.veins.beading",
        ([0.15, 0.15], [0.3, 0.3], [0.5, 0.5]),
    ),
}
"""Settings that give an eye a kind of lesion, the one that says how much of it, and three values of that."""


def main() -> None:
    """Draw the sheet: one row a kind, the healthy twin first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="dr_staging")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--kind", action="append", default=[], help="NAME: SETTING=VALUE | VALUE | VALUE, another row")
    parser.add_argument("--projection", choices=("full", "superficial", "deep"), default="full")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--set", type=yaml.safe_load, default={}, help="settings of all rows, as a YAML mapping")
    parser.add_argument("--no-outlines", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = {name: KINDS[name] for name in options.kinds} | dict(_row(text) for text in options.kind)
    common = NO_LESIONS | SEVERE | {"imaging.projection": options.projection} | options.set
    where = {"preset": options.preset, "seed": options.seed, "index": options.index}
    lines = []
    for name, (needs, setting, values) in rows.items():
        examples = [make_example(**where, overrides=common | needs | {setting: value}) for value in values]
        twin = make_example(**where, overrides=common | needs, lesions=False)
        tiles = [tile(twin, f"{name}: healthy twin", outlined=False)]
        tiles += [
            tile(example, f"{setting.removeprefix('pathology.')} {value}", outlined=not options.no_outlines)
            for example, value in zip(examples, values, strict=True)
        ]
        lines.append(tiles)
    sheet(lines).save(options.out)


def _row(text: str) -> tuple[str, tuple[dict[str, Any], str, tuple[Any, ...]]]:
    """A row as the command line describes it; the setting's own lesion is there in every eye."""
    name, _, rest = text.partition(":")
    setting, _, values = rest.strip().partition("=")
    needs = {f"{setting.rpartition('.')[0]}.probability": ALWAYS}
    return name, (needs, setting, tuple(yaml.safe_load(value) for value in values.split("|")))


def tile(example: Example, label: str, *, outlined: bool) -> Image.Image:
    """The picture with the outlines of its lesions, under a label."""
    picture = Image.fromarray(np.stack([example.rendering.image] * 3, axis=-1))
    picture = picture.resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
    if outlined:
        picture = Image.fromarray(with_outlines(np.array(picture), example.rendering.layers.as_dict()))
    canvas = Image.new("RGB", (TILE_PX, TILE_PX + LABEL_PX))
    canvas.paste(picture, (0, LABEL_PX))
    ImageDraw.Draw(canvas).text((2, 3), label, fill=(255, 255, 255))
    return canvas


def with_outlines(pixels: np.ndarray, layers: Mapping[str, np.ndarray]) -> np.ndarray:
    """(H, H, 3) uint8. The picture with a line just outside each instance."""
    for name, color in COLORS.items():
        layer = np.asarray(Image.fromarray(layers[name].astype(np.uint8)).resize(pixels.shape[1::-1], 0))
        outline = (ndimage.grey_dilation(layer, size=(5, 5)) > 0) & (ndimage.grey_dilation(layer, size=(3, 3)) == 0)
        pixels[outline] = color
    return pixels


def sheet(lines: list[list[Image.Image]]) -> Image.Image:
    """Tiles in rows."""
    width_px, height_px = TILE_PX + GAP_PX, TILE_PX + LABEL_PX + GAP_PX
    canvas = Image.new("RGB", (max(map(len, lines)) * width_px - GAP_PX, len(lines) * height_px - GAP_PX))
    for row, tiles in enumerate(lines):
        for column, picture in enumerate(tiles):
            canvas.paste(picture, (column * width_px, row * height_px))
    return canvas


if __name__ == "__main__":
    main()
