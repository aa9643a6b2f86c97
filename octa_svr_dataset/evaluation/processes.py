"""Work on many items in several processes."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int, items_a_task: int = 1
) -> Iterator[Result]:
    """Results in the order of the items, as they get ready.

    Parameters
    ----------
    function
        What to do with an item; both are pickled.
    items
        What to do it with.
    workers
        Number of processes; 1 stays in this one.
    items_a_task
        Items that a process takes at a time.
    """
    if workers == 1:
        yield from map(function, items)
        return
    # Forking would copy the locks of threads that do not run in the copy: torch and numba have such.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(function, items, chunksize=items_a_task)
