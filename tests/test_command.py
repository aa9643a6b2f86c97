import errno
import os
import re
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from octa_svr_dataset import command
from octa_svr_dataset.command import exit_on_input_error, output_folder, unfinished_path, write_whole
from octa_svr_dataset.errors import InputError


def test_unusable_input_becomes_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop, exit_on_input_error():
        raise InputError("seed: must be\n  at least 0, got -1")
    assert stop.value.code == 2
    assert capsys.readouterr() == ("", "error: seed: must be at least 0, got -1\n")


def test_other_failures_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), exit_on_input_error():
        1 / 0  # noqa: B018


def test_an_output_folder_is_made_with_its_parents(tmp_path) -> None:
    with output_folder(tmp_path / "a" / "b", field="out") as folder:
        assert not list(folder.iterdir())
    assert folder.is_dir()


def test_a_refusal_leaves_no_empty_output_folder(tmp_path) -> None:
    (tmp_path / "old").mkdir()
    with pytest.raises(InputError), output_folder(tmp_path / "old" / "new" / "newer", field="out"):
        raise InputError("no")
    with pytest.raises(InputError), output_folder(tmp_path / "old", field="out"):
        raise InputError("no")
    assert list(tmp_path.rglob("*")) == [tmp_path / "old"]


def test_a_refusal_keeps_what_is_in_an_output_folder(tmp_path) -> None:
    log = tmp_path / "a" / "b" / "log"
    with suppress(InputError), output_folder(log.parent, field="out"):
        log.touch()
        raise InputError("no")
    assert log.exists()


def test_an_output_folder_that_cannot_be_made_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"out: cannot write to the folder '.*file/deeper'"),
        output_folder(tmp_path / "file" / "deeper", field="out"),
    ):
        pass


def test_a_full_disk_ends_in_one_line_and_keeps_what_is_there(tmp_path) -> None:
    def fill(number: int) -> None:
        with output_folder(tmp_path / "new", field="out") as folder:
            (folder / "log").write_text("old")
            raise OSError(number, os.strerror(number))

    with pytest.raises(InputError, match=r"out: cannot write to the folder '.*' any more: No space left on device"):
        fill(errno.ENOSPC)
    assert (tmp_path / "new" / "log").read_text() == "old"
    with pytest.raises(ConnectionResetError):
        fill(errno.ECONNRESET)


def test_a_disk_that_is_full_elsewhere_is_named(tmp_path) -> None:
    with (
        pytest.raises(InputError, match=r"^out: cannot write to '/cache/weights' any more: No space left on device$"),
        output_folder(tmp_path, field="out"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/cache/weights")


def test_what_a_killed_run_left_unfinished_is_removed(tmp_path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here, there = command._MACHINE, "another"
    stale = [f".eyes.{here}-{number}-0a.unfinished" for number in (ended.pid, os.getpid(), 10**30)]
    stale += [f".eyes.{there}-{ended.pid}-0c.unfinished"]
    kept = [f".eyes.{here}-{os.getppid()}-0b.unfinished", f".eyes.{there}-{ended.pid}-0b.unfinished"]
    kept += [f".ears.{here}-{ended.pid}-0b.unfinished", f"x.eyes.{here}-{ended.pid}-0b.unfinished"]
    for name in stale + kept:
        (tmp_path / name).mkdir()
        (tmp_path / name / "picture.png").write_text("")
    two_days_ago_s = time.time() - 2 * 24 * 3600
    os.utime(tmp_path / stale[-1], (two_days_ago_s, two_days_ago_s))
    name = unfinished_path(tmp_path / "eyes").name
    assert re.fullmatch(rf"\.eyes\.{here}-{os.getpid()}-[0-9a-f]{{8}}\.unfinished", name)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_a_text_that_a_killed_run_left_unfinished_is_removed(tmp_path) -> None:
    (tmp_path / f".report.json.{command._MACHINE}-{10**9}-0a.unfinished").write_text("half")
    write_whole(tmp_path / "report.json", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_text_that_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \udcff")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
