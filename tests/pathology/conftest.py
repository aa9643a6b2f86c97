import pytest

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage

SEEDS = range(6)


@pytest.fixture(scope="session")
def dr_staging() -> SceneConfig:
    return resolve_config("dr_staging")


@pytest.fixture(scope="session")
def healthy_eyes(dr_staging) -> list[Scene]:
    return [grow_healthy_scene(dr_staging, SceneKey(seed=s, split=Split.TRAIN, scene_index=0)) for s in SEEDS]


@pytest.fixture(scope="session")
def dropout_eyes(healthy_eyes) -> list[Scene]:
    """The same eyes with capillary dropout."""
    config = resolve_config("dr_staging", overrides={"pathology.dropout.probability": [0, 1, 1, 1]})
    keys = [SceneKey(seed=s, split=Split.TRAIN, scene_index=0) for s in SEEDS]
    return [
        add_lesions(eye, config.pathology, 2, key.rng(Stage.LESIONS))
        for eye, key in zip(healthy_eyes, keys, strict=True)
    ]
