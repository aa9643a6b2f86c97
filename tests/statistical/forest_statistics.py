"""Numbers that describe a vessel forest, for comparison with the published ones."""

import numpy as np
from scipy import ndimage

from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.raster import draw_vessels
from octa_svr_dataset.vessel_graph import VesselGraph, segment_lengths_mm

CENTER_MM = 1.5
RING_EDGES_MM = np.linspace(0.0, 1.5, 11)
FINE = FieldOfView(width_mm=3.0, size_px=1216)


def describe(graph: VesselGraph) -> dict[str, float]:
    """All statistics of one forest by name; lengths in mm, radii and distances in um, angles in deg."""
    segments = graph.segments
    lengths_mm = segment_lengths_mm(graph)
    num_children = graph.num_children()
    vectors = graph.position_mm[segments] - graph.position_mm[graph.parent[segments]]
    middle_mm = graph.position_mm[segments, :2] - vectors[:, :2] / 2 - CENTER_MM
    return {
        "edges": len(segments),
        "length": lengths_mm.sum(),
        "leaves": (num_children == 0).sum(),
        "bifurcations": (num_children == 2).sum(),
        **_quantiles("radius", graph.radius_mm[segments] * 1000, (0.75, 0.95, 0.99)),
        "distance fovea to vessel": np.linalg.norm(graph.position_mm[:, :2] - CENTER_MM, axis=1).min(),
        **_rings(middle_mm, lengths_mm[segments]),
        **_angles(graph, num_children),
        **_orders(graph, lengths_mm),
        **_gaps(graph),
        **_orientation(vectors, middle_mm, lengths_mm[segments]),
        **_trees(graph, lengths_mm),
    }


def _quantiles(name: str, values: np.ndarray, levels: tuple[float, ...]) -> dict[str, float]:
    return {f"{name} q{level}": float(np.quantile(values, level)) for level in levels}


def _rings(middle_mm: np.ndarray, lengths_mm: np.ndarray) -> dict[str, float]:
    """Vessel length per area in rings around the center, mm / mm2."""
    totals, _ = np.histogram(np.linalg.norm(middle_mm, axis=1), RING_EDGES_MM, weights=lengths_mm)
    densities = totals / (np.pi * np.diff(RING_EDGES_MM**2))
    return {f"density ring {outer:.2f}": density for outer, density in zip(RING_EDGES_MM[1:], densities, strict=True)}


def _angles(graph: VesselGraph, num_children: np.ndarray) -> dict[str, float]:
    """Turn from a segment to the next one, where vessels branch and where they go on."""
    segments = graph.segments[graph.parent[graph.parent[graph.segments]] >= 0]
    middle = graph.parent[segments]
    first = graph.position_mm[middle] - graph.position_mm[graph.parent[middle]]
    second = graph.position_mm[segments] - graph.position_mm[middle]
    cosine = (first * second).sum(axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    turn_deg = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    branches = num_children[middle] == 2
    return {
        **_quantiles("branching angle", turn_deg[branches], (0.25, 0.5, 0.75)),
        **_quantiles("turn", turn_deg[~branches], (0.25, 0.5, 0.75)),
    }


def strahler_orders(graph: VesselGraph) -> np.ndarray:
    """(N,) order of each node: 1 at a tip, one more where two branches of equal order meet (Strahler 1957)."""
    order = np.zeros(len(graph), dtype=int)
    highest = np.zeros((len(graph), 2), dtype=int)
    for node in range(len(graph) - 1, -1, -1):
        first, second = highest[node]
        order[node] = max(first + (first == second), 1)
        parent = graph.parent[node]
        if parent >= 0:
            highest[parent] = sorted((*highest[parent], order[node]))[:0:-1]
    return order


def _orders(graph: VesselGraph, lengths_mm: np.ndarray) -> dict[str, float]:
    order = strahler_orders(graph)
    is_segment = graph.parent >= 0
    result = {}
    for level in (1, 2, 3, 4):
        chosen = is_segment & (order == level if level < 4 else order >= 4)
        result[f"segments of order {level}"] = chosen.sum()
        result[f"length of order {level}"] = lengths_mm[chosen].sum()
    return result


def _gaps(graph: VesselGraph) -> dict[str, float]:
    """Distance between neighboring capillaries: across the widest points between them, off the fovea."""
    drawing = draw_vessels(graph, FINE, np.full(len(graph), 0.001), np.ones(len(graph)))
    distance_px = ndimage.distance_transform_edt(drawing.node < 0)
    ridge = (distance_px == ndimage.maximum_filter(distance_px, size=5)) & (distance_px > 1.5)
    row_col = np.argwhere(ridge)
    is_off_fovea = np.linalg.norm(row_col * FINE.mm_per_px - CENTER_MM, axis=1) > 0.6
    gap_um = 2000 * FINE.mm_per_px * distance_px[ridge][is_off_fovea]
    return _quantiles("capillary distance", gap_um, (0.5, 0.95))


def _orientation(vectors: np.ndarray, middle_mm: np.ndarray, lengths_mm: np.ndarray) -> dict[str, float]:
    """How radial vessels run at some distance, how evenly they share the directions, and the quadrants."""
    angle = np.arctan2(vectors[:, 1], vectors[:, 0])
    to_center = np.arctan2(middle_mm[:, 1], middle_mm[:, 0])
    distance = np.linalg.norm(middle_mm, axis=1)
    radial = np.abs(np.cos(angle - to_center))
    quadrant = (middle_mm[:, 0] > 0) * 2 + (middle_mm[:, 1] > 0)
    shares = np.bincount(quadrant, weights=lengths_mm, minlength=4) / lengths_mm.sum()
    directions, _ = np.histogram(angle % np.pi, bins=6, range=(0, np.pi), weights=lengths_mm)
    return {
        "radial course 0.45 to 0.9": radial[(distance > 0.45) & (distance < 0.9)].mean(),
        "radial course 0.9 to 1.5": radial[(distance > 0.9) & (distance < 1.5)].mean(),
        "fullest direction": directions.max() / directions.mean(),
        "emptiest direction": directions.min() / directions.mean(),
        "fullest quadrant": shares.max() * 4,
        "emptiest quadrant": shares.min() * 4,
    }


def _trees(graph: VesselGraph, lengths_mm: np.ndarray) -> dict[str, float]:
    root = np.arange(len(graph))
    for node in range(len(graph)):
        if graph.parent[node] >= 0:
            root[node] = root[graph.parent[node]]
    totals = np.sort(np.bincount(root, weights=lengths_mm, minlength=len(graph))[graph.parent < 0])[::-1]
    return {
        "trees": len(totals),
        "share of the largest tree": totals[0] / totals.sum(),
        "share of the four largest trees": totals[:4].sum() / totals.sum(),
    }
