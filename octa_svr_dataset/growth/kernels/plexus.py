"""The iterations of a plexus: what happens in which order."""

import math

import numpy as np

from octa_svr_dataset.growth.kernels.arrays import NONE, Nodes, Rules, Sinks, Tissue, counter_uniform
from octa_svr_dataset.growth.kernels.branching import frustum_of, grow_leaf, sprout_from_segment
from octa_svr_dataset.growth.kernels.candidates import place_sinks
from octa_svr_dataset.growth.kernels.sinks import (
    assign_sinks,
    forget_nearest,
    meet_new_nodes,
    remove_sinks,
    sort_sinks,
    turn_into_sources,
)
from octa_svr_dataset.kernel import kernel

SORT_INTERVAL = 4
"""Sinks are sorted anew every so many iterations."""


@kernel(allocates=False)
def grow_plexus(
    arteries: Nodes,
    veins: Nodes,
    sinks: Sinks,
    sources: Sinks,
    spare: Sinks,
    tissue: Tissue,
    schedule: np.ndarray,
    keys: np.ndarray,
    first_sink: np.ndarray,
    next_sink: np.ndarray,
    kept: np.ndarray,
    candidates: np.ndarray,
) -> tuple[Sinks, Sinks, Sinks]:
    """Grow one plexus: in each iteration sinks appear, arteries grow, sinks turn into sources, veins grow.

    Parameters
    ----------
    arteries, veins, sinks, sources
        What has grown so far; changed in place.
    spare
        Work arrays of the size of the sinks.
    tissue
        The field.
    schedule
        (I, fields of `Rules`) float64. Rules of each iteration.
    keys
        (3,) uint64. Keys of the random draws for sinks, arteries and veins.
    first_sink, next_sink, kept
        int32 work arrays, the first as long as the nodes, the others as the sinks. They are handed in because a
        loop that allocates would leak all of its arrays when a full one ends it.
    candidates
        (B, 3) float64 work array.

    Returns
    -------
    sinks, sources, spare : Sinks
        As they are in the end; what is sorted changes places with the spare arrays.
    """
    for step in range(schedule.shape[0]):
        rules = rules_of(schedule[step])
        if step % SORT_INTERVAL == 0 or step == 1:
            num_cells = min(max(int(tissue.width / rules.spacing), 1), int(math.sqrt(sinks.head.shape[0])))
            sort_sinks(sinks, spare, tissue.width, num_cells)
            sinks, spare = spare, sinks
            sort_sinks(sources, spare, tissue.width, num_cells)
            sources, spare = spare, sources
        if step == 0:
            forget_nearest(sinks)
            forget_nearest(sources)
        place_sinks(sinks, arteries, tissue, rules, keys[0], candidates)
        assign_sinks(sinks, arteries, tissue, rules, first_sink, next_sink)
        first_new = grow_toward_sinks(arteries, sinks, tissue, rules, first_sink, next_sink, kept, keys[1])
        count = meet_new_nodes(sinks, arteries, tissue, rules, first_new, kept)
        turn_into_sources(sinks, sources, veins, tissue, rules, kept, count)
        assign_sinks(sources, veins, tissue, rules, first_sink, next_sink)
        first_new = grow_toward_sinks(veins, sources, tissue, rules, first_sink, next_sink, kept, keys[2])
        count = meet_new_nodes(sources, veins, tissue, rules, first_new, kept)
        remove_sinks(sources, kept, count)
    return sinks, sources, spare


@kernel(allocates=False)
def grow_toward_sinks(
    nodes: Nodes,
    sinks: Sinks,
    tissue: Tissue,
    rules: Rules,
    first_sink: np.ndarray,
    next_sink: np.ndarray,
    kept: np.ndarray,
    key: np.uint64,
) -> int:
    """One step of all vessels of a kind toward the sinks of their lists; returns the index of the first new node."""
    num_nodes = nodes.size[0]
    capillary = frustum_of(1.0, rules)
    for node in range(num_nodes):
        if first_sink[node] == NONE or nodes.parent[node] == NONE:
            continue
        chance = counter_uniform(key, (rules.iteration << 32) + node)
        if nodes.child[node, 0] == NONE:
            grow_leaf(nodes, sinks, tissue, rules, node, first_sink, next_sink, kept, chance)
        else:
            sprout_from_segment(nodes, sinks, tissue, rules, node, first_sink, next_sink, capillary, chance)
    return num_nodes


@kernel(allocates=False)
def rules_of(row: np.ndarray) -> Rules:
    """Rules of one iteration from a row of numbers."""
    return Rules(
        int(row[0]), int(row[1]), row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[11]
    )
