"""Shards as tasks of Ray: on this machine, or on the cluster of an address."""

import socket
from collections.abc import Callable, Iterator, Sequence

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.processes import TRIES
from octa_svr_dataset.publishing.shard_files import ShardContent
from octa_svr_dataset.publishing.stages import ShardTask, make_shard

TICK_S = 1.0
"""So often the progress is reported, s."""

CONNECTION_S = 10.0
"""A cluster has to answer within this time, s."""

OBJECT_STORE_BYTES = 128 * 2**20
"""Memory for what tasks return, on this machine: they return hashes, the rows go into files."""


def run_on_ray(
    tasks: Sequence[ShardTask], *, address: str | None, workers: int, on_tick: Callable[[int], None]
) -> Iterator[ShardContent]:
    """Contents of the shards as they get ready.

    A task whose process or machine is lost is done again elsewhere. The folder must be one that all machines see.

    Parameters
    ----------
    tasks
        What to write.
    address
        Of the cluster; none for this machine.
    workers
        Number of processes on this machine; of a cluster, all of its cores serve.
    on_tick
        Called often; the rows of running tasks are not known here.

    Raises
    ------
    InputError
        Ray is not installed or not to be reached, or a task was lost too often or says that it cannot be done.
    """
    try:
        import ray
    except ImportError:
        raise InputError('engine: ray is not installed; allowed: after pip install "octa-svr-dataset[ray]"') from None
    if not tasks:
        return
    _require_reachable(address)
    local = {"num_cpus": workers, "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **({} if address else local))
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"address: no Ray cluster at {address or 'this machine'!r}: {error}") from None
    try:
        remote = ray.remote(max_retries=TRIES - 1)(make_shard)
        running = {remote.remote(task): task for task in tasks}
        while running:
            done, _ = ray.wait(list(running), num_returns=1, timeout=TICK_S)
            on_tick(0)
            for reference in done:
                task = running.pop(reference)
                try:
                    content = ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    cause = error.as_instanceof_cause()
                    raise InputError(str(error.cause)) from None if isinstance(error.cause, InputError) else cause
                except ray.exceptions.RayError as error:
                    shard = task.shard
                    raise InputError(
                        f"{shard.file} ({shard.split} rows {shard.start} to {shard.stop - 1}): its process was lost "
                        f"{TRIES} times: {type(error).__name__}"
                    ) from None
                yield content
    finally:
        ray.shutdown()


def _require_reachable(address: str | None) -> None:
    """Refuse an address where nothing listens; Ray itself would try for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=CONNECTION_S).close()
        except (OSError, OverflowError) as error:
            raise InputError(f"address: no Ray cluster at {address!r}: {error}") from None
