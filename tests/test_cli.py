import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from octa_svr_dataset import autoload, cli, image_folder
from octa_svr_dataset.command import unfinished_path
from octa_svr_dataset.evaluation.folder import open_image_folder
from octa_svr_dataset.example import make_example
from octa_svr_dataset.measurement.picture import measure_picture
from octa_svr_dataset.realism import fit
from octa_svr_dataset.resolve import config_hash, resolve_config
from octa_svr_dataset.settings_table import settings

CHEAP = {"imaging.size_px": 64, "growth.superficial.iterations": 15, "growth.deep.iterations": 5}
SET_CHEAP = [f"--set={key}={value}" for key, value in CHEAP.items()]
PROSE = ["--set", "text.form=prose", "--set", "text.turns=[5, 5]"]


@pytest.fixture
def octa_svr(monkeypatch, capsys, tmp_path):
    """The command, run in an empty folder: exit code, output, error output."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["octa-svr", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code or 0, *capsys.readouterr()

    return run


class TestConfig:
    def test_every_setting_is_listed_with_value_limits_and_meaning(self, octa_svr):
        code, output, _ = octa_svr("config", "dropout_ma", "--set", "imaging.size_px=400")
        assert code == 0
        assert "imaging.size_px" in output
        assert "400" in output
        assert ">= 64, <= 2048" in output
        assert "Width and height of the picture, px." in output
        assert "two numbers [low, high], 0.1 to 5, in order" in output

    def test_no_setting_lacks_limits_or_meaning(self):
        for setting in settings(resolve_config("dropout_ma")):
            assert setting.allowed, setting.name
            assert setting.meaning, setting.name

    @pytest.mark.parametrize("setting", settings(resolve_config("dropout_ma")), ids=lambda setting: setting.name)
    def test_a_listed_value_is_accepted_as_it_is_printed(self, setting):
        overrides = cli.parse_overrides([f"{setting.name}={setting.value}"])
        assert resolve_config("dropout_ma", overrides=overrides) == resolve_config("dropout_ma")

    def test_the_printed_yaml_is_a_configuration_file(self, octa_svr):
        _, printed, _ = octa_svr("config", "dropout_ma", "--yaml", "--set", "imaging.gain=[0.9, 1.0]")
        Path("mine.yaml").write_text(printed)
        _, again, _ = octa_svr("config", "healthy", "--yaml", "--config-file", "mine.yaml")
        assert again == printed
        assert yaml.safe_load(again)["imaging"]["gain"] == [0.9, 1.0]


class TestMeasure:
    @pytest.fixture
    def scan(self, tmp_path) -> np.ndarray:
        image = make_example("healthy", seed=1).rendering.image
        Image.fromarray(image).save(tmp_path / "scan.png")
        return image

    def test_a_table_holds_every_measure_with_its_unit(self, octa_svr, scan):
        code, output, _ = octa_svr("measure", "scan.png", "--fov-mm", "3")
        lines = {line.split("  ")[0]: line for line in output.splitlines()}
        assert code == 0
        for measure in measure_picture(scan, 3.0).listed():
            assert f"{measure.value:.4g}" in lines[measure.name]
            assert lines[measure.name].rstrip().endswith(measure.unit)

    def test_json_is_one_line_a_picture(self, octa_svr, scan):
        Image.fromarray(np.stack([scan] * 3, axis=-1)).save("color.tif")
        Image.fromarray(scan.astype(np.uint16) * 257).save("deep.tif")
        Image.fromarray(scan).save("scan.jpg", quality=95)
        names = ["scan.png", "scan.jpg", "color.tif", "deep.tif"]
        code, output, _ = octa_svr("measure", *names, "--json")
        assert code == 0
        read = [json.loads(line) for line in output.splitlines()]
        assert [row["image"] for row in read] == names
        areas = [row["measures"][0] for row in read]
        assert {area["unit"] for area in areas} == {"% of the picture"}
        assert max(area["value"] for area in areas) < 1.1 * min(area["value"] for area in areas)

    @pytest.mark.parametrize(
        ("name", "picture", "message"),
        [
            ("wide.png", np.eye(300, 400), "image: 'wide.png' has 400 x 300 px; allowed: squares of at least 64 px"),
            ("tiny.png", np.eye(40), "image: 'tiny.png' has 40 x 40 px; allowed: squares of at least 64 px"),
            ("black.png", np.zeros((100, 100)), "image: 'black.png' is blank; allowed: pictures of eyes"),
        ],
    )
    def test_a_picture_that_shows_no_field_is_refused(self, octa_svr, name, picture, message):
        Image.fromarray(picture.astype(np.uint8)).save(name)
        code, output, error = octa_svr("measure", name)
        assert (code, output) == (2, "")
        assert error == f"error: {message}\n"

    @pytest.mark.usefixtures("scan")
    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_a_bad_file_does_not_discard_the_others(self, octa_svr, form):
        Path("text.png").write_text("no picture")
        code, output, error = octa_svr("measure", "text.png", "scan.png", "missing.png", *form)
        _, alone, _ = octa_svr("measure", "scan.png", *form)
        assert code == 2
        assert output == alone
        assert [line.split("'")[1] for line in error.splitlines()] == ["text.png", "missing.png"]

    def test_a_picture_that_is_cut_to_a_square_is_named(self, octa_svr, scan):
        Image.fromarray(scan[:300]).save("wide.png")
        Image.fromarray(scan[:300, :300]).save("square.png")
        code, output, error = octa_svr("measure", "wide.png", "--json")
        assert code == 0
        assert error == "cut: wide.png: of 304 x 300 px, 300 x 300 px at the upper left were measured\n"
        wide, square = json.loads(output), json.loads(octa_svr("measure", "square.png", "--json")[1])
        assert (wide["size_px"], wide["measured_px"]) == ([304, 300], 300)
        assert wide["measures"] == square["measures"]


class TestImages:
    def test_a_folder_holds_one_subfolder_a_class(self, octa_svr):
        code, output, _ = octa_svr("images", "dropout_ma", "--out", "new/pictures", "--num", "4", *SET_CHEAP)
        assert code == 0
        assert "4 synthetic pictures" in output
        paths = sorted(Path("new/pictures").glob("*/*.png"), key=lambda path: path.name)
        assert [path.name for path in paths] == [f"dropout_ma-s0-test-{index:08d}.png" for index in range(4)]
        for index, path in enumerate(paths):
            example = make_example("dropout_ma", split="test", index=index, overrides=CHEAP)
            assert path.parent.name == example.findings.label
            np.testing.assert_array_equal(np.asarray(Image.open(path)), example.rendering.image)

    def test_the_note_says_that_they_are_synthetic_and_how_they_were_made(self, octa_svr):
        octa_svr("images", "healthy", "--out", "pictures", "--num", "1", "--seed", "3", *SET_CHEAP)
        note = Path("pictures/SYNTHETIC.txt").read_text()
        assert "synthetic" in note
        assert "octa-svr images healthy --out pictures --num 1 --seed 3 --set=imaging.size_px=64" in note
        assert config_hash(resolve_config("healthy", overrides=CHEAP)) in note

    def test_masks_are_the_pixel_layers(self, octa_svr):
        octa_svr("images", "dropout_ma", "--out", "pictures", "--num", "1", "--masks", *SET_CHEAP)
        example = make_example("dropout_ma", split="test", overrides=CHEAP)
        for name, layer in example.rendering.layers.as_dict().items():
            mask = Image.open(f"pictures/masks/{name}/dropout_ma-s0-test-00000000.png")
            np.testing.assert_array_equal(np.asarray(mask), layer)

    def test_an_empty_folder_is_filled(self, octa_svr):
        Path("pictures").mkdir()
        assert octa_svr("images", "healthy", "--out", "pictures", "--num", "1", *SET_CHEAP)[0] == 0
        assert [path.name for path in Path().iterdir()] == ["pictures"]

    def test_a_folder_that_holds_something_is_refused_and_kept(self, octa_svr):
        Path("pictures").mkdir()
        Path("pictures/mine.txt").write_text("")
        code, _, error = octa_svr("images", "healthy", "--out", "pictures", "--num", "1", *SET_CHEAP)
        assert code == 2
        assert "already holds something" in error
        assert [path.name for path in Path("pictures").iterdir()] == ["mine.txt"]

    def test_a_run_that_fails_leaves_nothing(self, octa_svr, monkeypatch):
        def fail(*_):
            raise RuntimeError("no more")

        monkeypatch.setattr(image_folder, "_note", fail)
        with pytest.raises(RuntimeError, match="no more"):
            octa_svr("images", "healthy", "--out", "pictures", "--num", "1", *SET_CHEAP)
        assert not list(Path().iterdir())

    def test_what_a_killed_run_left_is_removed(self, octa_svr):
        of_this_run = unfinished_path(Path("pictures").absolute())
        killed = of_this_run.with_name(of_this_run.name.replace(f"-{os.getpid()}-", f"-{10**9}-"))
        (killed / "npdr").mkdir(parents=True)
        assert octa_svr("images", "healthy", "--out", "pictures", "--num", "1", *SET_CHEAP)[0] == 0
        assert [path.name for path in Path().iterdir()] == ["pictures"]

    def test_a_run_that_fails_leaves_no_folder_above_its_own(self, octa_svr, monkeypatch):
        monkeypatch.setattr(image_folder, "_note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            octa_svr("images", "healthy", "--out", "new/pictures", "--num", "1", *SET_CHEAP)
        assert not list(Path().iterdir())

    def test_an_evaluation_can_read_the_folder(self, octa_svr):
        octa_svr("images", "dropout_ma", "--out", "pictures", "--num", "2", "--masks", *SET_CHEAP)
        folder = open_image_folder("pictures")
        assert folder.is_synthetic
        assert len(folder.images) == 2
        assert all(image.path.parent.name == image.truth.label for image in folder.images)


class TestTexts:
    def test_each_dialogue_is_printed_with_the_class_of_its_picture(self, octa_svr):
        code, output, _ = octa_svr("texts", "dropout_ma", "--num", "2", "--seed", "7", *SET_CHEAP)
        example = make_example("dropout_ma", seed=7, index=1, overrides=CHEAP)
        assert code == 0
        assert f"# dropout_ma-s7-train-00000001: {example.findings.label}, severity" in output
        for message in example.dialogue.messages:
            assert f"{message.role}: {message.content}\n" in output

    def test_wordings_of_the_user_are_read(self, octa_svr):
        Path("mine/question").mkdir(parents=True)
        Path("mine/question/form_prose.j2").write_text("In short, please.")
        _, output, _ = octa_svr("texts", "healthy", "--num", "4", "--templates", "mine", *SET_CHEAP, *PROSE)
        assert "In short, please." in output

    def test_a_mistake_in_a_wording_is_one_line_with_file_and_line(self, octa_svr):
        Path("mine/question").mkdir(parents=True)
        Path("mine/question/eye.j2").write_text("This is a {{ eye }}.\nAn {{ eyes }}.")
        code, output, errors = octa_svr("texts", "healthy", "--num", "1", "--templates", "mine", *SET_CHEAP)
        assert (code, output) == (2, "")
        assert errors == ("error: text.templates: question/eye.j2, line 2: unknown name 'eyes'; allowed there: eye\n")


class TestFitAppearance:
    @pytest.fixture
    def real(self, tmp_path):
        """Folder of three dim pictures."""
        folder = tmp_path / "real"
        folder.mkdir()
        for index in range(3):
            overrides = {"field_of_view_mm": 1.5, "imaging.gain": [0.4, 0.4], "imaging.floater_probability": 0.0}
            picture = make_example("healthy", seed=3, index=index, overrides=overrides).rendering.image
            Image.fromarray(picture).save(folder / f"{index}.png")
        return folder

    def test_the_profile_is_written_and_told(self, octa_svr, real, monkeypatch):
        monkeypatch.setattr(fit, "NUM_EYES", 2)
        monkeypatch.setattr(fit, "LEAST_SIMULATED", 200)
        options = ("--field-of-view-mm", "1.5", "--projection", "full", "--num", "400")
        code, output, _ = octa_svr("fit-appearance", str(real), "--out", "new/profile.yaml", *options)
        assert code == 0
        assert "The appearance of 3 pictures is in new/profile.yaml" in output
        profile = yaml.safe_load(Path("new/profile.yaml").read_text())
        resolve_config("healthy", overrides={"imaging": profile})
        assert sum(profile["gain"]) / 2 < sum(resolve_config("healthy").imaging.gain) / 2
        for name, (low, high) in profile.items():
            assert f"{low:.4g} to {high:.4g}" in next(line for line in output.splitlines() if line.startswith(name))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--num", "3"), "num: must be a whole number of at least 800, got 3"),
            (("--workers", "0"), "workers: must be a whole number of at least 1, got 0"),
            (("--seed", "-1"), "seed: must be a whole number of at least 0 and at most "),
            (("--projection", "sideways"), "imaging.projection: "),
            (("--field-of-view-mm", "30"), "field_of_view_mm: "),
            (("--out", "."), "out: '.' is a folder; allowed: the name of a file to write"),
        ],
    )
    def test_unusable_options_are_refused(self, octa_svr, real, options, message):
        code, output, error = octa_svr("fit-appearance", str(real), "--out", "profile.yaml", *options)
        assert (code, output) == (2, "")
        assert message in error
        assert error.count("\n") == 1
        assert not Path("profile.yaml").exists()


class TestAutoload:
    def test_it_is_enabled_and_disabled(self, octa_svr, tmp_path, monkeypatch):
        monkeypatch.setattr(autoload, "site_folder", lambda: tmp_path)
        for action, report in [("status", "disabled"), ("enable", "enabled"), ("status", "enabled")]:
            code, output, _ = octa_svr("autoload", action)
            assert code == 0
            assert output.startswith(f"{report} in {tmp_path}")
        assert octa_svr("autoload", "disable")[1] == f"disabled in {tmp_path}\n"
        assert not list(tmp_path.iterdir())

    def test_packages_that_cannot_be_written_are_refused_in_one_line(self, octa_svr, tmp_path, monkeypatch):
        monkeypatch.setattr(autoload, "site_folder", lambda: tmp_path / "absent")
        code, _, error = octa_svr("autoload", "enable")
        assert code == 2
        assert error.startswith("error: site-packages: cannot write in ")
        assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("nope", "No such command 'nope'."),
        ("config", "Missing argument 'preset'."),
        ("config nope", "preset: unknown name 'nope'; allowed: balanced_combo, dr_staging, "),
        ("config dropout_ma --nope", "No such option: --nope"),
        ("config dropout_ma --set imaging.size_px", "--set: must be KEY=VALUE, got 'imaging.size_px'"),
        ("config dropout_ma --set imaging.gain=[1", "--set: the value of imaging.gain must be YAML, got '[1'"),
        ("config dropout_ma --set imaging.size_px=3", "imaging.size_px: "),
        (
            "config dropout_ma --set imaging.gain=1",
            "imaging.gain: must be two numbers, got 1; allowed: two numbers [low",
        ),
        ("config dropout_ma --set imaging=3 --set imaging.size_px=80", "imaging: given twice, as 3 and as "),
        ("config dropout_ma --set imagin=3", "imagin: unknown setting; allowed here: "),
        ("config dropout_ma --config-file absent.yaml", "config_file: cannot read 'absent.yaml'"),
        ("fit-appearance absent --out x.yaml", "folder: there is no folder 'absent'"),
        ("measure absent.png", "image: cannot read 'absent.png'"),
        ("measure", "Missing argument 'images'"),
        ("measure scan.png --fov-mm 0", "fov_mm: must be a number from 1.0 to 20.0, got 0.0"),
        ("measure scan.png --fov-mm nan", "fov_mm: must be a number from 1.0 to 20.0, got nan"),
        ("texts healthy --num 0", "num: must be a whole number of at least 1, got 0"),
        ("texts healthy --num 1 --templates nowhere", "text.templates: 'nowhere' is no folder; allowed: default, or"),
        ("images dropout_ma --num 1", "Missing option '--out'."),
        ("images dropout_ma --out x --num some", "'--num': must be a whole number, got 'some'"),
        ("images dropout_ma --out x --num 0", "num: must be a whole number of at least 1, got 0"),
        ("images dropout_ma --out x --num 1 --seed -1", "seed: must be a whole number of at least 0 and at most "),
        ("images dropout_ma --out x --num 1 --split dev", "split: unknown value 'dev'; allowed: train"),
        ("images dropout_ma --out /dev/null/x --num 1", "out: cannot write to the folder '/dev/null'"),
    ],
)
def test_unusable_input_is_one_line_and_exit_code_2(octa_svr, tmp_path, arguments, message):
    code, output, error = octa_svr(*arguments.split())
    assert code == 2
    assert output == ""
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("--help",), ("autoload", "--help"), ("images", "--help")])
def test_help_is_no_error(octa_svr, arguments):
    code, output, error = octa_svr(*arguments)
    assert (code, error) == (0, "")
    assert "Usage: octa-svr" in output
