"""Questions by name, and what is read from an output, in the terms of the dataset and in pixels of the file."""

import json

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.overlay import COLORS, LEAST_SIDE_PX, draw_overlay
from octa_svr_dataset.evaluation.predicted import answer_record, read_predicted
from octa_svr_dataset.evaluation.questions import QUESTIONS, choose_question
from octa_svr_dataset.scoring.truth import read_truth
from octa_svr_dataset.text.answers import format_answer, parse_answer
from octa_svr_dataset.text.dialogue import QUESTION
from octa_svr_dataset.text.wordings import embedded_wordings

OUTPUTS = {
    "describe": "The mesh is coarse.\nConclusion: proliferative diabetic retinopathy (PDR).",
    "classify": "NPDR",
    "classify_binary": "Diabetic retinopathy",
    "report": "## Impression\nMild.\n\nConclusion: healthy retina.",
    "explain_grade": "Few dots.\nGrade: 1",
    "locate_faz": '[{"bbox_2d": [400, 410, 600, 590], "label": "foveal avascular zone"}]',
    "locate_microaneurysm": '[{"point_2d": [10, 20], "label": "microaneurysm"}]',
    "locate_irma": "[]",
    "count_dropout": "3",
    "has_irma": "No.",
    "measure_faz_area": "0.31 mm²",
    "measure_vessel_calibre": "not measurable",
}


@pytest.mark.parametrize("task", OUTPUTS)
def test_the_answer_stands_under_the_names_of_the_dataset(task: str) -> None:
    question = choose_question(task, None, None, None)
    predicted = read_predicted(question, OUTPUTS[task])
    assert not predicted.problem
    assert predicted.answer == parse_answer(question.form, OUTPUTS[task], scheme=question.scheme)
    truth = read_truth(question.form, json.dumps(answer_record(predicted.answer)))
    assert format_answer(truth.answer) == format_answer(predicted.answer)


def test_every_question_is_one_that_models_are_trained_on() -> None:
    trained = [wording.source for name, ways in embedded_wordings().items() if "question/" in name for wording in ways]
    starts = {source.split("{{")[0] for source in trained}
    assert all(any(text.startswith(start) for start in starts if len(start) > 8) for text, *_ in QUESTIONS.values())
    assert choose_question(None, None, None, None).text == QUESTIONS["describe"][0] == QUESTION


def test_reasons_are_asked_for_or_the_answer_alone() -> None:
    texts = {think: choose_question("count_dropout", None, None, think).text for think in (None, True, False)}
    assert texts[True] == f"{texts[None]} Think it through before you answer."
    assert texts[False] == f"{texts[None]} Give only the answer, without an explanation."
    assert choose_question("describe", None, None, False).text.endswith("Give nothing else.")
    assert "without an explanation" in choose_question("locate_faz", None, None, None).text
    assert "without an explanation" not in choose_question("locate_faz", None, None, True).text
    assert "without an explanation" not in choose_question("report", None, None, False).text


def test_a_question_in_the_user_s_own_words_is_read_as_told() -> None:
    free = choose_question(None, " Is the fovea dark? ", "yes_no", None)
    assert free.text == "Is the fovea dark?"
    assert read_predicted(free, "Yes, it is.").as_record((0, 0, 1, 1))["answer"] == {"answer": "yes"}
    described = read_predicted(choose_question(None, "What?", None, None), 'NPDR: [{"bbox_2d": [0, 0, 9, 9]}]')
    assert described.answer is not None
    assert described.places is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("find", None, None, None), "task: unknown name 'find'; allowed: describe, classify, .*locate_faz"),
        (("describe", "What?", None, None), "question: got 'What.' and the task 'describe'; allowed: one of"),
        ((None, "  ", None, None), "question: is empty"),
        ((None, "What?", "poem", None), "read_as: unknown form 'poem'; allowed with --question: describe, "),
        (("describe", None, "count", None), "read_as: got 'count', but no --question to go with it"),
    ],
)
def test_an_unusable_question_is_refused(arguments, message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose_question(*arguments)


def test_places_in_pixels_are_those_of_the_file() -> None:
    question = choose_question("locate_faz", None, None, None)
    record = read_predicted(question, '[{"bbox_2d": [0, 250, 500, 1000]}]').as_record((60, 10, 260, 210))
    assert record["places"] == [{"bbox_2d": [0, 250, 500, 1000], "bbox_px": [60.0, 60.0, 160.0, 210.0], "label": ""}]
    point = read_predicted(question, '[{"point_2d": [500, 0], "label": "FAZ"}]').as_record((60, 10, 260, 210))
    assert point["places"] == [{"point_2d": [500, 0], "point_px": [160.0, 10.0], "label": "faz"}]


def test_an_unparsable_output_is_kept_and_named() -> None:
    record = read_predicted(choose_question("locate_faz", None, None, None), "[{").as_record((0, 0, 9, 9))
    assert (record["output"], record["answer"], record["answer_text"], record["places"]) == ("[{", None, None, [])
    assert "JSON" in record["problem"]


def test_an_overlay_shows_boxes_where_they_are_and_the_answer_beneath() -> None:
    picture = Image.fromarray(np.full((64, 96), 90, np.uint8))
    question = choose_question("locate_dropout", None, None, None)
    output = '[{"bbox_2d": [250, 500, 750, 750], "label": "capillary dropout"}]'
    region = (16, 0, 80, 64)
    line = read_predicted(question, output).as_record(region) | {"region_px": region, "question": question.text}
    sheet = np.asarray(draw_overlay(picture, line))
    scale = LEAST_SIDE_PX // 64
    color = tuple(int(COLORS[0][start : start + 2], 16) for start in (1, 3, 5))
    for row, column in ((32, 50), (48, 50), (40, 32), (40, 64)):
        assert tuple(sheet[row * scale, column * scale]) == color
    assert tuple(sheet[40 * scale, 50 * scale]) == (90, 90, 90)
    assert sheet[64 * scale :].max() == 255, "words on black"
    unread = read_predicted(question, "[{" * 2000).as_record(region) | {"region_px": region, "question": "?"}
    assert draw_overlay(picture, unread).height < 64 * scale + 300
