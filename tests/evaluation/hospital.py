"""A hospital that does not exist: folders of tiny pictures in every layout that is read, with known labels.

Pictures are noise, each of its own seed. There are as many patients a class as asked for, with one eye each, but for
the first one of every class, who has two where the layout can say so.
"""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import tifffile
from PIL import Image

CLASSES = ("healthy", "npdr", "pdr")

OCTA500_DISEASES = {"healthy": "NORMAL", "npdr": "DR", "pdr": "DR", "amd": "AMD"}
"""The release does not say which kind of diabetic retinopathy an eye has."""


@dataclass(frozen=True, kw_only=True)
class Hospital:
    """A folder and what is known of it."""

    root: Path

    truths: dict[str, str | None]
    """Class that should be read of each picture, by its path; "diabetic" where the layout does not say more."""

    options: dict[str, Any] = field(default_factory=dict)
    """What `open_image_folder` needs beside the folder."""

    patients: dict[str, str] = field(default_factory=dict)
    """Patient of each picture, by its path; empty where the layout does not say."""

    left_out: tuple[str, ...] = ()
    """Names of what should be left out."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """An eye that was scanned."""

    number: int
    truth: str
    patient: str
    eye: str
    age: int


def scan(seed: int, *, size_px: int = 32) -> np.ndarray:
    """(size_px, size_px) uint8. A picture like no other."""
    return np.random.default_rng(seed).integers(20, 236, (size_px, size_px), np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    """Write a picture; the ending of the file tells its format, and 16-bit ones are TIFF or PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels.dtype != np.uint8 and path.suffix.lower().startswith(".tif"):
        tifffile.imwrite(path, pixels)
    else:
        Image.fromarray(pixels).save(path)


def save_csv(path: Path, lines: Iterable[Sequence[object]], *, delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)


def save_xlsx(path: Path, lines: Iterable[Sequence[object]]) -> None:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    book.save(path)


def visits(num_per_class: int, classes: Sequence[str] = CLASSES) -> list[Visit]:
    """Eyes of a few patients, class by class; the first patient of each has a second eye there."""
    found: list[Visit] = []
    for truth in classes:
        for index in range(num_per_class):
            patient, eyes = f"P{len(found) + 1:03d}", ("OD", "OS") if index == 0 else ("OD",)
            for eye in eyes:
                found.append(
                    Visit(number=len(found) + 1, truth=truth, patient=patient, eye=eye, age=40 + len(found) % 30)
                )
    return found


def build_subfolders(root: Path, num_per_class: int) -> Hospital:
    """One subfolder a class, `patients.csv`, and every format that is read; files in `.tiff` have 16 bits."""
    names = {"healthy": "No DR", "npdr": "Mild NPDR", "pdr": "PDR", "amd": "AMD"}
    endings = ("png", "bmp", "tif", "jpg", "tiff", "jpeg")
    seen = visits(num_per_class, tuple(names))
    paths = {visit: f"{names[visit.truth]}/{visit.patient}_{visit.eye}" for visit in seen}
    paths = {visit: f"{stem}.{endings[visit.number % len(endings)]}" for visit, stem in paths.items()}
    for visit, path in paths.items():
        deep = np.uint16(257) * scan(visit.number)
        save(root / path, deep if path.endswith("tiff") else scan(visit.number))
    save_csv(root / "patients.csv", [("path", "patient"), *((path, visit.patient) for visit, path in paths.items())])
    asked = {visit: path for visit, path in paths.items() if visit.truth != "amd"}
    return Hospital(
        root=root,
        truths={path: visit.truth for visit, path in asked.items()},
        patients={path: visit.patient for visit, path in asked.items()},
        left_out=("AMD",),
    )


def build_metadata(root: Path, num_per_class: int, *, ending: str = "csv") -> Hospital:
    """The convention of `datasets`, with ages, sexes and fields of view."""
    paths = {visit: f"scans/{visit.number:04d}.png" for visit in visits(num_per_class)}
    columns = ("file_name", "label", "patient_id", "eye", "age", "sex", "fov_mm")
    lines = []
    for visit, path in paths.items():
        save(root / path, scan(visit.number))
        lines.append((path, visit.truth.upper(), visit.patient, visit.eye, visit.age, "F", 3))
    if ending == "csv":
        save_csv(root / "metadata.csv", [columns, *lines])
    else:
        objects = [json.dumps(dict(zip(columns, line, strict=True))) for line in lines]
        (root / "metadata.jsonl").write_text("\n".join(objects) + "\n", encoding="utf-8")
    return Hospital(
        root=root,
        truths={path: visit.truth for visit, path in paths.items()},
        patients={path: visit.patient for visit, path in paths.items()},
    )


def build_metadata_jsonl(root: Path, num_per_class: int) -> Hospital:
    return build_metadata(root, num_per_class, ending="jsonl")


def build_table(root: Path, num_per_class: int, *, ending: str = "csv") -> Hospital:
    """Pictures by number, and a table beside them whose columns and grades are the hospital's own."""
    grades = {"healthy": 0, "npdr": 2, "pdr": 4}
    scans = {visit: f"scans/{visit.number:03d}.png" for visit in visits(num_per_class)}
    for visit, path in scans.items():
        save(root / path, scan(visit.number))
    lines = [("Scan no.", "Patient", "ICDR")]
    lines += [(visit.number, visit.patient, grades[visit.truth]) for visit in scans]
    lines.append((999, "P999", 1))
    labels = root / f"grades.{ending}"
    if ending == "csv":
        save_csv(labels, lines, delimiter=";")
    else:
        save_xlsx(labels, lines)
    label_map = root / "classes.yaml"
    label_map.write_text("0: healthy\n1: npdr\n2: npdr\n3: npdr\n4: pdr\n", encoding="utf-8")
    return Hospital(
        root=root,
        truths={path: visit.truth for visit, path in scans.items()},
        options={"labels": labels, "id_column": "Scan no.", "label_column": "ICDR", "label_map": label_map},
        patients={path: visit.patient for visit, path in scans.items()},
        left_out=("999",),
    )


def build_table_xlsx(root: Path, num_per_class: int) -> Hospital:
    return build_table(root, num_per_class, ending="xlsx")


def build_octa500(root: Path, num_per_class: int) -> Hospital:
    """Both widths of the release, every projection, the sheets, and masks of the avascular zone."""
    truths, patients = {}, {}
    for width, first in (("6M", 10001), ("3M", 10301)):
        lines = [("ID", "Sex", "OS/OD", "Age", "Disease")]
        numbers = range(first, first + num_per_class * len(OCTA500_DISEASES))
        for number, truth in zip(numbers, [*OCTA500_DISEASES] * num_per_class, strict=True):
            lines.append((number, "M" if number % 2 else "F", "OD", 30 + number % 40, OCTA500_DISEASES[truth]))
            for layer, projection in enumerate(("OCTA(FULL)", "OCTA(ILM_OPL)", "OCTA(OPL_BM)", "OCT(FULL)")):
                path = f"OCTA_{width}/Projection Maps/{projection}/{number}.bmp"
                save(root / path, scan(10 * number + layer))
                if projection == "OCTA(ILM_OPL)" and truth != "amd":
                    truths[path] = "healthy" if truth == "healthy" else "diabetic"
                    patients[path] = str(number)
            mask = np.zeros((32, 32), np.uint8)
            mask[12:20, 12:20] = 255
            save(root / f"Label/GT_FAZ/{number}.bmp", mask)
        save_xlsx(root / f"OCTA_{width}" / "Text labels.xlsx", lines)
    return Hospital(root=root, truths=truths, patients=patients, left_out=("AMD",))


def build_drac22(root: Path, num_per_class: int) -> Hospital:
    """Tasks A, B and C of the release; the pictures of its test sets have neither grades nor masks."""
    truths: dict[str, str | None] = {}
    task = root / "C. Diabetic Retinopathy Grading"
    lines: list[tuple[object, object]] = [("image name", "DR grade")]
    for visit in visits(num_per_class):
        path = f"{task.name}/1. Original Images/a. Training Set/{visit.number}.png"
        save(root / path, scan(visit.number))
        lines.append((f"{visit.number}.png", CLASSES.index(visit.truth)))
        truths[path] = visit.truth
    save(task / "1. Original Images/b. Testing Set/1.png", scan(901))
    (task / "2. Groundtruths").mkdir()
    save_csv(task / "2. Groundtruths/a. DRAC2022_ Diabetic Retinopathy Grading_Training Labels.csv", lines)
    task = root / "A. Segmentation"
    kinds = ("1. Intraretinal Microvascular Abnormalities", "2. Nonperfusion Areas", "3. Neovascularization")
    for number, kind in enumerate(kinds, start=1):
        path = f"{task.name}/1. Original Images/a. Training Set/{number}.png"
        save(root / path, scan(800 + number))
        save(task / "2. Groundtruths/a. Training Set" / kind / f"{number}.png", np.eye(32, dtype=np.uint8) * 255)
        truths[path] = None
    save(task / "1. Original Images/b. Testing Set/9.png", scan(809))
    task = root / "B. Image Quality Assessment"
    save(task / "1. Original Images/a. Training Set/1.png", scan(850))
    (task / "2. Groundtruths").mkdir()
    left_out = (
        "C. Diabetic Retinopathy Grading/1. Original Images/b. Testing Set",
        "A. Segmentation/1. Original Images/b. Testing Set",
        "B. Image Quality Assessment",
    )
    return Hospital(root=root, truths=truths, left_out=left_out)


def build_unlabeled(root: Path, num_per_class: int) -> Hospital:
    """Pictures and nothing else."""
    paths = [f"{visit.patient}_{visit.eye}.png" for visit in visits(num_per_class)]
    for number, path in enumerate(paths):
        save(root / path, scan(number))
    return Hospital(root=root, truths=dict.fromkeys(paths))


LAYOUTS: dict[str, Callable[[Path, int], Hospital]] = {
    "subfolders": build_subfolders,
    "metadata.csv": build_metadata,
    "metadata.jsonl": build_metadata_jsonl,
    "table.csv": build_table,
    "table.xlsx": build_table_xlsx,
    "octa500": build_octa500,
    "drac22": build_drac22,
    "unlabeled": build_unlabeled,
}


def build_hospital(root: Path, layout: str, *, num_per_class: int = 2) -> Hospital:
    """Write a folder in one of `LAYOUTS`.

    Parameters
    ----------
    root
        Folder that is made, or is empty.
    layout
        Name in `LAYOUTS`.
    num_per_class
        Patients of each class.
    """
    root.mkdir(parents=True, exist_ok=True)
    return LAYOUTS[layout](root, num_per_class)
