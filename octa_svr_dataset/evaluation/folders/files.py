"""Which files of a folder are pictures, and which are masks of them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.images import LeftOut, MaskKind
from octa_svr_dataset.picture_files import SUFFIXES

MASKS_NAME = "masks"
"""Subfolder of masks: `masks/<kind>/`, a file for each picture that has one, of the same name up to the ending."""

MASK_KINDS: Mapping[str, MaskKind] = {
    "faz": "faz",
    "dropout": "nonperfusion",
    "nonperfusion": "nonperfusion",
    "irma": "irma",
    "neovascularization": "neovascularization",
}
"""Names of the subfolders of `masks/` that are used; "dropout" is that of `octa-svr images --masks`."""


def pictures_in(folder: Path, *, field: str) -> list[Path]:
    """Pictures that lie in a folder itself, by name.

    Raises
    ------
    InputError
        What has the name of a picture is no file.
    """
    pictures = [file for file in _entries(folder, field) if file.suffix.lower() in SUFFIXES]
    for picture in pictures:
        if not picture.is_file():
            kind = "a folder" if picture.is_dir() else "a link that leads to no file"
            raise InputError(f"{field}: {str(picture)!r} is {kind}; allowed under the name of a picture: a file")
    return pictures


def folders_in(folder: Path, *, field: str) -> list[Path]:
    """Subfolders of a folder, by name; hidden ones are left alone."""
    return [entry for entry in _entries(folder, field) if entry.is_dir()]


def pictures_below(folder: Path, *, field: str) -> list[Path]:
    """Pictures in a folder and in all below it, but for masks; a folder that a link leads to again is refused."""
    return list(_pictures_below(folder, field, ()))


def folders_below(folder: Path, *, levels: int, field: str) -> list[Path]:
    """A folder and those below it, down to some levels; one with a bare number holds a volume, and is not entered."""
    found = [folder]
    if levels and not folder.name.isdigit():
        for subfolder in folders_in(folder, field=field):
            found += folders_below(subfolder, levels=levels - 1, field=field)
    return found


def masks_below(
    root: Path, paths: Sequence[Path], *, kind_of_all: str | None, field: str
) -> tuple[dict[Path, dict[MaskKind, Path]], list[LeftOut]]:
    """Masks of each picture, relative to the folder as the pictures are, and what under `masks/` is of no use.

    Parameters
    ----------
    root
        The folder.
    paths
        Its pictures, relative to it.
    kind_of_all
        What masks outline that lie in `masks/` itself; nothing says it where absent.
    field
        Name of the folder in messages.

    Raises
    ------
    InputError
        A mask fits several pictures, a picture has two of a kind, or the kind of all masks is unknown or of no use.
    """
    masks: dict[Path, dict[MaskKind, Path]] = defaultdict(dict)
    is_there = (root / MASKS_NAME).is_dir()
    loose = pictures_in(root / MASKS_NAME, field=field) if is_there else []
    if kind_of_all is not None and kind_of_all not in MASK_KINDS:
        raise InputError(f"masks: unknown kind {kind_of_all!r}; allowed: {', '.join(MASK_KINDS)}")
    if kind_of_all is not None and not loose:
        raise InputError(f"masks: got {kind_of_all!r}, but no picture lies in {str(root / MASKS_NAME)!r} itself; "
                         "allowed: without --masks, where there are subfolders masks/<kind>/ or none")  # fmt: skip
    if not is_there:
        return {}, []
    left_out = []
    sources = [(folder, pictures_below(folder, field=field), _kind(folder.name)) for folder in
               folders_in(root / MASKS_NAME, field=field)]  # fmt: skip
    if loose and kind_of_all is None:
        reason = (
            f"nothing says what these masks outline; allowed: --masks, or masks/<kind>/, of {', '.join(MASK_KINDS)}"
        )
        left_out.append(LeftOut(name=MASKS_NAME, reason=reason))
    elif loose:
        sources.append((root / MASKS_NAME, loose, _kind(kind_of_all or "")))
    for folder, files, kind in sources:
        if kind is None:
            continue
        for file, picture in match_masks(files, paths, base=folder, field=field).items():
            if kind in masks[picture]:
                raise InputError(f"{field}: {picture.as_posix()!r} has two masks of {kind}; allowed: one")
            masks[picture][kind] = file.relative_to(root)
    return dict(masks), left_out


def _kind(name: str) -> MaskKind | None:
    return MASK_KINDS.get(re.sub(r"[^a-z]", "", name.lower()))


def match_masks(files: Iterable[Path], paths: Sequence[Path], *, base: Path, field: str) -> dict[Path, Path]:
    """The picture that each mask belongs to: that of the same path up to the ending, else that of the same name.

    Masks without a picture are left alone.
    """
    by_path = {path.with_suffix(""): path for path in paths}
    by_stem = defaultdict(list)
    for path in paths:
        by_stem[path.stem].append(path)
    matched = {}
    for file in files:
        whole = by_path.get(file.relative_to(base).with_suffix(""))
        pictures = [whole] if whole else by_stem[file.stem]
        if len(pictures) > 1:
            raise InputError(
                f"{field}: the mask {str(file)!r} fits {len(pictures)} pictures, such as {pictures[0].as_posix()!r} "
                f"and {pictures[1].as_posix()!r}; allowed: one, by the subfolders of the pictures"
            )
        if pictures:
            matched[file] = pictures[0]
    return matched


def _entries(folder: Path, field: str) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX")))
    except OSError as error:
        raise InputError(f"{field}: cannot read the folder {str(folder)!r}: {error.strerror}") from None


def _pictures_below(folder: Path, field: str, above: tuple[Path, ...]) -> Iterator[Path]:
    place = folder.resolve()
    if place in above:
        raise InputError(f"{field}: {str(folder)!r} is a link that leads back to a folder above it; allowed: none such")
    yield from pictures_in(folder, field=field)
    for subfolder in folders_in(folder, field=field):
        if subfolder.name.lower() != MASKS_NAME:
            yield from _pictures_below(subfolder, field, (*above, place))
