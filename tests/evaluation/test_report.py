import json
from pathlib import Path

import pytest

from octa_svr_dataset.evaluation.folder import CLASS_FOLDERS, FolderImage, ImageFolder
from octa_svr_dataset.evaluation.metrics import Scored
from octa_svr_dataset.evaluation.report import Protocol, make_report, remove_report, write_report
from octa_svr_dataset.scoring import read_output

OUTPUTS = {"healthy/a.png": "Conclusion: healthy retina.", "npdr/b.png": "Perfusion: poor.\nConclusion: µ?"}


def written(out: Path, *, is_labeled: bool = True, is_synthetic: bool = False) -> tuple[dict, list[dict]]:
    scored = [
        Scored(
            image=FolderImage(path=Path(path), truth=CLASS_FOLDERS[Path(path).parent.name] if is_labeled else None),
            output=output,
            verdict=read_output(output),
        )
        for path, output in OUTPUTS.items()
    ]
    folder = ImageFolder(root=Path("eyes"), images=tuple(entry.image for entry in scored), is_synthetic=is_synthetic)
    protocol = Protocol(model="tiny", question="What?", max_new_tokens=5)
    write_report(make_report(protocol, folder, scored), out)
    lines = (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads((out / "report.json").read_text(encoding="utf-8")), [json.loads(line) for line in lines]


def test_each_picture_has_a_line_with_the_raw_output_and_what_became_of_it(tmp_path: Path) -> None:
    _, predictions = written(tmp_path)
    assert predictions[1] == {
        "path": "npdr/b.png",
        "truth": "npdr",
        "output": "Perfusion: poor.\nConclusion: µ?",
        "predicted": None,
        "is_right": False,
        "is_class_right": False,
        "problem": "the output claims no class: 'µ?'",
    }
    assert predictions[0]["is_right"] is True


def test_the_report_holds_metrics_and_protocol(tmp_path: Path) -> None:
    report, _ = written(tmp_path)
    assert report["balanced_accuracy"] == 0.5
    assert report["unparsable_rate"] == 0.5
    assert report["binary"]["confusion"]["diabetic"] == {"healthy": 0, "diabetic": 0, "unparsable": 1}
    assert report["model"] == "tiny"
    assert report["question"] == "What?"


def test_a_report_without_labels_says_why_there_is_no_accuracy(tmp_path: Path) -> None:
    report, predictions = written(tmp_path, is_labeled=False)
    assert report["balanced_accuracy"] is None
    assert report["binary"]["balanced_accuracy_undefined_because"] == "the folder has no labels"
    assert report["answers"] == {"healthy": 1, "npdr": 0, "pdr": 0, "unparsable": 1}
    assert predictions[0]["truth"] is predictions[0]["is_right"] is None


def test_a_report_on_synthetic_pictures_says_so(tmp_path: Path) -> None:
    report, _ = written(tmp_path, is_synthetic=True)
    assert report["is_synthetic"] is True
    assert "synthetic" in report["note"]
    assert written(tmp_path)[0]["note"] == ""


def test_a_report_that_fails_leaves_no_older_one_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("octa_svr_dataset.evaluation.report.write_whole", fail)
    with pytest.raises(OSError, match="disk full"):
        written(tmp_path)
    assert not (tmp_path / "report.json").exists()


def test_a_removed_report_leaves_the_other_files(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    remove_report(tmp_path)
    remove_report(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
