import itertools
import re

import numpy as np
import pytest

from octa_svr_dataset.config import TextConfig
from octa_svr_dataset.findings import (
    NO_DIFFUSE_LOSS,
    DiffuseLossFinding,
    DropoutFinding,
    FazFinding,
    Findings,
    MeasuredFinding,
    MicroaneurysmFinding,
    NewVesselsFinding,
)
from octa_svr_dataset.geometry import DIRECTIONS
from octa_svr_dataset.text.answers import parse_answer
from octa_svr_dataset.text.report import NUM_WORDINGS, NUMERALS, QUESTION, write_dialogue

MEASURED = MeasuredFinding(
    faz_area_mm2=0.25, faz_circularity=0.8, area_density=0.4, mean_gray=80.0, contrast=0.4, noise_gray=9.0,
    stripe_excess=0.1, sharpness_per_mm=12.0,
)  # fmt: skip

CANNOT_BE_SEEN = re.compile(
    r"hemorrhage|exudate|leak|edema|acuity|treatment|injection|laser|cotton|fluid", re.IGNORECASE
)


def faz(**changes) -> FazFinding:
    settings = {
        "is_visible": True,
        "is_delimited": True,
        "area_mm2": 0.25,
        "center_px": (150.0, 150.0),
        "displacement": "centered",
        "borders_dropout": False,
    }
    return FazFinding(**{**settings, **changes})


def dropout(number: int, *, area_mm2: float = 0.5, direction: str = "upper", is_visible: bool = True) -> DropoutFinding:
    return DropoutFinding(
        instance_id=number, is_visible=is_visible, direction=direction, quadrant="superior", ring="parafovea",
        area_mm2=area_mm2, box_px=(0, 0, 9, 9), flow_ratio=0.1,
    )  # fmt: skip


def dot(number: int, *, direction: str = "left", is_visible: bool = True) -> MicroaneurysmFinding:
    return MicroaneurysmFinding(
        instance_id=number, is_visible=is_visible, direction=direction, quadrant="nasal", ring="parafovea",
        center_px=(9.0, 9.0), diameter_um=40.0, contrast=40.0,
    )  # fmt: skip


def vessels(number: int, *, direction: str = "lower", is_visible: bool = True) -> NewVesselsFinding:
    return NewVesselsFinding(
        instance_id=number, is_visible=is_visible, direction=direction, quadrant="inferior", ring="parafovea",
        area_mm2=0.1, box_px=(0, 0, 9, 9), contrast=30.0,
    )  # fmt: skip


def diffuse(degree: str, *, is_visible: bool = True) -> DiffuseLossFinding:
    return DiffuseLossFinding(is_visible=is_visible, share=0.1, degree=degree, flow_ratio=0.5)


def findings_of(**changes) -> Findings:
    """Findings of a healthy eye, but for the changes."""
    healthy = {
        "faz": faz(), "dropouts": (), "diffuse_loss": NO_DIFFUSE_LOSS, "microaneurysms": (), "irma": (),
        "neovascularization": (), "measured": MEASURED,
    }  # fmt: skip
    return Findings(**{**healthy, **changes})


def texts_of(findings: Findings, num: int = 40, form: str = "stages") -> list[str]:
    return [
        write_dialogue(findings, TextConfig(form=form), np.random.default_rng(seed)).messages[1].content
        for seed in range(num)
    ]


def all_findings():
    """Every combination of what changes a sentence."""
    zones = [faz(is_visible=False), faz(is_delimited=False, borders_dropout=True)] + [
        faz(displacement=d, borders_dropout=b) for d in ("centered", *DIRECTIONS) for b in (False, True)
    ]
    areas = [tuple(dropout(n, area_mm2=1.3 / (n + 1), direction=DIRECTIONS[n]) for n in range(k)) for k in (0, 1, 2, 5)]
    dots = [tuple(dot(n) for n in range(k)) for k in (0, 1, 2, 3, 40)]
    for zone, dropouts, microaneurysms in itertools.product(zones, areas, dots):
        yield findings_of(faz=zone, dropouts=dropouts, microaneurysms=microaneurysms)
    losses = [NO_DIFFUSE_LOSS, *(diffuse(degree) for degree in ("mild", "moderate", "marked"))]
    new = [tuple(vessels(n, direction=DIRECTIONS[n]) for n in range(k)) for k in (0, 1, 3)]
    for loss, irma, tufts in itertools.product(losses, new, new):
        yield findings_of(diffuse_loss=loss, irma=irma, neovascularization=tufts)


@pytest.fixture(scope="module")
def all_texts() -> list[tuple[Findings, str]]:
    return [(findings, text) for findings in all_findings() for text in texts_of(findings, num=6)]


def test_every_text_concludes_with_the_class_of_its_findings(all_texts):
    for findings, text in all_texts:
        assert parse_answer("describe", text).label is findings.label


def test_every_text_has_its_stages_in_order(all_texts):
    for _, text in all_texts:
        heads = [line.split(":")[0] for line in text.split("\n")]
        assert heads == ["Fovea", "Perfusion", "Microaneurysms", "Vessels", "Conclusion"]


def test_every_text_is_clean_prose(all_texts):
    for _, text in all_texts:
        for line in text.split("\n"):
            assert line.endswith(".")
            assert not re.search(r"  |\.\.| \.| ,|[{}%]|None|undefined", line)


def test_no_text_claims_what_octa_cannot_show(all_texts):
    for _, text in all_texts:
        assert not CANNOT_BE_SEEN.search(text)


def test_the_text_counts_what_is_visible(all_texts):
    for findings, text in all_texts:
        perfusion, dots = text.split("\n")[1:3]
        count = len(findings.visible_dropouts)
        assert perfusion.count("mm²") == count
        if count:
            assert re.search(rf"\b(an?|{NUMERALS[count]})\b", perfusion, re.IGNORECASE)
            assert bool(re.search(rf"\b{NUMERALS[count]} areas\b", perfusion, re.IGNORECASE)) is (count > 1)
        count = len(findings.visible_microaneurysms)
        if count:
            numeral = NUMERALS[count] if count < len(NUMERALS) else str(count)
            assert re.search(rf"\b{numeral}\b", dots, re.IGNORECASE)
        else:
            assert re.search(r"\bno\b", dots, re.IGNORECASE)


def test_each_area_is_told_with_its_size_and_side():
    findings = findings_of(
        faz=faz(),
        dropouts=(dropout(1, area_mm2=0.2, direction="lower left"), dropout(2, area_mm2=1.5, direction="upper")),
        microaneurysms=(),
    )
    for text in texts_of(findings):
        assert (
            "a large one of 1.50 mm² above the fovea and a small one of 0.20 mm² to the lower left of the fovea."
            in text
        )


def test_no_area_is_claimed_of_an_avascular_zone_with_an_open_border():
    for text in texts_of(findings_of(faz=faz(borders_dropout=True), dropouts=(dropout(1),), microaneurysms=())):
        assert "mm²" not in text.split("\n")[0]


def test_no_place_is_claimed_of_an_avascular_zone_without_a_border():
    lost = findings_of(faz=faz(is_delimited=False, borders_dropout=True), dropouts=(dropout(1),), microaneurysms=())
    for text in texts_of(lost):
        assert "center of the picture" not in text
        assert "border" in text.split("\n")[0]


def test_what_is_not_visible_is_not_spoken_of():
    hidden = findings_of(
        faz=faz(is_visible=False), dropouts=(dropout(1, is_visible=False),), microaneurysms=(dot(1, is_visible=False),)
    )
    nothing = findings_of(faz=faz(is_visible=False), dropouts=(), microaneurysms=())
    assert texts_of(hidden) == texts_of(nothing)
    assert not any("mm²" in text for text in texts_of(hidden))


def test_where_most_dots_lie_is_said_only_when_most_lie_there():
    def text(*directions):
        dots = tuple(dot(n, direction=d) for n, d in enumerate(directions))
        return texts_of(findings_of(microaneurysms=dots))[0]

    assert "Most of them lie below the fovea." in text("lower", "lower", "left")
    assert "Most" not in text("lower", "lower", "left", "left")
    assert "Most" not in text("lower", "lower")


def test_all_wordings_occur_and_none_depends_on_the_findings():
    plain, sick = (findings_of(dropouts=d) for d in ((), (dropout(1),)))
    fovea_lines = [[text.split("\n")[0] for text in texts_of(findings)] for findings in (plain, sick)]
    assert fovea_lines[0] == fovea_lines[1]
    assert len(set(fovea_lines[0])) == NUM_WORDINGS


def test_the_short_form_is_the_conclusion_alone():
    findings = findings_of(dropouts=())
    assert set(texts_of(findings, form="answer_only")) == {"Conclusion: healthy retina."}


def test_the_dialogue_asks_and_the_task_holds_the_answer():
    dialogue = write_dialogue(findings_of(dropouts=(dropout(1),)), TextConfig(), np.random.default_rng(0))
    assert [message.role for message in dialogue.messages] == ["user", "assistant"]
    assert dialogue.messages[0].content == QUESTION
    (task,) = dialogue.tasks
    assert (task.task, task.answer) == ("describe", '{"label": "npdr"}')
