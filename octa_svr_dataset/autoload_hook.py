"""Registers the dataset when `datasets` is imported; `import octa_svr_dataset` starts watching for that.

`octa-svr autoload enable` has a copy of this file do the same at every start of the interpreter, without
any import; so it stands alone, imports next to nothing, and does nothing where the package is gone.
"""

import sys

TYPE_CHECKING = False  # as in `typing`, which would take longer to import than all the rest
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class DatasetsWatcher:
    """Finder that is asked about every import, and acts when `datasets` has been imported."""

    is_asking = False

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> "ModuleSpec | None":  # noqa: ARG002
        """Spec of `datasets` as the other finders find it, with a loader that registers in the end."""
        if fullname != "datasets" or self.is_asking:
            return None
        from importlib.util import find_spec

        self.is_asking = True
        try:
            spec = find_spec(fullname)
        finally:
            self.is_asking = False
        if spec is not None and hasattr(spec.loader, "exec_module"):
            self._register_after(spec.loader)
        return spec

    def _register_after(self, loader: "Any") -> None:
        run_module = loader.exec_module

        def exec_module(module: "ModuleType") -> None:
            run_module(module)
            if hasattr(module, "load_dataset"):
                if self in sys.meta_path:
                    sys.meta_path.remove(self)
                _register()

        loader.exec_module = exec_module


def install() -> None:
    """Start watching."""
    sys.meta_path.insert(0, DatasetsWatcher())


def _register() -> None:
    from importlib.util import find_spec

    if find_spec("octa_svr_dataset") is None:
        return
    try:
        from octa_svr_dataset.registration import register

        register()
    except Exception as error:  # told, not raised: `import datasets` must work all the same
        import warnings

        warnings.warn(f"octa_svr is not registered with datasets: {error!r}", stacklevel=2)
