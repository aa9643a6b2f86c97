"""What laboratories call the classes, and what a label map may say."""

import unicodedata
from pathlib import Path

import pytest

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.classes import CLASS_FOLDERS, OTHER_CLASSES, normalized_class, read_label_map
from octa_svr_dataset.evaluation.folders.images import LeftOut, Truth, class_name

USUAL = read_label_map(None)

WRITTEN = {
    "healthy": (
        "healthy", "Healthy control", "NORMAL", "normal eyes", "Control", "No DR", "no_DR", "NoDR", "0_NoDR", "R0",
        "No diabetic retinopathy", "no apparent retinopathy", "ICDR 0", "Non-diabetic", "DR-", "DR (-)", "0 - No DR",
        "0. Normal", "no_ DR", "no _dr",
    ),
    "npdr": (
        "NPDR", "mild NPDR", "Severe nonproliferative", "non-proliferative", "Non-proliferative diabetic retinopathy",
        "Nonproliferative DR (NPDR)", "Moderate non-proliferative diabetic retinopathy", "NPDR mild", "Mild", "R1",
        "R2", "Background retinopathy", "pre-proliferative", "ICDR-3", "icdr grade 2", "severe DR", "2_Moderate",
        "NPDR patients", "Non Proliferative Diabetic Retinopathy", "severe _NPDR",
    ),
    "pdr": (
        "PDR", "Proliferative", "Proliferate_DR", "proliferative diabetic retinopathy", "Proliferative DR (PDR)", "R3",
        "R3A", "high-risk PDR", "ICDR4", "4 PDR",
    ),
    "diabetic": ("DR", "diabetic retinopathy", "diabetic", "With DR", "DR+", "DR (+)"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [(name, truth) for truth, names in WRITTEN.items() for name in names])
def test_usual_names_are_understood(name: str, expected: str) -> None:
    truth = USUAL.read(name)
    assert isinstance(truth, Truth)
    assert class_name(truth) == expected


@pytest.mark.parametrize(
    "name", ["AMD", "CNV", "CSC", "RVO", "OTHERS", "Age-related macular degeneration", "ungradable"]
)
def test_what_is_not_asked_about_is_left_out(name: str) -> None:
    assert isinstance(USUAL.read(name), LeftOut)


@pytest.mark.parametrize(
    "name",
    ["not PDR", "no PDR", "non-PDR", "PDR?", "NPDR or PDR", "diabetes", "DM", "npdr/pdr", "NPDR-", "none", "-", "+"],
)
def test_names_that_could_mean_several_classes_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"names no class; allowed: .*--label_map"):
        USUAL.require_known([name], field="labels", what="the class")


@pytest.mark.parametrize("name", ["0", "2", "2.0", "grade 3", "DR2", "stage_1", "04"])
def test_bare_grades_ask_for_a_label_map(name: str) -> None:
    with pytest.raises(InputError, match=r"labels: the class '.*' is a number, .*0 to 2, or 0 to 4 .*--label_map"):
        USUAL.require_known([name, "healthy"], field="labels", what="the class")


def test_no_name_stands_for_two_things() -> None:
    assert not OTHER_CLASSES & CLASS_FOLDERS.keys()
    assert all(normalized_class(name) == name for name in (*CLASS_FOLDERS, *OTHER_CLASSES))


def test_a_label_map_goes_before_the_synonyms(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("0: healthy\n1: npdr\n'DR': pdr\nUntreated DR: diabetic\nR1: skip\n")
    reader = read_label_map(path)
    read = {name: reader.read(name) for name in ("0", "1.0", "dr", "untreated_dr", "Normal")}
    assert [class_name(truth) for truth in read.values()] == ["healthy", "npdr", "pdr", "diabetic", "healthy"]
    assert reader.read("R1") == LeftOut(name="R1", reason="the label map skips this class")


def test_a_label_map_knows_the_letters_of_all_scripts(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("正常: healthy\n糖尿病: diabetic\nKontrolläuge: healthy\nKontrollhäuge: skip\n", encoding="utf-8")
    reader = read_label_map(path)
    assert [class_name(reader.read(name)) for name in ("正常", " 糖尿病 ")] == ["healthy", "diabetic"]
    apart = unicodedata.normalize("NFD", "KONTROLLÄUGE")
    assert class_name(reader.read(apart)) == "healthy"
    assert not reader.knows("Kontroll_uge")
    assert not USUAL.knows("正常")


@pytest.mark.parametrize(("first", "second"), [("दिन", "दीन"), ("กิน", "กัน"), ("בּ", "בֿ")])
def test_words_that_differ_in_a_vowel_sign_are_two(first: str, second: str, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(f"{first}: healthy\n{second}: npdr\n", encoding="utf-8")
    reader = read_label_map(path)
    assert [class_name(reader.read(name)) for name in (f" {first}", f"{second}_")] == ["healthy", "npdr"]


def test_marks_that_only_say_how_to_draw_are_no_part_of_a_name() -> None:
    assert [class_name(USUAL.read(name)) for name in ("\u2714\ufe0f healthy", "2\ufe0f\u20e3 NPDR")] == [
        "healthy",
        "npdr",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no map; allowed: a line a class, such as '2: npdr'"),
        ("- healthy\n", "is no map"),
        ("0: well\n", "0 stands for 'well'; allowed: healthy, npdr, pdr, diabetic, skip"),
        ("0: [healthy]\n", r"0 stands for \['healthy'\]; allowed"),
        ("No: healthy\n", "False is what YAML makes of a bare word; allowed: the word in quotes"),
        ("NPDR: npdr\nnon-proliferative: pdr\n", "'non-proliferative' is given twice, in two meanings"),
        ("a: {\n", "cannot read"),
    ],
)
def test_a_label_map_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"^label_map: .*{message}"):
        read_label_map(path)
