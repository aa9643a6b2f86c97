"""Healthy eyes as rows: where an example starts, and more than half of what it costs.

Growth reads the settings `growth` and `field_of_view_mm` only, and has a stream of its own, so that all later
settings can change over the same eyes. Lesions are drawn again for every picture: which ones an eye gets depends
on what of them can be seen.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.pathology.lesions import Lesions
from octa_svr_dataset.row import row_id
from octa_svr_dataset.scene import Scene
from octa_svr_dataset.seeding import SceneKey
from octa_svr_dataset.vessel_graph import VesselGraph

GRAPH_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("laterality", pa.string()),
        ("fovea_mm", pa.list_(pa.float64())),
        ("suppression_radius_mm", pa.float64()),
        ("position_mm", pa.list_(pa.float64())),
        ("parent", pa.list_(pa.int32())),
        ("radius_mm", pa.list_(pa.float64())),
        ("kind", pa.list_(pa.uint8())),
        ("layer", pa.list_(pa.uint8())),
        ("links", pa.list_(pa.int32())),
    ]
)
"""Columns of a healthy eye; `position_mm` and `links` are written row by row, 3 and 2 numbers each."""


def graph_row(scene: Scene, preset: str, key: SceneKey) -> dict[str, Any]:
    """Columns of the healthy eye of a key; its number is that of the scene, whatever the number of views."""
    columns = {field.name: getattr(scene.healthy_graph, field.name).ravel() for field in fields(VesselGraph)}
    return {
        "id": row_id(preset, key),
        "laterality": scene.laterality,
        "fovea_mm": scene.fovea.position_mm,
        "suppression_radius_mm": scene.fovea.suppression_radius_mm,
        **columns,
    }


def scene_of_row(row: Mapping[str, Any], config: SceneConfig) -> Scene:
    """The healthy eye, bit-equal to the one that was stored."""
    columns = {field.name: np.asarray(row[field.name]) for field in fields(VesselGraph)}
    columns["position_mm"] = columns["position_mm"].reshape(-1, 3)
    columns["links"] = columns["links"].reshape(-1, 2)
    graph = VesselGraph(**columns)
    fovea = Fovea(
        position_mm=np.array(row["fovea_mm"]),
        suppression_radius_mm=row["suppression_radius_mm"],
        trunks=config.growth.trunks,
    )
    return Scene(
        field_width_mm=config.field_of_view_mm,
        depth_mm=config.growth.depth_mm,
        laterality=row["laterality"],
        fovea=fovea,
        graph=graph,
        healthy_graph=graph,
        faz_graph=graph,
        lesions=Lesions(),
    )
