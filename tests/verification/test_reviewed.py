"""Falsehoods that a reviewer wrote, with true sentences of the same words."""

from dataclasses import replace

import pytest

from octa_svr_dataset.verification.checks import contradiction
from octa_svr_dataset.verification.reader import read_dialogue
from octa_svr_dataset.verification.rows import Row
from octa_svr_dataset.verification.truth import Truth, truth_of

DESCRIBE = "What do you see in this OCTA image?"
COMPARE = "Which of the two has lost more, the superior or the nasal quadrant?"
RING = "A complete capillary ring surrounds the foveal avascular zone, which "


@pytest.fixture(scope="module")
def truth(picture_row: Row) -> Truth:
    return replace(truth_of(picture_row), calibre_um=35.0)  # of larger vessels, which the hand-made picture lacks


def reasons(answer: str, truth: Truth, question: str = DESCRIBE) -> list[str]:
    readings = read_dialogue([(question, answer)], "od")
    assert all(reading.claims for reading in readings)
    return [reason for reading in readings for claim in reading.claims if (reason := contradiction(claim, truth))]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (RING + "is centered and measures 0.28 mm².", RING + "is centered and measures 0.40 mm²."),
        ("Several microaneurysms are visible.", "Several dozen microaneurysms are visible."),
        ("There are three microaneurysms.", "There are numerous microaneurysms."),
        ("There are three microaneurysms.", "The microaneurysms are numerous."),
        ("There are three microaneurysms.", "There are half a dozen microaneurysms."),
        ("Least affected is the temporal quadrant.", "Least affected is the inferior quadrant."),
        ("There is no doubt about capillary dropout.", "There is no doubt about neovascularization."),
        ("There is no doubt that new vessels are absent.", "There are new vessels without any doubt."),
        ("The vessels run no abnormal course.", "The larger vessels run an abnormal course."),
        ("The larger vessels are not of uneven width.", "The larger vessels are of uneven width."),
        ("A microaneurysm lies to the left of the fovea.", "A hemorrhage lies to the left of the fovea."),
        ("The image is well centered on the fovea.", "The image is not quite centered on the fovea."),
    ],
)
def test_falsehoods_of_a_reviewer_are_refuted(right: str, wrong: str, truth: Truth) -> None:
    assert reasons(right, truth) == []
    assert reasons(wrong, truth)


def test_where_no_larger_vessel_can_be_followed_its_shape_is_neither_found_nor_denied(truth: Truth) -> None:
    unseen = replace(truth, calibre_um=None)
    for sentence in (
        "The larger vessels run a normal course and are of even width.",
        "The larger vessels show no abnormal tortuosity and no beading.",
        "The larger vessels are tortuous.",
    ):
        assert reasons(sentence, unseen)
    assert reasons("Too few larger vessels are in view to judge their course and width.", unseen) == []
    assert reasons("Too few larger vessels are in view to judge their course and width.", truth)


def test_what_a_picture_of_flow_cannot_show_is_refuted_only_where_it_is_affirmed(truth: Truth) -> None:
    for sentence in ("No hemorrhage can be seen.", "Exudates cannot be judged in such a picture."):
        readings = read_dialogue([(DESCRIBE, sentence)], "od")
        assert [claim for reading in readings for claim in reading.claims] == []
    assert reasons("Hard exudates and two areas of capillary dropout are visible.", truth)


def test_the_fovea_that_is_displaced_is_not_centered(truth: Truth) -> None:
    displaced = replace(truth, zone=replace(truth.zone, places=frozenset(("upper",))))
    assert reasons("The image is well centered on the fovea.", displaced)
    assert reasons(RING + "measures 0.28 mm² and lies above the image center.", displaced) == []
    assert reasons(RING + "measures 0.28 mm² and lies below the image center.", displaced)
    assert reasons(RING + "measures 0.40 mm² and lies above the image center.", displaced)


def test_a_loss_that_is_not_focal_exceeds_a_focal_one(truth: Truth) -> None:
    exceeds = "Capillary dropout exceeds a focal loss, so the grade is 2."
    within = "The dropout does not exceed a focal loss, so the grade is 2."
    small = replace(truth, lesions={**truth.lesions, "dropout": truth.lesions["dropout"][1:]})
    found = [bool(reasons(sentence, one)) for one in (truth, small) for sentence in (exceeds, within)]
    assert found == [False, True, True, False]


@pytest.mark.parametrize(
    "sentence",
    [
        "The two quadrants have lost about the same, {}% and {}%.",
        "Both are affected to a similar extent, about {}% and {}%.",
        "The shares that are affected hardly differ: {}% and {}%.",
        "Loss takes up about {}% of one and {}% of the other, so neither stands out.",
        "There is no clear difference between the two, with about {}% and {}% affected.",
    ],
)
def test_shares_of_quadrants_that_are_alike_are_compared(sentence: str, truth: Truth) -> None:
    alike = replace(truth, lost_share={"superior": 0.22, "nasal": 0.25, "inferior": 0.4, "temporal": 0.0})
    for true in ((22, 25), (25, 22)):
        assert reasons(sentence.format(*true), alike, COMPARE) == []
    for false in ((22, 37), (40, 25), (22, 22)):
        assert reasons(sentence.format(*false), alike, COMPARE)


def test_a_zone_that_is_open_is_incompletely_delimited(truth: Truth) -> None:
    asked = "Is the foveal avascular zone incompletely delimited or not discernible?"
    is_open = replace(truth, zone=replace(truth.zone, is_open=True))
    assert [bool(reasons(said, one, asked)) for one in (truth, is_open) for said in ("Yes.", "No.")] == [
        True,
        False,
        False,
        True,
    ]


def test_near_the_border_between_centered_and_displaced_both_are_right(truth: Truth) -> None:
    between = replace(truth, zone=replace(truth.zone, places=frozenset(("centered", "right"))))
    for sentence in ("The image is well centered on the fovea.", "The image is not quite centered on the fovea."):
        assert reasons(sentence, between) == []
    assert reasons("The image is not quite centered on the fovea.", truth)


def test_dropout_of_just_the_limit_is_focal_as_well_as_wide(truth: Truth) -> None:
    focal = "Because focal capillary dropout is joined by microaneurysms, the grade is 2."
    for area_mm2, is_so in ((0.10, True), (0.15 + 1e-6, True), (0.152, False)):
        first = replace(truth.lesions["dropout"][0], area_mm2=area_mm2)
        found = replace(truth, lesions=truth.lesions | {"dropout": (first,)})
        kinds = [claim for reading in read_dialogue([(DESCRIBE, focal)], "od") for claim in reading.claims]
        wide = [claim for claim in kinds if claim.aspect == "wide_dropout"]
        assert wide
        assert all(not contradiction(claim, found) for claim in wide) is is_so


@pytest.mark.parametrize(
    "sentence",
    [
        "The {} quadrant has lost most, about {}%, followed by the {} one with {}%.",
        "Of the quadrants, the {} one is affected most, over about {}%, and the {} one comes next with {}%.",
        "Capillary loss is most extensive in the {} quadrant, at about {}%, followed by the {} one, at {}%.",
        "About {1}% of the {0} quadrant is affected, more than of any other; next is the {2} one with {3}%.",
        "With about {1}% affected, the {0} quadrant is the worst, ahead of the {2} one with {3}%.",
        "The largest loss, about {1}%, is found in the {0} quadrant, and the next, {3}%, in the {2} one.",
        "The loss is {1}% in the {0} quadrant, more than in any other, and {3}% in the {2} one, which comes next.",
    ],
)
def test_the_quadrant_that_has_lost_most_and_the_next_are_compared(sentence: str, truth: Truth) -> None:
    lost = replace(truth, lost_share={"superior": 0.22, "nasal": 0.12, "inferior": 0.4, "temporal": 0.0})
    asked = "Which quadrant has lost the most capillaries, the superior, the nasal, the inferior or the temporal?"
    assert reasons(sentence.format("inferior", 40, "superior", 22), lost, asked) == []
    for false in (("inferior", 31, "superior", 22), ("inferior", 40, "superior", 30), ("superior", 22, "nasal", 12)):
        assert reasons(sentence.format(*false), lost, asked)


def test_where_the_fovea_lies_says_nothing_of_microaneurysms(truth: Truth) -> None:
    asked = "Give a structured report with headings for fovea, perfusion, microaneurysms, vessels and impression."
    right, wrong = (f"The fovea lies {place} the image." for place in ("in the center of", "to the lower left of"))
    assert reasons(right, truth, asked) == []
    assert len(reasons(wrong, truth, asked)) == 1


def test_two_quadrants_that_have_lost_most_are_named_right(truth: Truth) -> None:
    lost = replace(truth, lost_share={"superior": 0.04, "nasal": 0.03, "inferior": 0.08, "temporal": 0.027})
    asked = "Does the nasal, the inferior, the superior, or the temporal quadrant stand out for its capillary loss?"
    sentence = "The loss is largest in the {} and in the superior quadrant, without a clear difference."
    assert reasons(sentence.format("inferior"), lost, asked) == []
    assert reasons(sentence.format("temporal"), lost, asked)


@pytest.mark.parametrize(
    ("flaw", "trait"),
    [("graininess", "noisy"), ("limited sharpness", "blurred"), ("poor focus", "blurred"), ("a weak signal", "dark")],
)
def test_a_flaw_that_the_picture_does_not_have_is_refuted(flaw: str, trait: str, truth: Truth) -> None:
    poor = replace(truth, quality="poor", traits=frozenset((trait,)))
    sentence = f"Image quality is poor, with {flaw}."
    assert reasons(sentence, poor) == []
    assert reasons(sentence, replace(poor, traits=frozenset(("motion",))))


def test_a_zone_that_is_neither_large_nor_small_is_of_usual_size(truth: Truth) -> None:
    found = [
        bool(reasons("The avascular zone is neither enlarged nor unusually small.", replace(truth, zone=zone)))
        for zone in (replace(truth.zone, size=size) for size in ("small", "usual", "large"))
    ]
    assert found == [True, False, True]


def test_a_size_after_an_aside_on_the_place_is_that_of_the_dot(truth: Truth) -> None:
    seen = replace(truth, lesions={**truth.lesions, "microaneurysm": truth.lesions["microaneurysm"][-1:]})
    for said in ("It measures about {} µm.", "Its diameter is about {} µm."):
        sentence = "I see one microaneurysm, which lies in the nasal quadrant. " + said
        assert reasons(sentence.format(63), seen) == []
        assert reasons(sentence.format(40), seen)
