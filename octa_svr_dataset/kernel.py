"""The decorator of the compiled loops: numba's `njit`, cached until any of the loops changes.

numba keys what it has cached by the file of a function alone. A loop holds the machine code of those
that it calls, in other files, too; after an edit there, old code would run, and make old pictures.

numba also numbers its files, and writes the index that names one before the file itself: a process that
starts beside others could find another signature's code, or that of an older version, under its number.
Here each file is named by what it holds, so there is no index, and whoever writes it writes the same.
"""

import gc
import hashlib
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import IndexDataCacheFile
from numba.core.targetconfig import TargetConfig

_PACKAGE = Path(__file__).parent


def sources() -> list[Path]:
    """Files of all loops, and of how they are compiled."""
    return sorted({Path(__file__), *_PACKAGE.rglob("*kernels.py"), *_PACKAGE.rglob("kernels/*.py")})


def _source_stamp() -> str:
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


_STAMP = _source_stamp()


class _CacheFile(IndexDataCacheFile):  # type: ignore[misc]
    """Machine code of one function: one file for each signature, processor and state of the sources."""

    def load(self, key: Any) -> Any:
        """What was saved under a key, or None."""
        try:
            return self._load_data(self._file_name(key))
        except FileNotFoundError:
            return None

    def save(self, key: Any, data: Any) -> None:
        """Save under a key, and delete what older sources have left."""
        self._save_data(self._file_name(key), data)
        current = set(Path(self._cache_path).glob(self._data_name(f"{self._source_stamp}.*")))
        for path in set(Path(self._cache_path).glob(self._data_name("*"))) - current:
            path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Delete what was saved of this function."""
        for path in Path(self._cache_path).glob(self._data_name("*")):
            path.unlink(missing_ok=True)

    def _file_name(self, key: Any) -> str:
        digest = hashlib.sha256(repr((self._version, key)).encode()).hexdigest()[:16]
        return self._data_name(f"{self._source_stamp}.{digest}")

    def _data_name(self, stem: str) -> str:
        return str(self._data_name_pattern.replace("{number:d}", stem))


@cache
def _defaults(kind: Any) -> dict[str, Any]:
    return {name: option.default for name, option in kind.options.items()}


def _values(options: TargetConfig) -> dict[str, Any]:
    """What `TargetConfig.values` returns, without asking for each option by itself."""
    kind: Any = type(options)
    return {**_defaults(kind), **options._values}


def _in_haste(compile_loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile, or load, without what takes numba long.

    No garbage is collected: numba makes millions of small objects that stay until its end, and the collector would
    look through all of them again and again, a thirteenth of the time. Options are compared at once: numba does it a
    hundred thousand times, whenever a loop calls a function, as all of them have the same hash.
    """

    @wraps(compile_loop)
    def hurried(*arguments: Any) -> Any:
        if not gc.isenabled():
            return compile_loop(*arguments)
        gc.disable()
        one_by_one, TargetConfig.values = TargetConfig.values, _values
        try:
            return compile_loop(*arguments)
        finally:
            TargetConfig.values = one_by_one
            gc.enable()

    return hurried


def kernel(*, allocates: bool = True, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a loop when it is first called, and keep the result on disk.

    It is made for callers in Python and for other loops; a way in from C would take a tenth of the compilation. Another
    loop that calls it compiles it anew, without the way in from Python, which is dear where arrays come in tuples, and
    without keeping it: the machine code of the other one holds it.

    Parameters
    ----------
    allocates
        Whether the loop makes arrays. One that does not need not count the references to those that it is given,
        which costs a quarter of the time where small functions pass many arrays on.
    options
        Those of `numba.njit`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        chosen = {"_nrt": allocates, "no_cfunc_wrapper": True, **options}
        dispatcher = njit(cache=True, **chosen)(function)
        if dispatcher is not function:  # they are the same where compilation is switched off
            cache = dispatcher._cache
            cache._cache_file = _CacheFile(
                cache_path=cache.cache_path, filename_base=cache._impl.filename_base, source_stamp=_STAMP
            )
            inner = njit(no_cpython_wrapper=True, **chosen)(function)
            dispatcher.compile = _in_haste(dispatcher.compile)
            dispatcher.get_call_template, dispatcher.get_overload = inner.get_call_template, inner.get_overload
        return dispatcher

    return decorate
