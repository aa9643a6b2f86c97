"""The real client of the Hub, in a process of its own, against a stand-in of the Hub."""

import os
import shutil
import subprocess
import sys

import pytest
from built_folder import built_folder
from hub_stand_in import Fault, serve_hub
from processes import json_printed_by

from octa_svr_dataset.publishing.card import write_card
from octa_svr_dataset.publishing.folder import open_built

NUM = {"dropout_ma": {"train": 5, "test": 1}}
REPO = "datasets/org/octa"

READ_BACK = """
import json, sys, datasets
datasets.disable_progress_bars()
columns = ["id", "label", "messages", "findings"]
loaded = datasets.load_dataset("org/octa", "dropout_ma")
streamed = datasets.load_dataset("org/octa", "dropout_ma", split="train", streaming=True)
sums = lambda rows: [int(__import__("numpy").asarray(row["image"]).sum()) for row in rows]
print(json.dumps({
    "loaded": {split: rows.select_columns(columns).to_list() for split, rows in loaded.items()},
    "streamed": [{name: row[name] for name in columns} for row in streamed],
    "pictures": [sums(loaded["train"]), sums(streamed)],
}))
"""

BUILDER = """
import json, datasets, octa_svr_dataset
from huggingface_hub import HfApi
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
def hub():
    with serve_hub() as running:
        yield running


def push(hub, folder, *arguments, **environment):
    """The command in a process of its own; its exit code, and what it says on stdout and on the last line of stderr."""
    variables = {**os.environ, **hub.environment(folder.parent), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "octa_svr_dataset.cli", "push", str(folder), *(arguments or ["org/octa"])],
        env={name: value for name, value in variables.items() if value},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, (done.stderr.splitlines() or [""])[-1]


def uploads(hub):
    return [path for method, path in hub.requests if method == "PUT"]


class TestPush:
    def test_rows_come_back_as_they_were_built_loaded_or_streamed(self, hub, folder, tmp_path):
        code, out, _ = push(hub, folder)
        assert code == 0
        assert f"{hub.url}/datasets/org/octa" in out
        read = json_printed_by(READ_BACK, **hub.environment(tmp_path / "reader"))
        for split in ("train", "test"):
            built = list(open_built(folder).rows("dropout_ma", split, ["id", "label", "messages", "findings"]))
            assert read["loaded"][split] == built
        assert read["streamed"] == read["loaded"]["train"]
        assert read["pictures"][0] == read["pictures"][1]

    def test_the_repository_holds_the_folder_and_the_card_names_it(self, hub, folder):
        (folder / "notes.txt").write_text("mine")
        push(hub, folder, "org/octa", "--private")
        repository = hub.repositories[REPO]
        assert repository.private
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert set(repository.files) == files - {"notes.txt"}
        assert 'load_dataset("org/octa", "dropout_ma")' in repository.files["README.md"].content.decode()
        for name in files - {"notes.txt", "README.md"}:
            assert repository.files[name].content == (folder / name).read_bytes()

    def test_pushed_again_it_uploads_and_commits_nothing(self, hub, folder):
        push(hub, folder)
        num_uploads, num_commits = len(uploads(hub)), len(hub.repositories[REPO].commits)
        assert push(hub, folder)[0] == 0
        assert (len(uploads(hub)), len(hub.repositories[REPO].commits)) == (num_uploads, num_commits)

    def test_files_of_an_earlier_build_go(self, hub, folder, tmp_path):
        push(hub, folder)
        smaller = built_folder(tmp_path / "smaller", {"dropout_ma": {"train": 2}})
        assert push(hub, smaller)[0] == 0
        parquet = [name for name in hub.repositories[REPO].files if name.endswith(".parquet")]
        assert parquet == ["dropout_ma/train-00000-of-00001.parquet"]


class TestInterruption:
    def test_a_dropped_connection_and_a_busy_hub_are_overcome(self, hub, folder):
        hub.faults += [Fault(method="PUT", path="/large/", after=1), Fault(method="POST", path="preupload", status=500)]
        assert push(hub, folder)[0] == 0
        assert not any(fault.times for fault in hub.faults)
        assert len(hub.repositories[REPO].files) == 4 + 3  # shards; card, sheet, manifest

    def test_a_rerun_uploads_only_what_is_missing_and_ends_alike(self, hub, folder):
        hub.faults += [Fault(method="PUT", path="/large/", status=400, after=2, times=9)]
        code, _, line = push(hub, folder)
        assert code == 2
        assert line.startswith("error: the upload to 'org/octa' was interrupted")
        assert "README.md" not in hub.repositories[REPO].files
        stored, hub.faults = set(hub.large_files), []
        hub.requests.clear()
        assert push(hub, folder)[0] == 0
        again = {path.removeprefix("/large/") for path in uploads(hub)}
        assert stored
        assert again
        assert not stored & again
        assert len(hub.repositories[REPO].files) == 4 + 3

    def test_while_files_of_another_build_arrive_there_is_no_card(self, hub, folder, tmp_path):
        push(hub, folder)
        other = built_folder(tmp_path / "other", {"dropout_ma": {"train": 2}})
        hub.faults += [Fault(method="POST", path="/commit/", status=400, after=1)]
        assert push(hub, other)[0] == 2
        assert "README.md" not in hub.repositories[REPO].files
        assert push(hub, other)[0] == 0
        assert "README.md" in hub.repositories[REPO].files


class TestRefusal:
    def test_each_cause_has_its_line(self, hub, folder, tmp_path):
        expected = {
            "no token": (push(hub, folder, HF_TOKEN=""), "error: token: there is none"),
            "wrong token": (push(hub, folder, HF_TOKEN="hf_wrong"), "error: token: the Hub does not know it"),
            "bad id": (push(hub, folder, "octa"), "error: repo: must be organization/name"),
            "no folder": (push(hub, tmp_path / "nothing"), "is no folder"),
            "no hub": (
                push(hub, folder, HF_ENDPOINT="http://127.0.0.1:9"),
                "was interrupted (",
            ),
        }
        for cause, ((code, _, line), message) in expected.items():
            assert (cause, code) == (cause, 2)
            assert message in line, cause
        assert not hub.repositories

    def test_an_unfinished_build_is_refused(self, hub, folder):
        (folder / "dropout_ma" / "build.json").write_text("{}")
        assert "unfinished build" in push(hub, folder)[2]

    def test_files_that_no_card_would_speak_of_are_refused(self, hub, folder, tmp_path):
        push(hub, folder)
        other = built_folder(tmp_path / "other", {"dr_staging": {"train": 1}})
        code, _, line = push(hub, other)
        assert code == 2
        assert "holds dropout_ma, too" in line

    def test_a_public_repository_does_not_count_as_private(self, hub, folder):
        push(hub, folder)
        assert "is there and public" in push(hub, folder, "org/octa", "--private")[2]

    def test_a_stray_file_would_be_loaded_and_is_refused(self, hub, folder):
        (folder / "dropout_ma" / "train-00000-of-00009.parquet").write_bytes(b"")
        assert "is no file of the build" in push(hub, folder)[2]


def test_what_the_builder_makes_can_be_pushed_and_read_back(hub, tmp_path):
    made, read = json_printed_by(BUILDER, **hub.environment(tmp_path))
    assert made == read
    assert [len(rows) for rows in made] == [2, 1]
