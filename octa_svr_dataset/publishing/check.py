"""Stored shards read again and compared with their manifest."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from octa_svr_dataset.publishing.digests import RowDigests
from octa_svr_dataset.publishing.manifest import Manifest, PlannedShard, ShardEntry
from octa_svr_dataset.publishing.processes import count_row
from octa_svr_dataset.publishing.shard_files import finished_content, rows_between, schema_of
from octa_svr_dataset.publishing.stages import key_of
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.row import row_id


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckTask:
    """A stored shard to be checked."""

    manifest: Manifest
    entry: ShardEntry
    out: str


def problems_of_shard(task: CheckTask) -> tuple[int, list[str]]:
    """Number of rows that a stored shard should have, and what is wrong with it, one line a problem."""
    manifest, entry, storage = task.manifest, task.entry, Storage(task.out)
    try:
        problems = list(_problems(manifest, entry, storage))
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        problems = [f"cannot be read: {' '.join(str(error).split())}"]
    return entry.num_rows, [f"{entry.file}: {problem}" for problem in problems]


def _problems(manifest: Manifest, entry: ShardEntry, storage: Storage) -> Iterator[str]:
    if entry.file not in storage.names():
        yield "is missing"
        return
    with storage.open(entry.file) as file:
        parquet = pq.ParquetFile(file)
        num_rows, schema = parquet.metadata.num_rows, parquet.schema_arrow
    if num_rows != entry.num_rows:
        yield f"has {num_rows} rows, {entry.num_rows} by the manifest"
    if storage.size(entry.file) != entry.bytes:
        yield f"has {storage.size(entry.file)} bytes, {entry.bytes} by the manifest"
    if not schema.equals(schema_of(manifest)):
        yield "has other columns than a build of these settings"
        return
    digests, index = RowDigests(), entry.start
    columns = schema_of(manifest).names
    for row in rows_between(manifest, storage, entry.split, entry.start, entry.stop, columns):
        wanted = row_id(manifest.preset, key_of(manifest, entry.split, index))
        if row["id"] != wanted:
            yield f"row {index - entry.start} has the id {row['id']!r}, not {wanted!r}"
        digests.add(row)
        index += 1
        count_row()
    for name in ("pixels_sha256", "texts_sha256"):
        if getattr(digests, name) != getattr(entry, name):
            yield f"{name} is {getattr(digests, name)[:16]}..., {getattr(entry, name)[:16]}... by the manifest"
    plain = PlannedShard(file=entry.file, split=entry.split, start=entry.start, stop=entry.stop)
    if finished_content(manifest, plain, storage) is None:
        yield "its metadata are not those of the manifest"
