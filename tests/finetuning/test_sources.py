import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset, DatasetDict, load_dataset
from torch.utils.data import DataLoader

import octa_svr_dataset  # noqa: F401 (registers the dataset)
from octa_svr_dataset.builder import OctaSvrConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.lengths import LengthCheck, require_lengths
from octa_svr_dataset.finetuning.mixture import Source, parse_mixture
from octa_svr_dataset.finetuning.rows import make_table
from octa_svr_dataset.finetuning.sources import OnDemand, open_source, open_validation
from octa_svr_dataset.vlm import load_vlm

BARE = {"growth.superficial.iterations": 0, "growth.deep.iterations": 0, "text.turns": [2, 2]}


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    cache = str(tmp_path_factory.mktemp("cache"))
    return load_dataset(
        "octa_svr",
        "dropout_ma",
        num_train=5,
        num_validation=0,
        num_test=0,
        overrides=BARE,
        split="train",
        cache_dir=cache,
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, synthesized: Dataset) -> dict[str, Path]:
    """The same rows as a folder of Parquet files, as one of `save_to_disk`, and parts that are of no use."""
    root = tmp_path_factory.mktemp("folders")
    (root / "parquet" / "data").mkdir(parents=True)
    synthesized.to_parquet(root / "parquet" / "data" / "train-00000-of-00001.parquet")
    DatasetDict({"train": synthesized}).save_to_disk(root / "saved")
    synthesized.remove_columns("image").save_to_disk(root / "blind")
    synthesized.remove_columns("messages").save_to_disk(root / "mute")
    DatasetDict({"test": synthesized}).save_to_disk(root / "test_only")
    (root / "no_rows").mkdir()
    synthesized.select([]).to_parquet(root / "no_rows" / "train.parquet")
    (root / "empty").mkdir()
    turns = [{"role": "user", "content": "Why?"}]
    unanswered = [row | {"messages": turns} if number == 2 else row for number, row in enumerate(synthesized)]
    Dataset.from_list(unanswered, features=synthesized.features).save_to_disk(root / "unanswered")
    silent = [row | {"messages": [*turns, {"role": "assistant", "content": None}]} for row in synthesized]
    Dataset.from_list(silent, features=synthesized.features).save_to_disk(root / "silent")
    blank = [row | {"image": None} if number == 3 else row for number, row in enumerate(synthesized)]
    Dataset.from_list(blank, features=synthesized.features).to_parquet(root / "blank.parquet")
    (root / "blank").mkdir()
    (root / "blank.parquet").rename(root / "blank" / "train.parquet")
    texts = synthesized.remove_columns("messages").add_column("messages", ["text"] * len(synthesized))
    texts.save_to_disk(root / "texts")
    return {path.name: path for path in root.iterdir()}


def pixels(row) -> np.ndarray:
    return np.asarray(row["image"])


def test_rows_made_on_demand_are_those_of_load_dataset(bare_rows: OnDemand, synthesized: Dataset) -> None:
    for index, row in enumerate(synthesized):
        made = bare_rows[index]
        assert np.array_equal(pixels(made), pixels(row))
        assert {name: made[name] for name in made if name != "image"} == {
            name: row[name] for name in made if name != "image"
        }


@pytest.mark.parametrize("name", ["parquet", "saved"])
def test_a_folder_has_the_rows_that_were_written(folders, synthesized: Dataset, name: str) -> None:
    rows = open_source(Source(source=str(folders[name]), num_train=4), streaming=False, num_proc=1)
    assert len(rows) == 4
    for index in range(4):
        assert rows[index]["id"] == synthesized[index]["id"]
        assert rows[index]["messages"] == synthesized[index]["messages"]
        assert np.array_equal(pixels(rows[index]), pixels(synthesized[index]))


def test_a_folder_with_the_name_of_the_dataset_is_the_folder(folders, monkeypatch, tmp_path: Path) -> None:
    shutil.copytree(folders["parquet"], tmp_path / "octa_svr")
    monkeypatch.chdir(tmp_path)
    assert len(open_source(Source(source="octa_svr", field="dataset"), streaming=False, num_proc=1)) == 5


def test_a_preset_has_as_many_rows_as_load_dataset_makes_of_it() -> None:
    for preset in ("octa_100k_svr", "dropout_ma"):
        assert (
            len(open_source(Source(source=preset), streaming=True, num_proc=1)) == OctaSvrConfig(name=preset).num_train
        )
    assert Source(source="octa_100k_svr").num_synthesized == 100_000


def test_validation_rows_are_none_of_the_training(synthesized: Dataset, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    unseen = open_validation(Source(source="dropout_ma", overrides=BARE), 2, num_proc=1)
    assert not set(unseen["id"]) & set(synthesized["id"])
    assert {"tasks", "label", "severity", "laterality"} <= set(unseen.column_names)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("blind", {}, "has no pictures, no column image; it has id, label"),
        ("mute", {}, "has no column messages; it has id, image"),
        ("test_only", {}, "has no split train; it has test"),
        ("saved", {"num_train": 6}, "has 5 rows, fewer than 6"),
        ("unanswered", {}, "messages of row dropout_ma-s0-train-00000002 have no turn of the role assistant"),
        ("silent", {}, "messages of row dropout_ma-s0-train-00000000 .* or one without words"),
        ("saved", {"dataset_config": "nope"}, "dataset_config has no effect on a folder of save_to_disk, got 'nope'"),
        ("texts", {}, "messages of row dropout_ma-s0-train-00000000 .* allowed: lists of turns with role and content"),
        ("blank", {}, "row dropout_ma-s0-train-00000003 has no picture, image is null"),
        ("no_rows", {}, "cannot open .*corresponds to no data"),
        ("parquet", {"dataset_config": "nope"}, "cannot open .*nope"),
    ],
)
def test_a_folder_without_what_training_reads_is_refused(folders, name: str, settings, message: str) -> None:
    source = Source(source=str(folders[name]), field="dataset", **settings)
    with pytest.raises(InputError, match=f"^dataset: .*{message}") as refusal:
        open_source(source, streaming=False, num_proc=1)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("mixture", "message"),
    [
        ("[", "mixture: not JSON"),
        ([], "mixture: must be a list of at least one source"),
        (["dropout_ma"], r"mixture\[0\]: must be a mapping with source, got 'dropout_ma'"),
        ([{"source": "dropout_ma", "wieght": 2}], r"mixture\[0\]: unknown key 'wieght'; allowed: source, weight"),
        ([{"source": "dropout_ma", "weight": 0}], r"mixture\[0\]: weight must be a number above 0, got 0"),
        ([{"source": "dropout_ma", "seed": -1}], r"mixture\[0\]: seed: must be a whole number"),
        ([{"source": "dropout_ma", "num_train": 0}], r"mixture\[0\]: num_train must be at least 1"),
        ([{"source": "healthy"}, {"source": "droput"}], r"mixture\[1\]: 'droput' is no preset, no folder and no name"),
        ([{"source": "my-org/data", "overrides": {"views": 2}}], "overrides and config_file are settings of presets"),
        ([{"source": "healthy", "dataset_config": "x"}], "dataset_config is of folders and of the Hub, got preset"),
        ([{"source": "healthy", "overrides": {"imaging.size_px": 7}}], r"imaging\.size_px"),
        ([{"source": 3}], "must be a preset, a folder or a name on the Hub, got 3"),
    ],
)
def test_an_unusable_mixture_is_refused_by_its_part(mixture: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_mixture(mixture)


def test_a_folder_without_data_is_refused_before_anything_is_opened(folders) -> None:
    with pytest.raises(InputError, match="holds no dataset: no Parquet or Arrow file"):
        Source(source=str(folders["empty"]))


class Numbers:
    """Rows that cost nothing."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int):
        return {"id": f"{self.name}{index}", "image": None, "messages": []}


@pytest.mark.parametrize("seed", range(4))
def test_a_mixture_has_the_shares_of_its_weights_and_repeats_nothing(seed: int) -> None:
    sources = [Numbers("a", 3000), Numbers("b", 3000)]
    table = make_table(sources, [3, 1], seed=seed)
    ids = table[:]["id"]
    counts = Counter(row_id[0] for row_id in ids)
    assert 0.72 < counts["a"] / len(ids) < 0.78
    assert counts["a"] == 3000, "it ends with the first source that ends"
    assert len(set(ids)) == len(ids)
    assert ids == make_table(sources, [3, 1], seed=seed)[:]["id"]
    assert ids != make_table(sources, [3, 1], seed=seed + 1)[:]["id"]


def first(rows):
    return rows[0]["id"]


def test_workers_make_every_row_once(bare_rows: OnDemand) -> None:
    table = make_table([bare_rows], [1.0], seed=0)
    loader = DataLoader(table, shuffle=True, num_workers=2, collate_fn=first)
    assert sorted(loader) == sorted(bare_rows[index]["id"] for index in range(len(bare_rows)))


def test_a_row_that_would_be_cut_is_refused_by_its_id_before_training_or_as_it_comes(bare_rows: OnDemand) -> None:
    processor = load_vlm("tiny").processor
    rows = [bare_rows[index] for index in range(len(bare_rows))]
    longest = LengthCheck(processor=processor, max_length=10_000)
    require_lengths(rows, longest)
    require_lengths(rows, None)
    strict = LengthCheck(processor=processor, max_length=100)
    with pytest.raises(InputError, match=rf"max_length: row {rows[0]['id']} has \d+ tokens, more than 100"):
        require_lengths(rows, strict)
    table = make_table([bare_rows], [1.0], seed=0, check=strict)
    loader = DataLoader(table, num_workers=1, collate_fn=first)
    with pytest.raises(InputError, match=r"InputError: max_length: row dropout_ma-s0-train-0000000\d has"):
        list(loader)
