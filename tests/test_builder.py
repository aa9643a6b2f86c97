import hashlib
import itertools
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import datasets
import multiprocess
import numpy as np
import pytest
from datasets import load_dataset, load_dataset_builder
from PIL import Image

from octa_svr_dataset import builder, registration, source_hash
from octa_svr_dataset.builder import OctaSvr, OctaSvrConfig, row_features, shards
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import make_example
from octa_svr_dataset.row import example_row
from octa_svr_dataset.vessel_graph import VesselGraph

FEW_VESSELS = {"growth.superficial.iterations": 15, "growth.deep.iterations": 5}
CHEAP = {"imaging.size_px": 64, **FEW_VESSELS}
SMALL = {"seed": 7, "num_train": 6, "num_validation": 2, "num_test": 3, "overrides": CHEAP}
WHOLE = SMALL | {"include_masks": True, "include_graph": True}


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


@pytest.fixture(scope="module", autouse=True)
def _source_at_rest():
    """The hash of the package's files as they were at the start, should someone edit them meanwhile."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        at_start = source_hash.cache_hash()
        monkeypatch.setattr(builder, "cache_hash", lambda: at_start)
        monkeypatch.setattr(registration, "cache_hash", lambda: at_start)
        yield


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory) -> str:
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def loaded(cache_dir) -> datasets.DatasetDict:
    return load_dataset("octa_svr", "dropout_ma", cache_dir=cache_dir, **WHOLE)


def comparable(value):
    """Rows with pixels in place of pictures."""
    if isinstance(value, Image.Image):
        return value.mode, value.size, hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, dict):
        return {key: comparable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    return value


def rows_of(dataset):
    return [comparable(row) for row in dataset]


def folder_of(tmp_path, **keywords):
    builder = load_dataset_builder("octa_svr", "dropout_ma", cache_dir=str(tmp_path), **keywords)
    return builder.cache_dir


class TestRows:
    def test_each_split_has_as_many_rows_as_asked_for(self, loaded):
        assert {name: len(rows) for name, rows in loaded.items()} == {"train": 6, "validation": 2, "test": 3}

    def test_rows_stand_in_the_order_of_their_index(self, loaded):
        assert loaded["train"]["id"][:] == [f"dropout_ma-s7-train-{index:08d}" for index in range(6)]

    @pytest.mark.parametrize(("split", "index"), [("train", 5), ("validation", 0), ("test", 2)])
    def test_an_example_made_alone_equals_the_row(self, loaded, split, index):
        example = make_example("dropout_ma", seed=7, split=split, index=index, overrides=CHEAP)
        features = row_features(include_masks=True, include_graph=True)
        row = example_row(example, "dropout_ma", include_masks=True, include_graph=True)
        alone = datasets.Dataset.from_list([features.encode_example(row)], features=features)
        assert comparable(loaded[split][index]) == comparable(alone[0])

    def test_splits_share_no_picture(self, loaded):
        pictures = [picture.tobytes() for rows in loaded.values() for picture in rows["image"]]
        assert len(set(pictures)) == len(pictures)

    def test_pixel_layers_come_back_as_they_were(self, loaded):
        example = make_example("dropout_ma", seed=7, index=3, overrides=CHEAP)
        for name, mask in loaded["train"][3]["masks"].items():
            decoded = np.asarray(mask)
            assert decoded.dtype == getattr(example.rendering.layers, name).dtype
            np.testing.assert_array_equal(decoded, getattr(example.rendering.layers, name))

    def test_the_graph_comes_back_as_it_was(self, loaded):
        example = make_example("dropout_ma", seed=7, index=3, overrides=CHEAP)
        graph = VesselGraph(**loaded["train"][3]["graph"])
        for name in ("position_mm", "parent", "radius_mm", "kind", "layer"):
            np.testing.assert_array_equal(getattr(graph, name), getattr(example.scene.graph, name))

    def test_masks_and_graph_change_no_other_column(self, loaded, cache_dir):
        plain = load_dataset("octa_svr", "dropout_ma", cache_dir=cache_dir, split="train", **SMALL)
        assert rows_of(plain) == rows_of(loaded["train"].remove_columns(["masks", "graph"]))

    def test_another_seed_gives_other_pictures(self, loaded, cache_dir):
        other = load_dataset("octa_svr", "dropout_ma", cache_dir=cache_dir, split="test", **SMALL | {"seed": 8})
        assert not {row.tobytes() for row in other["image"]} & {row.tobytes() for row in loaded["test"]["image"]}

    def test_the_description_holds_the_resolved_settings(self, loaded):
        assert loaded["train"][0]["provenance"]["config_hash"] in loaded["train"].info.description
        assert "size_px: 64" in loaded["train"].info.description


class TestWaysToLoad:
    @pytest.mark.parametrize("start_method", ["fork", "spawn"])
    def test_two_processes_make_the_rows_of_one(self, loaded, tmp_path, start_method):
        keywords = WHOLE | {"num_validation": 0, "num_test": 0}
        usual_method = multiprocess.get_start_method()
        multiprocess.set_start_method(start_method, force=True)
        try:
            rows = load_dataset("octa_svr", "dropout_ma", cache_dir=str(tmp_path), num_proc=2, **keywords)
        finally:
            multiprocess.set_start_method(usual_method, force=True)
        assert rows_of(rows["train"]) == rows_of(loaded["train"])

    def test_a_spawned_process_loads_the_same_rows(self, loaded, tmp_path):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=registration.register) as pool:
            rows = pool.submit(
                load_dataset, "octa_svr", "dropout_ma", cache_dir=str(tmp_path), split="test", **WHOLE
            ).result()
        assert rows_of(rows) == rows_of(loaded["test"])

    def test_a_stream_gives_the_rows_of_the_table(self, loaded, cache_dir):
        stream = load_dataset("octa_svr", "dropout_ma", cache_dir=cache_dir, streaming=True, **WHOLE)
        assert list(stream) == list(loaded)
        for split, rows in loaded.items():
            assert rows_of(stream[split]) == rows_of(rows)

    def test_a_stream_writes_nothing(self, tmp_path):
        stream = load_dataset("octa_svr", "dropout_ma", cache_dir=str(tmp_path), split="train", streaming=True, **SMALL)
        next(iter(stream))
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"]

    @pytest.mark.parametrize("num_seen", [1, 4, 7])
    def test_a_stream_resumes_exactly(self, cache_dir, num_seen, monkeypatch):
        monkeypatch.setattr(builder, "FEW_SHARDS", 3)
        keywords = SMALL | {"num_train": 9}

        def stream():
            return load_dataset(
                "octa_svr", "dropout_ma", cache_dir=cache_dir, split="train", streaming=True, **keywords
            )

        whole = stream()
        assert whole.num_shards == 3
        interrupted = stream()
        seen = rows_of(itertools.islice(interrupted, num_seen))
        resumed = stream()
        resumed.load_state_dict(interrupted.state_dict())
        assert seen + rows_of(resumed) == rows_of(whole)

    def test_a_split_can_be_sliced(self, loaded, cache_dir):
        some = load_dataset("octa_svr", "dropout_ma", cache_dir=cache_dir, split="train[1:4]", **WHOLE)
        both = load_dataset("octa_svr", "dropout_ma", cache_dir=cache_dir, split="train[:50%]+test", **WHOLE)
        assert some["id"][:] == loaded["train"]["id"][1:4]
        assert both["id"][:] == loaded["train"]["id"][:3] + loaded["test"]["id"][:]

    def test_the_builder_class_makes_the_same_rows_in_the_same_place(self, loaded, cache_dir):
        octa_svr = OctaSvr(config_name="dropout_ma", cache_dir=cache_dir, **WHOLE)
        octa_svr.download_and_prepare()
        rows = octa_svr.as_dataset(split="train")
        assert rows_of(rows) == rows_of(loaded["train"])
        assert rows.cache_files == loaded["train"].cache_files

    def test_rows_written_as_parquet_come_back(self, loaded, cache_dir, tmp_path):
        octa_svr = OctaSvr(config_name="dropout_ma", cache_dir=cache_dir, **WHOLE)
        octa_svr.download_and_prepare(str(tmp_path / "parquet"), file_format="parquet")
        rows = load_dataset(
            "parquet",
            data_files=str(tmp_path / "parquet" / "*test*.parquet"),
            cache_dir=str(tmp_path / "cache"),
            split="train",
        )
        assert rows.features == loaded["test"].features
        assert rows_of(rows) == rows_of(loaded["test"])

    def test_a_split_without_examples_does_not_exist(self, tmp_path):
        rows = load_dataset(
            "octa_svr", "healthy", cache_dir=str(tmp_path), **SMALL | {"num_train": 0, "num_validation": 0}
        )
        assert list(rows) == ["test"]

    def test_healthy_eyes_are_labeled_so(self, tmp_path):
        rows = load_dataset("octa_svr", "healthy", cache_dir=str(tmp_path), split="test", **SMALL)
        assert {rows.features["label"].int2str(label) for label in rows["label"]} == {"healthy"}

    def test_a_file_of_a_row_s_name_in_the_working_folder_is_not_taken_for_it(self, loaded, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name in (loaded["test"]["id"][0], loaded["test"]["id"][0] + ".png"):
            Path(name).write_bytes(b"not this")
        rows = load_dataset("octa_svr", "dropout_ma", cache_dir=str(tmp_path), split="test", **WHOLE)
        assert rows_of(rows) == rows_of(loaded["test"])


class TestCache:
    def test_equal_settings_are_made_once(self, loaded, cache_dir, monkeypatch):
        def no_example(*_, **__):
            raise AssertionError("an example was made again")

        monkeypatch.setattr(builder, "simulate", no_example)
        again = load_dataset("octa_svr", "dropout_ma", cache_dir=cache_dir, **WHOLE)
        assert rows_of(again["train"]) == rows_of(loaded["train"])

    def test_equal_settings_in_another_form_share_a_cache(self, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("growth: {deep: {iterations: 5}, superficial: {iterations: 15}}\nimaging: {size_px: 64}")
        nested = {"growth": {"deep": {"iterations": 5}, "superficial": {"iterations": 15}}}
        forms = [
            {"overrides": CHEAP},
            {"overrides": dict(reversed(CHEAP.items()))},
            {"overrides": nested | {"imaging": {"size_px": 64}}},
            {"overrides": nested, "config_file": str(path)},
            {"config_file": path},
            {"config_file": path, "seed": 0, "num_train": np.int64(1000), "include_masks": None},
            {"config_file": path, "seed": None, "num_train": None, "num_validation": None},
        ]
        assert len({folder_of(tmp_path, **form) for form in forms}) == 1

    def test_every_keyword_changes_the_cache(self, tmp_path):
        changes = [
            {},
            {"seed": 1},
            {"num_train": 5},
            {"num_validation": 5},
            {"num_test": 5},
            {"include_masks": True},
            {"include_graph": True},
            {"overrides": {"imaging.size_px": 64}},
            {"features": row_features().copy() | {"severity": datasets.Value("int32")}},
        ]
        changes[-1]["features"] = datasets.Features(changes[-1]["features"])
        assert len({folder_of(tmp_path, **change) for change in changes}) == len(changes)

    def test_a_changed_file_changes_the_rows(self, tmp_path):
        path = tmp_path / "mine.yaml"
        widths = []
        for size_px in (64, 72):
            path.write_text(f"imaging: {{size_px: {size_px}}}")
            keywords = SMALL | {"overrides": FEW_VESSELS, "config_file": str(path)}
            rows = load_dataset("octa_svr", "dropout_ma", cache_dir=str(tmp_path), split="test", **keywords)
            widths.append(rows[0]["image"].width)
        assert widths == [64, 72]

    def test_a_file_changed_after_the_builder_was_made_does_not_change_its_rows(self, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("imaging: {size_px: 64}")
        octa_svr = OctaSvr(
            config_name="healthy",
            cache_dir=str(tmp_path),
            **SMALL | {"overrides": FEW_VESSELS, "config_file": path},
        )
        path.write_text("imaging: {size_px: 72}")
        assert next(iter(octa_svr.as_streaming_dataset(split="test")))["image"].width == 64

    @pytest.mark.parametrize("name", ["example.py", "presets/dropout_ma.yaml", "templates/new.j2"])
    def test_a_changed_or_new_file_of_the_package_changes_the_cache(self, tmp_path, monkeypatch, name):
        monkeypatch.setattr(builder, "cache_hash", source_hash.cache_hash)
        monkeypatch.setattr(registration, "cache_hash", source_hash.cache_hash)
        before = folder_of(tmp_path)
        copy = tmp_path / "octa_svr_dataset"
        shutil.copytree(Path(source_hash.__file__).parent, copy)
        assert source_hash.source_hash(copy) == source_hash.source_hash()
        (copy / name).parent.mkdir(exist_ok=True)
        with (copy / name).open("a") as file:
            file.write("# changed\n")
        changed_hash = source_hash.source_hash(copy)
        monkeypatch.setattr(source_hash, "source_hash", lambda: changed_hash)
        edited_since_import = folder_of(tmp_path)
        monkeypatch.setattr(source_hash, "_HASH_AT_IMPORT", changed_hash)
        imported_after_edit = folder_of(tmp_path)
        assert len({before, edited_since_import, imported_after_edit}) == 3
        assert OctaSvr(config_name="dropout_ma", cache_dir=str(tmp_path)).cache_dir == imported_after_edit

    def test_what_python_compiled_does_not_count_as_source(self, tmp_path):
        (tmp_path / "module.py").write_text("pass")
        before = source_hash.source_hash(tmp_path)
        (tmp_path / "__pycache__").mkdir()
        (tmp_path / "__pycache__" / "module.pyc").write_bytes(b"")
        assert source_hash.source_hash(tmp_path) == before


class TestNumberOfExamples:
    def test_the_preset_of_the_prior_art_s_dataset_has_its_size_where_none_is_given(self):
        assert OctaSvrConfig(name="octa_100k_svr").num_train == 100_000
        assert OctaSvrConfig(name="octa_100k_svr", num_train=3).num_train == 3
        assert {config.name: config.num_train for config in OctaSvr.BUILDER_CONFIGS if config.num_train != 1000} == {
            "octa_100k_svr": 100_000
        }

    def test_a_stream_of_it_starts_at_once_and_knows_its_size(self, cache_dir):
        stream = load_dataset(
            "octa_svr", "octa_100k_svr", cache_dir=cache_dir, split="train", streaming=True, overrides=CHEAP
        )
        assert next(iter(stream))["id"] == "octa_100k_svr-s0-train-00000000"
        assert stream.num_shards == 100_000 / 8


class TestShards:
    @pytest.mark.parametrize("num_examples", [1, 2, 31, 32, 33, 100, 1000, 12_345, 10**6])
    def test_shards_cover_every_index_once_and_in_order(self, num_examples):
        indices = [index for start, stop in shards(num_examples) for index in range(start, stop)]
        assert indices == list(range(num_examples))

    def test_a_small_split_has_shards_for_many_processes(self):
        assert len(shards(10)) == 10
        assert len(shards(100)) >= 32

    def test_a_shard_is_small_and_their_number_is_bounded(self):
        assert max(stop - start for start, stop in shards(10_000)) == 8
        assert len(shards(10**8)) <= 16_384


class TestBadInput:
    @pytest.mark.parametrize(
        ("keywords", "message"),
        [
            ({"num_train": -1}, r"num_train: must be a whole number of at least 0, got -1"),
            ({"num_test": 2.5}, r"num_test: must be a whole number of at least 0, got 2\.5"),
            ({"num_validation": "many"}, r"num_validation: must be a whole number .*, got 'many'"),
            ({"num_test": True}, r"num_test: must be a whole number .*, got True"),
            ({"seed": -1}, r"seed: must be a whole number of at least 0 .*, got -1"),
            ({"seed": 2**63}, r"seed: must be .* at most 9223372036854775807, got 9223372036854775808"),
            ({"seed": "x"}, r"seed: must be a whole number .*, got 'x'"),
            ({"include_masks": 1}, r"include_masks: must be True or False, got 1"),
            ({"include_graph": "yes"}, r"include_graph: must be True or False, got 'yes'"),
            ({"num_train": 0, "num_validation": 0, "num_test": 0}, r"num_train, .* at least one must be above 0"),
            ({"num_trian": 3}, r"num_trian: unknown keyword argument; allowed: seed, num_train"),
            ({"data_dir": "here"}, r"data_dir: unknown keyword argument"),
            ({"data_files": "here.csv"}, r"data_files: unknown keyword argument"),
            ({"overrides": {"imagin": 1}}, r"imagin: unknown setting; allowed here: "),
            ({"overrides": {"imaging.gain": [1.2, 0.8]}}, r"imaging\.gain: range is reversed"),
            ({"overrides": [1]}, r"overrides: must be a mapping from settings to values, got \[1\]"),
            ({"config_file": 3}, r"config_file: must be the path of a YAML file, got 3"),
            ({"config_file": "absent.yaml"}, r"config_file: cannot read 'absent\.yaml'"),
        ],
    )
    def test_an_unusable_argument_is_refused_by_name_and_leaves_nothing(self, tmp_path, monkeypatch, keywords, message):
        monkeypatch.chdir(tmp_path)
        Path("here.csv").write_text("a\n1\n")
        cache_dir = tmp_path / "cache"
        with pytest.raises(InputError, match=message):
            load_dataset("octa_svr", "dropout_ma", cache_dir=str(cache_dir), **keywords)
        assert not cache_dir.exists()

    @pytest.mark.parametrize("name", ["nope", None, 3, ["healthy"]])
    def test_an_unknown_or_missing_preset_is_refused_with_the_known_ones(self, tmp_path, name):
        with pytest.raises(InputError, match=r"allowed: .*dropout_ma"):
            load_dataset("octa_svr", name, cache_dir=str(tmp_path))
