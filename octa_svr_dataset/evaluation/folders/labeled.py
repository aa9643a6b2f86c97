"""Pictures with the classes and details that the rows of a table give them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from octa_svr_dataset.evaluation.folders.classes import ClassReader
from octa_svr_dataset.evaluation.folders.images import FolderImage, LeftOut, Truth
from octa_svr_dataset.evaluation.folders.rows import MatchedRow, details
from octa_svr_dataset.evaluation.folders.tables import TableFile

UNLABELED = frozenset({"", "?", "na", "n/a", "nan", "null"})
"""Cells that give no class, whatever their case; "none" may mean that there is no disease, and is refused."""


def label_images(
    table: TableFile,
    matched: Sequence[MatchedRow],
    classes: Mapping[Path, str] | None,
    reader: ClassReader,
    *,
    field: str,
    what: str,
) -> tuple[list[FolderImage], list[LeftOut]]:
    """Pictures of rows, and those whose class is missing or not asked about.

    Parameters
    ----------
    table, matched
        Rows and the pictures that they mean.
    classes
        What each picture is called; absent where the folder has no labels.
    reader
        Reads those names.
    field, what
        Option and thing to name in messages.

    Raises
    ------
    InputError
        A name is that of no class, or a detail cannot be read.
    """
    if classes is not None:
        named = {name for name in classes.values() if name.lower() not in UNLABELED or reader.knows(name)}
        reader.require_known(named, field=field, what=what)
    images: list[FolderImage] = []
    left_out: list[LeftOut] = []
    classes_out: dict[str, list[str]] = {}
    for entry in matched:
        truth: Truth | None = None
        if classes is not None:
            name = classes[entry.path]
            if not reader.knows(name):
                left_out.append(LeftOut(name=entry.path.as_posix(), reason="it has no label"))
                continue
            read = reader.read(name)
            if isinstance(read, LeftOut):
                classes_out.setdefault(read.name, []).append(read.reason)
                continue
            truth = read
        images.append(FolderImage(path=entry.path, truth=truth, **details(table, entry.row, field=field)))
    return images, [*counted(classes_out), *left_out]


def counted(reasons: Mapping[str, Sequence[str]]) -> list[LeftOut]:
    """Classes that are left out, each with how many pictures it has."""
    return [
        LeftOut(name=name, reason=f"{same[0]}; {len(same)} picture{'s' * (len(same) > 1)}")
        for name, same in reasons.items()
    ]
