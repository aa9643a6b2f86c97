"""The command line of exports, and the page that leads there from the prior art."""

import re
import shlex
import subprocess
import sys

import pytest
from built_folder import built_folder
from typer.testing import CliRunner

from octa_svr_dataset.cli import app
from octa_svr_dataset.errors import InputError


def run(*arguments):
    return CliRunner().invoke(app, ["export", *map(str, arguments)], catch_exceptions=True)


class TestExportCommand:
    def test_the_training_split_alone_goes_into_pairs(self, tmp_path):
        built = built_folder(tmp_path / "octa_svr", {"dropout_ma": {"train": 2, "test": 1}})
        done = run(built, "--format", "sharegpt", "--out", tmp_path / "pairs")
        assert done.exit_code == 0, done.output
        assert "2 rows of dropout_ma" in done.output
        pairs = (tmp_path / "pairs" / "pairs.jsonl").read_text()
        assert "train" in pairs
        assert "-test-" not in pairs

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--format", "voc"], "format: must be one of sharegpt, llamafactory, graphs, coco, got 'voc'"),
            (["--format", "coco", "--cutoff-len", "9"], "cutoff_len: is of use with --format llamafactory only"),
            (["--format", "llamafactory", "--cutoff-len", "0"], "cutoff_len: must be a whole number of at least 1"),
            (["--format", "llamafactory", "--tokenizer", "nothing"], "tokenizer: 'nothing' is no file"),
            (["--format", "coco", "--preset", "healthy"], "preset: is of use with a folder only"),
            (["--format", "coco", "--num", "0"], "num: must be a whole number of at least 1, got 0"),
        ],
    )
    def test_what_is_not_usable_is_refused(self, options, message, tmp_path):
        done = run("dropout_ma", *options, "--out", tmp_path / "out")
        assert isinstance(done.exception, InputError)
        assert message in str(done.exception)
        assert not list(tmp_path.iterdir())

    def test_a_refusal_is_one_line_and_exit_code_2(self, tmp_path):
        command = [sys.executable, "-m", "octa_svr_dataset.cli", "export", "nothing", "--format", "coco", "--out", "x"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("error: target: 'nothing' is no folder and no preset")


class TestComingFromOctaSvr:
    def test_its_commands_and_options_exist(self, repository):
        text = (repository / "docs" / "coming_from_octa_svr.md").read_text()
        commands = [line for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
        ours = [shlex.split(line.partition(">")[0]) for line in commands if line.startswith("octa-svr ")]
        assert len(ours) > 8
        helps = {}
        for _, name, *arguments in ours:
            if name not in helps:
                helps[name] = CliRunner().invoke(app, [name, "--help"], terminal_width=200).output
            for option in arguments:
                assert not option.startswith("--") or option in helps[name], f"{name} {option}"

    def test_its_links_lead_somewhere(self, repository):
        text = (repository / "docs" / "coming_from_octa_svr.md").read_text()
        headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
        assert set(re.findall(r"\]\(#(.*?)\)", text)) <= headings
