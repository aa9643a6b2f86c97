from pathlib import Path

import numpy as np
import pytest
from evaluation.hospital import save, save_csv, scan

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.discrimination import measure_auc
from octa_svr_dataset.evaluation.folder import CLASS_FOLDERS, FolderImage, open_image_folder
from octa_svr_dataset.evaluation.metrics import Scored, binary_metrics
from octa_svr_dataset.evaluation.patients import independent_number, read_patients, said_of_patients, write_patients
from octa_svr_dataset.grading import Label
from octa_svr_dataset.image_folder import write_image_folder
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scoring import Verdict
from octa_svr_dataset.seeding import SceneKey, Split

PATHS = [Path("healthy/a.png"), Path("healthy/b.png"), Path("npdr/c.png")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, path in enumerate(PATHS):
        save(tmp_path / path, scan(number))
    return tmp_path


def table(folder: Path, *lines: str) -> Path:
    (folder / "patients.csv").write_text("\n".join(lines) + "\n")
    return folder


def repeated(num: int, times: int, patient: str | None) -> list[Scored]:
    """Pictures of each class, three quarters of them judged rightly; each several times, of one patient if asked."""
    return [
        Scored(
            image=FolderImage(
                path=Path(f"{index}.png"), truth=CLASS_FOLDERS[truth], patient=patient and f"{patient}{truth}{index}"
            ),
            output="",
            verdict=Verdict(predicted=label if index % 4 else other, problem=""),
        )
        for truth, label, other in (("healthy", Label.HEALTHY, Label.NPDR), ("npdr", Label.NPDR, Label.HEALTHY))
        for index in range(num)
        for _ in range(times)
    ]


def test_the_table_says_whose_each_picture_is(folder: Path) -> None:
    table(folder, "path,patient", "npdr/c.png,P2", "healthy/a.png,P1", 'healthy/b.png,"P, 1"')
    assert [image.patient for image in open_image_folder(folder).images] == ["P1", "P, 1", "P2"]


def test_what_looks_like_the_end_of_a_line_in_a_name_is_none(folder: Path) -> None:
    table(folder, "path,patient", "npdr/c.png,P\u20282", "healthy/a.png,P\x851", "healthy/b.png,P\u20293")
    assert [image.patient for image in open_image_folder(folder).images] == ["P\x851", "P\u20293", "P\u20282"]


def test_without_a_table_nobody_knows(folder: Path) -> None:
    assert [image.patient for image in open_image_folder(folder).images] == [None] * 3


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "is no table of pictures and patients; allowed: the first line path,patient"),
        (("path;patient",), "is no table of pictures and patients"),
        (("path,patient", "healthy/a.png,"), "is no table of pictures and patients"),
        (("path,patient", "healthy/a.png,1,left"), "is no table of pictures and patients"),
        (("path,patient", "healthy/a.png,1"), "names 'healthy/b.png' 0 times; allowed: each picture"),
        (
            ("path,patient", *(f"{path},1" for path in PATHS), "healthy/a.png,2"),
            "names 'healthy/a.png' 2 times; allowed: each picture",
        ),
        (("path,patient", *(f"{path},1" for path in PATHS), "pdr/d.png,2"), "names 'pdr/d.png'; allowed: each picture"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(folder: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=r"^real_dir: '.*patients\.csv' ") as refusal:
        open_image_folder(table(folder, *lines))
    assert message in str(refusal.value)


def test_pictures_that_are_left_out_are_in_the_table_too(folder: Path) -> None:
    save(folder / "AMD" / "d.png", scan(9))
    table(
        folder, "path,patient", *(f"{path.as_posix()},P{number}" for number, path in enumerate(PATHS)), "AMD/d.png,P9"
    )
    assert [image.patient for image in open_image_folder(folder).images] == ["P0", "P1", "P2"]


def test_patients_are_named_in_one_place(folder: Path) -> None:
    table(folder, "path,patient", *(f"{path.as_posix()},P1" for path in PATHS))
    save_csv(folder / "metadata.csv", [("file_name", "patient"), *((path.as_posix(), "P2") for path in PATHS)])
    with pytest.raises(InputError, match=r"real_dir: both patients\.csv and the labels say whose the pictures are"):
        open_image_folder(folder)


def test_what_is_written_reads_the_same(tmp_path: Path) -> None:
    patients = {path: f"eye {number // 2}" for number, path in enumerate(PATHS)}
    write_patients(tmp_path, patients)
    assert read_patients(tmp_path, PATHS, field="real_dir") == patients


@pytest.mark.parametrize(
    ("patients", "number"),
    [((), 0), ((None, None, "A"), 3), (("A", "A", "B", "B"), 2), (("A", "A", "A", "B"), 16 / 10), (("A",) * 9, 1)],
)
def test_pictures_of_one_patient_count_as_one(patients: tuple[str | None, ...], number: float) -> None:
    assert independent_number(patients) == pytest.approx(number)


def test_the_same_pictures_again_narrow_no_interval_where_the_patient_is_known() -> None:
    once, known, unknown = (binary_metrics(repeated(8, *more)) for more in ((1, None), (5, "P"), (5, None)))
    assert once.balanced_accuracy == known.balanced_accuracy == 0.75
    assert known.interval == pytest.approx(once.interval)
    assert unknown.interval[1] - unknown.interval[0] < 0.6 * (once.interval[1] - once.interval[0])


def test_nor_that_of_the_area_under_the_curve() -> None:
    scores, is_diseased = np.array([0.1, 0.5, 0.6, 0.4, 0.7, 0.8]), np.arange(6) > 2
    patients = np.repeat(list("ABCDEF"), 4).tolist()
    once = measure_auc(scores, is_diseased)
    known = measure_auc(np.repeat(scores, 4), np.repeat(is_diseased, 4), patients)
    unknown = measure_auc(np.repeat(scores, 4), np.repeat(is_diseased, 4))
    assert (known.value, known.low, known.high) == pytest.approx((once.value, once.low, once.high))
    assert unknown.low > once.low + 0.1


def test_intervals_that_heed_patients_cover_the_truth() -> None:
    """A patient's three pictures are judged alike in nine of ten; one is judged rightly at a rate of 0.8."""
    rng = np.random.default_rng(0)
    covered = {True: 0, False: 0}
    for _ in range(300):
        alike, own = rng.random((40, 1)) < 0.8, rng.random((40, 3)) < 0.8
        is_right = np.where(rng.random((40, 3)) < 0.9, alike, own)
        for heeded in covered:
            entries = [
                Scored(
                    image=FolderImage(
                        path=Path("eye.png"),
                        truth=CLASS_FOLDERS["npdr" if patient % 2 else "healthy"],
                        patient=str(patient) if heeded else None,
                    ),
                    output="",
                    verdict=Verdict(predicted=Label.NPDR if right == patient % 2 else Label.HEALTHY, problem=""),
                )
                for patient, rights in enumerate(is_right)
                for right in rights
            ]
            low, high = binary_metrics(entries).interval
            covered[heeded] += low <= 0.8 <= high
    assert covered[True] > 0.93 * 300
    assert covered[False] < 0.88 * 300


def test_a_synthetic_folder_says_which_views_show_one_eye(tmp_path: Path) -> None:
    cheap = {"imaging.size_px": 64, "growth.superficial.iterations": 15, "growth.deep.iterations": 5}
    config = resolve_config("dropout_ma", overrides={**cheap, "imaging.views": 2})
    keys = [SceneKey(seed=3, split=Split.TEST, scene_index=index) for index in range(4)]
    write_image_folder(tmp_path / "eyes", "dropout_ma", config, keys, command="the tests")
    images = sorted(open_image_folder(tmp_path / "eyes").images, key=lambda image: image.path.name)
    assert [image.patient for image in images] == ["s3-test-eye0", "s3-test-eye0", "s3-test-eye1", "s3-test-eye1"]


@pytest.mark.parametrize(
    ("patients", "words"),
    [
        (("A", "A", "B"), "3 pictures of 2 patients, 1 of them with several"),
        (("A", "B", None), "3 pictures of 2 patients, none of them with several; of 1 nobody says whose they are"),
        ((None,), "1 picture, nobody says of which patients"),
    ],
)
def test_two_eyes_of_one_patient_are_told(patients: tuple[str | None, ...], words: str) -> None:
    assert said_of_patients(list(patients)) == words
