import pytest

from octa_svr_dataset.grading import Label, label_of_severity, severity_of


def test_severity_decides_the_class():
    assert [label_of_severity(severity).value for severity in range(5)] == ["healthy", "npdr", "npdr", "npdr", "pdr"]


def test_every_class_but_healthy_is_diseased():
    assert [label.is_diseased for label in Label] == [False, True, True]


@pytest.mark.parametrize("severity", [-1, 5])
def test_a_severity_off_the_scale_is_refused(severity):
    with pytest.raises(ValueError, match="between 0 and 4"):
        label_of_severity(severity)


def test_dropout_weighs_more_than_microaneurysms():
    assert severity_of(has_dropout=False, has_microaneurysms=False) == 0
    assert severity_of(has_dropout=False, has_microaneurysms=True) == 1
    assert severity_of(has_dropout=True, has_microaneurysms=True) == 2
