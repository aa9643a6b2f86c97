"""One healthy eye in all projections, side by side.

python benchmarks/projections.py --out projections.png
"""

import argparse
from pathlib import Path

from contact_sheet import sheet
from PIL import Image

from octa_svr_dataset.example import make_example

PROJECTIONS = ("full", "superficial", "deep")


def main() -> None:
    """Draw the eye and save the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--size", type=int, default=912, help="pixels a side of each picture")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    tiles = []
    for projection in PROJECTIONS:
        overrides = {"imaging.projection": projection, "imaging.size_px": options.size}
        picture = make_example("healthy", seed=options.seed, overrides=overrides).rendering.image
        tiles.append(Image.fromarray(picture))
    sheet(tiles, len(tiles), options.size).save(options.out)


if __name__ == "__main__":
    main()
