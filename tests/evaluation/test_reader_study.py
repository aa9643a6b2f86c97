"""A reader study from predictions to results, with readers whose every rating is known."""

import csv
import html
import json
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from evaluation.made_up import HEALTHY, NPDR, PREPROCESSING, folder_of, response_of

from octa_svr_dataset.command import run
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import open_image_folder
from octa_svr_dataset.evaluation.patients import write_patients
from octa_svr_dataset.evaluation.predictions import PredictionStore, picture_hash, read_predictions
from octa_svr_dataset.evaluation.protocol import Protocol, Response
from octa_svr_dataset.evaluation.reader_study.items import Output, Study, draw_study, read_key
from octa_svr_dataset.evaluation.reader_study.loading import load_runs
from octa_svr_dataset.evaluation.reader_study.results import Results, score_study
from octa_svr_dataset.evaluation.reader_study.returned import Ratings, find_sheets, read_sheets
from octa_svr_dataset.evaluation.reader_study.scales import SCALES

ROOT = Path(__file__).parents[2]
NUM_PICTURES = 24

Rate = Callable[[Output], dict[str, str]]
"""What a reader says of an output."""


def protocol(model: str, root: Path) -> Protocol:
    return Protocol(
        model=model,
        model_fingerprint="",
        endpoint=None,
        real_dir=str(root),
        track=None,
        limit=None,
        max_new_tokens=5,
        dtype="auto",
        preprocessing=PREPROCESSING.as_record(),
    )


def write_run(out: Path, root: Path, model: str, responses: Sequence[Response]) -> Path:
    folder = open_image_folder(root)
    out.mkdir()
    store = PredictionStore(out, protocol(model, root))
    for image, response in zip(folder.images, responses, strict=True):
        store.append(image, picture_hash(folder.read(image)), response)
    return out / "predictions.jsonl"


def command(*arguments: object) -> int:
    app = runpy.run_path(str(ROOT / "eval/reader_study.py"))["app"]
    sys.argv = ["eval/reader_study.py", *(str(argument) for argument in arguments)]
    with pytest.raises(SystemExit) as stop:
        run(app, "eval/reader_study.py")
    return int(stop.value.code or 0)


@pytest.fixture(autouse=True)
def arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models on 24 pictures of 22 patients: one knows them, one says Healthy."""
    base = tmp_path_factory.mktemp("runs")
    root = folder_of(base / "pictures", [HEALTHY, NPDR] * (NUM_PICTURES // 2))
    images = open_image_folder(root).images
    write_patients(root, {image.path: f"p{max(number, 2)}" for number, image in enumerate(images)})
    knows = [response_of(NPDR if image.truth.is_diseased else HEALTHY) for image in images]
    return [
        write_run(base / "knows", root, "models/knows", knows),
        write_run(base / "guesses", root, "models/guesses", [response_of(HEALTHY)] * len(images)),
    ]


@pytest.fixture(scope="module")
def made(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "study"
    options = [part for file in runs for part in ("--predictions", file)]
    assert not command("make", *options, "--readers", "anna, ben,cleo", "--num", NUM_PICTURES, "--out", out)
    return out


def fill(made: Path, rate: Rate, returned: Path, *, as_json: bool = False) -> Study:
    """Readers fill in their sheets."""
    study = read_key(made / "key.json")
    returned.mkdir()
    for reader, items in study.sheets.items():
        with (made / reader / "sheet.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row, item in zip(rows, items, strict=True):
            row.update(rate(study.outputs[item.output]))
        if as_json:
            (returned / f"{reader}.json").write_text(json.dumps(rows), encoding="utf-8")
            continue
        with (returned / f"{reader}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return study


def is_right(output: Output) -> bool:
    return output.predicted == output.truth


def by_truth(output: Output) -> dict[str, str]:
    """All readers agree, and see what is there."""
    good = "5" if is_right(output) else "2"
    harm = "no" if is_right(output) else "yes"
    return {"class": output.truth, "explanation": good, "localization": "3", "harmful": harm}


def scored(made: Path, returned: Path, **options: bool) -> Results:
    study = read_key(made / "key.json")
    ratings = read_sheets(find_sheets(returned), study)
    return score_study(study, ratings, np.random.default_rng(0), **({"is_incomplete_allowed": False} | options))


def test_readers_are_told_neither_model_nor_truth_nor_path(made):
    outputs = read_key(made / "key.json").outputs
    assert {output.model for output in outputs} == {"models/knows", "models/guesses"}
    for reader in ("anna", "ben", "cleo"):
        form = (made / reader / "form.html").read_text(encoding="utf-8")
        table = (made / reader / "sheet.csv").read_text(encoding="utf-8")
        for output in outputs:
            for secret in (output.model, output.path, "patient", "truth", "knows", "guesses"):
                assert secret not in table
                assert secret not in form.replace("harm a patient", "")
        assert not re.search(r"(?:src|href)=[\"']http|url\(http|@import", form), "it needs nothing beside it"


def test_each_reader_rates_everything_in_an_order_of_their_own(made):
    study = read_key(made / "key.json")
    orders = {reader: [item.output for item in items] for reader, items in study.sheets.items()}
    assert len({tuple(order) for order in orders.values()}) == 3
    for reader, items in study.sheets.items():
        firsts = [item.output for item in items if not item.is_repeat]
        assert sorted(firsts) == list(range(2 * NUM_PICTURES))
        repeats = [item for item in items if item.is_repeat]
        assert len(repeats) == 5
        for item in repeats:
            apart = items.index(item) - next(at for at, other in enumerate(items) if other.output == item.output)
            assert apart > 2 * NUM_PICTURES * 0.25
        assert len(list((made / reader / "pictures").iterdir())) == len(items)


def test_the_same_seed_gives_the_same_study_and_another_one_another(made):
    outputs = read_key(made / "key.json").outputs
    by_model = [[output for output in outputs if output.model == model] for model in ("models/knows", "models/guesses")]
    drawn = [draw_study(by_model, ["anna"], 10, 3, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len({output.path for output in drawn[0].outputs}) == 10


@pytest.mark.parametrize("as_json", [False, True])
def test_readers_who_agree_have_full_agreement_and_models_their_due(made, tmp_path, as_json):
    fill(made, by_truth, tmp_path / "back", as_json=as_json)
    results = scored(made, tmp_path / "back")
    assert (results.num_items, results.num_clusters) == (2 * NUM_PICTURES, 22)
    by_scale = {agreement.scale: agreement for agreement in results.agreements}
    for name in ("class", "explanation", "harmful"):
        assert all(estimate.value == estimate.low == 1.0 for estimate in by_scale[name].kappas.values())
        assert all(value == (1.0, 1.0) or value[1] == 1.0 for value in by_scale[name].within.values())
    assert by_scale["explanation"].icc_single.value == 1.0
    assert by_scale["localization"].icc_single is None
    assert all(estimate is None for estimate in by_scale["localization"].kappas.values())
    means = {(standing.scale, standing.name): standing.estimate for standing in results.means}
    assert means["explanation", "models/knows"].value == 5.0
    assert means["explanation", "models/knows"].low < 4.7, "22 patients do not make sure that all others get a 5"
    assert means["explanation", "models/guesses"].value == 3.5
    assert means["names the reader's class", "models/guesses"].value == 0.5
    assert means["healthy or diabetic as the reader", "models/guesses"].value == 0.5
    assert set(results.ungradable.values()) == {0}
    assert means["share of harmful errors", "models/guesses"].value == 0.5
    (difference,) = [standing for standing in results.differences if standing.scale == "explanation"]
    assert difference.name == "models/knows - models/guesses"
    assert difference.estimate.value == 1.5
    assert 0.0 < difference.estimate.low < 1.5 < difference.estimate.high
    assert difference.method == "cluster bootstrap"


def test_disease_of_no_kind_names_no_class_and_what_nobody_can_grade_is_counted():
    """By hand: of four pictures, the reader calls one ungradable, and the other three healthy, npdr and pdr."""
    said = {"vague": "diabetic", "exact": "npdr", "mute": None}
    runs = [
        [
            Output(model=name, path=f"{number}", patient=None, truth=None, predicted=word, words="")
            for number in range(4)
        ]
        for name, word in said.items()
    ]
    study = draw_study(runs, ["anna"], 4, 0, np.random.default_rng(0))
    values = {
        ("anna", item.code): {"class": int(study.outputs[item.output].path), "explanation": 0, "localization": 0}
        | {"harmful": 0}
        for item in study.sheets["anna"]
    }
    ratings = Ratings(values=values, missing=())
    results = score_study(study, ratings, np.random.default_rng(0), is_incomplete_allowed=False)
    means = {(entry.scale, entry.name): entry.estimate.value for entry in results.means}
    exactly = {name: means["names the reader's class", name] for name in said}
    roughly = {name: means["healthy or diabetic as the reader", name] for name in said}
    assert exactly == pytest.approx({"vague": 0.0, "exact": 1 / 3, "mute": 0.0})
    assert roughly == pytest.approx({"vague": 2 / 3, "exact": 2 / 3, "mute": 0.0})
    assert results.ungradable == {"anna": 3}, "one picture, of which three outputs are rated"


def test_two_runs_of_one_model_are_told_apart_by_their_folders(tmp_path):
    root = folder_of(tmp_path / "pictures", [HEALTHY, NPDR] * 2)
    for part in ("early", "late"):
        (tmp_path / part).mkdir()
    files = [
        write_run(tmp_path / part / "run", root, "models/ours", [response_of(said)] * 4)
        for part, said in (("early", HEALTHY), ("late", NPDR))
    ]
    assert [run.model for run in load_runs(files)] == ["models/ours (early/run)", "models/ours (late/run)"]
    options = [part for file in files for part in ("--predictions", file)]
    assert not command("make", *options, "--readers", "anna", "--repeats", 0, "--out", tmp_path / "study")
    study = fill(tmp_path / "study", by_truth, tmp_path / "back")
    assert study.models == ("models/ours (early/run)", "models/ours (late/run)")
    means = {(entry.scale, entry.name): entry.estimate.value for entry in
             scored(tmp_path / "study", tmp_path / "back").means}  # fmt: skip
    assert [means["names the reader's class", name] for name in study.models] == [0.5, 0.5]


def test_ratings_with_a_decimal_are_whole_ones(made, tmp_path):
    fill(made, lambda output: by_truth(output) | {"explanation": "4.0", "localization": "3,0"}, tmp_path / "back")
    means = {entry.scale: entry.estimate.value for entry in scored(made, tmp_path / "back").means}
    assert (means["explanation"], means["localization"]) == (4.0, 3.0)


def test_readers_who_throw_dice_agree_by_chance_alone():
    """Their intervals hold 0 about as often as 95 % say, and no model leads."""
    runs = [
        [
            Output(model=model, path=f"{number}", patient=None, truth=None, predicted="healthy", words="")
            for number in range(24)
        ]
        for model in "ab"
    ]
    values, holds_zero = [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        study = draw_study(runs, ["anna", "ben"], 24, 4, rng)
        said = {
            (reader, item.code): {scale.name: int(rng.integers(len(scale.values))) for scale in SCALES}
            for reader, items in study.sheets.items()
            for item in items
        }
        results = score_study(study, Ratings(values=said, missing=()), rng, is_incomplete_allowed=False)
        for agreement in results.agreements:
            (estimate,) = agreement.kappas.values()
            values.append(estimate.value)
            holds_zero.append(estimate.low <= 0.0 <= estimate.high)
        holds_zero += [entry.estimate.low <= 0.0 <= entry.estimate.high for entry in results.differences]
    assert abs(np.mean(values)) < 0.06
    assert 0.88 < np.mean(holds_zero) < 1.0


def test_few_patients_get_analytic_intervals(made, tmp_path):
    study = read_key(made / "key.json")
    fill(made, by_truth, tmp_path / "back")
    few = {index for index, output in enumerate(study.outputs) if output.cluster in ("patient p2", "patient p5")}
    ratings = read_sheets(find_sheets(tmp_path / "back"), study)
    kept = {
        (reader, item.code): ratings.values[reader, item.code]
        for reader, items in study.sheets.items()
        for item in items
        if item.output in few
    }
    results = score_study(
        study, type(ratings)(values=kept, missing=("most",)), np.random.default_rng(0), is_incomplete_allowed=True
    )
    assert results.num_clusters == 2
    assert {standing.method for standing in results.means} == {"Wilson"}
    assert {standing.method for standing in results.differences} == {"Student t of clusters"}
    for standing in results.means:
        estimate = standing.estimate
        least, most = (1.0, 5.0) if standing.scale in ("explanation", "localization") else (0.0, 1.0)
        assert least <= estimate.low < estimate.high <= most


def edited(name: str, change: Callable[[list[dict[str, str]]], object]) -> Callable[[Path], None]:
    def edit(returned: Path) -> None:
        file = returned / f"{name}.json"
        rows = json.loads(file.read_text(encoding="utf-8"))
        changed = change(rows)
        file.write_text(json.dumps(rows if changed is None else changed), encoding="utf-8")

    return edit


BAD_SHEETS = {
    "a reader missing": (lambda back: (back / "ben.json").unlink(), "the sheet of reader 'ben' is missing"),
    "an item twice": (edited("ben", lambda rows: [*rows, rows[3]]), "entry 54: the item 'ben-004' stands twice"),
    "a sheet twice": (
        lambda back: (back / "copy.json").write_bytes((back / "ben.json").read_bytes()),
        "'.*copy.json', entry 1: the item 'ben-001' stands twice",
    ),
    "an unknown item": (edited("ben", lambda rows: rows[0].update(item="ben-999")), "there is no item 'ben-999'"),
    "an item of another reader": (edited("ben", lambda rows: rows[0].update(item="anna-001")), "no item 'anna-001' of"),
    "out of range": (
        edited("cleo", lambda rows: rows[1].update(explanation="6")),
        "explanation of the item 'cleo-002' is '6'; allowed: 1, 2, 3, 4, 5",
    ),
    "no such class": (
        edited("cleo", lambda rows: rows[1].update({"class": "AMD"})),
        "class of .* is 'amd'; allowed: h",
    ),
    "another study": (edited("anna", lambda rows: rows[0].update(seal="0" * 16)), "is of the study '0000"),
    "not rated": (
        edited("anna", lambda rows: rows[4].update(harmful="")),
        "anna-005 of reader anna has no harmful; all",
    ),
    "an item missing": (edited("anna", lambda rows: rows[:-2]), "has no class, .*, and 1 more like it; allowed"),
    "no columns": (edited("anna", lambda _: [{"a": 1}]), "is no sheet: it lacks seal, reader, item, class"),
    "no sheet": (lambda back: (back / "anna.json").write_text("{"), "'.*anna.json' is no sheet"),
    "empty": (lambda back: (back / "anna.json").write_text("[]"), "is no sheet: it holds no item"),
    "numbers": (
        lambda back: (back / "anna.json").write_text("[1, 2]"),
        "is no sheet: it is no list of objects; allowed",
    ),
    "an object": (lambda back: (back / "anna.json").write_text("{}"), "is no sheet: it is no list of objects; allowed"),
    "Latin-1": (
        lambda back: (back / "anna.csv").write_bytes("seal;reader;item;comment\n1;anna;1;f\u00fcr".encode("latin-1")),
        "anna.csv' is no sheet: it is no text in UTF-8; allowed: saved as CSV UTF-8",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD_SHEETS.values(), ids=BAD_SHEETS)
def test_a_bad_sheet_ends_in_one_line(made, tmp_path, spoil, message, capsys):
    fill(made, by_truth, back := tmp_path / "back", as_json=True)
    spoil(back)
    assert command("score", "--key", made / "key.json", "--sheets", back, "--out", tmp_path / "results.json") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line), line
    assert line.startswith("error: sheets: ")


def test_more_pictures_than_there_are_cannot_be_drawn(runs, tmp_path, capsys):
    num = NUM_PICTURES + 1
    assert command("make", "--predictions", runs[0], "--readers", "a,b", "--num", num, "--out", tmp_path / "out") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(rf"error: num: must be a whole number from 1 to {NUM_PICTURES}, .*, got {num}", line), line
    assert not (tmp_path / "out").exists()


def test_what_is_not_rated_is_left_out_on_request(made, tmp_path):
    study = fill(made, by_truth, back := tmp_path / "back", as_json=True)
    edited("anna", lambda rows: rows[0].update(explanation=""))(back)
    assert not study.sheets["anna"][0].is_repeat
    assert scored(made, back, is_incomplete_allowed=True).num_items == 2 * NUM_PICTURES - 1
    out = tmp_path / "results.json"
    assert not command("score", "--key", made / "key.json", "--sheets", back, "--out", out, "--incomplete")
    assert json.loads(out.read_text())["left_out"] == ["anna-001 of reader anna has no explanation"]


def test_semicolons_and_capitals_of_a_spreadsheet_are_read(made, tmp_path):
    fill(made, by_truth, back := tmp_path / "back")
    file = back / "ben.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    rows = [rows[0], *([cell.upper() if cell in ("yes", "no") else cell for cell in row] for row in rows[1:])]
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        csv.writer(opened, delimiter=";").writerows(rows)
    assert scored(made, back).num_items == 2 * NUM_PICTURES


FILL_IN = """<script>
const choose = (name, value) => document.querySelector(`input[name=${name}][value="${value}"]`).click();
const hidden = find("rest").hidden;
data.items.forEach((item, index) => {
  choose("class", "npdr"); choose("explanation", "4"); choose("localization", "2"); choose("harmful", "no");
  find("comment").value = index ? "" : 'a "quoted" one,\\nin two lines';
  find("comment").dispatchEvent(new Event("input", {bubbles: true}));
  find("form").requestSubmit();
});
document.body.innerHTML = "<pre></pre>";
document.querySelector("pre").textContent = hidden + "\\n" + [data.columns, ...rows().map((row) =>
  data.columns.map((name) => row[name]))].map((row) => row.map(quoted).join(",")).join("\\n") + "\\n";
</script></body>"""


def test_what_the_form_saves_is_read(made, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium to open the form with")
    fill(made, by_truth, back := tmp_path / "back")
    form = (made / "ben" / "form.html").read_text(encoding="utf-8")
    (tmp_path / "form.html").write_text(form.replace("</body>", FILL_IN), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    page = subprocess.run(
        [browser, *options, (tmp_path / "form.html").as_uri()], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    was_hidden, _, saved = html.unescape(page.partition("<pre>")[2].partition("</pre>")[0]).partition("\n")
    assert was_hidden == "true", "the words wait for the reader's own view"
    (back / "ben.csv").write_text(saved, encoding="utf-8")
    study = read_key(made / "key.json")
    ratings = read_sheets(find_sheets(back), study)
    assert not ratings.missing
    of_ben = [values for (reader, _), values in ratings.values.items() if reader == "ben"]
    assert len(of_ben) == len(study.sheets["ben"])
    assert all(values == {"class": 1, "explanation": 3, "localization": 1, "harmful": 0} for values in of_ben)


def test_a_key_that_was_changed_is_refused(made, tmp_path):
    text = (made / "key.json").read_text(encoding="utf-8")
    (tmp_path / "key.json").write_text(text.replace("models/guesses", "models/better"), encoding="utf-8")
    with pytest.raises(InputError, match="was changed after the study was made"):
        read_key(tmp_path / "key.json")


BAD_STUDIES = {
    "one run twice": (["{0}", "{0}"], "anna", {}, "one stands twice; allowed: each run once"),
    "no predictions": (["{0}/../nothing.jsonl"], "anna", {}, "predictions: cannot read"),
    "a reader twice": (["{0}"], "anna,Anna", {}, "readers: got 'anna,Anna'; allowed: each name once"),
    "a reader with a path": (["{0}"], "../anna", {}, "readers: got '../anna'; allowed: names of"),
    "too many repeats": (["{0}"], "anna", {"repeats": 25}, "repeats: must be a whole number from 0 to 24, got 25"),
    "no pictures": (["{0}"], "anna", {"num": 0}, "num: must be a whole number of at least 1, got 0"),
}


@pytest.mark.parametrize(("files", "readers", "options", "message"), BAD_STUDIES.values(), ids=BAD_STUDIES)
def test_a_study_that_cannot_be_made_ends_in_one_line(runs, tmp_path, capsys, files, readers, options, message):
    given = [part for file in files for part in ("--predictions", file.format(runs[0]))]
    more = [part for name, value in options.items() for part in (f"--{name}", value)]
    assert command("make", *given, "--readers", readers, "--out", tmp_path / "study", *more) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "study").exists()


def test_a_study_never_mixes_with_another(runs, made, capsys):
    assert command("make", "--predictions", runs[0], "--readers", "dora", "--out", made) == 2
    assert "is not empty" in capsys.readouterr().err


def test_boxes_are_shown_where_no_model_is_known_by_them(runs, tmp_path):
    line = {"path": read_predictions(runs[0], field="")[0]["path"], "kind": "irma", "answered": [{"point_2d": [7, 8]}]}
    copies = []
    for file in runs:
        shutil.copytree(file.parent, copy := tmp_path / file.parent.name)
        copies.append(copy / "predictions.jsonl")
    copies[0].with_name("localization.jsonl").write_text(json.dumps(line) + "\n")
    assert not any(output.marks for run in load_runs(copies) for output in run.outputs)
    copies[1].with_name("localization.jsonl").write_text(json.dumps(line | {"answered": None}) + "\n")
    first, second = load_runs(copies)
    assert [output.marks for output in first.outputs if output.marks] == [(("irma", (7, 8)),)]
    assert not any(output.marks for output in second.outputs)


def test_pictures_that_were_exchanged_are_refused(tmp_path, capsys):
    root = folder_of(tmp_path / "pictures", [HEALTHY, NPDR])
    file = write_run(tmp_path / "run", root, "model", [response_of(HEALTHY)] * 2)
    folder_of(root, [NPDR])
    (root / "healthy" / "000.png").write_bytes((root / "npdr" / "000.png").read_bytes())
    assert command("make", "--predictions", file, "--readers", "anna", "--repeats", 0, "--out", tmp_path / "study") == 2
    assert "is not the picture that was asked about" in capsys.readouterr().err
