"""Where the files of a build lie: a local folder, or any URL that fsspec knows."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from octa_svr_dataset.command import unfinished_path
from octa_svr_dataset.errors import InputError


class Storage:
    """A folder of files, each of which is there whole or not at all."""

    def __init__(self, url: str) -> None:
        if not url.strip():
            raise InputError(f"out: must be a folder, or a URL of fsspec, got {url!r}")
        try:
            self._files, self._root = url_to_fs(url)
        except (ValueError, ImportError, OSError) as error:
            raise InputError(f"out: {url!r} cannot be used: {error}; allowed: a folder, or a URL of fsspec") from None
        self.url = url
        self.is_local = isinstance(self._files, LocalFileSystem)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Storage) and (self._files, self._root) == (other._files, other._root)

    def __hash__(self) -> int:
        return hash((self._files, self._root))

    @property
    def local_path(self) -> Path | None:
        """The folder, where it is one of this machine."""
        return Path(self._root) if self.is_local else None

    def inside(self, name: str) -> "Storage":
        """The folder of a name in this one."""
        return Storage(f"{self.url.rstrip('/')}/{name}")

    def make(self) -> None:
        """Make the folder, or refuse it where no file can be written there."""
        with self._refusing("folder"):
            self._files.makedirs(self._root, exist_ok=True)
            if self.is_local:
                with tempfile.TemporaryFile(dir=self._root):
                    pass

    def names(self) -> set[str]:
        """Names of its files; empty where there is no such folder."""
        if not self._files.isdir(self._root):
            return set()
        self._files.invalidate_cache()
        return {path.rsplit("/", 1)[-1] for path in self._files.ls(self._root, detail=False)}

    def size(self, name: str) -> int:
        """Size of a file, bytes."""
        return int(self._files.size(self._path(name)))

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        try:
            return bytes(self._files.cat_file(self._path(name)))
        except FileNotFoundError:
            return None

    def open(self, name: str) -> Any:
        """A file to read from; a local one in the way that is quickest for Parquet."""
        if self.is_local:
            return Path(self._path(name)).open("rb")
        return self._files.open(self._path(name), "rb")

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if self._files.exists(self._path(name)):
            self._files.rm_file(self._path(name))

    def remove_unfinished(self) -> None:
        """Remove what killed processes have left."""
        for name in self.names():
            if self.is_local and name.startswith(".") and name.endswith(".unfinished"):
                unfinished_path(Path(self._path(name[1:].rsplit(".", 2)[0])))

    def write(self, name: str, text: str) -> None:
        """Write a text file."""
        with self.new_file(name) as file:
            file.write(text.encode())

    @contextmanager
    def new_file(self, name: str) -> Iterator[io.BufferedIOBase]:
        """A file to write, which gets its name when it is whole.

        Raises
        ------
        InputError
            It cannot be written: the disk is full, or the folder not writable.
        """
        with self._refusing(name):
            if self.is_local:
                path = Path(self._path(name))
                unfinished = unfinished_path(path)
                try:
                    with unfinished.open("wb") as file:
                        yield file
                    unfinished.replace(path)
                finally:
                    unfinished.unlink(missing_ok=True)
            else:
                with tempfile.NamedTemporaryFile() as file:
                    yield file  # type: ignore[misc]
                    file.flush()
                    self._files.put_file(file.name, self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _refusing(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"out: cannot write {name} in {self.url!r}: {reason}; what is finished is kept") from None
