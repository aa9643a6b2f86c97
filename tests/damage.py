"""Damage as a disk does it: one byte of a stored column becomes another, and the size stays."""

from pathlib import Path

import pyarrow.parquet as pq


def flip_byte(path: Path, column: str) -> None:
    """Change a byte near the end of what the first row group holds of a column, such as `image.bytes`."""
    group = pq.read_metadata(path).row_group(0)
    chunk = next(chunk for chunk in map(group.column, range(group.num_columns)) if chunk.path_in_schema == column)
    content = bytearray(path.read_bytes())
    content[(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 2] ^= 0x55
    path.write_bytes(content)
