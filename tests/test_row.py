import io
import json

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.example import Example, make_example
from octa_svr_dataset.resolve import config_hash
from octa_svr_dataset.row import LAYER_NAMES, encode_png, example_row, row_id
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.version import VERSION
from octa_svr_dataset.vessel_graph import VesselGraph

CHEAP = {"imaging.size_px": 64, "growth.superficial.iterations": 15, "growth.deep.iterations": 5}


@pytest.fixture(scope="module")
def example() -> Example:
    return make_example("dropout_ma", seed=7, split="test", index=12, overrides=CHEAP)


def pixels_of(picture):
    return np.asarray(Image.open(io.BytesIO(picture["bytes"])))


def test_a_row_is_named_after_preset_seed_split_and_index():
    key = SceneKey(seed=7, split=Split.TRAIN, scene_index=12)
    assert row_id("dropout_ma", key) == "dropout_ma-s7-train-00000012"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_keeps_every_pixel(dtype):
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (17, 23), endpoint=True, dtype=dtype)
    decoded = pixels_of({"bytes": encode_png(pixels)})
    assert decoded.dtype == dtype
    np.testing.assert_array_equal(decoded, pixels)


def test_a_row_holds_what_the_example_holds(example):
    row = example_row(example, "dropout_ma")
    np.testing.assert_array_equal(pixels_of(row["image"]), example.rendering.image)
    assert row["id"] == "dropout_ma-s7-test-00000012"
    assert (row["label"], row["severity"]) == (example.findings.label, example.findings.severity)
    assert row["laterality"] == example.scene.laterality
    assert row["messages"] == [{"role": m.role, "content": m.content} for m in example.dialogue.messages]
    assert [(task["task"], task["answer"]) for task in row["tasks"]] == [
        (task.task, task.answer) for task in example.dialogue.tasks
    ]
    assert json.loads(row["findings"]) == json.loads(example.findings.to_json())


def test_each_sentence_is_found_by_its_characters(example):
    row = example_row(example, "dropout_ma")
    for task, message in zip(row["tasks"], row["messages"][1::2], strict=True):
        assert task["sentences"]
        for sentence in task["sentences"]:
            text = message["content"][sentence["start"] : sentence["end"]]
            assert text == text.strip() != ""
            assert sentence["findings"]


def test_provenance_says_what_the_row_is_a_function_of(example):
    assert example_row(example, "dropout_ma")["provenance"] == {
        "version": VERSION,
        "seed": 7,
        "split": "test",
        "index": 12,
        "config_hash": config_hash(example.config),
        "field_of_view_mm": 3.0,
        "projection": "full",
    }


def test_masks_and_graph_are_there_only_where_asked_for(example):
    assert not {"masks", "graph"} & example_row(example, "dropout_ma").keys()
    assert {"masks", "graph"} <= example_row(example, "dropout_ma", include_masks=True, include_graph=True).keys()


def test_each_pixel_layer_of_the_rendering_is_a_mask_of_the_row(example):
    masks = example_row(example, "dropout_ma", include_masks=True)["masks"]
    assert tuple(masks) == LAYER_NAMES
    assert set(LAYER_NAMES) == set(example.rendering.layers.as_dict())
    for name, mask in masks.items():
        np.testing.assert_array_equal(pixels_of(mask), getattr(example.rendering.layers, name))


def test_the_graph_can_be_made_again_from_a_row(example):
    graph = VesselGraph(**example_row(example, "dropout_ma", include_graph=True)["graph"])
    np.testing.assert_array_equal(graph.position_mm, example.scene.graph.position_mm)
    np.testing.assert_array_equal(graph.parent, example.scene.graph.parent)
