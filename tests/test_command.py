import pytest

from octa_svr_dataset.command import exit_on_input_error, make_output_folder, write_whole
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
    folder = make_output_folder(tmp_path / "a" / "b", field="out")
    assert folder.is_dir()
    assert not list(folder.iterdir())


def test_an_output_folder_that_cannot_be_made_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"out: cannot write to the folder '.*file/deeper'"):
        make_output_folder(tmp_path / "file" / "deeper", field="out")


def test_a_text_that_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \udcff")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
