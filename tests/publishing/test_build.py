import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from damage import flip_byte
from datasets import load_dataset
from small_builds import CHEAP, build_here, here, small_plan

from octa_svr_dataset import command
from octa_svr_dataset.builder import row_features
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import make_example
from octa_svr_dataset.publishing import shard_files
from octa_svr_dataset.publishing.folder import PLAN_NAME, open_built
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.row import example_row

COLUMNS = ["id", "messages", "tasks", "findings", "provenance"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    outcome = build_here(folder, small_plan(include_masks=True, include_graph=True))
    assert outcome.num_made == 9
    return folder


@pytest.fixture
def copied(built, tmp_path):
    shutil.copytree(built, tmp_path / "copy")
    return tmp_path / "copy"


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "dropout_ma").iterdir()}


def stop_after(num_shards):
    def engine(tasks, *, on_tick):
        for number, content in enumerate(here(tasks, on_tick=on_tick)):
            if number == num_shards:
                raise KeyboardInterrupt
            yield content

    return engine


class TestRows:
    def test_they_are_those_of_the_examples(self, built):
        for split, index in (("train", 0), ("train", 6), ("test", 1)):
            example = make_example("dropout_ma", seed=7, split=split, index=index, overrides=CHEAP)
            expected = example_row(example, "dropout_ma", include_masks=True, include_graph=True)
            row = list(open_built(built).rows("dropout_ma", split))[index]
            assert shard_files.LABELS[row.pop("label")] == expected.pop("label")
            graph, expected_graph = row.pop("graph"), expected.pop("graph")
            for name, column in expected_graph.items():
                np.testing.assert_array_equal(graph[name], column)
            assert row == expected

    def test_datasets_reads_them_with_their_features(self, built, tmp_path):
        rows = load_dataset(
            "parquet",
            data_files={split: f"{built}/dropout_ma/{split}-*.parquet" for split in ("train", "test")},
            cache_dir=str(tmp_path),
        )
        assert {split: len(part) for split, part in rows.items()} == {"train": 7, "test": 2}
        assert rows["train"].features == row_features(include_masks=True, include_graph=True)
        assert rows["train"][6]["id"] == "dropout_ma-s7-train-00000006"
        assert rows["train"][6]["image"].size == (64, 64)

    def test_some_columns_can_be_read(self, built):
        assert list(next(open_built(built).rows("dropout_ma", "test", ["id", "label"]))) == ["id", "label"]

    def test_a_row_group_stays_small(self, tmp_path, monkeypatch):
        monkeypatch.setattr(shard_files, "ROWS_A_GROUP", 2)
        build_here(tmp_path, small_plan())
        file = pq.ParquetFile(tmp_path / "dropout_ma" / "train-00000-of-00003.parquet")
        assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [2, 1]
        assert file.metadata.row_group(0).column(0).has_offset_index
        monkeypatch.setattr(shard_files, "LARGEST_GROUP_BYTES", 1)
        assert pq.ParquetFile(tmp_path / "dropout_ma" / "test-00000-of-00001.parquet").num_row_groups == 1
        build_here(tmp_path / "smaller", small_plan())
        assert pq.ParquetFile(tmp_path / "smaller/dropout_ma/test-00000-of-00001.parquet").num_row_groups == 2


class TestManifest:
    def test_it_tells_settings_versions_and_classes(self, built):
        manifest = open_built(built).manifests["dropout_ma"]
        assert manifest.scene_config.imaging.size_px == 64
        assert manifest.num == {"train": 7, "validation": 0, "test": 2}
        assert {"numpy", "pyarrow"} <= set(manifest.packages)
        labels = [row["label"] for row in open_built(built).rows("dropout_ma", "train", ["label"])]
        expected = {name: labels.count(number) for number, name in enumerate(shard_files.LABELS)}
        assert manifest.classes["train"] == expected
        assert sum(manifest.classes["validation"].values()) == 0

    def test_every_file_tells_its_settings(self, built):
        for path in (built / "dropout_ma").glob("*.parquet"):
            header = json.loads(pq.read_schema(path).metadata[b"octa_svr"])
            assert header["config"]["imaging"]["size_px"] == 64
            assert header["stop"] - header["start"] == pq.read_metadata(path).num_rows

    def test_pixels_and_texts_have_hashes_of_their_own(self, built, tmp_path):
        build_here(tmp_path, small_plan(overrides=CHEAP | {"text.form": "prose"}, include_masks=True, num_train=3))
        other = open_built(tmp_path).manifests["dropout_ma"].shards[0]
        mine = open_built(built).manifests["dropout_ma"].shards[0]
        assert other.pixels_sha256 == mine.pixels_sha256
        assert other.texts_sha256 != mine.texts_sha256


class TestResuming:
    def test_an_interrupted_build_goes_on_and_ends_as_an_undisturbed_one(self, built, tmp_path):
        plan = small_plan(include_masks=True, include_graph=True)
        with pytest.raises(KeyboardInterrupt):
            build_here(tmp_path, plan, stop_after(2))
        with pytest.raises(InputError, match="holds an unfinished build"):
            open_built(tmp_path)
        stale = tmp_path / "dropout_ma" / f".test-00000-of-00001.parquet.{command._MACHINE}-999999999-ab.unfinished"
        stale.write_bytes(b"half")
        assert build_here(tmp_path, plan).num_made == 2
        assert contents(tmp_path) == contents(built)

    def test_a_finished_build_is_not_made_again(self, copied):
        assert build_here(copied, small_plan(include_masks=True, include_graph=True)).num_made == 0

    @pytest.mark.parametrize(
        "damage",
        [
            lambda path: path.unlink(),
            lambda path: path.write_bytes(b"PAR1"),
            lambda path: flip_byte(path, "image.bytes"),
        ],
    )
    def test_a_lost_cut_or_damaged_file_is_made_again(self, built, copied, damage):
        damage(copied / "dropout_ma" / "train-00001-of-00003.parquet")
        assert build_here(copied, small_plan(include_masks=True, include_graph=True)).num_made == 3
        assert contents(copied) == contents(built)

    def test_another_build_is_refused_by_the_field_that_differs(self, built, copied):
        with pytest.raises(InputError, match=r"seed: is 7 there, and 8 here; allowed: the same settings, another"):
            build_here(copied, small_plan(include_masks=True, include_graph=True, seed=8))
        with pytest.raises(InputError, match=r"imaging\.size_px: is 64 there, and 72 here"):
            build_here(copied, small_plan(overrides=CHEAP | {"imaging.size_px": 72}))
        assert contents(copied) == contents(built)

    def test_unless_it_may_be_overwritten(self, copied):
        plan = small_plan(seed=8, num_train=1, num_test=0)
        assert build_here(copied, plan, overwrite=True).num_made == 1
        assert sorted(contents(copied)) == ["manifest.json", "train-00000-of-00001.parquet"]

    def test_of_a_build_that_a_killed_overwriting_began_to_remove_nothing_stays(self, copied, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        plan = small_plan(seed=8, num_train=1, num_test=0)
        with monkeypatch.context() as patched:
            patched.setattr(Storage, "remove", stop)
            with pytest.raises(KeyboardInterrupt):
                build_here(copied, plan, overwrite=True)
        with pytest.raises(InputError, match="unfinished build"):
            open_built(copied)
        (copied / "dropout_ma" / "notes.parquet.txt").write_text("mine")
        assert build_here(copied, plan).num_made == 1
        assert sorted(contents(copied)) == ["manifest.json", "notes.parquet.txt", "train-00000-of-00001.parquet"]
        rows = list(open_built(copied).rows("dropout_ma", "train", ["id"]))
        assert rows == [{"id": "dropout_ma-s8-train-00000000"}]

    def test_other_versions_are_another_build(self, copied):
        plan = replace(small_plan(include_masks=True, include_graph=True), version="0.0.1")
        with pytest.raises(InputError, match=r"version: is \"[0-9.]+\" there, and \"0.0.1\" here"):
            build_here(copied, plan)


class TestParts:
    def test_jobs_that_share_the_work_end_as_one_build(self, built, tmp_path):
        plan = small_plan(include_masks=True, include_graph=True)
        outcomes = [build_here(tmp_path, plan, part=(index, 3)) for index in (2, 0, 1)]
        assert [outcome.num_made for outcome in outcomes] == [1, 3 + 2, 3]
        assert [outcome.num_missing for outcome in outcomes] == [3, 1, 0]
        assert contents(tmp_path) == contents(built)


class TestOtherFileSystems:
    def test_a_build_into_memory_is_the_same(self, built):
        plan = small_plan(include_masks=True, include_graph=True)
        build_here("memory://octa_svr_test", plan)
        storage = Storage("memory://octa_svr_test/dropout_ma")
        assert storage.names() == set(contents(built))
        assert all(storage.read(name) == content for name, content in contents(built).items())
        assert build_here("memory://octa_svr_test", plan).num_made == 0

    def test_a_url_of_a_local_folder_is_that_folder(self, built, tmp_path):
        build_here(f"file://{tmp_path}", small_plan(include_masks=True, include_graph=True))
        assert contents(tmp_path) == contents(built)

    @pytest.mark.parametrize("url", ["", " "])
    def test_an_empty_name_is_refused_and_not_the_root(self, url):
        with pytest.raises(InputError, match="out: must be a folder, or a URL of fsspec, got '"):
            Storage(url)

    def test_an_unknown_kind_of_url_is_refused(self):
        with pytest.raises(InputError, match="out: 'nowhere://x' cannot be used"):
            Storage("nowhere://x")


class TestFolder:
    @pytest.mark.parametrize("name", ["", "absent"])
    def test_what_holds_no_build_is_refused(self, tmp_path, name):
        with pytest.raises(InputError, match="octa-svr build"):
            open_built(tmp_path / name)

    def test_the_folder_of_one_preset_is_not_the_folder(self, built):
        with pytest.raises(InputError, match="is the folder of one preset; allowed: the folder it lies in"):
            open_built(built / "dropout_ma")

    def test_a_missing_file_is_named(self, copied):
        (copied / "dropout_ma" / "test-00000-of-00001.parquet").unlink()
        with pytest.raises(InputError, match=r"1 of 4 files are missing: test-00000"):
            open_built(copied)

    def test_an_unknown_preset_column_or_split_is_refused(self, built):
        folder = open_built(built)
        with pytest.raises(InputError, match="holds no 'healthy'; allowed: dropout_ma"):
            next(folder.rows("healthy", "train"))
        with pytest.raises(InputError, match="has no column 'picture'; allowed: id, "):
            next(folder.rows("dropout_ma", "train", ["picture"]))
        with pytest.raises(InputError, match="split: unknown value"):
            next(folder.rows("dropout_ma", "dev"))

    def test_a_finished_build_beside_others_is_read_and_they_are_named(self, copied):
        for preset in ("balanced_combo", "healthy"):
            (copied / preset).mkdir()
        (copied / "balanced_combo" / PLAN_NAME).write_text(small_plan(preset="balanced_combo").to_json())
        build_here(copied, small_plan(preset="healthy", content="graphs", num_train=1, num_test=0))
        folder = open_built(copied)
        assert list(folder.manifests) == ["dropout_ma"]
        unfinished, graphs = folder.left_out
        assert "balanced_combo' holds an unfinished build" in unfinished
        assert "healthy' holds graphs of --only graphs" in graphs

    def test_a_broken_manifest_is_refused_with_what_to_do(self, copied):
        (copied / "dropout_ma" / "manifest.json").write_text("{")
        with pytest.raises(InputError, match=r"is not JSON.*allowed: remove it and run octa-svr build again"):
            open_built(copied)

    def test_a_plan_alone_is_an_unfinished_build(self, tmp_path):
        (tmp_path / "dropout_ma").mkdir()
        (tmp_path / "dropout_ma" / PLAN_NAME).write_text(small_plan().to_json())
        with pytest.raises(InputError, match="unfinished build"):
            open_built(tmp_path)
