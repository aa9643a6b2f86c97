"""What every command does with unusable input: one line on stderr, exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
