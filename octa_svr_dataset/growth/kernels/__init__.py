"""Loops of the growth model: arrays and scalars in, arrays out.

The tissue is the box [0, width] x [0, width] x [0, depth], mm. Vessels of one kind are the columns of
`Nodes`, what attracts them (oxygen sinks for arteries, carbon dioxide sources for veins) the columns
of `Sinks`; both are found by the cells of a flat grid over (x, y), since the slab is thin. The rules
are those of Rauch and Harders (2021) and Kreitner et al. (2024). Chance comes from a counter, keyed by
iteration and node, so that no result depends on the order of the data structures. Where many arrays
meet in an inner loop, they are passed one by one: a tuple of arrays costs more than the loop's body.
"""
