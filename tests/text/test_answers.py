import contextlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import (
    LETTERS,
    REGIONS,
    UNITS,
    Box,
    ChoiceAnswer,
    ClassAnswer,
    CountAnswer,
    GradeAnswer,
    MeasureAnswer,
    ObjectsAnswer,
    Point,
    RegionAnswer,
    UnparsableAnswerError,
    YesNoAnswer,
    format_answer,
    format_last_line,
    parse_answer,
)

COORDINATE = st.integers(0, 1000)
SIDE = st.tuples(COORDINATE, COORDINATE).filter(lambda ends: ends[0] < ends[1])
BOXES = st.builds(lambda x, y: Box(x1=x[0], y1=y[0], x2=x[1], y2=y[1]), SIDE, SIDE)
POINTS = st.builds(Point, x=COORDINATE, y=COORDINATE)
VALUES = st.none() | st.decimals(0, 10**9, places=6).map(float) | st.integers(0, 10**6)
ANSWERS = {
    "describe": st.builds(ClassAnswer, label=st.sampled_from(Label)),
    "classify": st.builds(ClassAnswer, label=st.sampled_from(Label), scheme=st.sampled_from(["three", "binary"])),
    "report": st.builds(ClassAnswer, label=st.sampled_from(Label)),
    "locate": st.builds(
        ObjectsAnswer,
        kind=st.sampled_from(["microaneurysm", "capillary dropout"]),
        objects=st.lists(BOXES, max_size=4).map(tuple) | st.lists(POINTS, max_size=4).map(tuple),
    ),
    "count": st.builds(CountAnswer, count=st.integers(0, 10**6)),
    "yes_no": st.builds(YesNoAnswer, is_yes=st.booleans()),
    "multiple_choice": st.builds(ChoiceAnswer, letter=st.sampled_from(LETTERS)),
    "compare_regions": st.builds(RegionAnswer, region=st.sampled_from(REGIONS)),
    "measure": st.builds(MeasureAnswer, value=VALUES, unit=st.sampled_from(UNITS)),
    "explain_grade": st.builds(GradeAnswer, severity=st.integers(0, 4)),
}
REASONS = (
    "",
    "There are 3 dots and 2 dark areas near the fovea.\n",
    "<think>PDR? No: NPDR, with 7 dots, grade 3, option B, superior, 0.2 mm².</think>\n",
    "NPDR is not certain yet: </think>",
)


@pytest.mark.parametrize("task", ANSWERS)
@given(data=st.data())
def test_parsing_undoes_formatting(task, data):
    answer = data.draw(ANSWERS[task])
    scheme = getattr(answer, "scheme", "three")
    assert parse_answer(task, format_answer(answer), scheme=scheme) == answer
    reasons = data.draw(st.sampled_from(REASONS))
    assert parse_answer(task, reasons + format_last_line(answer), scheme=scheme) == answer


@pytest.mark.parametrize("task", ANSWERS)
@given(data=st.data())
def test_markdown_case_and_space_do_not_matter(task, data):
    answer = data.draw(ANSWERS[task])
    scheme = getattr(answer, "scheme", "three")
    line = format_last_line(answer)
    for text in (f"\n  {line}  \n\n", f"**{line}**", f"```\n{line}\n```", f"> {line}", f"<answer>{line}</answer>"):
        assert parse_answer(task, text, scheme=scheme) == answer
    for text in () if task == "locate" else (line.upper(), line.lower(), f"- {line}", f"## {line}"):
        assert parse_answer(task, text, scheme=scheme) == answer


@pytest.mark.parametrize("task", ANSWERS)
@given(data=st.data())
def test_two_answers_that_differ_are_none(task, data):
    one, other = data.draw(ANSWERS[task]), data.draw(ANSWERS[task])
    assume(format_last_line(one) != format_last_line(other))
    with pytest.raises(UnparsableAnswerError):
        parse_answer(task, f"{format_last_line(one)}\n{format_last_line(other)}")


@pytest.mark.parametrize("task", ANSWERS)
@pytest.mark.parametrize("text", ["", "  \n", "<think>", "<think>Yes. Answer: B\nConclusion: NPDR.", "I am sorry."])
def test_what_holds_no_answer_is_refused(task, text):
    with pytest.raises(UnparsableAnswerError):
        parse_answer(task, text)


@given(text=st.text(max_size=200), task=st.sampled_from(list(ANSWERS)))
def test_any_text_is_read_or_refused(task, text):
    with contextlib.suppress(UnparsableAnswerError):
        answer = parse_answer(task, text)
        assert parse_answer(task, format_answer(answer)) == answer


def test_an_unknown_task_is_an_error():
    with pytest.raises(ValueError, match="guess"):
        parse_answer("guess", "3")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Box(x1=5, y1=0, x2=5, y2=9),
        lambda: Box(x1=0, y1=0, x2=1001, y2=9),
        lambda: Point(x=-1, y=0),
        lambda: CountAnswer(count=-1),
        lambda: GradeAnswer(severity=5),
        lambda: ChoiceAnswer(letter="AB"),
        lambda: RegionAnswer(region="upper left"),
        lambda: MeasureAnswer(value=float("nan"), unit="mm2"),
        lambda: MeasureAnswer(value=1.0, unit="inch"),
        lambda: ClassAnswer(label=Label.PDR, scheme="four"),
    ],
)
def test_what_is_no_answer_cannot_be_made(make):
    with pytest.raises(ValueError, match=r"must be|between"):
        make()
