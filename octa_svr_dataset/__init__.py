"""Synthetic OCTA images with reasoning texts; importing this makes `load_dataset("octa_svr", ...)` work.

The public names below are imported when they are first used, and `datasets` is not imported but waited for,
so that the import stays fast.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from octa_svr_dataset import autoload_hook
from octa_svr_dataset.version import VERSION

if TYPE_CHECKING:
    from octa_svr_dataset.builder import OctaSvr
    from octa_svr_dataset.config import SceneConfig
    from octa_svr_dataset.errors import InputError
    from octa_svr_dataset.example import Example, make_example
    from octa_svr_dataset.resolve import preset_names, resolve_config

__all__ = [
    "VERSION",
    "Example",
    "InputError",
    "OctaSvr",
    "SceneConfig",
    "make_example",
    "preset_names",
    "resolve_config",
]
__version__ = VERSION

_MODULE_OF = {
    "Example": "example",
    "InputError": "errors",
    "OctaSvr": "builder",
    "SceneConfig": "config",
    "make_example": "example",
    "preset_names": "resolve",
    "resolve_config": "resolve",
}

# Where another thread is importing it, its import is waited for.
if "datasets" in sys.modules and hasattr(import_module("datasets"), "load_dataset"):
    import_module(f"{__name__}.registration").register()
else:
    autoload_hook.install()


def __getattr__(name: str) -> Any:
    """Import a public name at its first use (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
