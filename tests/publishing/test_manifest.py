import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.differences import difference
from octa_svr_dataset.publishing.manifest import PACKAGES, BuildPlan, Manifest, ShardEntry, no_classes, plan_of
from octa_svr_dataset.resolve import config_hash, resolve_config

NUM = {"train": 10, "validation": 0, "test": 3}


def plan(**changes) -> BuildPlan:
    overrides = changes.pop("overrides", None)
    settings = {"seed": 7, "num": NUM, "rows_per_shard": 4} | changes
    return plan_of("dropout_ma", resolve_config("dropout_ma", overrides=overrides), **settings)


def manifest() -> Manifest:
    entries = tuple(
        ShardEntry(**vars(shard), pixels_sha256="0" * 64, texts_sha256="1" * 64, bytes=5)
        for shard in plan().planned_shards()
    )
    return Manifest(**plan().as_dict(), shards=entries, classes={"train": no_classes()})


class TestPlan:
    def test_files_cover_every_row_of_every_split_once(self):
        shards = plan().planned_shards()
        assert [shard.file for shard in shards] == [
            "train-00000-of-00003.parquet",
            "train-00001-of-00003.parquet",
            "train-00002-of-00003.parquet",
            "test-00000-of-00001.parquet",
        ]
        for split, num_rows in NUM.items():
            rows = [row for shard in shards if shard.split == split for row in range(shard.start, shard.stop)]
            assert rows == list(range(num_rows))

    def test_json_gives_the_plan_back(self):
        again = BuildPlan.from_json(plan().to_json(), "here")
        assert difference(again, plan()) is None
        assert again.planned_shards() == plan().planned_shards()

    def test_the_stored_settings_are_the_resolved_ones(self):
        overridden = plan(overrides={"imaging.size_px": 64})
        again = BuildPlan.from_json(overridden.to_json(), "here").scene_config
        assert config_hash(again) == overridden.config_hash
        assert again.imaging.size_px == 64

    def test_it_tells_the_versions_of_python_and_of_the_packages(self):
        versions = plan().packages
        assert versions["python"] == "{}.{}".format(*sys.version_info)
        assert versions["numpy"] == np.__version__
        assert set(versions) == {"python", *PACKAGES}

    def test_another_python_is_another_build(self):
        other = replace(plan(), packages=plan().packages | {"python": "3.99"})
        assert difference(plan(), other).startswith('packages.python: is "3.99" there, and "3.')

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"overrides": {"imaging.size_px": 64}}, "imaging.size_px: is 304 there, and 64 here"),
            ({"overrides": {"text.turns": [1, 1]}}, "text.turns: is "),
            ({"seed": 8}, "seed: is 7 there, and 8 here"),
            ({"num": NUM | {"test": 4}}, "num.test: is 3 there, and 4 here"),
            ({"rows_per_shard": 5}, "rows_per_shard: is 4 there, and 5 here"),
            ({"include_masks": True}, "include_masks: is false there, and true here"),
            ({"content": "graphs"}, 'content: is "examples" there, and "graphs" here'),
        ],
    )
    def test_a_difference_is_named_with_both_values(self, changes, message):
        assert difference(plan(**changes), plan()).startswith(message)


class TestManifest:
    def test_json_gives_the_manifest_back(self):
        assert Manifest.from_json(manifest().to_json(), "here") == Manifest.from_json(manifest().to_json(), "there")
        assert Manifest.from_json(manifest().to_json(), "here").shards == manifest().shards

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"format": 2}, "file: format: must be 1, got 2"),
            ({"seed": "seven"}, "file: seed: must be of type int, got 'seven'"),
            ({"sed": 7}, "file: sed: unknown field"),
            ({"num": {"train": 10}}, "file: num: must hold the number of rows of each split"),
            ({"num": NUM | {"train": 11}, "shards": []}, "file: shards: the files are not those"),
            ({"shards": [{"file": "a"}]}, "file: shards: "),
            ({"config": {"imaging": {"size_px": -1}}}, "file: config: "),
            ({"content": "films"}, "file: content: must be examples or graphs, got 'films'"),
        ],
    )
    def test_a_broken_one_is_refused_with_its_field(self, changes, message):
        with pytest.raises(InputError, match=message):
            Manifest.from_json(json.dumps(json.loads(manifest().to_json()) | changes), "file")

    @pytest.mark.parametrize("text", ["", "[]", "{", "3"])
    def test_what_is_no_manifest_is_refused(self, text):
        with pytest.raises(InputError, match="file: "):
            Manifest.from_json(text, "file")

    def test_a_missing_field_is_named(self):
        values = json.loads(manifest().to_json())
        del values["packages"]
        with pytest.raises(InputError, match="file: packages: is missing"):
            Manifest.from_json(json.dumps(values), "file")
