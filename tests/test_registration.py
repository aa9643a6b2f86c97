import os
import subprocess
import sys

import datasets
import pytest
from datasets import (
    get_dataset_config_names,
    get_dataset_default_config_name,
    get_dataset_split_names,
    load_dataset,
    load_dataset_builder,
)
from datasets.load import PackagedDatasetModuleFactory

import octa_svr_dataset
from octa_svr_dataset.registration import register


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_presets_are_the_configurations():
    assert get_dataset_config_names("octa_svr") == octa_svr_dataset.preset_names()


def test_no_configuration_is_the_default():
    assert get_dataset_default_config_name("octa_svr") is None


def test_the_splits_are_train_validation_and_test():
    assert get_dataset_split_names("octa_svr", "dropout_ma") == ["train", "validation", "test"]


def test_a_split_of_no_examples_is_not_listed():
    assert get_dataset_split_names("octa_svr", "dropout_ma", num_validation=0) == ["train", "test"]


def test_the_features_are_known_before_any_row_is_made(tmp_path):
    features = load_dataset_builder("octa_svr", "dropout_ma", cache_dir=str(tmp_path)).info.features
    assert features["label"].names == ["healthy", "npdr", "pdr"]
    assert isinstance(features["image"], datasets.Image)


def test_a_folder_of_the_same_name_does_not_hide_the_builder(tmp_path, monkeypatch):
    (tmp_path / "octa_svr").mkdir()
    (tmp_path / "octa_svr" / "rows.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    assert get_dataset_config_names("octa_svr") == octa_svr_dataset.preset_names()


def test_files_in_the_working_folder_do_not_change_the_cache(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = load_dataset_builder("octa_svr", "healthy", cache_dir=str(tmp_path / "cache")).cache_dir
    (tmp_path / "rows.csv").write_text("a\n1\n")
    assert load_dataset_builder("octa_svr", "healthy", cache_dir=str(tmp_path / "cache")).cache_dir == before


def test_registering_again_changes_nothing():
    get_module = PackagedDatasetModuleFactory.get_module
    register()
    assert PackagedDatasetModuleFactory.get_module is get_module


def test_the_builders_of_datasets_work_as_before(tmp_path):
    (tmp_path / "rows.json").write_text('{"a": 1}\n{"a": 2}\n')
    rows = load_dataset(
        "json", data_files=str(tmp_path / "rows.json"), cache_dir=str(tmp_path / "cache"), split="train"
    )
    assert rows["a"][:] == [1, 2]


def test_each_public_name_is_there():
    assert octa_svr_dataset.__version__ == octa_svr_dataset.VERSION
    for name in octa_svr_dataset.__all__:
        assert getattr(octa_svr_dataset, name) is not None
        assert name in dir(octa_svr_dataset)


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        _ = octa_svr_dataset.nope


def test_the_import_brings_no_deep_learning_no_compiler_and_not_even_datasets():
    heavy = "{'datasets', 'torch', 'transformers', 'trl', 'numba', 'scipy', 'skimage', 'pydantic'}"
    finished = run_python(f"import octa_svr_dataset, sys; print(sorted({heavy} & set(sys.modules)))")
    assert (finished.stdout, finished.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    "imports",
    [
        "import octa_svr_dataset, datasets",
        "import datasets, octa_svr_dataset",
        "import octa_svr_dataset, importlib.util; importlib.util.find_spec('datasets'); import datasets",
        "import octa_svr_dataset, importlib; importlib.reload(octa_svr_dataset); import datasets",
        "import octa_svr_dataset.example; import datasets",
    ],
)
def test_whatever_is_imported_first_the_name_is_known(imports):
    finished = run_python(f"{imports}; print(datasets.get_dataset_default_config_name('octa_svr'))")
    assert (finished.stdout, finished.stderr) == ("None\n", "")


def test_another_module_named_datasets_does_not_use_the_watch_up(tmp_path):
    (tmp_path / "datasets.py").write_text("mine = 1\n")
    finished = run_python(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import octa_svr_dataset, datasets; print(datasets.mine); "
        "del sys.modules['datasets'], sys.path[0]; import datasets; "
        "print(datasets.get_dataset_default_config_name('octa_svr'))"
    )
    assert (finished.stdout, finished.stderr) == ("1\nNone\n", "")


def test_loading_brings_no_deep_learning():
    finished = run_python(
        "import octa_svr_dataset, sys; from datasets import get_dataset_split_names; "
        "print(get_dataset_split_names('octa_svr', 'healthy'), sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert finished.stdout == "['train', 'validation', 'test'] []\n"


def test_without_the_import_nothing_is_served_from_the_cache(tmp_path):
    cheap = {"imaging.size_px": 64, "growth.superficial.iterations": 15, "growth.deep.iterations": 5}
    numbers = {"num_train": 1, "num_validation": 0, "num_test": 0}
    load_dataset("octa_svr", "healthy", cache_dir=str(tmp_path), overrides=cheap, **numbers)
    finished = run_python(
        f"from datasets import load_dataset; load_dataset('octa_svr', 'healthy', cache_dir={str(tmp_path)!r})",
    )
    assert finished.returncode != 0
    assert "octa_svr" in finished.stderr.splitlines()[-1]
