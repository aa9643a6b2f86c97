from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from octa_svr_dataset.evaluation.folder import FolderImage, Truth
from octa_svr_dataset.evaluation.metrics import Judgments, Scored, answer_counts, binary_metrics, three_class_metrics
from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import read_output
from octa_svr_dataset.text.answers import ClassAnswer, format_last_line


def scored(truth: Label | None, predicted: Label | None) -> Scored:
    output = "I cannot tell." if predicted is None else format_last_line(ClassAnswer(label=predicted))
    known = None if truth is None else Truth(is_diseased=truth.is_diseased, label=truth)
    return Scored(image=FolderImage(path=Path("eye.png"), truth=known), output=output, verdict=read_output(output))


@pytest.fixture
def mixed() -> list[Scored]:
    classes = list(Label)
    return [scored(classes[i], classes[j]) for i, j in np.random.default_rng(0).integers(3, size=(200, 2))]


def test_balanced_accuracy_equals_that_of_scikit_learn(mixed: list[Scored]) -> None:
    truths = [entry.image.truth.label for entry in mixed]
    predictions = [entry.verdict.predicted for entry in mixed]
    assert three_class_metrics(mixed).balanced_accuracy == pytest.approx(balanced_accuracy_score(truths, predictions))
    binary = balanced_accuracy_score([t.is_diseased for t in truths], [p.is_diseased for p in predictions])
    assert binary_metrics(mixed).balanced_accuracy == pytest.approx(binary)


def test_an_unparsable_output_is_wrong_and_has_a_column_of_its_own() -> None:
    entries = [scored(Label.HEALTHY, Label.HEALTHY), scored(Label.NPDR, Label.NPDR), scored(Label.NPDR, None)]
    metrics = binary_metrics(entries)
    assert metrics.confusion.tolist() == [[1, 0, 0], [0, 1, 1]]
    assert metrics.balanced_accuracy == pytest.approx(0.75)
    assert entries[2].is_right is False
    assert entries[2].verdict.problem == "the output claims no class: 'I cannot tell.'"


def test_an_output_without_a_stage_is_of_no_class_but_not_unparsable() -> None:
    image = scored(Label.NPDR, Label.NPDR).image
    output = "Conclusion: diabetic retinopathy."
    entries = [Scored(image=image, output=output, verdict=read_output(output))]
    assert three_class_metrics(entries).confusion.tolist() == [[0] * 4, [0, 0, 0, 1], [0] * 4]
    assert (three_class_metrics(entries).unread, binary_metrics(entries).unread) == ("no class", "unparsable")
    assert answer_counts(entries)["unparsable"] == 0


def test_any_retinopathy_counts_as_diabetic_in_the_primary_question() -> None:
    entry = scored(Label.PDR, Label.NPDR)
    assert entry.is_right is True
    assert entry.is_class_right is False


@pytest.mark.parametrize("output", ["Conclusion: diabetic retinopathy.", "This is NPDR or PDR.", "DR is present."])
def test_diabetic_retinopathy_of_any_kind_is_right_in_the_binary_question_alone(output: str) -> None:
    for label in Label:
        image = FolderImage(path=Path("eye.png"), truth=Truth(is_diseased=label.is_diseased, label=label))
        entry = Scored(image=image, output=output, verdict=read_output(output))
        assert (entry.is_right, entry.is_class_right) == (label.is_diseased, False)
        assert binary_metrics([entry]).confusion[:, 1].sum() == 1
        assert three_class_metrics([entry]).confusion[:, -1].sum() == 1
        assert entry.verdict.problem
        assert answer_counts([entry])["diabetic"] == 1


@pytest.mark.parametrize("output", ["Diabetic retinopathy cannot be excluded.", "Possible DR.", "No sign of PDR."])
def test_a_hedge_or_a_lone_denial_is_no_answer_to_the_binary_question_either(output: str) -> None:
    assert read_output(output).is_diseased is None


def test_confusion_counts_every_labeled_picture_once(mixed: list[Scored]) -> None:
    assert binary_metrics(mixed).confusion.sum() == three_class_metrics(mixed).confusion.sum() == len(mixed)
    assert sum(answer_counts(mixed).values()) == len(mixed)


def test_balanced_accuracy_is_undefined_for_one_class_and_a_reason_is_given() -> None:
    metrics = binary_metrics([scored(Label.HEALTHY, Label.HEALTHY), scored(Label.HEALTHY, None)])
    assert metrics.balanced_accuracy is metrics.interval is None
    assert metrics.reason == "no picture with a label is of the class diabetic"
    assert metrics.recalls["healthy"].value == 0.5


def test_without_labels_only_the_answers_are_counted() -> None:
    entries = [scored(None, Label.PDR), scored(None, None)]
    assert binary_metrics(entries).balanced_accuracy is None
    assert binary_metrics(entries).reason == "the folder has no labels"
    assert entries[0].is_right is entries[0].is_class_right is None
    assert answer_counts(entries) == {"healthy": 0, "npdr": 0, "pdr": 1, "diabetic": 0, "unparsable": 1}


def test_a_picture_known_only_as_diseased_counts_in_the_binary_question_alone() -> None:
    image = FolderImage(path=Path("eye.png"), truth=Truth(is_diseased=True, label=None))
    entry = Scored(image=image, output="", verdict=read_output(format_last_line(ClassAnswer(label=Label.NPDR))))
    assert entry.is_right is True
    assert entry.is_class_right is None
    assert three_class_metrics([entry]).confusion.sum() == 0


def test_intervals_hold_their_value_and_shrink_with_more_pictures() -> None:
    few = [scored(Label.HEALTHY, Label.HEALTHY)] * 8 + [scored(Label.NPDR, Label.NPDR), scored(Label.NPDR, None)]
    widths = []
    for entries in (few, few * 10):
        metrics = binary_metrics(entries)
        low, high = metrics.interval
        assert 0 <= low < metrics.balanced_accuracy < high <= 1
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_the_interval_of_a_recall_is_that_of_wilson() -> None:
    metrics = binary_metrics([scored(Label.HEALTHY, Label.HEALTHY)] * 9 + [scored(Label.HEALTHY, None)])
    recall = metrics.recalls["healthy"]
    assert (recall.low, recall.high) == pytest.approx((0.5958, 0.9821), abs=1e-4)  # 9 of 10; Brown et al. 2001


def test_the_precision_of_a_class_is_over_what_is_said_to_be_it() -> None:
    entries = [scored(Label.HEALTHY, Label.HEALTHY), scored(Label.NPDR, Label.HEALTHY), scored(Label.NPDR, None)]
    assert binary_metrics(entries).precisions == {"healthy": 0.5}, "nothing was said to be diabetic"


def test_an_interval_is_a_bootstrap_where_there_are_many_patients_and_recalls_that_vary(mixed: list[Scored]) -> None:
    rng = np.random.default_rng(0)
    judged = Judgments.binary(mixed)
    metrics = binary_metrics(mixed, judged.resamples(rng))
    assert metrics.interval_method == "cluster bootstrap"
    assert metrics.interval == pytest.approx(binary_metrics(mixed).interval, abs=0.02)
    few = mixed[:24]
    assert binary_metrics(few, Judgments.binary(few).resamples(rng)).interval_method == "analytic"
    perfect = [scored(entry.image.truth.label, entry.image.truth.label) for entry in mixed]
    assert binary_metrics(perfect, judged.resamples(rng)).interval_method == "analytic"
    assert binary_metrics(perfect, judged.resamples(rng)).interval[0] < 1.0
