"""What is wrong with a folder is said in one line that names the field, the thing and what is allowed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import tifffile
from evaluation.hospital import build_drac22, build_octa500, save, save_csv, save_xlsx, scan
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import open_image_folder


def pictures(root: Path, *paths: str) -> None:
    for number, path in enumerate(paths):
        save(root / path, scan(number))


def cut(root: Path) -> None:
    pictures(root, "npdr/whole.png")
    (root / "npdr/cut.png").write_bytes((root / "npdr/whole.png").read_bytes()[:300])
    (root / "npdr/whole.png").unlink()


def text(root: Path) -> None:
    (root / "npdr").mkdir()
    (root / "npdr/eye.png").write_text("no picture")


def blank(root: Path) -> None:
    save(root / "npdr/eye.png", np.full((32, 32), 7, np.uint8))


def stack(root: Path) -> None:
    (root / "npdr").mkdir()
    tifffile.imwrite(root / "npdr/volume.tif", np.stack([scan(0), scan(1)]), photometric="minisblack")


def strip(root: Path) -> None:
    save(root / "npdr/eye.png", np.tile(scan(0)[:8], 8))


def contradicting_copies(root: Path) -> None:
    save(root / "npdr/a.png", scan(0))
    save(root / "healthy/a.bmp", scan(0))


def copies_of_two_patients(root: Path) -> None:
    save(root / "a.png", scan(0))
    save(root / "b.png", scan(0))
    save_csv(root / "metadata.csv", [("file_name", "label", "patient"), ("a.png", "dr", "A"), ("b.png", "dr", "B")])


def broken_link(root: Path) -> None:
    (root / "npdr").mkdir()
    (root / "npdr/eye.png").symlink_to("nowhere.png")


def folder_named_like_a_picture(root: Path) -> None:
    (root / "npdr/eye.tif").mkdir(parents=True)


def loop(root: Path) -> None:
    pictures(root, "npdr/eye.png")
    (root / "npdr/again").symlink_to(root / "npdr")


def two_metadata(root: Path) -> None:
    pictures(root, "a.png")
    save_csv(root / "metadata.csv", [("file_name", "label"), ("a.png", "dr")])
    (root / "metadata.jsonl").write_text('{"file_name": "a.png", "label": "dr"}\n')


def metadata(*lines: tuple[object, ...]) -> Callable[[Path], None]:
    def build(root: Path) -> None:
        pictures(root, "a.png", "b.png")
        save_csv(root / "metadata.csv", lines)

    return build


def json_lines(content: str) -> Callable[[Path], None]:
    def build(root: Path) -> None:
        pictures(root, "a.png")
        (root / "metadata.jsonl").write_text(content)

    return build


def table(*lines: tuple[object, ...], paths: tuple[str, ...] = ("a.png", "b.png")) -> Callable[[Path], None]:
    def build(root: Path) -> None:
        pictures(root / "scans", *paths)
        save_csv(root / "labels.csv", lines)

    return build


def table_file(name: str, content: bytes) -> Callable[[Path], None]:
    def build(root: Path) -> None:
        pictures(root / "scans", "a.png")
        (root / name).write_bytes(content)

    return build


def empty_sheet(root: Path) -> None:
    pictures(root / "scans", "a.png")
    openpyxl.Workbook().save(root / "labels.xlsx")


def octa500(change: Callable[[Path], object]) -> Callable[[Path], None]:
    def build(root: Path) -> None:
        build_octa500(root, 1)
        change(root)

    return build


def without_sheets(root: Path) -> None:
    for width in ("3M", "6M"):
        (root / f"OCTA_{width}/Text labels.xlsx").unlink()


def without_diseases(root: Path) -> None:
    save_xlsx(root / "OCTA_3M/Text labels.xlsx", [("ID", "Sex"), (10301, "M")])


def without_the_layer(root: Path) -> None:
    (root / "OCTA_3M/Projection Maps/OCTA(ILM_OPL)").rename(root / "OCTA_3M/elsewhere")


def masks_twice(root: Path) -> None:
    save(root / "OCTA_6M/FAZ/10001.bmp", np.zeros((32, 32), np.uint8))


def drac22_without_grades(root: Path) -> None:
    build_drac22(root, 1)
    next((root / "C. Diabetic Retinopathy Grading/2. Groundtruths").glob("*.csv")).unlink()
    for folder in (root / "A. Segmentation/2. Groundtruths/a. Training Set").iterdir():
        folder.rename(folder.with_name(f"no {folder.name[3:7]}"))


def drac22_with_other_grades(root: Path) -> None:
    build_drac22(root, 1)
    (grades,) = (root / "C. Diabetic Retinopathy Grading/2. Groundtruths").glob("*.csv")
    grades.write_text("image name,DR grade\n1.png,3\n")


def ambiguous_masks(root: Path) -> None:
    pictures(root, "npdr/eye.png", "pdr/eye.png", "masks/faz/eye.png")


def some_left(root: Path) -> None:
    pictures(root, "AMD/a.png", "RVO/b.png")


LABELS = {"labels": "labels.csv"}
HEADER = ("id", "label")

BROKEN: dict[str, tuple[Callable[[Path], None], dict[str, Any], str]] = {
    "empty": (lambda _: None, {}, "real_dir: '.*' holds no picture .*nor does a subfolder named after a class"),
    "missing": (lambda root: root.rmdir(), {}, "real_dir: there is no folder '.*'"),
    "cut file": (cut, {}, r"image: cannot read '.*cut\.png'"),
    "text as picture": (text, {}, r"image: '.*eye\.png' is no picture; allowed: PNG, BMP, TIFF, JPEG"),
    "blank": (blank, {}, r"real_dir: '.*npdr/eye\.png' is blank; allowed: pictures of eyes"),
    "stack": (stack, {}, r"image: '.*volume\.tif' has 2 pages; allowed: one"),
    "strip": (strip, {}, r"image: '.*eye\.png' has 256 x 8 px; allowed: sides of at least 16 px"),
    "contradicting copies": (
        contradicting_copies,
        {},
        r"real_dir: 'healthy/a\.bmp' and 'npdr/a\.png' have the same pixels, but are labeled healthy and npdr; allowed",
    ),
    "copies of two patients": (
        copies_of_two_patients,
        {},
        r"real_dir: 'a\.png' and 'b\.png' have the same pixels, but are of the patients 'A' and 'B'; allowed",
    ),
    "broken link": (broken_link, {}, r"real_dir: '.*eye\.png' is a link that leads to no file; allowed"),
    "folder named like a picture": (folder_named_like_a_picture, {}, r"real_dir: '.*eye\.tif' is a folder; allowed"),
    "loop": (loop, {}, "real_dir: '.*again' is a link that leads back to a folder above it; allowed"),
    "unknown class": (
        lambda root: pictures(root, "mystery/a.png", "npdr/b.png"),
        {},
        "real_dir: the subfolder 'mystery' names no class; allowed: .* a --label_map",
    ),
    "classes of two hospitals": (
        lambda root: pictures(root, "west/npdr/a.png", "east/healthy/b.png"),
        {},
        "real_dir: the subfolder 'east' names no class, but subfolders in it do; allowed: '.*east', one such folder",
    ),
    "numbered classes in one folder": (
        lambda root: pictures(root, "data/0/a.png", "data/1/b.png"),
        {},
        "real_dir: the subfolder '0' is a number \\(as are '1'\\), .*; allowed: a --label_map",
    ),
    "one strange class in one folder": (
        lambda root: pictures(root, "data/healthy/a.png", "data/mystery/b.png"),
        {},
        "real_dir: the subfolder 'mystery' names no class; allowed: .* a --label_map",
    ),
    "numbered classes": (
        lambda root: pictures(root, "0/a.png", "1/b.png"),
        {},
        "real_dir: the subfolder '0' is a number \\(as are '1'\\), .*; allowed: a --label_map",
    ),
    "pictures in both places": (
        lambda root: pictures(root, "a.png", "npdr/b.png"),
        {},
        "real_dir: '.*' holds pictures both in itself and in subfolders; allowed: one of the two",
    ),
    "nothing that is asked about": (some_left, {}, "real_dir: '.*' holds no picture of a class that is asked about"),
    "label map without labels": (
        lambda root: pictures(root, "a.png"),
        {"label_map": "0: healthy"},
        "label_map: '.*' has no labels; allowed: subfolders, or a table by --labels",
    ),
    "two tables of metadata": (two_metadata, {}, r"real_dir: '.*' holds metadata\.csv and metadata\.jsonl; allowed"),
    "metadata without files": (
        metadata(("image", "label"), ("a.png", "dr")),
        {},
        r"real_dir: '.*metadata\.csv' has no column 'file_name'; allowed: that column, or --labels",
    ),
    "metadata of other files": (
        metadata(("file_name", "label"), ("c.png", "dr")),
        {},
        r"real_dir: no file_name of '.*metadata\.csv' fits a picture, such as 'c\.png' and 'a\.png'; allowed",
    ),
    "metadata with two labels": (
        metadata(("file_name", "label", "grade"), ("a.png", "dr", "npdr")),
        {},
        "label_column: several columns of .* could be a class: 'label', 'grade'; allowed: --label_column",
    ),
    "no JSON": (json_lines("{\n"), {}, r"real_dir: line 1 of '.*metadata\.jsonl' is no JSON"),
    "JSON of another kind": (json_lines("[1]\n"), {}, r"real_dir: line 1 of '.*' is no object; allowed"),
    "no such column of labels": (
        table(HEADER, ("a", "dr")),
        LABELS | {"label_column": "stage"},
        r"label_column: '.*labels\.csv' has no column 'stage'; allowed: 'id', 'label'",
    ),
    "no column like an identifier": (
        table(("scan", "label"), ("a", "dr")),
        LABELS,
        r"id_column: no column of '.*labels\.csv' is called like a file or identifier; allowed: --id_column with one",
    ),
    "a name of two pictures": (
        table(HEADER, ("a", "dr"), paths=("od/a.png", "os/a.png")),
        LABELS,
        r"labels: 'a' in '.*' fits 2 pictures, such as 'scans/od/a\.png' and 'scans/os/a\.png'; allowed: one",
    ),
    "a number of two pictures": (
        table(HEADER, ("007", "dr"), paths=("7.png", "07.png")),
        LABELS,
        "labels: '007' in '.*' fits 2 pictures",
    ),
    "a picture of two rows": (
        table(HEADER, ("a", "dr"), ("a.png", "healthy")),
        LABELS,
        r"labels: '.*' names 'scans/a\.png' twice, as 'a' and 'a\.png'; allowed: once",
    ),
    "an unknown label": (
        table(HEADER, ("a", "dr"), ("b", "dunno")),
        LABELS,
        "labels: in the column 'label', the class 'dunno' names no class; allowed: .*--label_map",
    ),
    "numbers as labels": (
        table(HEADER, ("a", 0), ("b", 2)),
        LABELS,
        "labels: in the column 'label', the class '0' is a number \\(as are '2'\\), .*--label_map",
    ),
    "an impossible age": (
        table(("id", "label", "age"), ("a", "dr", 999)),
        LABELS,
        "labels: the age '999' in '.*' is none; allowed: years up to 120, or nothing",
    ),
    "an eye that is none": (
        table(("id", "label", "eye"), ("a", "dr", "both")),
        LABELS,
        "labels: the eye 'both' in '.*' is none; allowed: od, os, right, left or nothing",
    ),
    "a column twice": (table(("id", "label", "id"), ("a", "dr", "b")), LABELS, "labels: '.*' names a column twice"),
    "a long line": (table(HEADER, ("a", "dr", "x")), LABELS, "labels: '.*' has lines longer than its first"),
    "a header alone": (table(HEADER), LABELS, "labels: '.*' holds no row; allowed"),
    "another encoding": (
        table_file("labels.csv", "id,label\na,Kontrolläuge\n".encode("latin-1")),
        LABELS,
        "labels: .*UTF-8",
    ),
    "no table": (
        table_file("labels.pdf", b"%PDF"),
        {"labels": "labels.pdf"},
        r"labels: '.*\.pdf' is no table; allowed",
    ),
    "no workbook": (table_file("labels.xlsx", b"PK"), {"labels": "labels.xlsx"}, r"labels: cannot read '.*\.xlsx'"),
    "an empty workbook": (empty_sheet, {"labels": "labels.xlsx"}, "labels: '.*' holds no row; allowed"),
    "a missing table": (lambda root: pictures(root, "a.png"), LABELS, r"labels: there is no file '.*labels\.csv'"),
    "a column of no table": (
        lambda root: pictures(root, "npdr/a.png"),
        {"id_column": "id"},
        "id_column: got 'id', but no table by --labels; allowed: both",
    ),
    "a label column of no table": (
        lambda root: pictures(root, "npdr/a.png"),
        {"label_column": "label"},
        r"label_column: got 'label', but no table by --labels, nor metadata\.csv; allowed: both",
    ),
    "a layer of no release": (
        lambda root: pictures(root, "npdr/a.png"),
        {"layer": "deep"},
        "layer: got 'deep', but '.*' is no release of OCTA-500; allowed: superficial",
    ),
    "an unknown layer": (
        octa500(lambda _: None),
        {"layer": "choroid"},
        "layer: unknown name 'choroid'; allowed: super",
    ),
    "OCTA-500 without sheets": (
        octa500(without_sheets),
        {},
        r"real_dir: '.*' holds no file 'Text labels\.xlsx'; allowed",
    ),
    "OCTA-500 without diseases": (octa500(without_diseases), {}, "real_dir: '.*' has no column 'Disease'; allowed"),
    "OCTA-500 without a layer": (
        octa500(without_the_layer),
        {},
        r"layer: '.*' has no folder 'OCTA\(ILM_OPL\)'; allowed",
    ),
    "OCTA-500 with masks twice": (
        octa500(masks_twice),
        {},
        r"real_dir: '.*10001\.bmp' has two masks of the avascular zone, '.*FAZ/10001\.bmp' and '.*FAZ/10001\.bmp'; "
        "allowed: one",
    ),
    "DRAC22 without grades": (drac22_without_grades, {}, "real_dir: no task of '.*' has pictures with grades or masks"),
    "DRAC22 with other grades": (drac22_with_other_grades, {}, "real_dir: the grade '3' is a number"),
    "a mask of two pictures": (
        ambiguous_masks,
        {},
        r"real_dir: the mask '.*' fits 2 pictures, such as 'npdr/eye\.png' and 'pdr/eye\.png'; allowed",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_folder_is_refused_in_one_clear_line(kind: str, tmp_path: Path) -> None:
    build, given, message = BROKEN[kind]
    root = tmp_path / "real"
    root.mkdir()
    build(root)
    options = dict(given)
    if "labels" in options:
        options["labels"] = root / options["labels"]
    if "label_map" in options:
        options["label_map"] = tmp_path / "map.yaml"
        options["label_map"].write_text(given["label_map"])
    with pytest.raises(InputError) as refusal:
        open_image_folder(root, **options)
    assert re.match(message, str(refusal.value)), refusal.value
    assert "\n" not in str(refusal.value).strip()
    assert len(str(refusal.value).replace(str(tmp_path), "")) < 420


def test_broken_pictures_among_whole_ones_are_left_out_by_name(tmp_path: Path) -> None:
    cut(tmp_path)
    pictures(tmp_path, "npdr/a.png", "healthy/b.png")
    blank(tmp_path)
    save(tmp_path / "npdr/copy.bmp", scan(0))
    Image.fromarray(scan(5)).convert("RGBA").save(tmp_path / "npdr/colored.png")
    folder = open_image_folder(tmp_path)
    assert [image.path.as_posix() for image in folder.images] == ["healthy/b.png", "npdr/a.png", "npdr/colored.png"]
    reasons = {entry.name: entry.reason for entry in folder.left_out}
    assert reasons.keys() == {"npdr/copy.bmp", "npdr/cut.png", "npdr/eye.png"}
    assert reasons["npdr/copy.bmp"] == "the same pixels as 'npdr/a.png'"
    assert reasons["npdr/eye.png"] == "it is blank"
    assert reasons["npdr/cut.png"].startswith("image: cannot read")


def test_of_copies_one_stays_with_what_is_known_of_any(tmp_path: Path) -> None:
    for path in ("dr/a.png", "npdr/a.png", "pdr/b.png"):
        save(tmp_path / path, scan("b" in path))
    save(tmp_path / "masks/faz/npdr/a.png", np.eye(32, dtype=np.uint8))
    kept, other = open_image_folder(tmp_path).images
    assert (kept.path.as_posix(), str(kept.truth.label), set(kept.masks)) == ("dr/a.png", "npdr", {"faz"})
    assert other.path.as_posix() == "pdr/b.png"
