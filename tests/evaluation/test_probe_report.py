import json
from pathlib import Path

import numpy as np
import pytest

from octa_svr_dataset.evaluation.folder import CLASS_FOLDERS, FolderImage, ImageFolder
from octa_svr_dataset.evaluation.probe_report import Reader, remove_probe_report, write_probe_report

NAMES = ("dr/a.png", "dr/b.png", "healthy/c.png", "healthy/d.png")
SCORES = np.array([0.9, 0.3, 0.6, 0.1])
VALIDATION = {
    "validation_scores": np.array([0.2, 0.4, 0.6, 0.8]),
    "validation_truths": np.array([False, False, True, True]),
    "validation_patients": ["A", "B", "C", "D"],
}


def images(*, is_labeled: bool = True, patient: str | None = None) -> tuple[FolderImage, ...]:
    truths = [CLASS_FOLDERS[name.partition("/")[0]] if is_labeled else None for name in NAMES]
    return tuple(
        FolderImage(path=Path(name), truth=truth, patient=patient) for name, truth in zip(NAMES, truths, strict=True)
    )


def written(
    out: Path, *, is_labeled: bool = True, is_synthetic: bool = False, patient: str | None = None
) -> tuple[dict, list[dict], str]:
    shown = images(is_labeled=is_labeled, patient=patient)
    readers = [Reader.of(name, SCORES, shown, **VALIDATION) for name in ("probe, seed 0", "darkness")]
    folder = ImageFolder(root=Path("eyes"), images=shown, is_synthetic=is_synthetic)
    write_probe_report(readers, folder, {"preset": "dropout_ma"}, out)
    lines = (out / "predictions.jsonl").read_text().splitlines()
    report = json.loads((out / "report.json").read_text())
    return report, [json.loads(line) for line in lines], (out / "report.md").read_text()


def test_the_threshold_comes_from_the_validation_pictures_alone():
    shown = images()
    thresholds = {Reader.of("probe", scores, shown, **VALIDATION).threshold for scores in (SCORES, SCORES / 7)}
    assert thresholds == {0.5}


def test_a_reader_is_measured_on_the_folder_at_that_threshold():
    reader = Reader.of("probe", SCORES, images(), **VALIDATION)
    assert reader.auc.value == pytest.approx(3 / 4)
    assert reader.binary.confusion.tolist() == [[1, 1, 0], [1, 1, 0]]
    assert reader.binary.balanced_accuracy == pytest.approx(0.5)
    assert reader.synthetic_auc.value == 1.0


def test_pictures_of_one_patient_or_eye_widen_the_intervals():
    one = Reader.of("probe", SCORES, images(patient="P"), **{**VALIDATION, "validation_patients": ["A"] * 4})
    other = Reader.of("probe", SCORES, images(), **VALIDATION)
    assert one.auc.low < other.auc.low
    assert one.binary.interval[0] < other.binary.interval[0]
    assert one.synthetic_auc.low < other.synthetic_auc.low


def test_every_reader_has_a_line_for_every_picture(tmp_path):
    _, predictions, _ = written(tmp_path)
    assert [(line["reader"], line["path"]) for line in predictions] == [
        (reader, name) for reader in ("probe, seed 0", "darkness") for name in NAMES
    ]
    assert predictions[1] == {
        "reader": "probe, seed 0",
        "path": "dr/b.png",
        "is_diseased": True,
        "score": 0.3,
        "threshold": 0.5,
        "predicted_diseased": False,
        "is_right": False,
    }


def test_the_report_holds_settings_values_and_intervals(tmp_path):
    report, _, page = written(tmp_path)
    assert report["preset"] == "dropout_ma"
    assert report["num_images"] == 4
    low, high = report["readers"][0]["balanced_accuracy_95"]
    assert low < report["readers"][0]["balanced_accuracy"] < high
    assert report["readers"][0]["auc"]["low"] < 0.75 < report["readers"][0]["auc"]["high"]
    assert "| probe, seed 0 | 0.5 | 1.00 [" in page
    assert "- preset: dropout_ma" in page


def test_a_folder_without_labels_gets_predictions_and_a_reason(tmp_path):
    report, predictions, page = written(tmp_path, is_labeled=False)
    assert report["readers"][0]["auc"] is report["readers"][0]["balanced_accuracy"] is None
    assert predictions[0]["is_diseased"] is predictions[0]["is_right"] is None
    assert predictions[0]["predicted_diseased"] is True
    assert "undefined, as the folder has no labels" in page


def test_a_report_on_synthetic_pictures_says_so(tmp_path):
    warning = "says nothing about real eyes"
    report, _, page = written(tmp_path, is_synthetic=True)
    assert report["is_synthetic"] is True
    assert warning in page
    assert warning not in written(tmp_path)[2]


def test_a_report_says_how_many_patients_there_are(tmp_path):
    report, _, page = written(tmp_path, patient="P")
    assert report["num_patients"] == 1
    assert "for 1 patient;" in page
    report, _, page = written(tmp_path)
    assert report["num_patients"] is None
    assert "as if each picture were of another patient" in page


def test_a_report_that_fails_leaves_no_older_one_behind(tmp_path, monkeypatch):
    written(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("octa_svr_dataset.evaluation.probe_report.write_whole", fail)
    with pytest.raises(OSError, match="disk full"):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_removed_report_leaves_the_other_files(tmp_path):
    written(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    remove_probe_report(tmp_path)
    remove_probe_report(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
