"""Every layout of a folder is read as it was meant."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from evaluation.hospital import LAYOUTS, build_hospital, build_octa500, save, save_csv, save_xlsx, scan

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import CLASS_FOLDERS, ImageFolder, open_image_folder
from octa_svr_dataset.evaluation.folders.images import class_name
from octa_svr_dataset.evaluation.folders.rows import match_rows
from octa_svr_dataset.evaluation.folders.tables import TableFile
from octa_svr_dataset.grading import Label


@pytest.fixture
def labeled(tmp_path: Path) -> Path:
    for number, name in enumerate(("Normal", "NPDR", "non-proliferative", "DR")):
        save(tmp_path / name / "eye.png", scan(number))
    return tmp_path


def truths(folder: ImageFolder) -> dict[str, str | None]:
    return {image.path.as_posix(): image.truth and class_name(image.truth) for image in folder.images}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_classes_and_patients_it_was_written_with(layout: str, tmp_path: Path) -> None:
    hospital = build_hospital(tmp_path, layout)
    folder = open_image_folder(hospital.root, **hospital.options)
    assert folder.layout == layout.partition(".")[0]
    assert truths(folder) == hospital.truths
    assert {image.path.as_posix(): image.patient for image in folder.images if image.patient} == hospital.patients
    assert sorted(entry.name for entry in folder.left_out) == sorted(hospital.left_out)
    assert [image.path for image in folder.images] == sorted(image.path for image in folder.images)
    assert all(np.asarray(folder.read(image)).std() > 10 for image in folder.images)


def test_a_subfolder_gives_its_pictures_their_class(labeled: Path) -> None:
    assert truths(open_image_folder(labeled)) == {
        "DR/eye.png": "diabetic",
        "NPDR/eye.png": "npdr",
        "Normal/eye.png": "healthy",
        "non-proliferative/eye.png": "npdr",
    }


def test_every_class_has_a_subfolder_of_its_own_name() -> None:
    assert {CLASS_FOLDERS[label].label for label in Label} == set(Label)


def test_pictures_in_the_folder_itself_have_no_label(tmp_path: Path) -> None:
    save(tmp_path / "eye.png", scan(0))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "labels.csv").write_text("id,label\neye,healthy\n")
    folder = open_image_folder(tmp_path)
    assert [(image.path.name, image.truth) for image in folder.images] == [("eye.png", None)]
    assert [entry.name for entry in folder.left_out] == ["labels.csv"]


def test_pictures_in_a_subfolder_images_have_no_label(tmp_path: Path) -> None:
    save(tmp_path / "images" / "eye.png", scan(0))
    assert truths(open_image_folder(tmp_path)) == {"images/eye.png": None}


def test_classes_may_lie_below_splits_and_above_patients(tmp_path: Path) -> None:
    for number, path in enumerate(("train/healthy/P1/od.png", "test/pdr/P2/od.png", "test/npdr/a.png")):
        save(tmp_path / path, scan(number))
    assert truths(open_image_folder(tmp_path)) == {
        "train/healthy/P1/od.png": "healthy",
        "test/pdr/P2/od.png": "pdr",
        "test/npdr/a.png": "npdr",
    }


@pytest.mark.parametrize("wrapper", ["data", "release 1/octa/images of eyes"])
def test_classes_may_lie_in_a_folder_that_stands_alone(wrapper: str, tmp_path: Path) -> None:
    """Archives unpack so; masks and patients lie beside the classes, the note on what the pictures are anywhere."""
    inner = tmp_path / wrapper
    for number, path in enumerate(("healthy/a.png", "npdr/b.png", "masks/faz/npdr/b.png")):
        save(inner / path, scan(number))
    save_csv(inner / "patients.csv", [("path", "patient"), ("healthy/a.png", "P1"), ("npdr/b.png", "P2")])
    (tmp_path / "SYNTHETIC.txt").write_text("made up")
    folder = open_image_folder(tmp_path)
    assert truths(folder) == {"healthy/a.png": "healthy", "npdr/b.png": "npdr"}
    assert (folder.root, folder.is_synthetic) == (inner, True)
    assert [image.patient for image in folder.images] == ["P1", "P2"]
    assert [[*image.masks] for image in folder.images] == [[], ["faz"]]


def test_a_lone_class_or_split_is_no_folder_to_step_into(tmp_path: Path) -> None:
    for path in ("one/healthy/npdr/a.png", "two/test/npdr/a.png"):
        save(tmp_path / path, scan(0))
    assert truths(open_image_folder(tmp_path / "one")) == {"healthy/npdr/a.png": "healthy"}
    assert truths(open_image_folder(tmp_path / "two")) == {"test/npdr/a.png": "npdr"}


def test_numbers_of_a_spreadsheet_may_have_a_decimal(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"{number:03d}.png", scan(number))
    save_csv(tmp_path / "labels.csv", [("id", "label"), ("0.0", "healthy"), ("1.0", "npdr"), ("2", "pdr")])
    found = truths(open_image_folder(tmp_path, labels=tmp_path / "labels.csv"))
    assert found == {"000.png": "healthy", "001.png": "npdr", "002.png": "pdr"}


def test_paths_of_a_table_may_start_anywhere_that_leads_into_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, table = tmp_path / "eyes", tmp_path / "labels.csv"
    for number, name in enumerate("abcde"):
        save(root / "scans" / f"{name}.png", scan(number))
    paths = ("scans/a.png", root / "scans/b.png", "eyes/scans/c.png", "./scans/d.png", "/elsewhere/scans/e.png")
    save_csv(table, [("path", "label"), *((path, "pdr") for path in paths)])
    monkeypatch.chdir(tmp_path)
    for folder in (root, Path("eyes")):
        read = open_image_folder(folder, labels=table)
        assert [image.path.stem for image in read.images] == ["a", "b", "c", "d"]
        assert {entry.name for entry in read.left_out} == {"scans/e.png", "/elsewhere/scans/e.png"}


def test_a_path_that_no_system_can_hold_is_left_out(tmp_path: Path) -> None:
    save(tmp_path / "eyes/a.png", scan(0))
    rows = [{"path": path, "label": "pdr"} for path in ("a.png", "sc\0ans/a.png")]
    (tmp_path / "labels.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    folder = open_image_folder(tmp_path / "eyes", labels=tmp_path / "labels.jsonl")
    assert truths(folder) == {"a.png": "pdr"}
    assert [entry.name for entry in folder.left_out] == ["sc\0ans/a.png"]


def test_where_a_path_leads_is_looked_up_only_if_it_is_not_one_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [Path(f"scans/{number}.png") for number in range(50)]
    table = TableFile(path=Path("t.csv"), columns=("path",), rows=tuple({"path": path.as_posix()} for path in paths))
    resolve, asked = Path.resolve, []
    monkeypatch.setattr(Path, "resolve", lambda path, strict=False: asked.append(path) or resolve(path, strict))
    matched, _ = match_rows(table, "path", paths, tmp_path, field="labels")
    assert len(matched) == 50
    assert len(asked) <= 1


def test_umlauts_are_the_same_however_they_are_composed(tmp_path: Path) -> None:
    """Some systems store names of files in parts, and tables hold them whole."""
    apart, whole = (unicodedata.normalize(form, "Müller/größe.png") for form in ("NFD", "NFC"))
    assert apart != whole
    save(tmp_path / "eyes" / apart, scan(0))
    save(tmp_path / "eyes" / Path(apart).parent / "e\u0301.png", scan(1))
    for names in ((whole, "\u00e9.png"), (Path(whole).name, "\u00e9")):
        save_csv(tmp_path / "labels.csv", [("id", "label"), *zip(names, ("pdr", "healthy"), strict=True)])
        folder = open_image_folder(tmp_path / "eyes", labels=tmp_path / "labels.csv")
        assert sorted(truths(folder).values()) == ["healthy", "pdr"]
        assert not folder.left_out


def test_a_report_says_how_the_folder_was_read(tmp_path: Path) -> None:
    hospital = build_hospital(tmp_path, "table.csv", num_per_class=1)
    options = open_image_folder(hospital.root, **hospital.options).as_record()["options"]
    assert options == {
        "labels": str(hospital.options["labels"]),
        "id_column": "Scan no.",
        "label_column": "ICDR",
        "label_map": {"0": "healthy", "1": "npdr", "2": "npdr", "3": "npdr", "4": "pdr"},
    }
    build_octa500(tmp_path / "release", 1)
    assert open_image_folder(tmp_path / "release", layer="deep").as_record()["options"] == {"layer": "deep"}


def test_no_name_is_no_folder() -> None:
    with pytest.raises(InputError, match="real_dir: there is no folder ''"):
        open_image_folder("")


def test_a_folder_says_itself_that_its_pictures_are_synthetic(labeled: Path) -> None:
    assert not open_image_folder(labeled).is_synthetic
    (labeled / "SYNTHETIC.txt").write_text("made here")
    assert open_image_folder(labeled).is_synthetic


def test_a_link_to_a_picture_is_a_picture(labeled: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "eye.png"
    save(elsewhere, scan(77))
    (labeled / "NPDR" / "linked.png").symlink_to(elsewhere)
    assert Path("NPDR/linked.png") in {image.path for image in open_image_folder(labeled).images}


def test_metadata_without_labels_leaves_the_class_to_the_subfolder(labeled: Path) -> None:
    lines = [(path, "P1", age) for path, age in (("NPDR/eye.png", 61), ("Normal/eye.png", ""), ("DR/eye.png", "n/a"))]
    save_csv(labeled / "metadata.csv", [("file_name", "Patient ID", "Age"), *lines])
    folder = open_image_folder(labeled)
    assert truths(folder) == {"DR/eye.png": "diabetic", "NPDR/eye.png": "npdr", "Normal/eye.png": "healthy"}
    assert {image.path.parts[0]: image.age for image in folder.images} == {"DR": None, "NPDR": 61.0, "Normal": None}
    assert [entry.name for entry in folder.left_out] == ["non-proliferative/eye.png"]


def test_each_split_may_have_its_own_metadata(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "test")):
        save(tmp_path / split / "eye.png", scan(number))
        save_csv(tmp_path / split / "metadata.csv", [("file_name", "label"), ("eye.png", ("PDR", "control")[number])])
    save(tmp_path / "spare" / "eye.png", scan(2))
    folder = open_image_folder(tmp_path)
    assert truths(folder) == {"train/eye.png": "pdr", "test/eye.png": "healthy"}
    assert [entry.name for entry in folder.left_out] == ["spare/eye.png"]


def test_a_table_says_what_is_known_of_each_eye(tmp_path: Path) -> None:
    save(tmp_path / "scans" / "7.png", scan(0))
    header = ("id", "Diagnosis", "Subject", "OS/OD", "Age", "Gender", "FOV")
    save_csv(tmp_path / "list.tsv", [header, ("007", "PDR", "S1", "left", "64 y", "m", "6x6 mm")], delimiter="\t")
    (image,) = open_image_folder(tmp_path, labels=tmp_path / "list.tsv").images
    assert (image.patient, image.eye, image.age, image.sex) == ("S1", "os", 64.0, "male")
    assert image.field_of_view_mm == 6.0
    assert image.track == "6 mm"


def test_rows_and_pictures_that_fit_nothing_are_left_out_by_name(tmp_path: Path) -> None:
    for number, name in enumerate("abcd"):
        save(tmp_path / f"{name}.png", scan(number))
    lines = [("file", "label"), ("a.png", "healthy"), ("b", ""), ("sub/c.png", "pdr"), ("d.png", "RVO"), ("", "pdr")]
    save_csv(tmp_path / "labels.csv", lines)
    folder = open_image_folder(tmp_path, labels=tmp_path / "labels.csv")
    assert truths(folder) == {"a.png": "healthy"}
    assert {entry.name: entry.reason for entry in folder.left_out} == {
        "RVO": "this class is not asked about; 1 picture",
        "b.png": "it has no label",
        "sub/c.png": "labels.csv names it, but there is no such picture",
        "row 5 of labels.csv": "no file",
        "c.png": "labels.csv does not name it",
    }


def test_pictures_whose_names_no_report_can_hold_are_left_out(tmp_path: Path) -> None:
    for number, name in enumerate(
        ("npdr/good.png", "npdr/bad\udcff.png", "npdr/\udcff/worse.png", "alone/worse\udcff.png")
    ):
        try:
            save(tmp_path / "eyes" / name if name.startswith("npdr") else tmp_path / name, scan(number))
        except (OSError, UnicodeError):
            pytest.skip("this file system holds names in UTF-8 alone")
    folder = open_image_folder(tmp_path / "eyes")
    assert truths(folder) == {"npdr/good.png": "npdr"}
    reason = "its name is not in UTF-8"
    assert {entry.name: entry.reason for entry in folder.left_out} == {
        "npdr/bad\ufffd.png": reason,
        "npdr/\ufffd/worse.png": reason,
    }
    with pytest.raises(InputError, match=r"real_dir: .*worse\ufffd.png': its name is not in UTF-8; allowed"):
        open_image_folder(tmp_path / "alone")
    with pytest.raises(InputError, match=r"real_dir: the name of .* is not in UTF-8; allowed"):
        open_image_folder(tmp_path / "eyes" / "npdr" / "\udcff")


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_what_looks_like_the_end_of_a_line_in_a_cell_is_none(end: str, tmp_path: Path) -> None:
    save(tmp_path / "a.png", scan(0))
    save_csv(tmp_path / "labels.csv", [("file", "label", "patient"), ("a.png", "npdr", f"P{end}1")])
    (image,) = open_image_folder(tmp_path, labels=tmp_path / "labels.csv").images
    assert image.patient == f"P{end}1"


def test_a_name_with_dots_is_that_of_one_picture(tmp_path: Path) -> None:
    for number, name in enumerate(("P1.png", "P1.2.png")):
        save(tmp_path / name, scan(number))
    save_csv(tmp_path / "labels.csv", [("id", "label"), ("P1.2", "pdr"), ("P1", "healthy")])
    folder = open_image_folder(tmp_path, labels=tmp_path / "labels.csv")
    assert truths(folder) == {"P1.png": "healthy", "P1.2.png": "pdr"}


@pytest.mark.parametrize(
    ("layer", "projection"), [("superficial", "OCTA(ILM_OPL)"), ("full", "OCTA(FULL)"), ("deep", "OCTA(OPL_BM)")]
)
def test_octa500_gives_the_layer_that_is_asked_for(layer: str, projection: str, tmp_path: Path) -> None:
    build_octa500(tmp_path, 1)
    folder = open_image_folder(tmp_path, layer=layer)
    assert {image.path.parent.name for image in folder.images} == {projection}
    assert {image.track for image in folder.images} == {"3 mm", "6 mm"}
    for image in folder.images:
        assert image.field_of_view_mm == (6.0 if int(image.path.stem) <= 10300 else 3.0)
        assert image.masks == {"faz": Path(f"Label/GT_FAZ/{image.path.stem}.bmp")}
        assert image.age == 30 + int(image.path.stem) % 40


@pytest.mark.parametrize(("old", "new"), [("OCTA_3M", "OCTA_3mm"), ("OCTA_3M", "mine")])
def test_one_width_of_octa500_is_a_folder_by_itself(old: str, new: str, tmp_path: Path) -> None:
    build_octa500(tmp_path, 1)
    part = tmp_path / new
    (tmp_path / old).rename(part)
    folder = open_image_folder(part)
    assert {image.track for image in folder.images} == {"3 mm"}
    assert sorted(truths(folder).values()) == ["diabetic", "diabetic", "healthy"]


def test_octa500_is_known_under_the_names_that_its_copies_give_it(tmp_path: Path) -> None:
    """Unpacked part by part, without spaces in names, sheets that do not agree on columns."""
    whole, parts = tmp_path / "whole", tmp_path / "OCTA-500" / "release"
    build_octa500(whole, 2)
    for width, part, maps in (
        ("3M", "OCTA_3mm_part3/OCTA_3mm", "ProjectionMaps"),
        ("6M", "OCTA_6M", "Projection_Maps"),
    ):
        (parts / part).parent.mkdir(parents=True, exist_ok=True)
        (whole / f"OCTA_{width}").rename(parts / part)
        (parts / part / "Projection Maps").rename(parts / part / maps)
        (parts / part / maps / "OCTA(ILM_OPL)").rename(parts / part / maps / "octa (ilm-opl)")
    (whole / "Label/GT_FAZ").rename(parts / "OCTA_6M" / "FAZ")
    save_xlsx(
        parts / "OCTA_3mm_part3/OCTA_3mm/Text labels.xlsx",
        [("id", "DISEASE "), (10301, "NORMAL"), (10302, "DR"), (10303, "DR"), (10304, "CSC")],
    )
    folder = open_image_folder(tmp_path / "OCTA-500")
    assert folder.layout == "octa500"
    ages = {image.path.stem: (class_name(image.truth), image.track, image.age) for image in folder.images}
    assert ages["10301"] == ("healthy", "3 mm", None)
    assert ages["10302"] == ages["10303"] == ("diabetic", "3 mm", None)
    assert ages["10001"] == ("healthy", "6 mm", 31)
    assert all(image.masks.keys() == {"faz"} for image in folder.images)
    reasons = {entry.name: entry.reason for entry in folder.left_out}
    assert reasons["CSC"] == "this class is not asked about; 1 picture"
    assert "10305" in " ".join(reasons)


@pytest.mark.parametrize(
    "header",
    [
        ("id", "sex", "OS_OD", "age", "disease"),
        ("Id", "SEX", "OSOD", "Age ", "DISEASE"),
        ("ID", "Sex", "os/od", "AGE", "Disease"),
    ],
)
@pytest.mark.parametrize("width", ["3M", "6M"])
def test_sheets_of_octa500_may_spell_their_columns_each_its_own_way(
    header: tuple[str, ...], width: str, tmp_path: Path
) -> None:
    build_octa500(tmp_path, 1)
    sheet = tmp_path / f"OCTA_{width}" / "Text labels.xlsx"
    _, *lines = openpyxl.load_workbook(sheet).active.values
    save_xlsx(sheet, [(*header, "备注", "眼轴"), *((*line, "x", "24") for line in lines)])
    images = open_image_folder(tmp_path).images
    assert {image.track for image in images} == {"3 mm", "6 mm"}
    for image in images:
        assert (image.age, image.eye) == (30 + int(image.path.stem) % 40, "od")
        assert image.sex == ("male" if int(image.path.stem) % 2 else "female")


def test_drac22_is_a_track_of_its_own_with_masks_of_lesions(tmp_path: Path) -> None:
    build_hospital(tmp_path, "drac22", num_per_class=1)
    images = open_image_folder(tmp_path).images
    assert {image.track for image in images} == {"ultra-wide"}
    masks = [image.masks for image in images if image.truth is None]
    assert [set(mask) for mask in masks] == [{"irma"}, {"nonperfusion"}, {"neovascularization"}]


def test_masks_beside_the_pictures_belong_to_those_of_their_name(labeled: Path) -> None:
    save(labeled / "NPDR" / "other.png", scan(9))
    for path in ("masks/faz/other.png", "masks/dropout/NPDR/eye.bmp", "masks/vessels/eye.png"):
        save(labeled / path, np.eye(32, dtype=np.uint8))
    masks = {image.path.as_posix(): image.masks for image in open_image_folder(labeled).images if image.masks}
    assert masks == {
        "NPDR/other.png": {"faz": Path("masks/faz/other.png")},
        "NPDR/eye.png": {"nonperfusion": Path("masks/dropout/NPDR/eye.bmp")},
    }


def test_masks_of_an_unknown_kind_are_said_to_be_of_no_use(labeled: Path) -> None:
    save(labeled / "masks" / "eye.png", scan(9))
    assert [entry.name for entry in open_image_folder(labeled).left_out] == ["masks"]


def test_the_record_counts_what_a_report_must_say(tmp_path: Path) -> None:
    hospital = build_hospital(tmp_path, "subfolders", num_per_class=2)
    record = open_image_folder(hospital.root).as_record()
    assert record["classes"] == {"healthy": 3, "npdr": 3, "pdr": 3}
    assert (record["num_patients"], record["num_patients_with_several_images"]) == (6, 3)
    assert record["tracks"] == {"field not stated": 9}
    assert record["left_out"] == [{"name": "AMD", "reason": "this class is not asked about; 3 pictures"}]


def test_real_scans_are_read_with_their_masks(reference: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(reference / "real_faz" / "images")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "faz").symlink_to(reference / "real_faz" / "masks")
    folder = open_image_folder(tmp_path)
    assert len(folder.images) == 32
    assert all(set(image.masks) == {"faz"} for image in folder.images)
    assert not folder.left_out
