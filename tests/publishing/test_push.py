"""The real client of the Hub, in a process of its own, against a stand-in of the Hub."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from built_folder import built_folder
from damage import flip_byte
from hub_stand_in import TOKEN, Fault, serve_hub
from processes import json_printed_by

from octa_svr_dataset.publishing.card import write_card
from octa_svr_dataset.publishing.card_mark import is_ours
from octa_svr_dataset.publishing.folder import open_built
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME

NUM = {"dropout_ma": {"train": 5, "test": 1}}
REPO = "datasets/org/octa"

PUSH = """
import json, os, sys, datasets
from huggingface_hub.utils import disable_progress_bars
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.push import push
disable_progress_bars()
said = []
for folder, repo, private, token in json.loads(os.environ["PUSHES"]):
    os.environ["HF_TOKEN"] = token
    try:
        said.append(push(folder, repo, private=private))
    except InputError as error:
        said.append(f"error: {error}")
print(json.dumps(said))
"""

READ_BACK = """
import json, datasets, numpy
datasets.disable_progress_bars()
columns = ["id", "label", "messages", "findings"]
loaded = datasets.load_dataset("org/octa", "dropout_ma")
streamed = datasets.load_dataset("org/octa", "dropout_ma", split="train", streaming=True)
sums = lambda rows: [int(numpy.asarray(row["image"]).sum()) for row in rows]
print(json.dumps({
    "loaded": {split: rows.select_columns(columns).to_list() for split, rows in loaded.items()},
    "streamed": [{name: row[name] for name in columns} for row in streamed],
    "pictures": [sums(loaded["train"]), sums(streamed)],
}))
"""

BUILDER = """
import json, datasets, octa_svr_dataset
datasets.disable_progress_bars()
sizes = {"num_train": 2, "num_validation": 0, "num_test": 1, "seed": 7}
made = datasets.load_dataset("octa_svr", "dropout_ma", **sizes)
made.push_to_hub("org/made", "dropout_ma")
read = datasets.load_dataset("org/made", "dropout_ma")
print(json.dumps([[rows.remove_columns("image").to_list() for rows in one.values()] for one in (made, read)]))
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    made = built_folder(tmp_path_factory.mktemp("push") / "octa_svr", NUM)
    write_card(made)
    return made


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "octa_svr")


@pytest.fixture
def smaller(tmp_path):
    return built_folder(tmp_path / "smaller", {"dropout_ma": {"train": 2}})


@pytest.fixture
def hub():
    with serve_hub() as running:
        yield running


def push(hub, *folders, repo="org/octa", private=False, token=TOKEN, **environment):
    """Push folders one after another; what each said."""
    pushes = json.dumps([[str(folder), repo, private, token] for folder in folders])
    return json_printed_by(PUSH, PUSHES=pushes, **(hub.environment(folders[0].parent) | environment))


def uploads(hub):
    return [path.removeprefix("/large/") for method, path in hub.requests if method == "PUT"]


def names_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


class TestPush:
    def test_rows_come_back_as_they_were_built_loaded_or_streamed(self, hub, folder, tmp_path):
        push(hub, folder)
        read = json_printed_by(READ_BACK, **hub.environment(tmp_path / "reader"))
        for split in ("train", "test"):
            built = list(open_built(folder).rows("dropout_ma", split, ["id", "label", "messages", "findings"]))
            assert read["loaded"][split] == built
        assert read["streamed"] == read["loaded"]["train"]
        assert read["pictures"][0] == read["pictures"][1]

    def test_the_command_says_where_the_dataset_is(self, hub, folder):
        done = subprocess.run(
            [sys.executable, "-m", "octa_svr_dataset.cli", "push", str(folder), "org/octa", "--private"],
            env={**os.environ, **hub.environment(folder.parent)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, f"{hub.url}/datasets/org/octa" in done.stdout) == (0, True), done.stderr
        assert hub.repositories[REPO].private

    def test_the_repository_holds_the_folder_and_the_card_names_it(self, hub, folder):
        (folder / "notes.txt").write_text("mine")
        push(hub, folder)
        files = hub.repositories[REPO].files
        assert set(files) == names_in(folder) - {"notes.txt"}
        assert 'load_dataset("org/octa", "dropout_ma")' in files["README.md"].content.decode()
        for name in set(files) - {"README.md"}:
            assert files[name].content == (folder / name).read_bytes()

    def test_what_is_unfinished_beside_it_is_left_out(self, hub, folder):
        (folder / "dr_staging").mkdir()
        (folder / "dr_staging" / "build.json").write_text("{}")
        (folder / "dr_staging" / "train-00000-of-00001.parquet").write_bytes(b"half")
        assert push(hub, folder) == [f"{hub.url}/datasets/org/octa"]
        assert not [name for name in hub.repositories[REPO].files if "dr_staging" in name]

    def test_the_card_of_the_repository_counts_as_written_here(self, hub, folder):
        push(hub, folder)
        assert is_ours(hub.repositories[REPO].files["README.md"].content.decode())

    def test_pushed_again_it_uploads_and_commits_nothing(self, hub, folder):
        push(hub, folder, folder)
        assert len(uploads(hub)) == len(set(uploads(hub)))
        assert hub.repositories[REPO].messages == ["Files of the dataset", "Dataset card"]

    def test_other_content_of_the_same_size_is_uploaded(self, hub, folder, tmp_path):
        other = shutil.copytree(folder, tmp_path / "other")
        shard = other / "dropout_ma" / "test-00000-of-00001.parquet"
        manifest = other / "dropout_ma" / MANIFEST_NAME
        digest = json.loads(manifest.read_text())["shards"][-1]["pixels_sha256"]
        for path in (shard, manifest):
            path.write_bytes(path.read_bytes().replace(digest.encode(), digest[::-1].encode()))
        push(hub, folder, other)
        assert hub.repositories[REPO].files["dropout_ma/test-00000-of-00001.parquet"].content == shard.read_bytes()

    def test_files_of_an_earlier_build_go(self, hub, folder, smaller):
        push(hub, folder, smaller)
        parquet = [name for name in hub.repositories[REPO].files if name.endswith(".parquet")]
        assert parquet == ["dropout_ma/train-00000-of-00001.parquet"]


class TestInterruption:
    def test_a_dropped_connection_and_a_busy_hub_are_overcome(self, hub, folder):
        hub.faults += [Fault(method="PUT", path="/large/", after=1), Fault(method="POST", path="preupload", status=500)]
        assert push(hub, folder) == [f"{hub.url}/datasets/org/octa"]
        assert not any(fault.times for fault in hub.faults)
        assert set(hub.repositories[REPO].files) == names_in(folder)

    def test_a_rerun_uploads_only_what_is_missing_and_ends_alike(self, hub, folder):
        hub.faults += [Fault(method="PUT", path="/large/", status=400, after=2, times=9)]
        assert push(hub, folder)[0].startswith("error: the upload to 'org/octa' was interrupted")
        assert "README.md" not in hub.repositories[REPO].files
        stored, hub.faults = set(hub.large_files), []
        hub.requests.clear()
        push(hub, folder)
        assert stored
        assert uploads(hub)
        assert not stored & set(uploads(hub))
        assert set(hub.repositories[REPO].files) == names_in(folder)

    def test_while_files_of_another_build_arrive_there_is_no_card(self, hub, folder, smaller):
        hub.faults += [Fault(method="POST", path="/commit/", status=400, after=3)]
        first, second = push(hub, folder, smaller)
        assert (first.startswith("http"), "was interrupted" in second) == (True, True)
        assert "README.md" not in hub.repositories[REPO].files
        push(hub, smaller)
        assert "README.md" in hub.repositories[REPO].files


class TestRefusal:
    def test_what_cannot_be_pushed_is_refused_before_anything_is_made(self, hub, folder, tmp_path):
        unfinished, stray, old = (shutil.copytree(folder, tmp_path / name) for name in ("unfinished", "stray", "old"))
        (unfinished / "dropout_ma" / "build.json").write_text("{}")
        (stray / "dropout_ma" / "train-00000-of-00009.parquet").write_bytes(b"")
        (old / "README.md").write_text("---\nconfigs:\n- config_name: healthy\n---\n")
        said = push(hub, tmp_path / "nothing", unfinished, stray, old)
        for line, message in zip(
            said, ("is no folder", "unfinished build", "is no file of the build", "configs: must be"), strict=True
        ):
            assert message in line
        assert not hub.repositories

    def test_a_damaged_file_of_the_same_size_is_refused_by_its_name(self, hub, folder):
        flip_byte(folder / "dropout_ma" / "train-00001-of-00003.parquet", "image.bytes")
        (line,) = push(hub, folder)
        assert "train-00001-of-00003.parquet' is not as it was built; delete it and run octa-svr build again" in line
        assert not hub.repositories

    def test_a_readme_of_others_is_refused_in_one_line(self, hub, folder):
        (folder / "README.md").write_text("# My notes\n")
        done = subprocess.run(
            [sys.executable, "-m", "octa_svr_dataset.cli", "push", str(folder), "org/octa"],
            env={**os.environ, **hub.environment(folder.parent)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
        assert "configs: must be those of the folder, dropout_ma, got none; remove the file" in done.stderr
        assert (folder / "README.md").read_text() == "# My notes\n"

    def test_each_cause_has_its_line(self, hub, folder):
        expected = {
            ("org/octa", ""): "error: token: there is none",
            ("org/octa", "hf_wrong"): "error: token: the Hub does not know it",
            ("octa", TOKEN): "error: repo: must be organization/name",
            ("a/b--c", TOKEN): "error: repo: must be organization/name",
        }
        pushes = json.dumps([[str(folder), repo, False, token] for repo, token in expected])
        said = json_printed_by(PUSH, PUSHES=pushes, **hub.environment(folder.parent))
        for line, message in zip(said, expected.values(), strict=True):
            assert line.startswith(message)
        assert not hub.repositories

    def test_a_hub_that_cannot_be_reached_is_told(self, hub, folder):
        (line,) = push(hub, folder, HF_ENDPOINT="http://127.0.0.1:9")
        assert line.startswith("error: the upload to 'org/octa' was interrupted (")

    def test_files_that_no_card_would_speak_of_are_refused(self, hub, folder, tmp_path):
        other = built_folder(tmp_path / "other", {"dr_staging": {"train": 1}})
        assert "holds dropout_ma, too" in push(hub, folder, other)[1]

    def test_a_public_repository_does_not_count_as_private(self, hub, folder):
        push(hub, folder)
        assert "is there and public" in push(hub, folder, private=True)[0]


def test_what_the_builder_makes_can_be_pushed_and_read_back(hub, tmp_path):
    made, read = json_printed_by(BUILDER, **hub.environment(tmp_path))
    assert made == read
    assert [len(rows) for rows in made] == [2, 1]
