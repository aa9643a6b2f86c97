"""Pictures of a file or of a folder, one after the other, each read when its turn comes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from octa_svr_dataset.command import encodable
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.files import pictures_below
from octa_svr_dataset.evaluation.folders.images import LeftOut
from octa_svr_dataset.evaluation.folders.screening import BLANK, NOT_UTF8
from octa_svr_dataset.evaluation.predictions import picture_hash
from octa_svr_dataset.picture_files import SUFFIXES, read_image


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFiles:
    """Files that are taken for pictures."""

    root: Path
    """Folder that their paths start from."""

    paths: tuple[Path, ...]
    """Relative to it, sorted."""

    is_single: bool
    """Whether one file was asked for, and no folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A picture that could be read."""

    path: str
    """Relative, with slashes."""

    picture: Image.Image
    """8-bit gray, as it lies in its file."""

    digest: str
    """Tells it from others by its pixels."""

    @property
    def key(self) -> tuple[str, str]:
        """By which its prediction is found."""
        return self.path, self.digest


def find_pictures(image: str | Path, *, field: str = "image") -> PictureFiles:
    """A picture, or those of a folder and of all below it; none of them is read yet.

    Raises
    ------
    InputError
        There is no such file or folder, or the folder holds no picture.
    """
    place = Path(image)
    if place.is_file():
        return PictureFiles(root=place.parent, paths=(Path(place.name),), is_single=True)
    if not place.is_dir():
        raise InputError(f"{field}: there is no file or folder {str(place)!r}")
    paths = tuple(sorted(path.relative_to(place) for path in pictures_below(place, field=field)))
    if not paths:
        raise InputError(f"{field}: {str(place)!r} holds no picture; allowed: files named {', '.join(SUFFIXES)}")
    return PictureFiles(root=place, paths=paths, is_single=False)


def read_pictures(files: PictureFiles, paths: Sequence[Path], leave_out: Callable[[LeftOut], None]) -> Iterator[Read]:
    """Pictures in the order of their paths; `leave_out` is told of each that cannot be used, and why."""
    for path in paths:
        name = encodable(path.as_posix())
        if name != path.as_posix():
            leave_out(LeftOut(name=name, reason=NOT_UTF8))
            continue
        try:
            picture = read_image(files.root / path)
        except InputError as error:
            leave_out(LeftOut(name=name, reason=str(error)))
            continue
        low, high = picture.getextrema()
        if low == high:
            leave_out(LeftOut(name=name, reason=BLANK))
            continue
        yield Read(path=name, picture=picture, digest=picture_hash(picture))


def first_picture(files: PictureFiles, *, field: str = "image") -> Read:
    """The first picture that can be used.

    Raises
    ------
    InputError
        There is none.
    """
    left_out: list[LeftOut] = []
    for read in read_pictures(files, files.paths, lambda entry: left_out.append(entry) if not left_out else None):
        return read
    first = left_out[0]
    if first.reason in (BLANK, NOT_UTF8):
        raise InputError(f"{field}: {str(files.root / first.name)!r}: {first.reason}; allowed: pictures of eyes")
    raise InputError(first.reason)
