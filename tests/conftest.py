"""What all tests share: the reference data, and a small configuration that is quick to simulate."""

import os
from pathlib import Path

import pytest

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def reference() -> Path:
    folder = Path(os.environ.get("OCTA_SVR_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; set OCTA_SVR_REFERENCE to its folder")
    return folder


@pytest.fixture(scope="session")
def dropout_ma() -> SceneConfig:
    return resolve_config("dropout_ma")


@pytest.fixture(scope="session")
def all_diseased() -> SceneConfig:
    return resolve_config("dropout_ma", overrides={"pathology.severity_shares": [0, 0, 1, 0, 0]})


@pytest.fixture(scope="session")
def stumps_only() -> SceneConfig:
    """Nothing grows: for tests of everything else."""
    return resolve_config("dropout_ma", overrides={"growth.superficial.iterations": 0, "growth.deep.iterations": 0})


@pytest.fixture
def key() -> SceneKey:
    return SceneKey(seed=7, split=Split.TRAIN, scene_index=12)
