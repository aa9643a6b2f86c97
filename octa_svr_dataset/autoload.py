"""Use of `load_dataset("octa_svr", ...)` without `import octa_svr_dataset`: opt-in, and reversible.

Only code that runs at the start of the interpreter can do this; commands such as `trl sft` that load
datasets in a process of their own need it. `enable` writes three files next to the installed packages:
the hook, which waits for `datasets` to be imported; a `.pth` file that calls it; and the `.start` file
that Python 3.15 and later read instead (PEP 829). `disable` removes them.
"""

import sysconfig
from enum import StrEnum
from importlib.util import cache_from_source
from pathlib import Path

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError

_HOOK = "octa_svr_autoload_hook"


class Status(StrEnum):
    """What is installed."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    OUTDATED = "outdated"
    """Files are missing, or are those of another version; enabling again writes them anew."""


def site_folder() -> Path:
    """Folder of the packages of the running interpreter."""
    return Path(sysconfig.get_path("purelib"))


def enable(folder: Path) -> None:
    """Write the files that register the dataset when `datasets` is imported."""
    for name, text in _files().items():
        try:
            write_whole(folder / name, text)
        except OSError as error:
            raise _unusable(folder, error) from None


def disable(folder: Path) -> None:
    """Remove the files again, and what Python compiled from them; nothing happens where there are none."""
    compiled = Path(cache_from_source(str(folder / f"{_HOOK}.py")))
    for path in (*(folder / name for name in reversed(_files())), compiled):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(folder, error) from None


def status(folder: Path) -> Status:
    """What is installed in a folder of packages."""
    files = {folder / name: text for name, text in _files().items()}
    if not any(path.exists() for path in files):
        return Status.DISABLED
    is_current = all(path.exists() and path.read_text("utf-8") == text for path, text in files.items())
    return Status.ENABLED if is_current else Status.OUTDATED


def _files() -> dict[str, str]:
    """Names and contents of the files; the hook comes before those that call it."""
    return {
        f"{_HOOK}.py": Path(__file__).with_name("autoload_hook.py").read_text(encoding="utf-8"),
        "octa_svr_autoload.start": f"{_HOOK}:install\n",
        "octa_svr_autoload.pth": f"import {_HOOK}; {_HOOK}.install()\n",
    }


def _unusable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"site-packages: cannot write in {str(folder)!r}: {error.strerror}; "
        "allowed: a writable one, such as that of a virtual environment"
    )
