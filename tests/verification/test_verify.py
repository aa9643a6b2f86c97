"""A few scenes of presets: their texts are true, and false ones made of them are found."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from octa_svr_dataset import make_example
from octa_svr_dataset.builder import row_features
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.row import example_row
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.verification.command import rows_to_verify
from octa_svr_dataset.verification.mutations import MUTATIONS, mutate
from octa_svr_dataset.verification.rows import Row, rows_of_folder, rows_of_preset
from octa_svr_dataset.verification.truth import Truth, truth_of
from octa_svr_dataset.verification.verify import Tally, is_refuted

PRESETS = ("dr_staging", "dropout_ma", "hard_negatives")


def some_rows(num_scenes: int, texts_per_scene: int, presets: tuple[str, ...] = PRESETS) -> list[Row]:
    return [
        row
        for preset in presets
        for row in rows_of_preset(
            preset,
            resolve_config(preset),
            [SceneKey(seed=21, split=Split.TEST, scene_index=index) for index in range(num_scenes)],
            texts_per_scene=texts_per_scene,
        )
    ]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return some_rows(2, 10)


def tally_of(rows: list[Row]) -> Tally:
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally


def with_truth(rows: list[Row]) -> list[tuple[Row, Truth]]:
    truths = {id(row.image): row for row in rows}
    measured = {place: truth_of(row) for place, row in truths.items()}
    return [(row, measured[id(row.image)]) for row in rows]


def test_texts_of_presets_are_true_and_understood(rows: list[Row]) -> None:
    tally = tally_of(rows)
    assert tally.contradictions == []
    assert tally.mapped_share >= 0.98


@pytest.mark.slow
def test_texts_of_fifty_scenes_are_true_and_understood() -> None:
    tally = tally_of(some_rows(13, 10, (*PRESETS, "healthy")))
    assert tally.contradictions == []
    assert tally.mapped_share >= 0.98


@pytest.mark.parametrize("kind", sorted(MUTATIONS))
def test_false_texts_are_found(rows: list[Row], kind: str) -> None:
    rng = np.random.default_rng(3)
    found = [
        is_refuted(mutant, truth) for row, truth in with_truth(rows) if (mutant := mutate(row, kind, rng)) is not None
    ]
    assert len(found) >= 2
    assert np.mean(found) >= 0.95


def test_changed_columns_are_found(rows: list[Row]) -> None:
    row = next(row for row in rows if row.label == "npdr")
    kinds = [wrong.kind for wrong in Tally().add(replace(row, label="pdr", severity=4))]
    assert "column label" in kinds


def test_rows_of_parquet_and_of_save_to_disk_are_those_of_the_preset(tmp_path: Path) -> None:
    example = make_example("dropout_ma", seed=21, split="test")
    columns = example_row(example, "dropout_ma", include_masks=True)
    data = datasets.Dataset.from_list([columns], features=row_features(include_masks=True))
    (tmp_path / "shards").mkdir()
    data.to_parquet(tmp_path / "shards" / "test-00000.parquet")
    data.save_to_disk(tmp_path / "saved")
    first = next(rows_of_preset("dropout_ma", example.config, [example.key]))
    for folder in ("shards", "saved"):
        (row,) = rows_of_folder(tmp_path / folder, None)
        assert (row.row_id, row.label, row.turns) == (first.row_id, first.label, first.turns)
        np.testing.assert_array_equal(row.layers["dropout"], first.layers["dropout"])
        assert Tally().add(row) == []


def test_a_folder_without_masks_is_refused_in_one_line(tmp_path: Path) -> None:
    columns = example_row(make_example("dropout_ma"), "dropout_ma")
    pq.write_table(pa.Table.from_pylist([{"id": columns["id"]}]), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="include_masks=True"):
        list(rows_of_folder(tmp_path, None))


def rows_of(folder: Path) -> list[Row]:
    rows, _ = rows_to_verify(
        str(folder), num=None, seed=0, split="train", texts_per_scene=1, config_file=None, overrides={}
    )
    return list(rows)


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    columns = example_row(make_example("dropout_ma"), "dropout_ma", include_masks=True)
    features = row_features(include_masks=True)
    for name in ("garbage", "findings", "answer", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "garbage" / "a.parquet").write_text("no Parquet")
    tasks = [task | {"answer": "{broken"} for task in columns["tasks"]]
    for name, broken in (("findings", {"findings": "{broken"}), ("answer", {"tasks": tasks})):
        datasets.Dataset.from_list([columns | broken], features=features).to_parquet(tmp_path / name / "a.parquet")
    datasets.Dataset.from_dict({name: [] for name in features}, features=features).save_to_disk(tmp_path / "empty")
    for name, told in (
        ("garbage", "cannot be read"),
        ("findings", "findings must hold JSON"),
        ("answer", "answer must hold JSON"),
        ("empty", "without rows"),
    ):
        with pytest.raises(InputError, match=told) as caught:
            rows_of(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_exit_codes_tell_true_from_false_from_unusable(tmp_path: Path) -> None:
    columns = example_row(make_example("dropout_ma", seed=21), "dropout_ma", include_masks=True)
    other = "pdr" if columns["label"] != "pdr" else "healthy"
    datasets.Dataset.from_list([columns | {"label": other}], features=row_features(include_masks=True)).to_parquet(
        tmp_path / "a.parquet"
    )
    command = [sys.executable, "-m", "octa_svr_dataset.cli", "verify"]
    false = subprocess.run([*command, str(tmp_path), "--json"], capture_output=True, text=True, check=False)
    assert false.returncode == 1
    assert "column label" in {wrong["kind"] for wrong in json.loads(false.stdout)["contradictions"]}
    unusable = subprocess.run([*command, "nonsense"], capture_output=True, text=True, check=False)
    assert unusable.returncode == 2
    assert unusable.stderr.startswith("error: target:")


def test_the_verifier_imports_nothing_of_the_writer() -> None:
    folder = Path(__file__).parents[2] / "octa_svr_dataset" / "verification"
    for path in folder.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "octa_svr_dataset.text" not in source
        assert "octa_svr_dataset.scoring" not in source
