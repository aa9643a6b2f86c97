"""The transfer probe as a user types it, on few small pictures."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from octa_svr_dataset.command import run
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.image_folder import write_image_folder
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

ROOT = Path(__file__).parents[2]
CHEAP = {"imaging.size_px": 96, "growth.superficial.iterations": 30, "growth.deep.iterations": 10}
SET_CHEAP = [f"--set={key}={value}" for key, value in CHEAP.items()]
FEW = ["--num_train=6", "--num_val=6", "--seeds=2", "--epochs=1", "--input_px=64", "--workers=1"]
NUM_PICTURES = 4


@pytest.fixture(scope="module")
def config() -> SceneConfig:
    return resolve_config("dropout_ma", overrides=CHEAP)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, config: SceneConfig) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "stand_in"
    keys = [SceneKey(seed=0, split=Split.TEST, scene_index=index) for index in range(NUM_PICTURES)]
    write_image_folder(folder, "dropout_ma", config, keys, command="the tests")
    return folder


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    return runpy.run_path(str(ROOT / "eval/transfer_probe.py"))["app"]


def test_a_folder_is_scored_by_probes_and_baselines(pictures: Path, tmp_path: Path) -> None:
    options = ["--preset", "dropout_ma", "--real_dir", str(pictures), "--out", str(tmp_path), *FEW, *SET_CHEAP]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [sys.executable, "eval/transfer_probe.py", *options]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    names = [reader["reader"] for reader in report["readers"]]
    assert names[:3] == ["probe, seed 0", "probe, seed 1", "probes, mean"]
    assert len(names) == 7
    assert all(0.0 <= reader["balanced_accuracy"] <= 1.0 for reader in report["readers"])
    assert report["set"] == [change.removeprefix("--set=") for change in SET_CHEAP]
    assert report["is_synthetic"] is True
    predictions = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    assert len(predictions) == len(names) * NUM_PICTURES
    by_reader = {name: [line["score"] for line in predictions if line["reader"] == name] for name in names}
    means = [sum(pair) / 2 for pair in zip(by_reader[names[0]], by_reader[names[1]], strict=True)]
    assert by_reader["probes, mean"] == pytest.approx(means)
    assert "These pictures are synthetic" in result.stdout
    assert str(tmp_path / "report.md") in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--real_dir=missing"], "real_dir: there is no folder 'missing'"),
        (["--labels=missing.csv"], "labels: there is no file 'missing.csv'"),
        (["--label_map=missing.yaml"], "label_map: cannot read 'missing.yaml'"),
        (["--id_column=scan"], "id_column: got 'scan', but no table by --labels"),
        (["--label_column=grade"], "label_column: got 'grade', but no table by --labels"),
        (["--layer=deep"], "layer: got 'deep', but "),
        (["--preset=nope"], "preset: unknown name 'nope'; allowed: "),
        (["--num_train=0"], "num_train: must be a whole number of at least 1, got 0"),
        (["--input_px=32"], "input_px: must be a whole number of at least 64, got 32"),
        (["--backbone=missing"], "backbone: there is no config.json in a folder 'missing'; allowed: 'compact'"),
        (["--field_of_view_mm=9"], "field_of_view_mm: Input should be less than or equal to 6, got 9.0"),
        (["--field_of_view_mm=3", "--set=field_of_view_mm=3"], "field_of_view_mm: given twice"),
        (["--set=imaging.gama=1"], "imaging.gama: unknown setting"),
        (["--preset=healthy", *FEW, *SET_CHEAP], "num_train: 6 pictures of these settings are all of one class"),
        (["--out=/dev/null/out"], "out: cannot write to the folder '/dev/null/out'"),
        (["--threshold=0.5"], "No such option: --threshold"),
    ],
)
def test_unusable_input_ends_in_one_line(
    options: list[str],
    message: str,
    app: typer.Typer,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = {part.partition("=")[0] for part in options}
    required = {"--preset": "dropout_ma", "--real_dir": str(pictures), "--out": str(tmp_path / "out")}
    arguments = [f"{name}={value}" for name, value in required.items() if name not in given]
    monkeypatch.setattr(sys, "argv", ["eval/transfer_probe.py", *arguments, *options])
    with pytest.raises(SystemExit) as stop:
        run(app, "eval/transfer_probe.py")
    errors = capsys.readouterr().err
    assert stop.value.code == 2
    assert errors.startswith(f"error: {message}")
    assert errors.count("\n") == 1
    assert not (tmp_path / "out").exists()
