"""Exports of rows into the formats of other tools; a folder is there whole or not at all."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from octa_svr_dataset.command import output_folder, unfinished_path
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.export_coco import write_coco
from octa_svr_dataset.publishing.export_graphs import write_graphs
from octa_svr_dataset.publishing.export_llamafactory import write_llamafactory
from octa_svr_dataset.publishing.export_rows import ExportRow, ExportSource
from octa_svr_dataset.publishing.export_sharegpt import write_sharegpt
from octa_svr_dataset.publishing.export_tokens import TokenCounter

FORMATS = {"sharegpt": (), "llamafactory": (), "graphs": ("masks", "graph"), "coco": ("masks",)}
"""Formats, and of the columns "masks" and "graph" those that they need."""

Progress = Callable[[Iterable[ExportRow], int, str], Iterable[ExportRow]]
"""Hands on the rows of a split, which are so many and called so, and shows how far they are."""


def export(
    source: ExportSource,
    form: str,
    out: Path,
    *,
    progress: Progress,
    counter: TokenCounter,
    cutoff_len: int,
) -> int:
    """Write the rows of a source in one of the `FORMATS`; the number of rows comes back.

    Parameters
    ----------
    source
        The rows; `sharegpt` and `graphs` put those of all its splits into one list.
    form, out
        Format, and a folder that does not exist yet or is empty.
    progress
        See `Progress`.
    counter, cutoff_len
        For `llamafactory`: how tokens are counted, and how many a dialogue may have.

    Raises
    ------
    InputError
        The folder holds something or cannot be written, or the format refuses a row.
    """
    rows = {split: progress(source.rows(split), num, split) for split, num in source.num.items()}
    every = (row for split_rows in rows.values() for row in split_rows)
    with _whole_folder(out) as folder:
        if form == "sharegpt":
            return write_sharegpt(folder, every)
        if form == "graphs":
            return write_graphs(folder, every)
        if form == "coco":
            return write_coco(folder, rows)
        return write_llamafactory(folder, source.preset, rows, counter=counter, cutoff_len=cutoff_len)


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` at the end."""
    out = out.resolve()
    with output_folder(out.parent, field="out"):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise InputError(f"out: {str(out)!r} already holds something; allowed: a new or an empty folder")
        unfinished = unfinished_path(out)
        try:
            unfinished.mkdir()
            yield unfinished
            if out.exists():
                out.rmdir()
            unfinished.replace(out)
        except OSError as error:
            raise InputError(f"out: cannot write {str(out)!r}: {error.strerror}; nothing is left of it") from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
