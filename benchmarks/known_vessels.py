"""How bright are vessels of known radius, and what lies beside them? Published pictures of published forests, and ours.

    python benchmarks/known_vessels.py --published vessel_graphs/ --pictures gan_images/ [--set SHOULDER FREE]

Prints the mean gray level across vessels by their radius: at their axis, and at distances from it.
"""

import argparse
from pathlib import Path

import numpy as np
from forest_sheet import published
from PIL import Image
from rich.console import Console
from rich.table import Table
from scipy import ndimage

from octa_svr_dataset.growth.fovea import Fovea, suppression_radius_mm
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import render
from octa_svr_dataset.pathology.lesions import Lesions
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.vessel_graph import VesselGraph

WIDTH_MM, SIZE_PX = 3.0, 304

RADII_UM = (0, 5, 8, 10, 13, 17, 22, 30, 50)
"""Borders of the classes of radii."""

DISTANCES_UM = (0, 10, 20, 25, 30, 40, 60, 80)
"""From the axis, to both sides."""

FAR_MM = 0.6
"""Vessels nearer to the fovea are left out, as the bed dims there, and those within 0.15 mm of the border."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", type=Path, required=True, help="folder of .npz files (proximal_mm, ...)")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of .png files of the same names")
    parser.add_argument("--num", type=int, default=60)
    parser.add_argument(
        "--set", type=float, nargs=2, metavar=("SHOULDER", "FREE"), help="imaging.shoulder and imaging.capillary_free"
    )
    options = parser.parse_args()
    paths = sorted(options.published.glob("*.npz"))
    settings = {} if options.set is None else dict(zip(("shoulder", "capillary_free"), options.set, strict=True))
    config = resolve_config(
        "healthy", overrides={"imaging": {"saccades": [0, 0]} | {name: [x, x] for name, x in settings.items()}}
    ).imaging
    theirs, ours = [], []
    for number, path in enumerate(paths[:: max(1, len(paths) // options.num)]):
        graph = published(path)
        rng = np.random.default_rng(number)
        picture = render(scene_of(graph), config, EyeMotion.draw(config, rng), rng).image
        theirs.append(levels_across(graph, np.asarray(Image.open(options.pictures / f"{path.stem}.png").convert("L"))))
        ours.append(levels_across(graph, picture))
    table = Table(
        "radius, um",
        *(f"{distance} um" for distance in DISTANCES_UM),
        title=f"Gray level by distance from the axis, theirs / ours, {len(theirs)} pictures",
    )
    means = [np.nanmean(np.stack(levels), axis=0) for levels in (theirs, ours)]
    for low, high, their_row, our_row in zip(RADII_UM[:-1], RADII_UM[1:], *means, strict=True):
        table.add_row(f"{low} to {high}", *(f"{a:.0f} / {b:.0f}" for a, b in zip(their_row, our_row, strict=True)))
    Console(width=120).print(table)


def scene_of(graph: VesselGraph) -> Scene:
    """A published forest as a healthy eye, the fovea in its middle."""
    middle_mm = np.full(2, WIDTH_MM / 2)
    nearest_mm = float(np.linalg.norm(graph.position_mm[:, :2] - middle_mm, axis=1).min())
    return Scene(
        field_width_mm=WIDTH_MM,
        depth_mm=float(graph.position_mm[:, 2].max()),
        laterality="od",
        fovea=Fovea(
            position_mm=middle_mm, suppression_radius_mm=suppression_radius_mm(np.pi * nearest_mm**2, "scattered")
        ),
        graph=graph,
        healthy_graph=graph,
        faz_graph=graph,
        lesions=Lesions(),
    )


def levels_across(graph: VesselGraph, picture: np.ndarray) -> np.ndarray:
    """(R, D) float64. Mean gray level of a picture by class of radius and distance from the axis; NaN where none is."""
    start_mm, end_mm = graph.position_mm[graph.parent[graph.segments], :2], graph.position_mm[graph.segments, :2]
    middle_mm, along_mm = (start_mm + end_mm) / 2, end_mm - start_mm
    across = np.stack([-along_mm[:, 1], along_mm[:, 0]], axis=1)
    across /= np.maximum(np.linalg.norm(along_mm, axis=1), 1e-9)[:, None]
    is_far = np.linalg.norm(middle_mm - WIDTH_MM / 2, axis=1) > FAR_MM
    is_used = is_far & ((middle_mm > 0.15) & (middle_mm < WIDTH_MM - 0.15)).all(axis=1)
    radius_class = np.digitize(graph.radius_mm[graph.segments] * 1e3, RADII_UM) - 1
    levels = np.full((len(RADII_UM) - 1, len(DISTANCES_UM)), np.nan)
    for number in np.unique(radius_class[is_used]):
        chosen = is_used & (radius_class == number)
        for column, distance_um in enumerate(DISTANCES_UM):
            sides_mm = [middle_mm[chosen] + sign * distance_um / 1e3 * across[chosen] for sign in (-1.0, 1.0)]
            place_px = np.concatenate(sides_mm).T[::-1] * SIZE_PX / WIDTH_MM - 0.5
            levels[number, column] = ndimage.map_coordinates(picture.astype(float), place_px, order=1).mean()
    return levels


if __name__ == "__main__":
    main()
