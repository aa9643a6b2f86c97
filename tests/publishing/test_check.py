import shutil

import pyarrow.parquet as pq
import pytest
from damage import flip_byte
from small_builds import CHEAP, build_here, small_plan

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import make_example
from octa_svr_dataset.publishing import single_rows
from octa_svr_dataset.publishing.check import CheckTask, problems_of_shard
from octa_svr_dataset.publishing.folder import open_built, rows_of_file
from octa_svr_dataset.publishing.reading import check_folder
from octa_svr_dataset.publishing.storage import Storage
from octa_svr_dataset.row import png_column

FIRST = "train-00000-of-00003.parquet"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    build_here(folder, small_plan())
    return folder


@pytest.fixture
def copied(built, tmp_path):
    shutil.copytree(built, tmp_path / "copy")
    return tmp_path / "copy"


def problems(folder):
    manifest = open_built(folder).manifests["dropout_ma"]
    out = str(folder / "dropout_ma")
    tasks = [CheckTask(manifest=manifest, entry=entry, out=out) for entry in manifest.shards]
    return [line for task in tasks for line in problems_of_shard(task)[1]]


def change(folder, edit):
    """Write the first file again with its rows edited, its metadata kept."""
    path = folder / "dropout_ma" / FIRST
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(table.from_pylist(rows, table.schema), path)


def other_picture(rows):
    rows[1]["image"] = rows[2]["image"]


def recompressed(rows):
    picture = make_example("dropout_ma", seed=7, index=1, overrides=CHEAP).rendering.image
    rows[1]["image"] = png_column(picture)


def other_word(rows):
    rows[1]["messages"][1]["content"] += " "


class TestCheck:
    def test_a_build_is_as_its_manifest_says(self, built):
        assert problems(built) == []

    @pytest.mark.parametrize(
        ("edit", "expected"),
        [
            (other_picture, ["pixels_sha256 is"]),
            (other_word, ["texts_sha256 is"]),
            (lambda rows: rows.reverse(), ["row 0 has the id 'dropout_ma-s7-train-00000002'", "pixels_sha256"]),
            (lambda rows: rows.pop(), ["has 2 rows, 3 by the manifest", "pixels_sha256", "texts_sha256"]),
        ],
    )
    def test_a_changed_row_is_found(self, copied, edit, expected):
        change(copied, edit)
        found = problems(copied)
        assert all(line.startswith(FIRST) for line in found)
        for part in expected:
            assert any(part in line for line in found), (part, found)

    def test_pixels_count_and_not_their_compression(self, copied):
        change(copied, recompressed)
        assert not any("pixels_sha256" in line for line in problems(copied))

    @pytest.mark.parametrize("column", ["image.bytes", "messages.list.element.content", "id", "label"])
    def test_a_flipped_byte_is_found(self, copied, column):
        flip_byte(copied / "dropout_ma" / FIRST, column)
        assert problems(copied)
        with pytest.raises(InputError, match=f"{FIRST}' cannot be read: .* delete it and run octa-svr build again"):
            list(open_built(copied).rows("dropout_ma", "train"))

    def test_a_parquet_file_of_no_plan_is_found(self, copied, capsys):
        shutil.copy(copied / "dropout_ma" / FIRST, copied / "dropout_ma" / "train-00007-of-00009.parquet")
        assert check_folder("dropout_ma", str(copied), workers=1) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[:2] == [
            "train-00007-of-00009.parquet: is no file of this build",
            "9 rows in 4 files read: 1 problem",
        ]
        assert "run the same octa-svr build again" in lines[2]

    def test_another_column_is_found(self, copied):
        path = copied / "dropout_ma" / FIRST
        pq.write_table(pq.read_table(path).drop_columns(["severity"]), path)
        assert any("has other columns" in line for line in problems(copied))


class TestSingleRows:
    def keys(self, tmp_path, *lines):
        path = tmp_path / "ids.txt"
        path.write_text("\n".join(lines) + "\n")
        return single_rows.read_keys(path, "dropout_ma")

    def test_rows_made_again_equal_the_stored_ones(self, built, tmp_path):
        keys = self.keys(tmp_path, "dropout_ma-s7-train-00000004", "", "dropout_ma-s7-test-00000001")
        name = single_rows.rebuild_rows(small_plan(seed=0), keys, Storage(str(tmp_path / "rows")))
        rows = list(rows_of_file(tmp_path / "rows" / name))
        folder = open_built(built)
        assert rows == [list(folder.rows("dropout_ma", "train"))[4], list(folder.rows("dropout_ma", "test"))[1]]

    def test_a_stored_row_that_differs_is_named(self, copied, tmp_path):
        change(copied, other_word)
        manifest = open_built(copied).manifests["dropout_ma"]
        keys = self.keys(tmp_path, *[f"dropout_ma-s7-train-0000000{index}" for index in (0, 1, 9)])
        storage = Storage(str(copied / "dropout_ma"))
        assert list(single_rows.differing_rows(manifest, keys, storage)) == [
            "dropout_ma-s7-train-00000001: other texts than stored",
            "dropout_ma-s7-train-00000009: is not stored there",
        ]

    @pytest.mark.parametrize("line", ["12", "healthy-s7-train-00000004", "dropout_ma-s7-dev-00000004", "é"])
    def test_a_line_that_is_no_id_is_refused_by_its_number(self, tmp_path, line):
        with pytest.raises(InputError, match=r"ids: line 3 of .*ids\.txt: must be the id of a row of dropout_ma"):
            self.keys(tmp_path, "dropout_ma-s7-train-00000004", "", line)

    def test_a_seed_that_is_too_large_is_refused_by_its_line(self, tmp_path):
        with pytest.raises(InputError, match=r"ids: line 1 of .*seed: must be"):
            self.keys(tmp_path, f"dropout_ma-s{2**63}-train-00000004")

    def test_a_file_without_ids_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="lists no row"):
            self.keys(tmp_path, "", " ")
        with pytest.raises(InputError, match="ids: cannot read"):
            single_rows.read_keys(tmp_path / "absent", "dropout_ma")
