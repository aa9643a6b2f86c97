"""The convention of `datasets` for folders of pictures: `metadata.csv` or `metadata.jsonl` with `file_name`."""

from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import ClassReader
from octa_svr_dataset.evaluation.folders.files import folders_in, pictures_below
from octa_svr_dataset.evaluation.folders.images import FolderImage, LeftOut, Listing
from octa_svr_dataset.evaluation.folders.labeled import label_images
from octa_svr_dataset.evaluation.folders.rows import match_rows
from octa_svr_dataset.evaluation.folders.subfolders import class_folder
from octa_svr_dataset.evaluation.folders.tables import LABEL_COLUMNS, read_table
from octa_svr_dataset.picture_files import SUFFIXES

METADATA_NAMES = ("metadata.csv", "metadata.jsonl")
FILE_COLUMN = "file_name"
"""Column of paths, relative to the folder of the table."""


def find_metadata(root: Path, *, field: str) -> list[Path]:
    """The table of a folder, or those of its subfolders, one a split; none where there is none.

    Raises
    ------
    InputError
        A folder has two.
    """
    for folders in ([root], folders_in(root, field=field)):
        found = []
        for folder in folders:
            here = [folder / name for name in METADATA_NAMES if (folder / name).is_file()]
            if len(here) > 1:
                raise InputError(f"{field}: {str(folder)!r} holds {' and '.join(METADATA_NAMES)}; allowed: one of them")
            found += here
        if found:
            return found
    return []


def list_metadata(
    root: Path, tables: list[Path], label_column: str | None, reader: ClassReader, *, field: str
) -> Listing:
    """Pictures that the tables name; without a column of labels, subfolders tell the class, if there are any.

    Raises
    ------
    InputError
        A table does not fit its folder (see `match_rows` and `label_images`).
    """
    images: list[FolderImage] = []
    left_out: list[LeftOut] = []
    for file in tables:
        of_table, left_of_table = _list(root, file, label_column, reader, field)
        images += of_table
        left_out += left_of_table
    left_out += [
        LeftOut(name=path.relative_to(root).as_posix(), reason=f"no {METADATA_NAMES[0]} names it")
        for path in pictures_below(root, field=field)
        if not any(path.is_relative_to(file.parent) for file in tables)
    ]
    return Listing(layout="metadata", images=tuple(images), left_out=tuple(left_out))


def _list(
    root: Path, file: Path, label_column: str | None, reader: ClassReader, field: str
) -> tuple[list[FolderImage], list[LeftOut]]:
    paths = [path.relative_to(root) for path in pictures_below(file.parent, field=field)]
    if not paths:
        raise InputError(f"{field}: {str(file.parent)!r} holds no picture ({', '.join(SUFFIXES)})")
    table = read_table(file, field=field)
    if FILE_COLUMN not in table.columns:
        raise InputError(
            f"{field}: {str(file)!r} has no column {FILE_COLUMN!r}; allowed: that column, or --labels and --id_column"
        )
    matched, unmatched = match_rows(table, FILE_COLUMN, paths, root, field=field, base=file.parent.relative_to(root))
    column = table.column(label_column, LABEL_COLUMNS, option="label_column", thing="a class")
    what = "the subfolder" if column is None else f"in the column {column!r}, the class"
    classes = {entry.path: class_folder(entry.path) if column is None else entry.row[column] for entry in matched}
    is_labeled = column is not None or any(classes.values())
    if not is_labeled and reader.mapped:
        raise InputError(f"label_map: {str(file)!r} has no labels; allowed: --label_column with one of {table.columns}")
    images, left_out = label_images(table, matched, classes if is_labeled else None, reader, field=field, what=what)
    return images, [*left_out, *unmatched]
