"""Loops of the measures."""

from octa_svr_dataset.measurement.kernels.courses import (
    arcs_and_chords,
    chain_lines,
    join_lines,
    profiles,
    smoothed,
    trace_lines,
    widths_at_half_height,
)
from octa_svr_dataset.measurement.kernels.fields import convolved, excess_of_rows, local_moments
from octa_svr_dataset.measurement.kernels.zones import along_rays, box_mean, darkest_squares, settled_radii

__all__ = [
    "along_rays",
    "arcs_and_chords",
    "box_mean",
    "chain_lines",
    "convolved",
    "darkest_squares",
    "excess_of_rows",
    "join_lines",
    "local_moments",
    "profiles",
    "settled_radii",
    "smoothed",
    "trace_lines",
    "widths_at_half_height",
]
