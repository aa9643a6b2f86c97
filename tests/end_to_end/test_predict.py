"""Predictions as a user makes them: with a stand-in that answers, and with the embedded model."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from small_models import save_adapter, save_model

from octa_svr_dataset.adapter_files import find_model
from octa_svr_dataset.command import run
from octa_svr_dataset.evaluation import picture_stream

ROOT = Path(__file__).parents[2]
BOX = '[{"bbox_2d": [250, 500, 750, 750], "label": "capillary dropout"}]'


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    return runpy.run_path(str(ROOT / "eval/predict.py"))["app"]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Six pictures, one of them wide and one in a subfolder."""
    folder = tmp_path / "scans"
    (folder / "more").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(6):
        shape = (64, 96) if index == 1 else (64, 64)
        name = f"more/{index}.tif" if index == 5 else f"{index}.png"
        Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(folder / name)
    return folder


@pytest.fixture
def predict(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict]]:
    """Runs the script, with `answer` in place of a model where it is given; its lines."""

    def predict(out: Path, *flags: str, answer: Callable | None = None, **options: object) -> list[dict]:
        main = app.registered_commands[0].callback
        if answer is not None:
            monkeypatch.setitem(main.__globals__, "serve", lambda *_: answer)
        given = {"model": "tiny", "out": out} | options
        monkeypatch.setattr(
            sys, "argv", ["predict.py", *(f"--{name}={value}" for name, value in given.items()), *flags]
        )
        with pytest.raises(SystemExit) as stop:
            run(app, "eval/predict.py")
        assert not stop.value.code
        return [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]

    return predict


def boxes(shown: list, _: object) -> list[str]:
    return [BOX] * len(shown)


def test_every_picture_of_a_folder_gets_a_line_with_its_boxes_in_pixels(pictures, predict, tmp_path, capsys) -> None:
    (pictures / "0.png").write_bytes(b"no picture")
    Image.new("L", (64, 64), 7).save(pictures / "3.png")
    overlays = tmp_path / "overlays"
    lines = predict(tmp_path / "out", answer=boxes, image=pictures, task="locate_dropout", overlay=overlays)
    assert [line["path"] for line in lines] == ["1.png", "2.png", "4.png", "more/5.tif"]
    assert lines[0]["region_px"] == [16, 0, 80, 64]
    assert lines[0]["places"][0]["bbox_px"] == [32.0, 32.0, 64.0, 48.0]
    assert lines[1]["answer"]["objects"] == [{"bbox_2d": [250, 500, 750, 750]}]
    said = capsys.readouterr()
    assert "4 pictures, 0 unparsable answers, 2 left out" in said.out
    assert "left out: 0.png: image:" in said.err
    assert "left out: 3.png: it is blank" in said.err
    drawn = sorted(path.relative_to(overlays).as_posix() for path in overlays.rglob("*.png"))
    assert drawn == ["1.png", "2.png", "4.png", "more/5.tif.png"]


def test_a_run_that_breaks_off_goes_on_where_it_was(pictures, predict, tmp_path) -> None:
    asked: list[str] = []

    def answer(shown: list, digests: list[str], *, most: int = 99) -> list[str]:
        if len(asked) + len(shown) > most:
            raise KeyboardInterrupt
        asked.extend(digests)
        return [f"Conclusion: healthy retina. {digest}" for digest in digests]

    whole = predict(tmp_path / "whole", answer=answer, image=pictures, batch_size=2)
    asked.clear()
    out = tmp_path / "broken"
    with pytest.raises((KeyboardInterrupt, AssertionError)):
        predict(out, answer=lambda *batch: answer(*batch, most=4), image=pictures, batch_size=2)
    with (out / "predictions.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"path": "4.png", "picture": "cut sh')
    assert predict(out, answer=answer, image=pictures, batch_size=3) == whole
    assert sorted(asked) == sorted(line["picture"] for line in whole), "nothing is asked twice"
    asked.clear()
    predict(out, answer=answer, image=pictures, overlay=tmp_path / "later")
    assert not asked
    assert len(list((tmp_path / "later").rglob("*.png"))) == 6
    assert (out / "predictions.jsonl").read_bytes() == (tmp_path / "whole" / "predictions.jsonl").read_bytes()


def test_a_changed_picture_is_asked_about_again_and_its_old_line_set_aside(pictures, predict, tmp_path) -> None:
    first = predict(tmp_path / "out", answer=boxes, image=pictures)
    Image.fromarray(np.random.default_rng(9).integers(0, 256, (64, 64), np.uint8)).save(pictures / "2.png")
    second = predict(tmp_path / "out", answer=boxes, image=pictures)
    assert [line["path"] for line in second] == [*(line["path"] for line in first), "2.png"]
    assert second[-1] == first[2] | {"set_aside": True}
    assert second[2]["picture"] != first[2]["picture"]
    assert predict(tmp_path / "out", answer=boxes, image=pictures) == second


def test_other_settings_do_not_mix(pictures, predict, tmp_path, capsys) -> None:
    predict(tmp_path / "out", answer=boxes, image=pictures, task="describe")
    with pytest.raises(AssertionError):
        predict(tmp_path / "out", answer=boxes, image=pictures, task="report")
    said = capsys.readouterr().err
    assert "out: '" in said
    assert "task was 'describe' and is 'report'; allowed: the same settings, another folder, or --overwrite" in said
    lines = predict(tmp_path / "out", "--overwrite", answer=boxes, image=pictures, task="report")
    assert {line["task"] for line in lines} == {"report"}


def test_no_more_pictures_are_in_memory_than_a_batch_needs(predict, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(40):
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (16, 16), np.uint8)).save(folder / f"{index}.png")
    pictures: list[weakref.ref] = []
    most, read_image = 0, picture_stream.read_image

    def watched(path: Path) -> Image.Image:
        nonlocal most
        picture = read_image(path)
        pictures.append(weakref.ref(picture))
        most = max(most, sum(reference() is not None for reference in pictures))
        return picture

    monkeypatch.setattr(picture_stream, "read_image", watched)
    assert len(predict(tmp_path / "out", answer=boxes, image=folder, batch_size=4)) == 40
    assert 4 <= most <= 9


def test_one_picture_is_answered_on_the_screen(pictures, predict, tmp_path, capsys) -> None:
    lines = predict(tmp_path / "out", answer=boxes, image=pictures / "1.png", task="locate_dropout")
    assert [line["path"] for line in lines] == ["1.png"]
    said = capsys.readouterr().out
    assert said.startswith(BOX)
    assert "capillary dropout: [32.0, 32.0, 64.0, 48.0] px" in said


def test_outputs_do_not_depend_on_batches_drawn_or_not(pictures, predict, tmp_path) -> None:
    def outputs(name: str, *flags: str, **options: object) -> list[str]:
        lines = predict(tmp_path / name, *flags, image=pictures, max_new_tokens=6, device="cpu", **options)
        return [line["output"] for line in lines]

    greedy = outputs("greedy", batch_size=4)
    drawn = outputs("drawn", "--sample", batch_size=4, seed=1, temperature=1.5)
    assert outputs("greedy alone", batch_size=1) == greedy
    assert outputs("drawn alone", "--sample", batch_size=1, seed=1, temperature=1.5) == drawn
    assert outputs("other seed", "--sample", batch_size=4, seed=2, temperature=1.5) != drawn != greedy


def test_a_killed_run_goes_on_to_the_same_end(pictures, tmp_path) -> None:
    def command(out: str, *more: str) -> list[str]:
        options = ["--image", str(pictures), "--model", "tiny", "--out", str(tmp_path / out), "--batch_size", "1"]
        return [sys.executable, str(ROOT / "eval/predict.py"), *options, "--max_new_tokens", "24", *more]

    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command("whole"), env=environment, check=True, capture_output=True, timeout=120)
    process = subprocess.Popen(command("killed"), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    file = tmp_path / "killed" / "predictions.jsonl"
    deadline = time.monotonic() + 90
    while not (file.exists() and file.read_bytes().count(b"\n") >= 2) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert file.read_bytes().count(b"\n") >= 2
    subprocess.run(command("killed"), env=environment, check=True, capture_output=True, timeout=120)
    assert file.read_bytes() == (tmp_path / "whole" / "predictions.jsonl").read_bytes()


def test_an_adapter_is_asked_like_a_model(pictures, predict, tmp_path, monkeypatch) -> None:
    save_model(tmp_path / "base")
    save_adapter(tmp_path / "adapter", str(tmp_path / "base"))
    settings = {"image": pictures, "max_new_tokens": 6, "device": "cpu"}
    named = predict(tmp_path / "named", model=tmp_path / "adapter", **settings)
    given = predict(tmp_path / "given", model=tmp_path / "base", adapter=tmp_path / "adapter", **settings)
    alone = predict(tmp_path / "alone", model=tmp_path / "base", **settings)
    assert named == given != alone
    runs = [json.loads((tmp_path / name / "run.json").read_text()) for name in ("named", "alone")]
    assert runs[0]["model_fingerprint"] == find_model(str(tmp_path / "adapter")).fingerprint
    assert runs[0]["model_fingerprint"].startswith(runs[1]["model_fingerprint"] + "+")
    zero_shot = runpy.run_path(str(ROOT / "eval/zero_shot.py"))["app"]
    (tmp_path / "eyes").mkdir()
    (pictures / "0.png").rename(tmp_path / "eyes" / "0.png")
    options = {
        "real_dir": tmp_path / "eyes",
        "model": tmp_path / "adapter",
        "out": tmp_path / "zero",
        "max_new_tokens": 6,
    }
    monkeypatch.setattr(sys, "argv", ["zero_shot.py", *(f"--{name}={value}" for name, value in options.items())])
    with pytest.raises(SystemExit) as stop:
        run(zero_shot, "eval/zero_shot.py")
    assert not stop.value.code
    (line,) = (tmp_path / "zero" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["output"] == named[0]["output"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image": "{tmp}/none.png"}, "image: there is no file or folder '.*none.png'"),
        ({"image": "{tmp}/empty"}, "image: '.*empty' holds no picture; allowed: files named .png"),
        ({"image": "{tmp}/broken.png"}, "image: '.*broken.png' is no picture"),
        ({"model": "{tmp}/empty"}, "model: the folder .* holds no model: it has no config.json"),
        ({"model": "outputs/no/such"}, "model: there is no folder 'outputs/no/such'"),
        ({"adapter": "{tmp}/empty"}, "adapter: '.*empty' is no adapter: it has no adapter_config.json"),
        ({"task": "find"}, "task: unknown name 'find'; allowed: describe"),
        ({"task": "describe", "question": "What?"}, "question: got 'What.' and the task 'describe'"),
        ({"out": "{tmp}/broken.png/out"}, "out: cannot write to the folder"),
        ({"overlay": "{tmp}/broken.png/out"}, "overlay: cannot write to the folder"),
        ({"overlay": "{tmp}/scans/overlays"}, "overlay: .* is or lies in the folder of the pictures"),
        ({"image": "{tmp}/scans/0.png", "overlay": "{tmp}/scans"}, "overlay: .* is or lies in the folder of the pict"),
        ({"batch_size": "0"}, "batch_size: must be a whole number of at least 1, got 0"),
        ({"seed": "1"}, "seed: got 1, but outputs are not drawn; allowed: with --sample"),
        ({"temperature": "0", "sample": None}, "temperature: must be a number above 0 and at most 10, got 0"),
        ({"top_p": "nan", "sample": None}, "top_p: must be a number above 0 and at most 1, got nan"),
        ({"dtype": "int4"}, "dtype: unknown value 'int4'; allowed: auto, float32, bfloat16"),
        ({"device": "abacus"}, "device: cannot compute on 'abacus'"),
        ({"crop": None}, "crop: a picture can be cut to the field of training only where its own is known"),
        ({"preset": "nope"}, "preset: unknown name 'nope'"),
    ],
)
def test_unusable_input_ends_with_one_line(app, pictures, tmp_path, monkeypatch, capsys, options, message) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.png").write_bytes(b"x")
    given = {"image": str(pictures), "model": "tiny", "out": str(tmp_path / "out")} | options
    arguments = [
        f"--{name}" if value is None else f"--{name}={value.format(tmp=tmp_path)}" for name, value in given.items()
    ]
    monkeypatch.setattr(sys, "argv", ["eval/predict.py", *arguments])
    with pytest.raises(SystemExit) as stop:
        run(app, "eval/predict.py")
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("error: ")
    assert re.search(message, said), said
    assert not (tmp_path / "out").exists()
