"""Tasks in processes that may be killed: each has a process of its own, so that it is known which task killed it."""

import multiprocessing
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.processes import end_with_the_parent

Task = TypeVar("Task")
Result = TypeVar("Result")

TRIES = 3
"""A task that has killed its process so often is given up."""

TICK_S = 0.25
"""So often the progress is reported, s."""

_shared: Any = None
"""In a worker: the number of rows that its present task has done, and whether it is to stop (1) or not (0)."""


class Stopped(Exception):  # noqa: N818
    """The main process has no use for the result any more."""


def count_row() -> None:
    """Tell the main process that another row is done; stop where that wants no more."""
    if _shared is not None:
        _shared[0] += 1
        if _shared[1]:
            raise Stopped


def _begin(shared: Any) -> None:
    global _shared
    _shared = shared
    end_with_the_parent()


class _Worker:
    """A process, renewed when it dies."""

    def __init__(self) -> None:
        # Forking would copy the locks of threads that do not run in the copy: numba and pyarrow have such.
        self._context = multiprocessing.get_context("spawn")
        self._shared = self._context.Array("q", 2, lock=False)
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[[Task], Result], task: Task) -> "Future[Result]":
        self._shared[0] = 0
        try:
            return self._living_pool().submit(function, task)
        except BrokenProcessPool:  # it was killed while it had nothing to do
            self.close()
            return self._living_pool().submit(function, task)

    def _living_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=self._context, initializer=_begin, initargs=(self._shared,))
        return self._pool

    @property
    def num_rows(self) -> int:
        """Rows that its present task has done."""
        return int(self._shared[0])

    def stop(self) -> None:
        """Let its present task go no further."""
        self._shared[1] = 1

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def run_in_processes(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    name: Callable[[Task], str],
    on_tick: Callable[[int], None],
) -> Iterator[Result]:
    """Results as they get ready.

    A task whose process is killed is done again by a new one; the others go on meanwhile.

    Parameters
    ----------
    function, tasks
        What to do with what; pickled.
    workers
        Number of processes.
    name
        What to call a task in a message.
    on_tick
        Called often, with the number of rows that the running tasks have counted.

    Raises
    ------
    InputError
        A task has killed its process `TRIES` times, or says itself that it cannot be done.
    """
    waiting, idle = deque(tasks), [_Worker() for _ in range(min(workers, len(tasks)))]
    running: dict[Future[Result], tuple[_Worker, Task]] = {}
    deaths: Counter[int] = Counter()
    everyone = list(idle)
    try:
        while waiting or running:
            while waiting and idle:
                worker, task = idle.pop(), waiting.popleft()
                running[worker.submit(function, task)] = worker, task
            done, _ = wait(running, timeout=TICK_S, return_when=FIRST_COMPLETED)
            for future in done:
                worker, task = running.pop(future)
                idle.append(worker)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    worker.close()
                    deaths[id(task)] += 1
                    if deaths[id(task)] == TRIES:
                        raise InputError(
                            f"{name(task)}: the process was killed {TRIES} times; is there enough memory?"
                        ) from None
                    waiting.appendleft(task)
                else:
                    yield result
            on_tick(sum(worker.num_rows for worker, _ in running.values()))
    finally:
        for worker in everyone:
            worker.stop()
        for worker in everyone:
            worker.close()
