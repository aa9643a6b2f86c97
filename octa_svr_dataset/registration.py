"""How `load_dataset("octa_svr", ...)` finds the builder of this package.

`datasets` dropped dataset scripts and offers nothing for an installed package to announce a builder.
It does resolve the names in its table of packaged modules (csv, json, parquet, ...) first, in
`load_dataset`, `load_dataset_builder` and the `get_dataset_*` functions alike. So `register` adds a
row to that table, and for this one name replaces the step that would look for data files in the
working folder. Both are internals of `datasets`; tested with its versions 5.0.0 to 5.2.0, which is
why the dependency ends before 6. `OctaSvr(config_name="dropout_ma").download_and_prepare()` needs
neither.

In the cache of `datasets`, rows are kept under another name (`CACHE_NAME` of the builder): where this
package is not imported, `datasets` would otherwise serve whatever was cached last under `octa_svr`.
"""

from typing import Any

from datasets import packaged_modules
from datasets.load import BuilderConfigsParameters, DatasetModule, PackagedDatasetModuleFactory

from octa_svr_dataset.source_hash import cache_hash

NAME = "octa_svr"
"""First argument of `load_dataset`."""

_BUILDER_MODULE = "octa_svr_dataset.builder"


def register() -> None:
    """Make `octa_svr` a name that `load_dataset` knows; doing it again changes nothing."""
    table = packaged_modules._PACKAGED_DATASETS_MODULES
    if NAME in table:
        return
    table[NAME] = (_BUILDER_MODULE, cache_hash())
    get_packaged_module = PackagedDatasetModuleFactory.get_module

    def get_module(factory: Any) -> Any:
        return _dataset_module() if factory.name == NAME else get_packaged_module(factory)

    PackagedDatasetModuleFactory.get_module = get_module


def _dataset_module() -> Any:
    from octa_svr_dataset.builder import CACHE_NAME, OctaSvr  # only now: it brings the whole pipeline along

    configs = BuilderConfigsParameters(builder_configs=OctaSvr.BUILDER_CONFIGS)
    return DatasetModule(
        _BUILDER_MODULE, cache_hash(), {"dataset_name": CACHE_NAME}, builder_configs_parameters=configs
    )
