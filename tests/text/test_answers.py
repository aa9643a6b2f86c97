import pytest

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import Answer, UnparsableAnswerError, format_answer, parse_answer


@pytest.mark.parametrize("label", list(Label))
def test_parsing_undoes_formatting(label):
    answer = Answer(label=label)
    assert parse_answer(format_answer(answer)) == answer
    assert parse_answer(f"No sign of PDR, NPDR or a healthy retina.\n{format_answer(answer)}") == answer


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Conclusion: NPDR", Label.NPDR),
        ("**Conclusion:** PDR.", Label.PDR),
        ("conclusion: Healthy.\n", Label.HEALTHY),
        ("reasoning\n  Conclusion: non-proliferative diabetic retinopathy.", Label.NPDR),
    ],
)
def test_close_spellings_of_a_class_are_understood(text, label):
    assert parse_answer(text).label is label


@pytest.mark.parametrize(
    "text",
    ["", "healthy", "No sign of PDR.", "Conclusion:", "Conclusion: no sign of PDR.", "Conclusion: NPDR or PDR.",
     "Conclusion: healthy.\nConclusion: NPDR.", "In conclusion: NPDR"],
)  # fmt: skip
def test_what_is_not_one_conclusion_is_refused(text):
    with pytest.raises(UnparsableAnswerError):
        parse_answer(text)
