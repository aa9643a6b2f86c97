import os
import pkgutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import octa_svr_dataset
from octa_svr_dataset import autoload
from octa_svr_dataset.autoload import Status
from octa_svr_dataset.errors import InputError

EVERYTHING = [Path(octa_svr_dataset.__file__).parents[1], Path(sysconfig.get_path("purelib"))]
"""Where an interpreter finds this package and what it depends on."""


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory) -> Path:
    """An interpreter with a folder of packages of its own, in which autoload is enabled."""
    folder = tmp_path_factory.mktemp("venv")
    venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(folder)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    finished = run(python, "-m", "octa_svr_dataset.cli", "autoload", "enable", path=EVERYTHING)
    assert finished.stdout.startswith(f"enabled in {folder}")
    return python


def run(python: Path, *arguments: str, path: list[Path]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [python, *arguments],
        env={"PYTHONPATH": os.pathsep.join(map(str, path)), "HF_HUB_OFFLINE": "1"},
        cwd=Path(python).parent,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture
def fake_datasets(tmp_path) -> Path:
    """A folder in which `datasets` is a module of one name."""
    (tmp_path / "datasets.py").write_text("load_dataset = print\n")
    return tmp_path


def test_after_enabling_datasets_knows_octa_svr_without_the_import(interpreter):
    code = "from datasets import get_dataset_config_names; print(get_dataset_config_names('octa_svr'))"
    finished = run(interpreter, "-W", "error", "-c", code, path=EVERYTHING)
    assert finished.stdout == f"{octa_svr_dataset.preset_names()}\n"


def test_asking_whether_datasets_is_installed_does_not_use_the_hook_up(interpreter):
    code = (
        "import importlib.util; importlib.util.find_spec('datasets'); "
        "from datasets import get_dataset_config_names; print(get_dataset_config_names('octa_svr'))"
    )
    assert run(interpreter, "-c", code, path=EVERYTHING).stdout == f"{octa_svr_dataset.preset_names()}\n"


def test_the_start_of_the_interpreter_loads_no_package(interpreter):
    loaded = set(run(interpreter, "-c", "import sys; print(*sys.modules)", path=[]).stdout.split())
    assert "octa_svr_autoload_hook" in loaded
    assert not loaded & {"octa_svr_dataset", "datasets", "numba", "numpy", "importlib.util", "warnings", "typing"}


def test_without_the_package_the_import_of_datasets_works_as_before(interpreter, fake_datasets):
    finished = run(
        interpreter, "-W", "error", "-c", "import datasets; print(datasets.load_dataset)", path=[fake_datasets]
    )
    assert finished.stdout.startswith("<built-in function print>")
    assert finished.stderr == ""


def test_without_datasets_its_import_fails_as_before(interpreter):
    code = "try: import datasets\nexcept ModuleNotFoundError as error: print(error)"
    assert run(interpreter, "-c", code, path=[]).stdout == "No module named 'datasets'\n"


def test_another_module_named_datasets_is_left_alone(interpreter, tmp_path):
    (tmp_path / "datasets.py").write_text("mine = 1\n")
    (tmp_path / "octa_svr_dataset.py").write_text("raise AssertionError\n")
    finished = run(interpreter, "-W", "error", "-c", "import datasets; print(datasets.mine)", path=[tmp_path])
    assert finished.stdout == "1\n"


def test_a_package_that_fails_is_told_of_and_datasets_works_all_the_same(interpreter, fake_datasets):
    (fake_datasets / "octa_svr_dataset.py").write_text("raise RuntimeError('broken')\n")
    finished = run(interpreter, "-c", "import datasets; print('works')", path=[fake_datasets])
    assert finished.stdout == "works\n"
    assert "octa_svr is not registered with datasets: RuntimeError('broken')" in finished.stderr


def test_disabling_leaves_nothing_behind(tmp_path):
    autoload.enable(tmp_path)
    autoload.enable(tmp_path)
    assert autoload.status(tmp_path) is Status.ENABLED
    compiled = run(Path(sys.executable), "-m", "compileall", "-q", str(tmp_path), path=[])
    assert compiled.returncode == 0
    autoload.disable(tmp_path)
    autoload.disable(tmp_path)
    assert autoload.status(tmp_path) is Status.DISABLED
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_files_of_another_version_are_reported_and_renewed(tmp_path):
    autoload.enable(tmp_path)
    (tmp_path / "octa_svr_autoload_hook.py").write_text("def install(): ...\n")
    assert autoload.status(tmp_path) is Status.OUTDATED
    autoload.enable(tmp_path)
    assert autoload.status(tmp_path) is Status.ENABLED


def test_both_files_name_the_function_that_the_hook_defines(tmp_path, monkeypatch):
    autoload.enable(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    entry_point = (tmp_path / "octa_svr_autoload.start").read_text().strip()
    assert callable(pkgutil.resolve_name(entry_point))
    module, function = entry_point.split(":")
    assert (tmp_path / "octa_svr_autoload.pth").read_text() == f"import {module}; {module}.{function}()\n"
    monkeypatch.delitem(sys.modules, module)


@pytest.mark.parametrize("action", [autoload.enable, autoload.disable])
def test_a_folder_that_cannot_be_written_is_refused_by_name(tmp_path, action):
    folder = tmp_path / "file"
    folder.write_text("")
    with pytest.raises(InputError, match=r"site-packages: cannot write in '.*file': Not a directory"):
        action(folder)
