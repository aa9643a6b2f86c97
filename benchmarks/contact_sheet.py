"""A sheet of example pictures for the eye, beside real ones if such files are given.

python benchmarks/contact_sheet.py dropout_ma --num 8 --out sheet.png --beside real/*.png
"""

import argparse
from pathlib import Path

from PIL import Image

from octa_svr_dataset.example import make_example

TILE_PX = 304
GAP_PX = 6


def main() -> None:
    """Draw the sheet: pictures of the preset, then the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset")
    parser.add_argument("--num", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="pictures to show below")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    tiles = [
        Image.fromarray(make_example(options.preset, seed=options.seed, split="test", index=index).rendering.image)
        for index in range(options.num)
    ]
    tiles += [Image.open(path).convert("L") for path in options.beside]
    sheet(tiles, options.columns, TILE_PX).save(options.out)


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
