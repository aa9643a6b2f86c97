import io
import shutil

import pytest
import yaml
from built_folder import built_folder
from datasets import load_dataset
from huggingface_hub import DatasetCard
from PIL import Image
from small_builds import small_plan

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.building import describe
from octa_svr_dataset.publishing.card import COLUMNS, write_card
from octa_svr_dataset.publishing.folder import PLAN_NAME, open_built
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME

NUM = {"dropout_ma": {"train": 3, "test": 1}, "dr_staging": {"train": 2}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = built_folder(tmp_path_factory.mktemp("card") / "octa_svr", NUM)
    write_card(made)
    return made


def front_matter(folder):
    return yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])


class TestFrontMatter:
    def test_each_configuration_has_its_files_by_split(self, folder):
        files = {
            config["config_name"]: {entry["split"]: entry["path"] for entry in config["data_files"]}
            for config in front_matter(folder)["configs"]
        }
        assert files["dropout_ma"] == {
            "train": "dropout_ma/train-*.parquet",
            "test": "dropout_ma/test-*.parquet",
        }
        assert files["dr_staging"] == {"train": "dr_staging/train-*.parquet"}

    def test_it_holds_what_the_hub_lists_datasets_by(self, folder):
        data = DatasetCard.load(folder / "README.md").data
        assert (data.license, data.language, data.size_categories) == ("mit", ["en"], ["n<1K"])
        assert "image-text-to-text" in data.task_categories
        assert "object-detection" not in data.task_categories  # there are no masks

    def test_numbers_of_rows_are_those_of_the_files(self, folder):
        infos = {info["config_name"]: info for info in front_matter(folder)["dataset_info"]}
        assert {split["name"]: split["num_examples"] for split in infos["dropout_ma"]["splits"]} == NUM["dropout_ma"]
        files = (folder / "dropout_ma").glob("*.parquet")
        assert infos["dropout_ma"]["download_size"] == sum(file.stat().st_size for file in files)


class TestLoading:
    @pytest.mark.parametrize("preset", NUM)
    def test_a_folder_loads_by_the_name_of_a_configuration(self, folder, preset, tmp_path):
        loaded = load_dataset(str(folder), preset, cache_dir=str(tmp_path))
        assert {split: len(rows) for split, rows in loaded.items()} == NUM[preset]
        built = list(open_built(folder).rows(preset, "train", ["id", "messages", "label"]))
        assert loaded["train"].select_columns(["id", "messages", "label"]).to_list() == built
        streamed = load_dataset(str(folder), preset, split="train", streaming=True)
        assert [row["id"] for row in streamed] == [row["id"] for row in built]


class TestBody:
    def test_it_says_what_readers_must_know(self, folder):
        text = (folder / "README.md").read_text()
        for statement in ("Not for clinical use", "no eye of any patient", "MIT license", "kreitner2024synthetic"):
            assert statement in text
        for heading in ("Use", "How it was made", "Columns", "Intended use", "Limits", "License and citation"):
            assert f"\n## {heading}\n" in text
        assert "$" not in text

    def test_each_column_of_the_files_is_explained_and_no_other(self, folder):
        text = (folder / "README.md").read_text()
        names = set(next(iter(open_built(folder).rows("dropout_ma", "train"))))
        assert {name for name in COLUMNS if f"| `{name}` |" in text} == names

    def test_numbers_of_rows_by_class_add_up(self, folder):
        lines = [line for line in (folder / "README.md").read_text().splitlines() if "| `dropout_ma` | train |" in line]
        rows, *by_class = [int(cell) for cell in lines[0].strip("|").split("|")[2:]]
        labels = [row["label"] for row in open_built(folder).rows("dropout_ma", "train", ["label"])]
        assert rows == 3
        assert by_class == [labels.count(label) for label in range(3)]

    def test_its_sheets_show_pictures(self, folder):
        for preset in NUM:
            assert f"(preview-{preset}.jpg)" in (folder / "README.md").read_text()
            content = (folder / f"preview-{preset}.jpg").read_bytes()
            with Image.open(io.BytesIO(content)) as sheet:
                assert sheet.width > sheet.height >= 240
                low, high = sheet.getextrema()
                assert low < 40
                assert high > 200


class TestOtherCards:
    """Told apart by a hash of the text, so that any README.md that someone wrote or edited stays."""

    @pytest.mark.parametrize(("old", "new"), [("---\n", "# My notes\n---\n"), ("Synthetic", "My")])
    def test_a_readme_of_others_or_edited_stays_and_it_is_said(self, folder, tmp_path, old, new):
        copied = shutil.copytree(folder, tmp_path / "copied")
        theirs = (copied / "README.md").read_text().replace(old, new, 1)
        (copied / "README.md").write_text(theirs)
        (copied / "preview-dropout_ma.jpg").write_bytes(b"mine")
        said = describe(str(copied), small_plan(num_train=1, num_test=0))
        assert (copied / "README.md").read_text() == theirs
        assert (copied / "preview-dropout_ma.jpg").read_bytes() == b"mine"
        assert said.startswith("no dataset card: ")
        assert "is not of octa-svr, or was edited, and stays as it is; remove it" in said

    def test_a_card_of_this_package_is_written_anew(self, folder, tmp_path):
        copied = shutil.copytree(folder, tmp_path / "copied")
        shutil.rmtree(copied / "dr_staging")
        (copied / "dr_staging").mkdir()
        (copied / "dr_staging" / PLAN_NAME).write_text(small_plan(preset="dr_staging").to_json())
        said = describe(str(copied), small_plan(num_train=1, num_test=0))
        assert said.startswith("dataset card: ")
        assert "without " in said
        assert "dr_staging' holds an unfinished build" in said
        assert [config["config_name"] for config in front_matter(copied)["configs"]] == ["dropout_ma"]


class TestRefusal:
    def test_what_is_no_built_folder_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="holds no finished build"):
            write_card(tmp_path)

    def test_a_broken_manifest_is_named(self, tmp_path):
        (tmp_path / "dropout_ma").mkdir()
        (tmp_path / "dropout_ma" / MANIFEST_NAME).write_text("{")
        with pytest.raises(InputError, match=r"manifest\.json.*JSON"):
            write_card(tmp_path)
