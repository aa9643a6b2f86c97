"""One subfolder a class, or pictures without labels."""

from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import ClassReader, normalized_class
from octa_svr_dataset.evaluation.folders.files import MASKS_NAME, folders_in, pictures_below, pictures_in
from octa_svr_dataset.evaluation.folders.images import FolderImage, LeftOut, Listing, Truth
from octa_svr_dataset.evaluation.folders.labeled import counted
from octa_svr_dataset.evaluation.folders.tables import TABLE_SUFFIXES
from octa_svr_dataset.evaluation.patients import PATIENTS_NAME
from octa_svr_dataset.picture_files import SUFFIXES

IMAGES_NAME = "images"
"""Subfolder that may hold pictures without labels."""

SPLIT_NAMES = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
"""Names of subfolders that hold those of the classes; all of them are evaluated."""

_NO_WRAPPERS = SPLIT_NAMES | {IMAGES_NAME, MASKS_NAME}


def list_subfolders(root: Path, reader: ClassReader, *, field: str) -> Listing:
    """Pictures of a folder without a table.

    Raises
    ------
    InputError
        It holds no picture, or some in itself and some below, or a subfolder names no class.
    """
    loose = pictures_in(root, field=field)
    paths = [path.relative_to(root) for path in pictures_below(root, field=field)]
    if not paths:
        raise InputError(
            f"{field}: {str(root)!r} holds no picture ({', '.join(SUFFIXES)}), nor does a subfolder named after a class"
        )
    if loose and len(loose) < len(paths):
        raise InputError(
            f"{field}: {str(root)!r} holds pictures both in itself and in subfolders; allowed: one of the two"
        )
    if loose or {path.parts[0].lower() for path in paths} == {IMAGES_NAME}:
        if reader.mapped:
            raise InputError(f"label_map: {str(root)!r} has no labels; allowed: subfolders, or a table by --labels")
        return Listing(
            layout="unlabeled",
            images=tuple(FolderImage(path=path, truth=None) for path in paths),
            left_out=_tables(root),
        )
    _refuse_several(root, paths, reader, field)
    reader.require_known({class_folder(path) for path in paths}, field=field, what="the subfolder")
    images: list[FolderImage] = []
    left_out: dict[str, list[str]] = {}
    for path in paths:
        truth = reader.read(class_folder(path))
        if isinstance(truth, Truth):
            images.append(FolderImage(path=path, truth=truth))
        else:
            left_out.setdefault(truth.name, []).append(truth.reason)
    return Listing(layout="subfolders", images=tuple(images), left_out=tuple(counted(left_out)))


def folder_of_classes(root: Path, reader: ClassReader, *, field: str) -> Path:
    """The folder whose subfolders name classes: a folder itself, or the one that it holds alone, as archives unpack.

    A folder that names a class or a split, or lies beside pictures or a table, is none to step into.
    """
    folders = folders_in(root, field=field)
    is_alone = len(folders) == 1 and not pictures_in(root, field=field) and not _has_table(root)
    if not is_alone or reader.knows(folders[0].name) or normalized_class(folders[0].name) in _NO_WRAPPERS:
        return root
    inner = folder_of_classes(folders[0], reader, field=field)
    names = {class_folder(path.relative_to(inner)) for path in pictures_below(inner, field=field)}
    return inner if any(reader.knows(name) or name.isdigit() for name in names) else root


def class_folder(path: Path) -> str:
    """Name of the subfolder that tells the class of a picture; empty if it lies in none.

    That is the first, or the second where the first is that of a split; deeper ones say nothing.
    """
    folders = path.parts[:-1]
    if len(folders) > 1 and normalized_class(folders[0]) in SPLIT_NAMES:
        return folders[1]
    return folders[0] if folders else ""


def _has_table(root: Path) -> bool:
    return any(file.suffix.lower() in TABLE_SUFFIXES for file in root.iterdir())


def _refuse_several(root: Path, paths: list[Path], reader: ClassReader, field: str) -> None:
    """Refuse folders of several origins, each with classes of its own, by naming one that can be given."""
    below = {path.parts[0]: path.parts[1] for path in reversed(paths) if len(path.parts) > 2}
    if not any(reader.knows(class_folder(path)) for path in paths) and any(map(reader.knows, below.values())):
        name = min(name for name, inner in below.items() if reader.knows(inner))
        raise InputError(
            f"{field}: the subfolder {name!r} names no class, but subfolders in it do; allowed: {str(root / name)!r}, "
            "one such folder at a time, or a table by --labels"
        )


def _tables(root: Path) -> tuple[LeftOut, ...]:
    """Tables that lie beside pictures without labels: most likely forgotten."""
    return tuple(
        LeftOut(name=file.name, reason="a table that --labels does not name")
        for file in sorted(root.iterdir())
        if file.suffix.lower() in TABLE_SUFFIXES and file.name != PATIENTS_NAME
    )
