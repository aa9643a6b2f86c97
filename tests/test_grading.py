import pytest

from octa_svr_dataset.grading import WIDE_DROPOUT_MM2, Label, label_of_severity, severity_of


def test_severity_decides_the_class():
    assert [label_of_severity(severity).value for severity in range(5)] == ["healthy", "npdr", "npdr", "npdr", "pdr"]


def test_every_class_but_healthy_is_diseased():
    assert [label.is_diseased for label in Label] == [False, True, True]


@pytest.mark.parametrize("severity", [-1, 5])
def test_a_severity_off_the_scale_is_refused(severity):
    with pytest.raises(ValueError, match="between 0 and 4"):
        label_of_severity(severity)


@pytest.mark.parametrize(
    ("signs", "severity"),
    [
        ({}, 0),
        ({"has_microaneurysms": True}, 1),
        ({"has_diffuse_loss": True}, 1),
        ({"dropout_area_mm2": 0.1}, 1),
        ({"dropout_area_mm2": 0.1, "has_microaneurysms": True}, 2),
        ({"dropout_area_mm2": 0.2}, 2),
        ({"has_irma": True}, 3),
        ({"has_beading": True}, 0),
        ({"has_beading": True, "dropout_area_mm2": WIDE_DROPOUT_MM2 - 0.01}, 2),
        ({"has_beading": True, "dropout_area_mm2": WIDE_DROPOUT_MM2}, 3),
        ({"has_irma": True, "dropout_area_mm2": 2.0, "has_neovascularization": True}, 4),
    ],
)
def test_the_gravest_sign_decides_the_severity(signs, severity):
    none = dict.fromkeys(("has_diffuse_loss", "has_microaneurysms", "has_irma", "has_neovascularization"), False)
    assert severity_of(**{"dropout_area_mm2": 0.0, **none, **signs}) == severity
