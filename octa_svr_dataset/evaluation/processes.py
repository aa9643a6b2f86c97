"""Work on many items in several processes."""

import multiprocessing
import os
import threading
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
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_the_parent) as pool:
        yield from pool.map(function, items, chunksize=items_a_task)


def end_with_the_parent() -> None:
    """End this process when its parent is killed: it would wait for work forever."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        assert parent is not None, "a worker has a parent"
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
