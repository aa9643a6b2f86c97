"""What every command does alike: refuse unusable input in one line, and leave no half-written file."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from octa_svr_dataset.errors import InputError


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
        try:
            sys.exit(app(prog_name=name, standalone_mode=False))
        except typer.TyperException as error:
            if not error.format_message():  # no arguments were given, and the help is printed already
                sys.exit(2)
            raise InputError(error.format_message()) from None


def make_output_folder(path: str | Path, *, field: str) -> Path:
    """Folder for results, made if need be and found to be writable.

    Raises
    ------
    InputError
        No file can be written there.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{field}: cannot write to the folder {str(folder)!r}: {error.strerror}") from None
    return folder


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
