import math

import pytest

from octa_svr_dataset.evaluation.protocol import CLASS_ANSWERS, CLASS_QUESTION, Response
from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import read_output
from octa_svr_dataset.text.wordings import embedded_wordings


def test_the_question_for_the_class_is_one_of_the_training_texts():
    wordings = [embedded_wordings()[name] for name in ("question/classify_three", "question/form_answer_only")]
    assert CLASS_QUESTION in {f"{asked.render({})} {form.render({})}" for asked in wordings[0] for form in wordings[1]}


def test_no_answer_begins_with_another_and_each_is_read_as_its_class():
    for answer, label in zip(CLASS_ANSWERS, Label, strict=True):
        assert not any(other != answer and other.startswith(answer) for other in CLASS_ANSWERS)
        assert read_output(answer).predicted is label


def test_the_probability_of_disease_is_that_of_both_kinds_given_that_a_class_is_said():
    response = Response(output="", class_log_probabilities=(math.log(0.1), math.log(0.2), math.log(0.1)))
    assert response.disease_probability == pytest.approx(0.75)
    assert response.label_mass == pytest.approx(0.4)


def test_very_unlikely_answers_still_have_shares():
    response = Response(output="", class_log_probabilities=(-2000.0, -2001.0, -2001.0))
    assert response.disease_probability == pytest.approx(2 / (math.e + 2))


@pytest.mark.parametrize("logs", [(math.nan, -1.0, -1.0), (-1.0, -1.0, math.nan), (-math.inf,) * 3])
def test_what_is_no_number_says_nothing(logs):
    response = Response(output="", class_log_probabilities=logs, conclusion_log_probabilities=logs)
    assert response.disease_probability is response.concluded_probability is response.label_mass is None
