"""Pictures in any folders, and a table that says which is what: `--labels`, `--id_column`, `--label_column`."""

from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import ClassReader
from octa_svr_dataset.evaluation.folders.files import pictures_below
from octa_svr_dataset.evaluation.folders.images import Listing
from octa_svr_dataset.evaluation.folders.labeled import label_images
from octa_svr_dataset.evaluation.folders.rows import match_rows
from octa_svr_dataset.evaluation.folders.tables import FILE_COLUMNS, ID_COLUMNS, LABEL_COLUMNS, read_table
from octa_svr_dataset.picture_files import SUFFIXES


def list_table(
    root: Path,
    labels: Path,
    id_column: str | None,
    label_column: str | None,
    reader: ClassReader,
    *,
    field: str,
) -> Listing:
    """Pictures of a folder and all below it, labeled by a table.

    Raises
    ------
    InputError
        There is no picture, or the table does not fit (see `match_rows` and `label_images`).
    """
    paths = [path.relative_to(root) for path in pictures_below(root, field=field)]
    if not paths:
        raise InputError(f"{field}: {str(root)!r} holds no picture ({', '.join(SUFFIXES)})")
    table = read_table(labels, field="labels")
    found = table.column(id_column, FILE_COLUMNS, option="id_column", thing="a file or identifier")
    if found is None:
        found = table.needed_column(None, ID_COLUMNS, option="id_column", thing="a file or identifier")
    column = table.needed_column(label_column, LABEL_COLUMNS, option="label_column", thing="a class")
    matched, unmatched = match_rows(table, found, paths, root, field="labels")
    classes = {entry.path: entry.row[column] for entry in matched}
    images, left_out = label_images(
        table, matched, classes, reader, field="labels", what=f"in the column {column!r}, the class"
    )
    return Listing(layout="table", images=tuple(images), left_out=(*left_out, *unmatched))
