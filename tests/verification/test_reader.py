import pytest

from octa_svr_dataset.verification.checks import contradiction
from octa_svr_dataset.verification.reader import Reading, read_dialogue
from octa_svr_dataset.verification.rows import Row
from octa_svr_dataset.verification.truth import Truth, truth_of

DESCRIBE = "What do you see in this OCTA image?"

TRUE = (
    "The foveal avascular zone lies at the center of the picture and measures 0.28 mm².",
    "The FAZ is centered; its border is closed all the way round.",
    "Two areas of capillary dropout can be seen.",
    (
        "There are two areas of non-perfusion: a medium-sized one of 0.49 mm² to the lower right of the fovea, and "
        "a small one above it."
    ),
    "Dropout is present in two places, one below and to the right of the fovea and one above it.",
    "The larger of the areas of dropout lies to the lower right of the fovea.",
    "The dropout covers 0.61 mm² in all.",
    "Two areas of dropout: one of 0.12 mm² above the fovea and one with an area of 0.49 mm² to the lower right of it.",
    "Three microaneurysms stand out.",
    "Three small focal dilations have the appearance of microaneurysms.",
    (
        "There are three microaneurysms: one to the left of the fovea that is 63 µm wide, one measuring 63 µm to the "
        "left of the fovea, and one with a diameter of 63 µm to the upper right of the fovea."
    ),
    "Bright dots, three in number, are consistent with microaneurysms.",
    "Several microaneurysms are visible; most of them lie to the left of the fovea.",
    "One microaneurysm is found to the upper right of the fovea.",
    "There is no microaneurysm below the fovea.",
    "Neither intraretinal microvascular abnormalities nor new vessels are seen.",
    "Neovascularization is absent.",
    "There is no tuft of new vessels, no IRMA, and no diffuse capillary loss.",
    "The inferior quadrant is not spared: dropout lies there and in the superior quadrant.",
    "These findings fit non-proliferative diabetic retinopathy; there is no sign of proliferative disease.",
    "This is not a healthy retina.",
    "With new vessels, the grade would be 4.",
    "Without the dropout and the microaneurysms, it would be graded 0.",
    "If intraretinal microvascular abnormalities were visible, the grade would rise to 3.",
    "Conclusion: non-proliferative diabetic retinopathy (NPDR).",
    "Grade: 2",
)

FALSE = (
    "The foveal avascular zone lies to the upper left of the center of the picture.",
    "The avascular zone measures 0.38 mm².",
    "The avascular zone cannot be made out.",
    "Capillary dropout opens the border of the avascular zone.",
    "Three areas of capillary dropout can be seen.",
    "There is no capillary dropout.",
    "The capillary bed is free of dropout.",
    "A large area of capillary dropout lies to the lower right of the fovea.",
    "A small area of dropout of 0.12 mm² lies below the fovea.",
    "The largest area of dropout lies above the fovea.",
    "Dropout lies to the left of the fovea.",
    "Two areas of dropout: one of 0.49 mm² above the fovea and one with an area of 0.12 mm² to the lower right of it.",
    "Two microaneurysms stand out.",
    "Four focal dilations have the appearance of microaneurysms.",
    "Along most of its circumference, the foveal avascular zone continues into capillary dropout.",
    "Little is left of the rim of the foveal avascular zone, which passes into capillary dropout.",
    "There are five microaneurysms: two to the left of the fovea and one to the upper right of the fovea.",
    "A microaneurysm to the left of the fovea is 40 µm wide.",
    "There are three microaneurysms: two to the left of the fovea and one with a diameter of 63 µm below it.",
    "Four bright dots are consistent with microaneurysms.",
    "No microaneurysms are seen.",
    "Microaneurysms cannot be found.",
    "I find no dot that would count as a microaneurysm.",
    "The avascular zone is not visible where it would be expected.",
    "The avascular zone is unusually small.",
    "The image has a grainy background.",
    "Image quality is poor, with reduced sharpness and a low overall signal.",
    "Most of the microaneurysms lie to the right of the fovea.",
    "There is no microaneurysm to the left of the fovea.",
    "One intraretinal microvascular abnormality can be seen above the fovea.",
    "A tuft of new vessels lies above the fovea.",
    "Mild diffuse capillary loss thins the bed.",
    "The picture shows a healthy retina.",
    "There is no sign of diabetic retinopathy.",
    "This is consistent with PDR.",
    "Without the dropout, the grade would be 3.",
    "New vessels would raise the grade to 3.",
    "Conclusion: proliferative diabetic retinopathy (PDR).",
    "Grade: 3",
)


@pytest.fixture(scope="module")
def truth(picture_row: Row) -> Truth:
    return truth_of(picture_row)


def reasons(answer: str, truth: Truth, question: str = DESCRIBE) -> list[str]:
    readings = read_dialogue([(question, answer)], "od")
    return [reason for reading in readings for claim in reading.claims if (reason := contradiction(claim, truth))]


def mapped(answer: str, question: str = DESCRIBE) -> tuple[Reading, ...]:
    return read_dialogue([(question, answer)], "od")


@pytest.mark.parametrize("sentence", TRUE)
def test_true_sentences_are_understood_and_accepted(sentence: str, truth: Truth) -> None:
    assert all(reading.claims for reading in mapped(sentence))
    assert reasons(sentence, truth) == []


@pytest.mark.parametrize("sentence", FALSE)
def test_false_sentences_are_refuted(sentence: str, truth: Truth) -> None:
    assert reasons(sentence, truth)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("How many microaneurysms can you see?", "3", "4"),
        ("How many areas of capillary dropout are there?", "Two areas stand out.\nAnswer: 2", "Answer: 3"),
        ("How many tufts of new vessels are there?", "0", "1"),
        ("Is there any neovascularization?", "No.", "Yes."),
        ("Is this retina free of capillary dropout?", "No.", "Yes."),
        ("Are there more than two microaneurysms?", "Yes.", "No."),
        ("Does capillary dropout lie above the fovea?", "Yes.", "No."),
        ("Does this eye have diabetic retinopathy?", "Yes, it does.", "No."),
        ("Which quadrant has lost most, the superior or the inferior?", "Inferior", "Superior"),
        ("What is the area of the foveal avascular zone?", "0.28 mm²", "0.31 mm²"),
        ("What is the total area of dropout?", "0.61 mm²", "0.49 mm²"),
        ("Where does the largest area of dropout lie?", "To the lower right of the fovea.", "Above the fovea."),
        ("Classify this eye: healthy, NPDR or PDR.", "NPDR", "PDR"),
        ("Is it healthy, or is there diabetic retinopathy?\nAnswer in one word.", "Diabetic retinopathy", "Healthy"),
        ("How severe is it, from 0 to 4?", "Grade: 2", "Grade: 1"),
        (
            "How many microaneurysms are there?\nA) None\nB) One or two\nC) Three to five\nD) Six or more",
            "C",
            "B) One or two",
        ),
        (
            (
                "Which class?\nA) Healthy retina\nB) Proliferative diabetic retinopathy\nC) Moderate "
                "non-proliferative diabetic retinopathy"
            ),
            "C",
            "A",
        ),
        (
            "Give a bounding box of each area of capillary dropout as JSON.",
            '[{"bbox_2d": [434, 132, 566, 263], "label": "capillary dropout"}, '
            '{"bbox_2d": [632, 632, 895, 895], "label": "capillary dropout"}]',
            '[{"bbox_2d": [434, 132, 566, 263], "label": "capillary dropout"}]',
        ),
        (
            "Point at each microaneurysm.",
            '```json\n[{"point_2d": [197, 461], "label": "microaneurysm"}, {"point_2d": [148, 543], "label": '
            '"microaneurysm"}, {"point_2d": [740, 263], "label": "microaneurysm"}]\n```',
            '[{"point_2d": [461, 197], "label": "microaneurysm"}, {"point_2d": [148, 543], "label": "microaneurysm"}, '
            '{"point_2d": [740, 263], "label": "microaneurysm"}]',
        ),
        ("Locate all new vessels with boxes.", "[]", '[{"bbox_2d": [1, 1, 90, 90], "label": "neovascularization"}]'),
    ],
)
def test_short_answers_are_read_in_the_light_of_the_question(
    question: str, right: str, wrong: str, truth: Truth
) -> None:
    assert all(reading.claims for reading in mapped(right, question))
    assert reasons(right, truth, question) == []
    assert reasons(wrong, truth, question)
