import itertools

import pytest

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import make_example
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
        ("GROWTH", 0), ("LESIONS", 1), ("IMAGING", 2), ("TEXT", 3), ("MOTION", 4),
    ]  # fmt: skip


def test_a_huge_index_has_a_stream_of_its_own():
    draws = {int(SceneKey(seed=0, split=Split.TRAIN, scene_index=i).rng(Stage.TEXT).integers(2**62))
             for i in (0, 1, 2**32, 2**32 + 1, 10**12)}  # fmt: skip
    assert len(draws) == 5


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"seed": -1, "scene_index": 0}, "seed"),
        ({"seed": 2**63, "scene_index": 0}, "seed: must be .* at most 9223372036854775807, got 9223372036854775808"),
        ({"seed": 0, "scene_index": -3}, "index"),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(arguments, field):
    with pytest.raises(InputError, match=field):
        SceneKey(split=Split.TRAIN, **arguments)


@pytest.mark.parametrize("name", ["dev", "Train", "TEST", "", None, 0, True, ["train"]])
def test_an_unknown_split_is_refused_with_what_is_allowed(name):
    with pytest.raises(InputError, match=r"split: unknown value .*; allowed: train, validation, test") as refusal:
        Split.from_name(name)
    assert repr(name) in str(refusal.value)


@pytest.mark.parametrize("split", Split)
def test_a_split_is_found_by_its_label(split):
    assert Split.from_name(split.label) is split


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": None}, "split: unknown value None"),
        ({"lesions": 0}, "lesions: must be True or False, got 0"),
        ({"lesions": "no"}, "lesions: must be True or False, got 'no'"),
        ({"config_file": 3}, "config_file: must be the path of a YAML file, got 3"),
        ({"seed": 2**63}, "seed: must be a whole number of at least 0 and at most 9223372036854775807"),
    ],
)
def test_an_argument_of_another_kind_makes_no_example(arguments, message):
    with pytest.raises(InputError, match=message):
        make_example("healthy", **arguments)
