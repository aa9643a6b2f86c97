"""One shard as a Parquet file: written, described by its own metadata, read again."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from octa_svr_dataset.builder import row_features
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.grading import Label
from octa_svr_dataset.publishing.digests import RowDigests
from octa_svr_dataset.publishing.graphs import GRAPH_SCHEMA
from octa_svr_dataset.publishing.manifest import BuildPlan, Manifest, PlannedShard, ShardEntry, no_classes
from octa_svr_dataset.publishing.row_batches import row_batch
from octa_svr_dataset.publishing.storage import Storage

ROWS_A_GROUP, LARGEST_GROUP_BYTES = 100, 16 * 2**20
"""A row group ends at so many rows, or before it outgrows so many bytes: the Hub's viewer reads it whole."""

HEADER_KEY, CONTENT_KEY = b"octa_svr", b"octa_svr_content"
"""Where the metadata of a file hold what it was planned to be, and what it came to hold."""

LABELS = tuple(str(label) for label in Label)


@dataclass(frozen=True, kw_only=True)
class ShardContent:
    """A finished shard."""

    entry: ShardEntry
    classes: Mapping[str, int]
    """Number of rows by class."""


def schema_of(plan: BuildPlan) -> pa.Schema:
    """Columns of a build's files; those of examples with their features, by which `datasets` reads them."""
    if plan.content == "graphs":
        return GRAPH_SCHEMA
    return row_features(plan.include_masks, plan.include_graph).arrow_schema


def header_of(plan: BuildPlan, shard: PlannedShard) -> dict[str, Any]:
    """What a file says that its rows are a function of."""
    header = {name: value for name, value in plan.as_dict().items() if name not in ("num", "rows_per_shard")}
    return header | {"split": shard.split, "start": shard.start, "stop": shard.stop}


def write_shard(plan: BuildPlan, shard: PlannedShard, storage: Storage, rows: Iterable[dict[str, Any]]) -> ShardContent:
    """Write the rows of a shard, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    schema = schema_of(plan)
    metadata = (schema.metadata or {}) | {HEADER_KEY: _json(header_of(plan, shard))}
    schema = schema.with_metadata(metadata)
    digests, classes = RowDigests(), {} if plan.content == "graphs" else no_classes()
    with storage.new_file(shard.file) as file, _writer(file, schema) as writer:
        for group in _groups(_counted(rows, classes, digests), schema):
            writer.write_table(group, row_group_size=len(group))
        content = {
            "pixels_sha256": digests.pixels_sha256,
            "texts_sha256": digests.texts_sha256,
            "classes": classes,
        }
        writer.add_key_value_metadata({CONTENT_KEY: _json(content)})
    entry = ShardEntry(
        **vars(shard),
        pixels_sha256=digests.pixels_sha256,
        texts_sha256=digests.texts_sha256,
        bytes=storage.size(shard.file),
    )
    return ShardContent(entry=entry, classes=classes)


def _writer(file: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """Pictures are compressed already; cut by content, so that the Hub keeps once what two versions share."""
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        compression_level=1,
        write_page_index=True,
        write_page_checksum=True,
        use_content_defined_chunking=True,
    )


def _counted(rows: Iterable[dict[str, Any]], classes: dict[str, int], digests: RowDigests) -> Iterator[dict[str, Any]]:
    """The rows with their labels as numbers; what passes is counted and hashed."""
    for row in rows:
        if "label" in row and isinstance(row["label"], str):
            row["label"] = LABELS.index(row["label"])
        if "label" in row:
            classes[LABELS[row["label"]]] += 1
        digests.add(row)
        yield row


def _groups(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    """Row groups; rows become columns one by one, as Python's numbers take many times the memory."""
    batches: list[pa.RecordBatch] = []
    num_bytes = 0
    for row in rows:
        batch = row_batch(row, schema)
        if len(batches) == ROWS_A_GROUP or (batches and num_bytes + batch.nbytes > LARGEST_GROUP_BYTES):
            yield pa.Table.from_batches(batches).combine_chunks()
            batches, num_bytes = [], 0
        batches.append(batch)
        num_bytes += batch.nbytes
    if batches:
        yield pa.Table.from_batches(batches).combine_chunks()


def finished_content(plan: BuildPlan, shard: PlannedShard, storage: Storage) -> ShardContent | None:
    """What the stored file of a shard says that it holds; None where that is no file of this plan, or broken."""
    try:
        with storage.open(shard.file) as file:
            metadata = pq.read_metadata(file)
        header = json.loads(metadata.metadata[HEADER_KEY])
        content = json.loads(metadata.metadata[CONTENT_KEY])
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None
    if metadata.num_rows != shard.num_rows or header != json.loads(_json(header_of(plan, shard))):
        return None
    classes = content.pop("classes")
    entry = ShardEntry(**vars(shard), **content, bytes=storage.size(shard.file))
    return ShardContent(entry=entry, classes=classes)


def intact_content(plan: BuildPlan, shard: PlannedShard, storage: Storage) -> ShardContent | None:
    """`finished_content` of a file of which all pages agree with their checksums, too; pictures are not decoded."""
    content = finished_content(plan, shard, storage)
    if content is None:
        return None
    try:
        with storage.open(shard.file) as file:
            for _ in _verified(file).iter_batches(batch_size=ROWS_A_GROUP):
                pass
    except (OSError, pa.ArrowException):
        return None
    return content


def rows_between(
    manifest: Manifest, storage: Storage, split: str, start: int, stop: int, columns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Stored rows `start` to `stop` (excluded) of a split, in plain values; lists of numbers as arrays.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    for shard in manifest.shards:
        if shard.split == split and shard.start < stop and start < shard.stop:
            try:
                with storage.open(shard.file) as file:
                    yield from _rows_of_file(_verified(file), start - shard.start, stop - shard.start, columns)
            except (OSError, pa.ArrowException) as error:
                raise InputError(f"{shard.file} in {storage.url!r} cannot be read: {error}") from None


def _verified(file: Any) -> pq.ParquetFile:
    """A file whose pages are compared with their checksums when they are read."""
    return pq.ParquetFile(file, page_checksum_verification=True)


def _rows_of_file(file: pq.ParquetFile, start: int, stop: int, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    first = 0
    for group in range(file.num_row_groups):
        num_rows = file.metadata.row_group(group).num_rows
        if first < stop and start < first + num_rows:
            begin, end = max(start - first, 0), min(stop - first, num_rows)
            table = file.read_row_group(group, columns=list(columns)).slice(begin, end - begin)
            for row in range(len(table)):
                yield {name: _value(table.column(name)[row]) for name in columns}
        first += num_rows


def _value(scalar: pa.Scalar) -> Any:
    """A plain value; a list of numbers as an array, which is many times quicker."""
    if pa.types.is_list(scalar.type) and pa.types.is_primitive(scalar.type.value_type):
        return np.asarray(scalar.values)
    return scalar.as_py()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
