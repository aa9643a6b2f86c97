"""Written by `octa-svr autoload enable`, removed by `octa-svr autoload disable`.

Watches for the import of `datasets` and imports `octa_svr_dataset` right after it, which registers
the dataset; does nothing where that package is no longer installed. It runs at every start of the
interpreter, so it stands alone and imports next to nothing.
"""

import sys

TYPE_CHECKING = False  # as in `typing`, which would take longer to import than all the rest
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class DatasetsWatcher:
    """Finder that is asked about every import and acts on that of `datasets` only, once."""

    def find_spec(self, name: str, *_: object) -> "ModuleSpec | None":
        """Spec of `datasets` as the other finders find it, with a loader that registers in the end."""
        if name != "datasets":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            _register_after(spec.loader)
        return spec


def install() -> None:
    """Start watching."""
    sys.meta_path.insert(0, DatasetsWatcher())


def _register_after(loader: "Any") -> None:
    run_module = loader.exec_module

    def exec_module(module: "ModuleType") -> None:
        run_module(module)
        if hasattr(module, "load_dataset"):
            _register()

    loader.exec_module = exec_module


def _register() -> None:
    from importlib.util import find_spec

    if find_spec("octa_svr_dataset") is None:
        return
    try:
        import octa_svr_dataset  # noqa: F401
    except Exception as error:  # told, not raised: `import datasets` must work all the same
        import warnings

        warnings.warn(f"octa_svr is not registered with datasets: {error!r}", stacklevel=2)
