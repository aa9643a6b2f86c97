import numpy as np
import pytest
from scipy import ndimage

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import Example, make_example, simulate
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.text.answers import parse_answer

PRESETS = ("healthy", "dropout_ma")


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [make_example("dropout_ma", seed=11, index=index) for index in range(24)]


def test_an_example_is_a_function_of_its_arguments(examples):
    again = make_example("dropout_ma", seed=11, index=5)
    np.testing.assert_array_equal(again.rendering.image, examples[5].rendering.image)
    assert again.dialogue == examples[5].dialogue


def test_no_two_examples_share_a_picture(examples):
    assert len({example.rendering.image.tobytes() for example in examples}) == len(examples)
    by_split = [make_example("healthy", seed=11, index=0, split=split.label).rendering.image for split in Split]
    assert len({image.tobytes() for image in by_split}) == len(by_split)


def test_both_classes_occur(examples):
    labels = [example.findings.label.value for example in examples]
    assert set(labels) == {"healthy", "npdr"}


def test_the_healthy_preset_holds_healthy_eyes_only():
    for index in range(5):
        example = make_example("healthy", index=index)
        assert example.findings.label == "healthy"
        assert not example.scene.lesions.dropouts


def test_what_can_be_seen_agrees_with_what_is_there(examples):
    for example in examples:
        assert example.findings.label is example.scene.label


def test_the_healthy_twin_is_the_same_eye_under_the_same_exposure(examples):
    diseased = next(example for example in examples if example.findings.label == "npdr")
    twin = make_example("dropout_ma", seed=11, index=diseased.key.scene_index, lesions=False)
    assert twin.findings.label == "healthy"
    assert twin.scene.laterality == diseased.scene.laterality
    np.testing.assert_array_equal(twin.scene.fovea.position_mm, diseased.scene.fovea.position_mm)
    difference = np.abs(twin.rendering.image.astype(int) - diseased.rendering.image)
    assert (difference == 0).mean() > 0.2
    assert difference.max() > 50


def test_a_change_of_the_text_moves_no_pixel():
    pictures = [
        make_example("dropout_ma", seed=2, overrides={"text.form": form}).rendering.image
        for form in ("stages", "answer_only")
    ]
    np.testing.assert_array_equal(*pictures)


def test_a_build_never_aborts_for_lesions_that_cannot_be_seen():
    faint = {"pathology.severity_shares": [0, 0, 1, 0, 0], "pathology.dropout.strength": [0.0, 0.0],
             "pathology.microaneurysms.rate_per_segment": 0}  # fmt: skip
    example = make_example("dropout_ma", overrides=faint)
    assert example.findings.label == "healthy"


def test_lesions_are_drawn_again_until_they_can_be_seen():
    """With settings that only sometimes show, the disease of a diseased eye is still visible."""
    shy = {"pathology.severity_shares": [0, 0, 1, 0, 0], "pathology.dropout.count": [1, 1],
           "pathology.dropout.strength": [0.0, 0.95], "pathology.microaneurysms.rate_per_segment": 0}  # fmt: skip
    labels = [make_example("dropout_ma", seed=3, index=index, overrides=shy).findings.label for index in range(12)]
    assert all(label.is_diseased for label in labels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "dropout"}, r"preset: unknown name 'dropout'; allowed: balanced_combo, .*dropout_ma, .*healthy"),
        ({"preset": "healthy", "seed": -1}, "seed: must be a whole number"),
        ({"preset": "healthy", "index": -1}, "index: must be a whole number"),
        ({"preset": "healthy", "split": "all"}, "split: unknown value 'all'"),
        ({"preset": "healthy", "overrides": {"imaging.size": 3}}, "imaging.size: unknown setting"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    preset = arguments.pop("preset")
    with pytest.raises(InputError, match=message):
        make_example(preset, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_over_many_scenes_words_class_and_scene_agree(preset):
    config = resolve_config(preset)
    for index in range(150):
        example = simulate(config, SceneKey(seed=99, split=Split.TEST, scene_index=index))
        assert example.findings.label is example.scene.label
        for task, message in zip(example.dialogue.tasks, example.dialogue.messages[1::2], strict=True):
            if task.task == "describe":
                assert parse_answer("describe", message.content).label is example.scene.label


def test_the_exposure_is_drawn_from_a_stream_that_sees_no_lesion(all_diseased):
    """What noise is drawn does not depend on how much the lesions drew."""
    for index in range(6):
        key = SceneKey(seed=5, split=Split.TRAIN, scene_index=index)
        sick, well = (simulate(all_diseased, key, lesions=lesions) for lesions in (True, False))
        layers = (sick.rendering.layers, well.rendering.layers)
        zone = ndimage.binary_erosion(
            np.all([(of.faz > 0) & (of.vessels == 0) for of in layers], axis=0), iterations=10
        )
        assert zone.any()
        grains = [example.rendering.image[zone] for example in (sick, well)]
        assert np.corrcoef(*grains)[0, 1] > 0.95  # but for blur


def test_views_show_the_same_scene_under_other_exposures_pixel_by_pixel():
    views = {"imaging.views": 3, "imaging.saccades": [2, 2], "pathology.severity_shares": [0, 0, 1, 0, 0]}
    first, *others = (make_example("dropout_ma", seed=4, index=index, overrides=views) for index in range(3, 6))
    for other in others:
        for column in ("position_mm", "parent", "radius_mm", "links"):
            np.testing.assert_array_equal(getattr(other.scene.graph, column), getattr(first.scene.graph, column))
        for name in ("faz", "dropout", "microaneurysms"):
            layers = (getattr(example.rendering.layers, name) for example in (first, other))
            np.testing.assert_array_equal(*layers)
        blurred = (ndimage.gaussian_filter(e.rendering.image.astype(float), 3) for e in (first, other))
        assert np.corrcoef(*(image.ravel() for image in blurred))[0, 1] > 0.8
        assert not np.array_equal(other.rendering.image, first.rendering.image)


def test_each_scene_has_its_own_views():
    images = [
        make_example("healthy", seed=4, index=index, overrides={"imaging.views": 2})
        .scene.graph.position_mm[:50]
        .tobytes()
        for index in range(4)
    ]
    assert images[0] == images[1] != images[2] == images[3]


def test_the_first_view_is_the_picture_of_the_scene_with_one_view_but_for_the_exposure():
    one = make_example("healthy", seed=4, index=1)
    two = make_example("healthy", seed=4, index=2, overrides={"imaging.views": 2})
    np.testing.assert_array_equal(one.scene.graph.position_mm, two.scene.graph.position_mm)
