import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation.made_up import HEALTHY, NPDR, PDR, PREPROCESSING, evaluated, folder_of, measured, response_of

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.assessment import Evaluated, assess
from octa_svr_dataset.evaluation.metrics import CONSTANT
from octa_svr_dataset.evaluation.other_runs import read_probe, read_run
from octa_svr_dataset.evaluation.predictions import PredictionStore, scored
from octa_svr_dataset.evaluation.report import Report, remove_report, summary, write_report
from octa_svr_dataset.evaluation.selection import of_track

TRUTHS = [HEALTHY] * 6 + [NPDR] * 5 + [PDR] * 4
SAID = [HEALTHY] * 4 + [NPDR, None] + [NPDR] * 3 + [PDR, HEALTHY] + [PDR] * 2 + [NPDR, None]
"""Right, binary: 4 of 6 healthy, 3 + 1 + 2 + 1 = 7 of 9 diabetic; of three classes: 4 of 6, 3 of 5, 2 of 4."""

PROBABILITIES = [0.1] * 4 + [0.7, 0.4] + [0.8] * 3 + [0.9, 0.2] + [0.95] * 2 + [0.6, 0.5]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return folder_of(tmp_path_factory.mktemp("eyes"), TRUTHS)


@pytest.fixture
def made_up(folder: Path) -> Evaluated:
    return evaluated(folder, [response_of(said, probability=p) for said, p in zip(SAID, PROBABILITIES, strict=True)])


def report_of(made_up: Evaluated, **more) -> Report:
    return assess(made_up, measured(made_up), np.random.default_rng(0), **more)


def by_name(report: Report) -> dict:
    return {row.name: row for row in report.table}


def test_every_figure_of_the_model_equals_the_one_by_hand(made_up):
    report = report_of(made_up)
    assert report.binary.balanced_accuracy == pytest.approx((4 / 6 + 7 / 9) / 2)
    assert report.binary.confusion.tolist() == [[4, 1, 1], [1, 7, 1]]
    assert report.binary.precisions == pytest.approx({"healthy": 4 / 5, "diabetic": 7 / 8})
    assert report.three_class.balanced_accuracy == pytest.approx((4 / 6 + 3 / 5 + 2 / 4) / 3)
    assert report.answers == {"healthy": 5, "npdr": 5, "pdr": 3, "diabetic": 0, "unparsable": 2}
    assert report.unparsable_rate == pytest.approx(2 / 15)
    likelihood = by_name(report)["made up, label likelihood"]
    wins = 4 * 9 + sum(p > 0.7 for p in PROBABILITIES[6:]) + sum(p > 0.4 for p in PROBABILITIES[6:])
    assert likelihood.auc.value == pytest.approx(wins / 54)
    assert likelihood.metrics.balanced_accuracy == pytest.approx((5 / 6 + 7 / 9) / 2), "0.5 is not above the cut"
    assert report.label_mass == pytest.approx(1.0)


def test_all_baselines_are_in_the_table_and_say_where_they_are_missing(made_up):
    rows = by_name(report_of(made_up))
    assert [*rows] == [
        "made up",
        "made up, label likelihood",
        "made up, likelihood of its conclusion",
        "majority class",
        "perfusion index",
        "mean brightness",
        "low perfusion",
        "coarse mesh power",
        "supervised on this folder",
        "supervised, EfficientNet",
        "transfer probe",
        "age (confounder)",
    ]
    assert rows["majority class"].metrics.balanced_accuracy == 0.5
    assert "diabetic" in rows["majority class"].basis
    assert rows["mean brightness"].auc.value == 1.0, "the diseased eyes were made darker"
    assert rows["supervised on this folder"].metrics.balanced_accuracy == 1.0
    assert "Conclusion:" in rows["made up, likelihood of its conclusion"].missing
    assert "pip install" in rows["supervised, EfficientNet"].missing
    assert "--probe" in rows["transfer probe"].missing
    assert rows["age (confounder)"].missing == "the folder does not state the age of any picture"
    for row in rows.values():
        assert (row.metrics is None) == bool(row.missing)


def test_answers_that_conclude_nothing_are_undecided(folder):
    """By hand: of six healthy and nine diabetic eyes, one healthy one gets no conclusion."""
    logs = {True: (-0.1, -3.0, -4.0), False: (-4.0, -0.1, -3.0)}
    sure = [replace(response_of(truth), conclusion_log_probabilities=logs[truth is HEALTHY]) for truth in TRUTHS]
    silent = [replace(sure[0], conclusion_log_probabilities=None), *sure[1:]]
    name = "made up, likelihood of its conclusion"
    rows = [by_name(report_of(evaluated(folder, of_all)))[name] for of_all in (sure, silent)]
    assert [row.auc.value for row in rows] == [1.0, 1.0]
    assert [row.metrics.balanced_accuracy for row in rows] == pytest.approx([1.0, (5 / 6 + 1) / 2])
    assert "1 of 15 answers conclude nothing" in rows[1].basis


def test_a_picture_of_which_no_probability_is_told_is_undecided_and_counted(folder):
    """By hand: the first of six healthy eyes is silent; the others are sure and right, as are all diseased ones."""
    sure = [response_of(truth, probability=0.1 if truth is HEALTHY else 0.9) for truth in TRUTHS]
    report = report_of(evaluated(folder, [replace(sure[0], class_log_probabilities=None), *sure[1:]]))
    row = by_name(report)["made up, label likelihood"]
    assert row.metrics.balanced_accuracy == pytest.approx((5 / 6 + 1) / 2)
    assert row.auc.value == 1.0
    assert "none is told of 1 of 15 pictures" in row.basis
    found = summary(report)["calibration"]
    assert (found["num_pictures"], found["expected_error"]) == (14, pytest.approx(0.1))


def test_the_calibration_of_the_conclusion_is_that_of_those_that_conclude(folder):
    """By hand: all are sure at 0.8 of disease but for one that is silent; 9 of 14 are diseased."""
    logs = tuple(math.log(share) for share in (0.2, 0.5, 0.3))
    sure = [replace(response_of(truth), conclusion_log_probabilities=logs) for truth in TRUTHS]
    report = report_of(evaluated(folder, [replace(sure[0], conclusion_log_probabilities=None), *sure[1:]]))
    assert report.calibration is None, "there is no label likelihood"
    found = summary(report)["calibration_of_conclusion"]
    assert found["num_pictures"] == 14
    assert found["expected_error"] == pytest.approx(0.8 - 9 / 14)
    assert found["brier"] == pytest.approx((9 * 0.2**2 + 5 * 0.8**2) / 14)
    assert summary(report_of(evaluated(folder, [response_of(None)] * 15)))["calibration_of_conclusion"] is None


def test_the_lead_is_that_over_the_reader_of_its_row(made_up):
    report = report_of(made_up)
    ours = report.binary.balanced_accuracy
    for row in report.table[1:]:
        if row.metrics is not None:
            assert row.lead.value == pytest.approx(ours - row.metrics.balanced_accuracy)
            assert row.lead.low <= row.lead.value <= row.lead.high


@pytest.mark.parametrize(
    ("said", "accuracy"), [(lambda _: HEALTHY, 0.5), (lambda truth: truth, 1.0), (lambda _: None, 0.0)]
)
def test_always_healthy_scores_one_half_the_truth_one_and_nonsense_zero(folder, said, accuracy):
    report = report_of(evaluated(folder, [response_of(said(truth)) for truth in TRUTHS]))
    assert report.binary.balanced_accuracy == accuracy
    if accuracy < 1.0:
        assert (report.binary.interval, report.binary.interval_method) == (None, CONSTANT)
        return
    assert report.binary.interval_method == "analytic"
    low, high = report.binary.interval
    assert low <= accuracy <= high
    assert high - low > 0.1, "15 pictures cannot make it certain"
    assert report.calibration is None


def test_age_is_a_reader_of_its_own_and_the_probe_is_taken_as_it_is_given(made_up):
    images = [replace(image, age=40.0 + number) for number, image in enumerate(made_up.images)]
    probe = {image.path: (0.3, image.path.parent.name == "pdr") for image in images}
    rows = by_name(report_of(replace(made_up, images=tuple(images)), probe=probe))
    assert rows["age (confounder)"].auc.value == 1.0, "the healthy eyes are the youngest"
    assert rows["age (confounder)"].metrics.balanced_accuracy > 0.8
    assert rows["transfer probe"].metrics.balanced_accuracy == pytest.approx((1 + 4 / 9) / 2)
    assert rows["transfer probe"].auc.value == 0.5


def test_without_labels_only_the_answers_are_counted(tmp_path):
    root = folder_of(tmp_path, TRUTHS[:4], is_labeled=False)
    report = report_of(evaluated(root, [response_of(PDR, probability=0.9)] * 4))
    assert report.table == ()
    assert report.calibration is None
    assert report.binary.reason == "the folder has no labels"
    assert report.answers["pdr"] == 4


def test_a_folder_of_one_class_has_recalls_and_a_reason(tmp_path):
    root = folder_of(tmp_path, [HEALTHY] * 3)
    report = report_of(evaluated(root, [response_of(HEALTHY, probability=0.2)] * 3))
    assert report.binary.reason == "no picture with a label is of the class diabetic"
    assert by_name(report)["majority class"].metrics.recalls["healthy"].value == 1.0
    assert by_name(report)["supervised on this folder"].missing
    json.dumps(summary(report))


def test_fields_of_different_width_are_never_pooled(made_up):
    images = [replace(image, field_of_view_mm=3.0 + 3.0 * (number % 2)) for number, image in enumerate(made_up.images)]
    with pytest.raises(InputError, match=r"track: none is named; allowed: 3 mm \(8 pictures\), 6 mm \(7 pictures\)"):
        of_track(images, None)
    with pytest.raises(InputError, match=r"track: got '4 mm'; allowed: 3 mm"):
        of_track(images, "4 mm")
    wide = of_track(images, "6 mm")
    assert all(of_track(images, name) == wide for name in ("6mm", "6", "6.0 mm", " 6 MM", "6,0"))
    assert len(wide) == 7
    assert of_track(wide, None) == wide
    responses = [response_of(HEALTHY, probability=0.2)] * 7
    report = report_of(replace(made_up, images=wide, responses=tuple(responses)))
    assert "of 6 mm" in by_name(report)["perfusion index"].basis


def test_a_cut_picture_has_the_width_that_is_left(made_up):
    cut = replace(PREPROCESSING, crop=True, field_of_view_mm=6.0)
    assert replace(made_up, preprocessing=cut).width_mm(made_up.images[0]) == 3.0
    assert replace(made_up, preprocessing=replace(cut, crop=False)).width_mm(made_up.images[0]) == 6.0
    assert made_up.width_mm(made_up.images[0]) == 3.0
    own = replace(made_up.images[0], field_of_view_mm=4.5)
    assert made_up.width_mm(own) == 4.5


def test_the_same_responses_give_the_same_report(made_up):
    assert summary(report_of(made_up)) == summary(report_of(made_up))


def test_a_comparison_reads_the_other_run_by_the_same_grammar(made_up, tmp_path):
    store = PredictionStore(tmp_path, made_up.protocol)
    digests = [str(number) for number in range(15)]
    for image, digest in zip(made_up.images, digests, strict=True):
        store.append(image, digest, response_of(HEALTHY))
    other = read_run(tmp_path / "predictions.jsonl", made_up.images, digests, field="compare")
    comparison = report_of(made_up, other=("other", other)).comparison
    assert comparison.accuracy == 0.5
    assert comparison.difference.value == pytest.approx((4 / 6 + 7 / 9) / 2 - 0.5)
    assert (comparison.mcnemar.only_first, comparison.mcnemar.only_second) == (7, 2)
    assert comparison.mcnemar.p_value == pytest.approx(2 * sum(math.comb(9, k) for k in (0, 1, 2)) / 2**9)
    with pytest.raises(InputError, match=r"compare: .* is about another picture under the name 'healthy/000.png'"):
        read_run(tmp_path / "predictions.jsonl", made_up.images, ["x"] * 15, field="compare")
    with pytest.raises(InputError, match=r"compare: .* also has 1 pictures, the first of them 'pdr/014.png'"):
        read_run(tmp_path / "predictions.jsonl", made_up.images[:14], digests[:14], field="compare")


def test_the_probe_s_mean_is_taken_and_must_cover_every_picture(made_up, tmp_path):
    file = tmp_path / "predictions.jsonl"
    readers = ("probe, seed 0", "probes, mean")
    lines = [
        {"reader": reader, "path": image.path.as_posix(), "score": 0.25, "predicted_diseased": reader == readers[1]}
        for reader in readers
        for image in made_up.images[:14]
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert set(read_probe(file, made_up.images[:14], field="probe").values()) == {(0.25, True)}
    with pytest.raises(InputError, match=r"probe: .* holds no score of 'probes, mean' for 'pdr/014.png'"):
        read_probe(file, made_up.images, field="probe")


def test_the_report_holds_metrics_and_protocol(made_up, tmp_path):
    write_report(report_of(made_up), tmp_path)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["balanced_accuracy"] == pytest.approx((4 / 6 + 7 / 9) / 2)
    assert report["binary"]["confusion"]["diabetic"] == {"healthy": 1, "diabetic": 7, "unparsable": 1}
    assert set(report["three_class"]["confusion"]["npdr"]) == {"healthy", "npdr", "pdr", "no class"}
    assert report["binary"]["interval_method"] == "analytic"
    assert report["question"] == "What do you see in this OCTA image?"
    assert report["label_likelihood"] == "full answer"
    assert report["folder"]["classes"] == {"healthy": 6, "npdr": 5, "pdr": 4}
    assert report["intervals"]["bootstrap_samples"] == 2000
    (tmp_path / "notes.txt").write_text("mine")
    remove_report(tmp_path)
    remove_report(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_output_is_read_once_by_the_grammar(made_up):
    entry = scored(made_up.images[0], response_of(NPDR))
    assert (entry.is_right, entry.verdict.predicted) == (False, NPDR)
