"""What every command does alike: refuse unusable input in one line, and leave no half-written file."""

import errno
import os
import platform
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import typer
import yaml

from octa_svr_dataset.errors import InputError

_MACHINE = re.sub(r"\W|_", "", platform.node(), flags=re.ASCII)[:32] or "unnamed"
_TOKEN = secrets.token_hex(4)
"""In the names of unfinished files; no result depends on it."""

_ABANDONED_S = 24 * 3600.0

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What systems say where nothing more can be written: a disk or a quota is full, a file too large, a disk read-only."""


@contextmanager
def exit_on_input_error() -> Iterator[None]:
    """Print an `InputError` as the line `error: ...` on stderr and exit with code 2; let all else pass.

    Serves as a decorator, too. The traceback is dropped on purpose: the message names the field.
    """
    try:
        yield
    except InputError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


def run(app: typer.Typer, name: str) -> None:
    """Run a command line application; unusable input, its syntax included, ends in one line and exit code 2."""
    with exit_on_input_error():
        for argument in sys.argv[1:]:
            if encodable(argument) != argument:
                raise InputError(f"arguments: {argument!r} is not in UTF-8; allowed: text and paths in UTF-8")
        try:
            sys.exit(app(prog_name=name, standalone_mode=False))
        except typer.TyperException as error:
            if not error.format_message():  # no arguments were given, and the help is printed already
                sys.exit(2)
            raise InputError(error.format_message()) from None


def encodable(text: str) -> str:
    """Text that UTF-8 can hold: lone halves of surrogate pairs become U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def whole_number(text: str) -> int:
    """A whole number that an option was given; for `typer.Option(parser=...)`."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"must be a whole number, got {text!r}") from None


def parse_overrides(changes: list[str] | None) -> dict[str, Any]:
    """Settings of `--set KEY=VALUE`; the values are read as YAML."""
    overrides = {}
    for change in changes or []:
        key, equals, text = change.partition("=")
        if not (key and equals):
            raise InputError(f"--set: must be KEY=VALUE, got {change!r}")
        try:
            overrides[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set: the value of {key} must be YAML, got {text!r}") from None
    return overrides


@contextmanager
def output_folder(path: str | Path, *, field: str) -> Iterator[Path]:
    """Folder for results, made if need be and found to be writable.

    Where what follows fails and leaves it empty, the folders that were made for it are removed again.

    Raises
    ------
    InputError
        No file can be written there, or, later, no more.
    """
    folder = Path(path)
    try:
        new_folders = [level for level in (folder, *folder.parents) if not level.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{field}: cannot write to the folder {str(folder)!r}: {error.strerror}") from None
    try:
        yield folder
    except BaseException as error:
        with suppress(OSError):  # it holds something
            for level in new_folders:
                level.rmdir()
        if isinstance(error, OSError) and error.errno in _FULL:
            place = f"the folder {str(folder)!r}" if error.filename is None else repr(str(error.filename))
            raise InputError(f"{field}: cannot write to {place} any more: {error.strerror}") from None
        raise


def unfinished_path(path: Path) -> Path:
    """Where to write `path` until it is whole; what killed runs left of it there is removed.

    The name holds machine, process and a token of this run, as folders can be shared. What another machine has begun is
    removed a day after it was last written to.
    """
    name = re.compile(rf"\.{re.escape(path.name)}\.(?:(\w+)-)?(\d+)(?:-\w+)?\.unfinished")
    for beside in path.parent.iterdir():
        match = name.fullmatch(beside.name)
        if match and _is_left_over(beside, match[1], int(match[2])):
            if beside.is_dir():
                shutil.rmtree(beside, ignore_errors=True)
            else:
                beside.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{_MACHINE}-{os.getpid()}-{_TOKEN}.unfinished")


def _is_left_over(path: Path, machine: str | None, process: int) -> bool:
    """Whether nobody writes to an unfinished file any more, as far as can be told from here."""
    if machine == _MACHINE:
        return not _is_another_running(process)
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime > _ABANDONED_S
    return False


def _is_another_running(process: int) -> bool:
    """Whether a process of this number runs and is not this one: in containers, numbers come back."""
    if process == os.getpid():
        return False
    if os.name != "posix":
        return True  # there, the question below would be a signal
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole or not at all."""
    unfinished = unfinished_path(path)
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
