from octa_svr_dataset.verification.sentences import split_sentences


def texts(answer: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(answer)]


def test_decimals_and_abbreviations_end_no_sentence() -> None:
    assert texts("The zone measures approx. 0.31 mm². It lies e.g. above the center. Fine.") == [
        "The zone measures approx. 0.31 mm².",
        "It lies e.g. above the center.",
        "Fine.",
    ]


def test_headings_lead_and_are_no_sentences() -> None:
    answer = (
        "## Perfusion\nNo dropout.\n\n**Vessels**\n- They run straight.\n- No beading.\nConclusion: healthy retina."
    )
    found = [(sentence.heading, sentence.text) for sentence in split_sentences(answer)]
    assert found == [
        ("perfusion", "No dropout."),
        ("vessels", "They run straight."),
        ("vessels", "No beading."),
        ("conclusion", "healthy retina."),
    ]


def test_a_clause_before_a_colon_is_no_heading() -> None:
    for text in ("There are five microaneurysms: two lie above.", "I count two dots: both lie to the left."):
        assert texts(text) == [text]
    assert texts("There are two areas:\n- a small one\n- a large one") == [
        "There are two areas:",
        "a small one",
        "a large one",
    ]
    assert [(one.heading, one.text) for one in split_sentences("Synthesis: fine.")] == [("synthesis", "fine.")]


def test_reasoning_and_fences_are_read_without_their_tags() -> None:
    answer = '<think>\nOne dot.\n</think>\n\n```json\n[{"point_2d": [1, 2], "label": "microaneurysm"}]\n```'
    assert texts(answer) == ["One dot.", '[{"point_2d": [1, 2], "label": "microaneurysm"}]']
    assert split_sentences(answer)[1].is_json


def test_positions_are_those_in_the_answer() -> None:
    answer = "<think>\nFirst one.  Second one.\n</think>\nFovea: Third one."
    for sentence in split_sentences(answer):
        assert answer[sentence.start :].startswith(sentence.text)
