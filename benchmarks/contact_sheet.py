"""A sheet of example pictures for the eye, beside others if such files are given; shuffled, with a key, if asked for.

python benchmarks/contact_sheet.py dropout_ma --num 8 --out sheet.png
python benchmarks/contact_sheet.py healthy --projection superficial --beside real/*.png --shuffle --out sheet.png
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from octa_svr_dataset.example import make_example

TILE_PX = 304
GAP_PX = 6


def main() -> None:
    """Draw the sheet: pictures of the preset, then the others; if shuffled, `<out>.txt` says which is which."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset")
    parser.add_argument("--num", type=int, default=12)
    parser.add_argument("--projection", choices=("full", "superficial", "deep"), default="full")
    parser.add_argument("--field-of-view-mm", type=float, help="in place of the preset's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--tile", type=int, default=TILE_PX, help="pixels a side of each picture on the sheet")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="pictures to show below, or among them")
    parser.add_argument("--shuffle", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    overrides: dict[str, Any] = {"imaging.projection": options.projection}
    if options.field_of_view_mm is not None:
        overrides["field_of_view_mm"] = options.field_of_view_mm
    tiles = [
        ("ours", Image.fromarray(picture(options.preset, options.seed, index, overrides)))
        for index in range(options.num)
    ]
    tiles += [(path.name, Image.open(path).convert("L")) for path in options.beside]
    if options.shuffle:
        tiles = [tiles[number] for number in np.random.default_rng(options.seed).permutation(len(tiles))]
        options.out.with_suffix(".txt").write_text("\n".join(name for name, _ in tiles) + "\n", encoding="utf-8")
    sheet([tile for _, tile in tiles], options.columns, options.tile).save(options.out)


def picture(preset: str, seed: int, index: int, overrides: dict[str, object]) -> np.ndarray:
    """(H, H) uint8. A picture of the test split."""
    return make_example(preset, seed=seed, split="test", index=index, overrides=overrides).rendering.image


def sheet(tiles: list[Image.Image], columns: int, tile_px: int) -> Image.Image:
    """Tiles in rows, each scaled to the same size."""
    pitch_px = tile_px + GAP_PX
    rows = -(-len(tiles) // columns)
    canvas = Image.new("L", (columns * pitch_px - GAP_PX, rows * pitch_px - GAP_PX))
    for number, tile in enumerate(tiles):
        place = (number % columns * pitch_px, number // columns * pitch_px)
        canvas.paste(tile.resize((tile_px, tile_px), Image.Resampling.LANCZOS), place)
    return canvas


if __name__ == "__main__":
    main()
