import json

import pytest
from PIL import Image

from octa_svr_dataset.evaluation.task_scores import ask, questions_of, questions_of_rows, task_scores
from octa_svr_dataset.example import make_example
from octa_svr_dataset.row import dialogue_columns
from octa_svr_dataset.text.dialogue import QUESTION

SEVERITIES = {"text.turns": [4, 4], "growth.superficial.iterations": 8, "growth.deep.iterations": 8}


@pytest.fixture(scope="module")
def rows():
    """Rows of a preset with all tasks, answers by image and question."""
    made = []
    for index in range(12):
        example = make_example("dr_staging", seed=3, split="validation", index=index, overrides=SEVERITIES)
        made.append(
            {
                "id": str(index),
                "image": Image.fromarray(example.rendering.image),
                "label": str(example.findings.label),
                "severity": example.findings.severity,
                "laterality": example.scene.laterality,
                **dialogue_columns(example.dialogue),
            }
        )
    return made


def truths(rows):
    """What a reader would say who knows each row, by picture and question without its eye."""
    known = {}
    for row in rows:
        for question, answer in zip(row["messages"][::2], row["messages"][1::2], strict=True):
            known[id(row["image"]), question["content"]] = answer["content"]
        known.setdefault((id(row["image"]), QUESTION), f"Conclusion: {CONCLUSIONS[row['label']]}.")
    return known


CONCLUSIONS = {
    "healthy": "healthy retina",
    "npdr": "non-proliferative diabetic retinopathy",
    "pdr": "proliferative diabetic retinopathy",
}


def reader(rows):
    known = truths(rows)

    def generate(images, questions):
        for image, question in zip(images, questions, strict=True):
            bare = question.split("(OD). ", 1)[-1].split("(OS). ", 1)[-1]
            yield known.get((id(image), question)) or known[id(image), bare]

    return lambda images, questions: list(generate(images, questions))


def test_the_texts_of_the_dataset_answer_all_their_questions(rows) -> None:
    scores = task_scores(ask(questions_of_rows(rows), reader(rows), batch_size=5))
    assert scores.unparsable == 0
    assert {name: task.exact for name, task in scores.tasks.items()} == dict.fromkeys(scores.tasks, 1.0)
    assert len(scores.tasks) > 8
    assert scores.binary.value == scores.three_class.value == 1.0
    assert scores.num_pictures == len(rows)
    assert scores.num_questions >= sum(len(row["tasks"]) for row in rows)
    assert sum(share.number for share in scores.called_diseased.values()) == len(rows)
    assert scores.called_diseased["0"].value == 0
    assert scores.called_diseased["4"].value == 1
    json.dumps(scores.as_record())


def test_one_answer_for_all_is_chance(rows) -> None:
    scores = task_scores(
        ask(
            questions_of_rows(rows),
            lambda images, _: ["Conclusion: non-proliferative diabetic retinopathy."] * len(images),
            batch_size=7,
        )
    )
    assert scores.binary.value == 0.5
    assert scores.three_class.value == pytest.approx(1 / 3)
    assert scores.binary.low < 0.5 < scores.binary.high
    assert scores.tasks["yes_no"].unparsable == 1
    assert scores.tasks["yes_no"].value.value == 0


def test_nonsense_is_wrong_and_unparsable(rows) -> None:
    answered = ask(questions_of_rows(rows), lambda images, _: ["Quark."] * len(images), batch_size=100)
    scores = task_scores(answered)
    assert scores.unparsable > 0.9
    assert scores.binary.value == scores.three_class.value == 0
    assert answered[0].as_record()["output"] == "Quark."


def test_without_a_class_there_is_no_balanced_accuracy(rows) -> None:
    healthy = [row for row in rows if row["label"] == "healthy"]
    scores = task_scores(ask(questions_of_rows(healthy), reader(rows), batch_size=4))
    assert scores.binary.value is None
    assert scores.binary.recalls["healthy"].value == 1
    assert scores.three_class.value is None


def test_every_picture_is_asked_for_its_class_and_every_question_knows_its_eye(rows) -> None:
    for row in rows:
        questions = questions_of(row)
        assert any(question.is_of_class for question in questions)
        asked = [message["content"] for message in row["messages"][::2]]
        named = [number for number, text in enumerate(asked) if "eye (O" in text]
        for question in questions[named[0] if named else len(questions) : len(asked)]:
            assert question.text.count("eye (O") == 1
