"""The decorator of the compiled loops: numba's `njit`, cached until any of the loops changes.

numba keys what it has cached by the file of a function alone. A loop holds the machine code of those
that it calls, in other files, too; after an edit there, old code would run, and make old pictures.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import IndexDataCacheFile

_PACKAGE = Path(__file__).parent


def _source_stamp() -> str:
    """Hash of the source of all loops."""
    digest = hashlib.sha256()
    for path in sorted({*_PACKAGE.rglob("kernels.py"), *_PACKAGE.rglob("kernels/*.py")}):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_STAMP = _source_stamp()


def kernel(*, allocates: bool = True, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a loop when it is first called, and keep the result on disk.

    Parameters
    ----------
    allocates
        Whether the loop makes arrays. One that does not need not count the references to those that it is given,
        which costs a quarter of the time where small functions pass many arrays on.
    options
        Those of `numba.njit`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = njit(cache=True, _nrt=allocates, **options)(function)
        if dispatcher is not function:  # they are the same where compilation is switched off
            cache = dispatcher._cache
            cache._cache_file = IndexDataCacheFile(
                cache_path=cache.cache_path, filename_base=cache._impl.filename_base, source_stamp=_STAMP
            )
        return dispatcher

    return decorate
