import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from datasets import load_dataset
from small_builds import CHEAP, build_here, small_plan

from octa_svr_dataset import cli
from octa_svr_dataset.publishing.building import describe
from octa_svr_dataset.publishing.folder import open_built
from octa_svr_dataset.publishing.manifest import BuildPlan

COMMAND = [sys.executable, "-m", "octa_svr_dataset.cli", "build"]
SETTINGS = [f"--set={name}={value}" for name, value in CHEAP.items()]
SMALL = ["--num-train=4", "--num-validation=0", "--num-test=1", "--rows-per-shard=2", *SETTINGS]


def run(*arguments, **keywords):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, **keywords)


def files(folder):
    return {path.name: path.read_bytes() for path in (folder / "dropout_ma").iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    done = run("dropout_ma", "--out", folder, "--workers=2", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "5 rows (4 train, 1 test) in 3 files" in done.stdout
    assert done.stderr == ""
    return folder


@pytest.fixture
def command(monkeypatch):
    """Runs the command in this process, its workers' tasks too; returns the exit code."""

    def in_this_process(function, tasks, **_):
        return map(function, tasks)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["octa-svr", "build", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            cli.main()
        return exit_info.value.code or 0

    monkeypatch.setattr("octa_svr_dataset.publishing.reading.run_in_processes", in_this_process)
    return call


def test_two_processes_write_what_this_one_writes(built, tmp_path):
    plan = small_plan(seed=0, num_train=4, num_test=1, rows_per_shard=2)
    build_here(tmp_path, plan)
    assert files(tmp_path) == files(built)


def test_a_build_ends_with_a_card_by_which_it_loads(built, tmp_path):
    rows = load_dataset(str(built), "dropout_ma", cache_dir=str(tmp_path))
    assert {name: len(split) for name, split in rows.items()} == {"train": 4, "test": 1}


def test_without_a_card_it_is_said_why(tmp_path):
    plan = small_plan(seed=0, num_train=1, rows_per_shard=1, content="graphs")
    assert describe(str(tmp_path), plan).startswith("no dataset card: eyes are no examples yet")
    plan = small_plan(seed=0, num_train=1, rows_per_shard=1)
    assert "holds no finished build" in describe(str(tmp_path), plan)
    assert describe("memory://folder", plan).startswith("no dataset card: it is written into folders of this machine")


def test_check_tells_by_its_exit_code(built, command, capsys):
    assert command("dropout_ma", "--out", built, "--check") == 0
    assert capsys.readouterr().out == "5 rows in 3 files read: no problems\n"
    path = built / "dropout_ma" / "train-00001-of-00002.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    code = command("dropout_ma", "--out", built, "--check")
    path.write_bytes(content)
    assert code == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("train-00001-of-00002.parquet: cannot be read")
    assert lines[1] == "5 rows in 3 files read: 1 problem"


def test_single_rows_are_made_or_compared(built, command, capsys, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("dropout_ma-s0-train-00000003\ndropout_ma-s0-test-00000000\n")
    assert command("dropout_ma", "--out", built, "--check", "--ids", ids) == 0
    assert capsys.readouterr().out == "2 rows made again: no differences\n"
    assert command("dropout_ma", "--out", tmp_path / "rows", "--ids", ids, *SETTINGS) == 0
    assert "2 rows of configuration" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "rows").rglob("*.parquet")] == ["dropout_ma-rows.parquet"]
    assert command("dropout_ma", "--out", built, "--ids", ids) == 2
    assert "holds files already; allowed with --ids: a new or empty folder" in capsys.readouterr().err


def test_the_finish_tells_what_is_missing_and_ends_as_a_build_in_one_go(built, tmp_path, command, capsys):
    plan = BuildPlan(**open_built(built).manifests["dropout_ma"].as_dict())
    assert build_here(tmp_path, plan, part=(1, 2)).num_missing == 2
    assert command("dropout_ma", f"--out={tmp_path}", "--finish") == 2
    assert "2 files are still missing" in capsys.readouterr().err
    for name in ("train-00000-of-00002.parquet", "test-00000-of-00001.parquet"):
        (tmp_path / "dropout_ma" / name).write_bytes((built / "dropout_ma" / name).read_bytes())
    assert command("dropout_ma", f"--out={tmp_path}", "--finish") == 0
    assert "5 rows (4 train, 1 test) in 3 files" in capsys.readouterr().out
    assert files(tmp_path) == files(built)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "preset: unknown name 'nope'; allowed: "),
        (["dropout_ma", "--num-train=-1"], "num_train: must be a whole number of at least 0, got -1"),
        (["dropout_ma", "--num-train=many"], "must be a whole number, got 'many'"),
        (["dropout_ma", "--workers=0"], "workers: must be a whole number of at least 1, or -1 for one a core, got 0"),
        (["dropout_ma", "--rows-per-shard=0"], "rows_per_shard: must be a whole number of at least 1, got 0"),
        (["dropout_ma", "--only=words"], "only: unknown value 'words'; allowed: graphs, text, appearance"),
        (["dropout_ma", "--engine=dask"], "engine: unknown value 'dask'; allowed: processes, ray"),
        (["dropout_ma", "--address=auto"], "address: has no effect without --engine ray"),
        (["dropout_ma", "--shard-index=2", "--num-shards=2"], "shard_index: must be given with num_shards"),
        (["dropout_ma", "--shard-index=2"], "shard_index: must be given with num_shards"),
        (["dropout_ma", "--check", "--seed=3"], "--seed: has no effect with --check; allowed: without it"),
        (["dropout_ma", "--finish", "--set=imaging.size_px=64"], "--set: has no effect with --finish"),
        (["dropout_ma", "--check"], "holds no build of dropout_ma"),
        (["dropout_ma", "--finish"], "holds no build of dropout_ma"),
        (["dropout_ma", "--ids=absent"], "ids: cannot read 'absent'"),
        (["dropout_ma", "--only=graphs", "--include-masks"], "include_masks: has no effect with --only graphs"),
        (["dropout_ma", "--set=imaging.size=64"], "imaging.size: unknown setting"),
    ],
)
def test_unusable_input_is_one_line_and_exit_code_2(tmp_path, capsys, command, arguments, message):
    out = tmp_path / "out"
    assert command(*arguments, "--out", out) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, command, capsys):
    (tmp_path / "file").touch()
    assert command("dropout_ma", "--out", tmp_path / "file" / "out", *SMALL) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: out: cannot write folder in ")
    assert error.count("\n") == 1


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_what_is_finished_is_kept(built, tmp_path):
    largest = (built / "dropout_ma" / "train-00000-of-00002.parquet").stat().st_size

    def limit_size_of_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, largest - 1))

    done = run("dropout_ma", "--out", tmp_path, *SMALL, preexec_fn=limit_size_of_files)
    assert done.returncode == 2
    assert done.stderr.startswith("error: out: cannot write train-0000")
    assert "File too large; what is finished is kept" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not [name for name in files(tmp_path) if name.endswith(".unfinished")]
    build_here(tmp_path, small_plan(seed=0, num_train=4, num_test=1, rows_per_shard=2))
    assert files(tmp_path) == files(built)


def children(process):
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the processes of the command are looked up in /proc")
def test_a_killed_command_leaves_no_process_and_goes_on_where_it_was(tmp_path):
    arguments = ["dropout_ma", "--num-train=30", "--num-validation=0", "--num-test=0", "--rows-per-shard=2", *SETTINGS]
    command = subprocess.Popen([*COMMAND, *arguments, f"--out={tmp_path / 'killed'}", "--workers=2"])
    folder = tmp_path / "killed" / "dropout_ma"
    limit_s = time.monotonic() + 120.0
    while len(list(folder.glob("*.parquet"))) < 2 and time.monotonic() < limit_s:
        time.sleep(0.05)
    workers = children(command.pid)
    os.kill(command.pid, signal.SIGKILL)
    command.wait()
    assert len(workers) >= 2
    while any(map(is_running, workers)) and time.monotonic() < limit_s:
        time.sleep(0.05)
    assert not any(map(is_running, workers))
    finished = {path: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    assert 2 <= len(finished) < 15
    assert run(*arguments, f"--out={tmp_path / 'killed'}", "--workers=2").returncode == 0
    assert all(path.stat().st_mtime_ns == time_ns for path, time_ns in finished.items())
    build_here(tmp_path / "undisturbed", small_plan(seed=0, num_train=30, num_test=0, rows_per_shard=2))
    assert files(tmp_path / "killed") == files(tmp_path / "undisturbed")
    ids = [row["id"] for row in open_built(tmp_path / "killed").rows("dropout_ma", "train", ["id"])]
    assert ids == [f"dropout_ma-s0-train-{index:08d}" for index in range(30)]
