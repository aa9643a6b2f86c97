"""A shuffled sheet of grown and published forests, drawn alike, for the eye; the key goes beside it.

python benchmarks/forest_sheet.py --published vessel_graphs/ --num 4 --out sheet.png
"""

import argparse
from pathlib import Path

import numpy as np
from contact_sheet import sheet
from PIL import Image

from octa_svr_dataset.config import GrowthConfig
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.graph_files import graph_from_edges
from octa_svr_dataset.growth.forest import grow_forest
from octa_svr_dataset.growth.fovea import draw_fovea
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.vessel_graph import VesselGraph

FOV = FieldOfView(width_mm=3.0, size_px=608)
TILE_PX = 480


def main() -> None:
    """Draw the sheet and write `<out>.txt`, which says what each tile is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", type=Path, required=True, help="folder of .npz files (proximal_mm, ...)")
    parser.add_argument("--num", type=int, default=4, help="forests of each kind")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    paths = rng.choice(sorted(options.published.glob("*.npz")), options.num, replace=False)
    tiles = [("published", drawn(published(path))) for path in paths]
    tiles += [("grown", drawn(grown(stream))) for stream in rng.spawn(options.num)]
    order = rng.permutation(len(tiles))
    sheet([tiles[number][1] for number in order], options.columns, TILE_PX).save(options.out)
    options.out.with_suffix(".txt").write_text(" ".join(tiles[number][0] for number in order) + "\n", encoding="utf-8")


def grown(rng: np.random.Generator) -> VesselGraph:
    """A forest with the published settings."""
    config = GrowthConfig()
    return grow_forest(config, FOV.width_mm, draw_fovea(config, FOV.width_mm, rng), rng)


def published(path: Path) -> VesselGraph:
    """A published forest; the first coordinate of its file is the picture's row."""
    edges = {name: column.astype(float) for name, column in np.load(path).items()}
    ends = (edges[name][:, [1, 0, 2]] for name in ("proximal_mm", "distal_mm"))
    return graph_from_edges(*ends, edges["radius_mm"])


def drawn(graph: VesselGraph) -> Image.Image:
    """The vessels, white on black."""
    brightness = draw_vessels(graph, FOV, graph.radius_mm, np.ones(len(graph))).brightness
    return Image.fromarray(np.rint(255 * brightness).astype(np.uint8))


if __name__ == "__main__":
    main()
