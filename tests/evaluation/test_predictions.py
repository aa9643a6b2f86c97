import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage, Truth
from octa_svr_dataset.evaluation.localization.store import AnswerStore
from octa_svr_dataset.evaluation.predictions import PredictionStore, picture_hash, read_predictions, remove_run
from octa_svr_dataset.evaluation.protocol import Protocol, Response
from octa_svr_dataset.grading import Label

PROTOCOL = Protocol(
    model="m",
    model_fingerprint="f",
    endpoint=None,
    real_dir="eyes",
    track=None,
    limit=None,
    max_new_tokens=5,
    dtype="auto",
    preprocessing={"crop": False, "levels": (1.0, 2.0)},
)
NPDR = Truth(is_diseased=True, label=Label.NPDR)
FIRST, SECOND = (FolderImage(path=Path(f"npdr/{name}.png"), truth=NPDR) for name in "ab")
RIGHT = Response(output="Conclusion: NPDR.", class_log_probabilities=(-3.0, -0.5, -2.0))
UNREADABLE = Response(output="Perfusion: poor.\nConclusion: \u00b5?", class_log_probabilities=None)


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").split("\n") if line]


def test_each_picture_has_a_line_with_the_raw_output_and_what_became_of_it(tmp_path):
    store = PredictionStore(tmp_path, PROTOCOL)
    store.append(FIRST, "1", UNREADABLE)
    assert lines(tmp_path) == [
        {
            "path": "npdr/a.png",
            "picture": "1",
            "patient": None,
            "field_of_view_mm": None,
            "truth": "npdr",
            "output": "Perfusion: poor.\nConclusion: \u00b5?",
            "predicted": None,
            "predicted_diseased": None,
            "is_right": False,
            "is_class_right": False,
            "problem": "the output claims no class: '\u00b5?'",
            "class_log_probabilities": None,
            "disease_probability": None,
            "conclusion_log_probabilities": None,
        }
    ]


def test_a_second_run_finds_what_the_first_has_finished(tmp_path):
    PredictionStore(tmp_path, PROTOCOL).append(FIRST, "1", RIGHT)
    again = PredictionStore(tmp_path, PROTOCOL)
    assert again.find(FIRST, "1") == RIGHT
    assert again.find(SECOND, "1") is None
    assert again.find(FIRST, "another picture of that name") is None


def test_a_line_that_a_kill_cut_short_is_asked_for_again(tmp_path):
    store = PredictionStore(tmp_path, PROTOCOL)
    store.append(FIRST, "1", RIGHT)
    store.append(SECOND, "2", RIGHT)
    file = tmp_path / "predictions.jsonl"
    file.write_bytes(file.read_bytes()[:-40])
    again = PredictionStore(tmp_path, PROTOCOL)
    assert (again.find(FIRST, "1"), again.find(SECOND, "2")) == (RIGHT, None)
    again.append(SECOND, "2", UNREADABLE)
    assert [line["path"] for line in lines(tmp_path)] == ["npdr/a.png", "npdr/b.png"]


def test_the_finished_file_holds_the_pictures_in_order_with_what_is_now_known(tmp_path):
    store = PredictionStore(tmp_path, PROTOCOL)
    for image, digest in ((SECOND, "2"), (FIRST, "old"), (FIRST, "1")):
        store.append(image, digest, RIGHT)
    healthy = replace(SECOND, truth=Truth(is_diseased=False, label=Label.HEALTHY))
    assert store.rewrite([FIRST, healthy], ["1", "2"]) == (RIGHT, RIGHT)
    assert [(line["path"], line["picture"], line["is_right"]) for line in lines(tmp_path)] == [
        ("npdr/a.png", "1", True),
        ("npdr/b.png", "2", False),
        ("npdr/a.png", "old", True),
    ]


def test_what_was_paid_for_is_kept_aside_until_its_picture_is_asked_about_again(tmp_path):
    store = PredictionStore(tmp_path, PROTOCOL)
    for image, digest in ((FIRST, "1"), (SECOND, "2")):
        store.append(image, digest, RIGHT)
    store.rewrite([SECOND], ["2"])
    file = tmp_path / "predictions.jsonl"
    assert [line["path"] for line in read_predictions(file, field="compare")] == ["npdr/b.png"]
    again = PredictionStore(tmp_path, PROTOCOL)
    assert again.find(FIRST, "1") == RIGHT
    again.rewrite([FIRST, SECOND], ["1", "2"])
    assert [line["path"] for line in read_predictions(file, field="compare")] == ["npdr/a.png", "npdr/b.png"]


def test_answers_to_questions_that_are_not_asked_now_are_kept_aside(tmp_path):
    keys = [("a", "1", "Where is the zone?"), ("a", "1", "Where are lesions?"), ("b", "2", "Where is the zone?")]
    store = AnswerStore(tmp_path)
    for key in keys:
        store.append(key, f"answer to {key}")
    store.rewrite({keys[2]: {"kind": "zone"}})
    file = tmp_path / "localization.jsonl"
    assert [line["path"] for line in read_predictions(file, field="predictions")] == ["b"]
    again = AnswerStore(tmp_path)
    assert [again.get(key) for key in keys] == [f"answer to {key}" for key in keys]
    again.rewrite({key: {"kind": "zone"} for key in keys})
    assert len(read_predictions(file, field="predictions")) == len(keys)


def test_what_looks_like_the_end_of_a_line_in_an_output_is_none(tmp_path):
    output = "Perfusion: poor.\u2028Vessels:\u2029thin.\x85Conclusion: NPDR.\r\nYes.\x0c"
    said = Response(output=output, class_log_probabilities=None)
    PredictionStore(tmp_path, PROTOCOL).append(FIRST, "1", said)
    AnswerStore(tmp_path).append(("a", "1", "Where\u2028?"), output)
    again, answers = PredictionStore(tmp_path, PROTOCOL), AnswerStore(tmp_path)
    assert again.rewrite([FIRST], ["1"]) == (said,)
    assert answers.get(("a", "1", "Where\u2028?")) == output
    assert read_predictions(tmp_path / "predictions.jsonl", field="compare")[0]["output"] == output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_new_tokens": 6}, "max_new_tokens was 5 and is 6"),
        ({"model_fingerprint": "g"}, "model_fingerprint was 'f' and is 'g'"),
        ({"limit": 3}, "limit was None and is 3"),
        ({"preprocessing": {"crop": True}}, "preprocessing.crop was False and is True"),
        (
            {"preprocessing": {"crop": False, "levels": (4, 5)}},
            r"preprocessing.levels was \[1.0, 2.0\] and is \[4, 5\]",
        ),
        ({"real_dir": "others"}, "real_dir was 'eyes' and is 'others'"),
        ({"endpoint": "http://h/v1"}, "endpoint was None and is 'http://h/v1'"),
    ],
)
def test_other_settings_are_never_mixed(tmp_path, change, message):
    PredictionStore(tmp_path, PROTOCOL).append(FIRST, "1", RIGHT)
    with pytest.raises(InputError, match=f"out: .* {message}; allowed: .*--overwrite"):
        PredictionStore(tmp_path, replace(PROTOCOL, **change))
    assert len(lines(tmp_path)) == 1
    remove_run(tmp_path)
    PredictionStore(tmp_path, replace(PROTOCOL, **change))


def test_answers_of_unknown_settings_are_never_mixed(tmp_path):
    (tmp_path / "localization.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"holds predictions, but no run.json"):
        PredictionStore(tmp_path, PROTOCOL)
    (tmp_path / "run.json").write_text(json.dumps(PROTOCOL.as_record()))
    PredictionStore(tmp_path, PROTOCOL)
    with pytest.raises(InputError, match=r"out: line 1 of .* is no answer; allowed: .*--overwrite"):
        AnswerStore(tmp_path)
    remove_run(tmp_path)
    assert not any(tmp_path.iterdir())


def test_predictions_of_unknown_settings_are_never_mixed(tmp_path):
    (tmp_path / "predictions.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"holds predictions, but no run.json"):
        PredictionStore(tmp_path, PROTOCOL)
    (tmp_path / "run.json").write_text(json.dumps(PROTOCOL.as_record()))
    with pytest.raises(InputError, match=r"out: line 1 of .* is no prediction; allowed: .*--overwrite"):
        PredictionStore(tmp_path, PROTOCOL)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot read"), ("{", "is no JSON"), ("", "holds no predictions"), ("[1]\n", "holds no predictions")],
)
def test_a_file_that_holds_no_predictions_is_refused_by_name(tmp_path, content, message):
    file = tmp_path / "other.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match=f"compare: .*{message}"):
        read_predictions(file, field="compare")


def test_pictures_of_the_same_bytes_and_another_shape_differ():
    wide, high = Image.new("L", (20, 10)), Image.new("L", (10, 20))
    assert picture_hash(wide) != picture_hash(high)
    assert picture_hash(wide) == picture_hash(wide.copy())
