import itertools

import pytest

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.seeding import SceneKey, Split, Stage


def test_a_stream_is_a_function_of_its_key_and_stage_alone():
    key = SceneKey(seed=3, split=Split.TEST, scene_index=5)
    again = SceneKey(seed=3, split=Split.TEST, scene_index=5)
    assert key.rng(Stage.TEXT).integers(2**62) == again.rng(Stage.TEXT).integers(2**62)


def test_no_two_keys_or_stages_share_a_stream():
    draws = [
        int(SceneKey(seed=seed, split=split, scene_index=index).rng(stage).integers(2**62))
        for seed, split, index, stage in itertools.product(range(6), Split, range(6), Stage)
    ]
    assert len(set(draws)) == len(draws)


def test_numbers_of_splits_and_stages_never_change():
    assert [(split.label, int(split)) for split in Split] == [("train", 0), ("validation", 1), ("test", 2)]
    assert [(stage.name, int(stage)) for stage in Stage] == [
        ("GROWTH", 0), ("LESIONS", 1), ("IMAGING", 2), ("TEXT", 3),
    ]  # fmt: skip


def test_a_huge_index_has_a_stream_of_its_own():
    draws = {int(SceneKey(seed=0, split=Split.TRAIN, scene_index=i).rng(Stage.TEXT).integers(2**62))
             for i in (0, 1, 2**32, 2**32 + 1, 10**12)}  # fmt: skip
    assert len(draws) == 5


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"seed": -1, "scene_index": 0}, "seed"), ({"seed": 0, "scene_index": -3}, "index")],
)
def test_a_negative_number_is_refused_by_name(arguments, field):
    with pytest.raises(InputError, match=field):
        SceneKey(split=Split.TRAIN, **arguments)


def test_an_unknown_split_is_refused_with_what_is_allowed():
    with pytest.raises(InputError, match=r"split: unknown value 'dev'; allowed: train, validation, test"):
        Split.from_name("dev")
