import pytest

from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import read_output


def test_a_right_conclusion_is_right_and_another_wrong():
    verdict = read_output("Fovea: ...\nConclusion: healthy retina.")
    assert verdict.is_right(Label.HEALTHY)
    assert not verdict.is_right(Label.NPDR)


@pytest.mark.parametrize("output", ["", "There is no sign of PDR.", "Conclusion: probably fine."])
def test_an_unparsable_output_is_wrong_for_every_class_and_says_why(output):
    verdict = read_output(output)
    assert verdict.predicted is None
    assert verdict.problem
    assert not any(verdict.is_right(label) for label in Label)
