"""Runs of training/sft.py in this process, on scenes in which nothing grows."""

import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest
import torch
from short_runs import BARE, ROOT, SHORT, Train, options
from tiny_qwen2_5 import save_tiny_qwen2_5

from octa_svr_dataset.finetuning.mixture import Source
from octa_svr_dataset.finetuning.sources import OnDemand, open_source


@pytest.fixture(scope="session")
def sft() -> ModuleType:
    spec = importlib.util.spec_from_file_location("training_sft", ROOT / "training" / "sft.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["training_sft"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def train(sft: ModuleType) -> Train:
    """`training/sft.py` with settings beside those of `SHORT`; `config` names a file that goes before it."""

    def run(output_dir: Path, *, config: Path | None = None, **settings: object) -> None:
        given = ([] if config is None else ["--config", str(config)]) + options(
            **(SHORT | settings), output_dir=output_dir
        )
        torch.set_num_threads(1)
        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of other packages; here, whether it works is what counts
            patch.setattr(sys, "argv", ["training/sft.py", *given])
            sft.main()

    return run


@pytest.fixture(scope="session")
def bare_rows() -> OnDemand:
    source = Source(source="dropout_ma", num_train=6, overrides=BARE | {"text.turns": [2, 2]})
    rows = open_source(source, streaming=True, num_proc=1)
    assert isinstance(rows, OnDemand)
    return rows


@pytest.fixture(scope="session")
def qwen2_5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("qwen2_5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_tiny_qwen2_5(folder)
    return folder
