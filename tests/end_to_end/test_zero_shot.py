"""The evaluation as a user types it, with a server in place of the model, and with the embedded model."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from evaluation.hospital import LAYOUTS, Hospital, build_hospital
from PIL import Image
from stand_in_server import MODEL, StandIn, hash_of, serve

from octa_svr_dataset import make_example
from octa_svr_dataset.command import run
from octa_svr_dataset.evaluation.folder import open_image_folder
from octa_svr_dataset.evaluation.localization.guesses import GUESSER
from octa_svr_dataset.evaluation.localization.kinds import TARGETS
from octa_svr_dataset.evaluation.localization.truths import answer_json, places_in_example, places_in_mask
from octa_svr_dataset.evaluation.preprocessing import Preprocessing
from octa_svr_dataset.evaluation.selection import of_track
from octa_svr_dataset.text.answers import parse_answer
from octa_svr_dataset.text.dialogue import QUESTION

ROOT = Path(__file__).parents[2]

WORDS = {
    "healthy": "Conclusion: healthy retina.",
    "npdr": "Conclusion: non-proliferative diabetic retinopathy (NPDR).",
    "pdr": "Conclusion: proliferative diabetic retinopathy (PDR).",
    "diabetic": "Conclusion: diabetic retinopathy.",
    None: "Conclusion: healthy retina.",
}

FIRST_TOKENS = {
    "healthy": {"Healthy": -0.01, "N": -5.0},
    "npdr": {"N": -0.02, "Healthy": -4.5},
    "pdr": {"PDR": -0.3, "N": -2.0, "Healthy": -4.0},
    "diabetic": {"N": -0.5, "PDR": -1.0, "Healthy": -6.0},
    None: {"Healthy": -1.0, "N": -1.0},
}


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    return runpy.run_path(str(ROOT / "eval/zero_shot.py"))["app"]


@pytest.fixture
def evaluate(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    def evaluate(out: Path, *flags: str, **options: object) -> dict:
        arguments = [f"--{name}={value}" for name, value in (options | {"out": out}).items()]
        monkeypatch.setattr(sys, "argv", ["eval/zero_shot.py", *arguments, *flags])
        with pytest.raises(SystemExit) as stop:
            run(app, "eval/zero_shot.py")
        assert not stop.value.code
        return json.loads((out / "report.json").read_text(encoding="utf-8"))

    return evaluate


TRACKS = {"octa500": {"track": "6 mm"}}
"""Of the layouts with several widths of field, which one to take."""


def truths_by_picture(hospital: Hospital, track: str | None = None) -> dict[str, str | None]:
    """Class of each picture, by the hash of what a model is shown."""
    folder = open_image_folder(hospital.root, **hospital.options)
    assert {image.path.as_posix() for image in folder.images} == hospital.truths.keys()
    shown = Preprocessing(
        field_of_view_mm=None, training_field_mm=3.0, crop=False, contrast="none", size_px=304, training_levels=None
    )
    return {
        hash_of(shown.apply(folder.read(image), image.field_of_view_mm)): hospital.truths[image.path.as_posix()]
        for image in of_track(folder.images, track)
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_model_that_knows_scores_one_in_every_layout_and_one_that_guesses_one_half(layout, evaluate, tmp_path):
    hospital = build_hospital(tmp_path / "hospital", layout, num_per_class=3)
    truths = truths_by_picture(hospital, **TRACKS.get(layout, {}))
    knows = StandIn(
        answer=lambda picture, _: WORDS[truths[picture]], log_probabilities=lambda p: FIRST_TOKENS[truths[p]]
    )
    guesses = StandIn(answer=lambda *_: WORDS["healthy"])
    settings = {"real_dir": hospital.root, "model": MODEL, **hospital.options, **TRACKS.get(layout, {})}
    with serve(knows) as server:
        known = evaluate(tmp_path / "known", endpoint=server.url, **settings)
    counts = Counter(truth for truth in truths.values() if truth is not None)
    if not counts:
        assert known["balanced_accuracy"] is None
        assert known["binary"]["balanced_accuracy_undefined_because"] == "the folder has no labels"
        return
    compare = tmp_path / "known" / "predictions.jsonl"
    with serve(guesses) as server:
        guessed = evaluate(tmp_path / "guessed", endpoint=server.url, compare=compare, **settings)
    assert known["folder"]["layout"] == layout.split(".")[0]
    assert known["balanced_accuracy"] == known["table"][1]["auc"]["value"] == 1.0
    assert known["unparsable_rate"] == 0.0
    assert guessed["balanced_accuracy"] == 0.5
    assert guessed["table"][1]["missing"] == "no probabilities are told"
    assert guessed["comparison"]["difference"]["value"] == -0.5
    confusion = guessed["binary"]["confusion"]
    assert confusion["healthy"] == {"healthy": counts["healthy"], "diabetic": 0, "unparsable": 0}
    assert sum(confusion["diabetic"].values()) == counts.total() - counts["healthy"]
    assert (tmp_path / "known" / "report.html").stat().st_size > 10_000


def command(out: Path, url: str, real_dir: Path, *more: str) -> list[str]:
    options = ["--real_dir", str(real_dir), "--model", MODEL, "--endpoint", url, "--out", str(out), "--batch_size", "2"]
    return [sys.executable, str(ROOT / "eval/zero_shot.py"), *options, *more]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}


def test_a_killed_run_goes_on_where_it_was_and_never_mixes_settings(tmp_path):
    hospital = build_hospital(tmp_path / "hospital", "metadata.csv", num_per_class=5)
    num, out = len(hospital.truths), tmp_path / "out"
    predictions = out / "predictions.jsonl"
    truths = truths_by_picture(hospital)
    with serve(StandIn(answer=lambda picture, _: WORDS[truths[picture]], delay_s=0.3)) as server:
        process = subprocess.Popen(
            command(out, server.url, hospital.root),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while not predictions.exists() or predictions.read_bytes().count(b"\n") < 4:
            assert time.monotonic() < deadline
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        finished = [json.loads(line)["path"] for line in predictions.read_text().splitlines()]
        assert 4 <= len(finished) < num
        assert not (out / "report.json").exists()
        time.sleep(1.0)  # what the killed run had asked is answered to nobody
        server.requests.clear()
        server.delay_s = 0.0
        other = subprocess.run(
            command(out, server.url, hospital.root, "--max_new_tokens", "7"),
            env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert other.returncode == 2
        assert "error: out: " in other.stderr
        assert "max_new_tokens was 512 and is 7" in other.stderr
        again = subprocess.run(
            command(out, server.url, hospital.root), env=environment(), capture_output=True, text=True, check=False
        )
        assert again.returncode == 0, again.stderr
        assert len(set(server.pictures)) == len(server.pictures) == num - len(finished)
    lines = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert [line["path"] for line in lines] == sorted(hospital.truths)
    assert json.loads((out / "report.json").read_text())["balanced_accuracy"] == 1.0


def test_a_finished_run_is_only_summed_up_again_and_starts_anew_on_request(evaluate, tmp_path):
    hospital = build_hospital(tmp_path / "hospital", "subfolders")
    settings, out = {"real_dir": hospital.root, "model": MODEL}, tmp_path / "out"
    with serve(StandIn(answer=lambda *_: WORDS["npdr"])) as server:
        first = evaluate(out, endpoint=server.url, **settings)
        asked = len(server.requests)
        assert evaluate(out, endpoint=server.url, **settings) == first
        assert len(server.requests) == asked
        evaluate(out, "--overwrite", endpoint=server.url, **settings)
        assert len(server.requests) == 2 * asked


def test_real_pictures_run_through_the_embedded_model(reference, evaluate, tmp_path):
    """They have no labels: what is asked is that any scan is taken, shown and answered."""
    real = tmp_path / "real"
    real.mkdir()
    for kind in ("real_faz", "real_rossa"):
        scans = sorted((reference / kind / "images").glob("*.png"))[:4]
        assert len(scans) == 4
        for path in scans:
            (real / f"{kind}_{path.name}").write_bytes(path.read_bytes())
    report = evaluate(tmp_path / "out", real_dir=real, model="tiny", max_new_tokens=8)
    assert report["num_images"] == sum(report["answers"].values()) == 8
    lines = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert all(0.0 < line["disease_probability"] < 1.0 for line in lines)
    assert len({line["disease_probability"] for line in lines}) > 1, "the pictures must matter"


def test_the_answers_of_the_stand_in_are_those_of_the_grammar():
    for name in ("healthy", "npdr", "pdr"):
        assert parse_answer("describe", WORDS[name]).label == name


WORDS_ALONE = {"text.opening": "prior_art", "text.form": "prose"}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[tuple[str, str], str]]:
    """A folder of eight synthetic eyes with masks of the avascular zone, and true answers to every question."""
    root = tmp_path_factory.mktemp("described")
    answers = {}
    for index in range(8):
        example = make_example("dr_staging", split="test", index=index, overrides=WORDS_ALONE)
        path = Path(str(example.findings.label)) / f"{index}.png"
        zone = example.rendering.layers.faz * np.uint8(255)
        for folder, pixels in ((root, example.rendering.image), (root / "masks" / "faz", zone)):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / path)
        shown = hash_of(Image.fromarray(example.rendering.image))
        answers[shown, QUESTION] = example.dialogue.messages[1].content
        for kind, places in places_in_example(example).items():
            boxes = places_in_mask(zone > 0, "faz").objects if kind == "faz" else places.objects
            answers[shown, TARGETS[kind].question] = json.dumps(answer_json(boxes, TARGETS[kind].name))
    return root, answers


def test_who_tells_the_truth_finds_everything_and_claims_what_the_pictures_show(described, evaluate, tmp_path):
    root, answers = described
    settings = {"real_dir": root, "model": MODEL, "field_of_view_mm": 3, "localize_preset": "dr_staging"}
    with serve(StandIn(answer=lambda picture, question: answers[picture, question])) as server:
        report = evaluate(tmp_path / "out", "--localize", endpoint=server.url, localize_num=4, **settings)
        number = len(server.requests)
        assert number == 8 + 8 + 4 * len(TARGETS)
        assert evaluate(tmp_path / "out", "--localize", endpoint=server.url, localize_num=4, **settings) == report
        assert len(server.requests) == number, "what is answered is not asked again"
    in_folder, in_split = report["localization"]
    rows = {(row["target"], row["reader"]): row for row in in_folder["rows"]}
    assert {reader for _, reader in rows} == {MODEL, "octa-svr measure", "central box (no picture)", GUESSER}
    of_model = rows["foveal avascular zone", MODEL]
    assert of_model["overlap"]["value"] == of_model["pointing"]["value"] == 1.0
    assert rows["foveal avascular zone", "octa-svr measure"]["overlap"]["value"] > 0.5
    for row in in_split["rows"]:
        if row["reader"] == MODEL and row["num_with"] and row["target"] != "foveal avascular zone":
            assert row["found"]["value"] == row["precision"]["value"] == 1.0
    explanation = report["explanation"]
    assert explanation["num_pictures"] == 8
    assert explanation["num_understood"] > 0.8 * explanation["num_sentences"]
    assert explanation["supported"]["value"] >= 0.85 > explanation["elsewhere"]["value"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Where things lie" in page
    assert "What the free answers claim" in page


def test_real_zones_are_located_by_measuring_beside_any_model(reference, evaluate, tmp_path):
    options = {"real_dir": reference / "real_faz", "masks": "faz", "model": "tiny", "max_new_tokens": 4, "limit": 6}
    report = evaluate(tmp_path / "out", "--localize", **options)
    (table,) = report["localization"]
    overlap = {row["reader"]: row["overlap"]["value"] for row in table["rows"]}
    assert overlap["octa-svr measure"] > 0.7 > overlap["central box (no picture)"] > overlap["tiny"] == 0.0
    assert not table["is_synthetic"]


def test_nothing_to_locate_ends_in_one_line(described, evaluate, tmp_path, capsys):
    real = tmp_path / "real"
    (real / "healthy").mkdir(parents=True)
    for path in (described[0] / "healthy").iterdir():
        (real / "healthy" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(AssertionError):
        evaluate(tmp_path / "out", "--localize", real_dir=real, model="tiny")
    assert "error: localize: no picture of real_dir has a mask; allowed: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
