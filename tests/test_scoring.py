import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.grading import Label
from octa_svr_dataset.scoring import read_output, score
from octa_svr_dataset.scoring.places import LAYER_OF_KIND
from octa_svr_dataset.text.answers import BINARY, TASKS, format_answer, format_last_line, parse_answer

ANSWERS = {
    "describe": {"label": "pdr"},
    "classify": {"label": "healthy", "scheme": "three"},
    "locate": {"kind": "microaneurysm", "objects": [{"point_2d": [10, 990]}, {"point_2d": [500, 500]}]},
    "count": {"kind": "microaneurysm", "count": 12},
    "yes_no": {"answer": "no"},
    "multiple_choice": {"choice": "C", "options": {"A": "one", "B": "two", "C": "three"}},
    "compare_regions": {"region": "temporal"},
    "measure": {"quantity": "faz_area", "value": 0.27, "unit": "mm2"},
    "report": {"label": "npdr", "severity": 3},
    "explain_grade": {"severity": 4},
}
DROPOUT = {"kind": "capillary dropout", "objects": [{"bbox_2d": [0, 0, 500, 500]}]}


class TestReadOutput:
    def test_a_right_conclusion_is_right_and_another_wrong(self):
        verdict = read_output("Fovea: ...\nConclusion: healthy retina.")
        assert verdict.is_right(Label.HEALTHY)
        assert not verdict.is_right(Label.NPDR)

    @pytest.mark.parametrize("output", ["", "There is no sign of PDR.", "Conclusion: probably fine."])
    def test_an_unparsable_output_is_wrong_for_every_class_and_says_why(self, output):
        verdict = read_output(output)
        assert verdict.predicted is None
        assert verdict.problem
        assert not any(verdict.is_right(label) for label in Label)


@pytest.mark.parametrize("task", TASKS)
def test_the_grammars_own_answer_is_exact(task):
    answer_json = json.dumps(ANSWERS[task])
    right = {"describe": "PDR", "classify": "Healthy", "locate": '[{"point_2d": [500, 500]}, {"point_2d": [10, 990]}]',
             "count": "12", "yes_no": "No.", "multiple_choice": "C", "compare_regions": "temporal",
             "measure": "0.27 mm²", "report": "NPDR", "explain_grade": "Grade: 4"}[task]  # fmt: skip
    read = parse_answer(task, right)
    for text in (right, format_answer(read), f"<think>?</think>\n{format_last_line(read)}"):
        assert score(task, answer_json, text).kind == "exact"


@pytest.mark.parametrize("task", TASKS)
def test_what_cannot_be_read_is_unparsable_and_worth_nothing(task):
    result = score(task, json.dumps(ANSWERS[task]), "I am sorry.")
    assert (result.value, result.kind, result.answer) == (0.0, "unparsable", None)
    assert result.problem


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("guess", "{}"),
        ("count", "3"),
        ("count", "{"),
        ("count", '{"count": -1}'),
        ("describe", '{"label": "glaucoma"}'),
        ("locate", '{"kind": "microaneurysm", "objects": [{"bbox_2d": [1, 2, 3]}]}'),
        ("yes_no", '{"answer": "maybe"}'),
        ("multiple_choice", '{"choice": "A"}'),
        ("measure", '{"value": 1, "unit": "inch"}'),
    ],
)
def test_a_truth_that_is_none_is_refused(task, answer):
    with pytest.raises(InputError, match=r"^(task|answer): "):
        score(task, answer, "3")


def test_the_scheme_of_the_question_decides_what_any_retinopathy_is_worth():
    for label in ("npdr", "pdr"):
        assert score("classify", json.dumps({"label": label}), "Diabetic retinopathy").kind == "unparsable"
    truth = json.dumps({"label": "diabetic retinopathy", "scheme": BINARY})
    assert {score("classify", truth, text).kind for text in ("NPDR", "PDR", "Diabetic retinopathy")} == {"exact"}


@given(true=st.integers(0, 60), told=st.integers(0, 60))
def test_a_count_is_worth_less_the_farther_it_is_off(true, told):
    value = score("count", json.dumps({"count": true}), str(told)).value
    farther = score("count", json.dumps({"count": true}), str(told + 1 if told >= true else max(told - 1, 0))).value
    assert farther <= value
    assert (value == 1.0) is (told == true)
    assert value == 0.0 if (told == 0) != (true == 0) else True


@given(true=st.floats(0.1, 10.0), factor=st.floats(0.3, 3.0), unit=st.sampled_from(["mm2", "um2"]))
def test_a_measure_is_right_within_its_tolerance_in_any_unit(true, factor, unit):
    truth = json.dumps({"value": true, "unit": "mm2"})
    told = true * factor
    text = f"{told:.9f} mm²" if unit == "mm2" else f"{told * 1e6:.3f} µm²"
    error = abs(told - true) / true
    if min(abs(error - 0.15), abs(error - 0.3)) > 1e-6:
        expected = "exact" if error < 0.15 else "partial" if error < 0.3 else "wrong"
        assert score("measure", truth, text).kind == expected


SIDE = st.tuples(st.integers(0, 1000), st.integers(0, 1000)).filter(lambda side: side[0] < side[1])
BOX = st.builds(lambda x, y: {"bbox_2d": [x[0], y[0], x[1], y[1]]}, SIDE, SIDE)


@given(boxes=st.lists(BOX, min_size=1, max_size=5), shuffle=st.randoms(use_true_random=False))
def test_the_true_boxes_are_exact_in_any_order_and_fewer_of_them_are_not(boxes, shuffle):
    truth = json.dumps({"kind": "capillary dropout", "objects": boxes})
    told = list(boxes)
    shuffle.shuffle(told)
    assert score("locate", truth, json.dumps(told)).value == 1.0
    fewer = score("locate", truth, json.dumps(told[1:]))
    more = score("locate", truth, json.dumps([*told, told[0]]))
    assert fewer.value < 1.0
    assert more.value < 1.0


@pytest.mark.parametrize(
    ("shift", "kind"),
    [(0, "exact"), (100, "exact"), (166, "exact"), (168, "partial"), (400, "partial"), (450, "wrong")],
)
def test_boxes_count_by_their_overlap(shift, kind):
    told = [{"bbox_2d": [shift, 0, 500 + shift, 500]}]
    assert score("locate", json.dumps(DROPOUT), json.dumps(told)).kind == kind


class TestPointsAndLayers:
    def layers(self) -> dict[str, np.ndarray]:
        """A ring of dropout, number 2, that leaves its middle free; dots beside each other, numbers 7 and 8."""
        dropout = np.zeros((100, 100), np.uint8)
        dropout[0:50, 0:50] = 2
        dropout[15:35, 15:35] = 0
        dots = np.zeros((100, 100), np.uint16)
        dots[40:43, 20:23] = 7
        dots[40:43, 28:31] = 8
        return {"dropout": dropout, "microaneurysms": dots}

    def kind(self, answer, told, *, with_layers=True) -> tuple[str, float]:
        layers = self.layers() if with_layers else None
        result = score("locate", json.dumps(answer), json.dumps(told), layers=layers)
        return result.kind, result.value

    def test_a_point_in_a_box_but_outside_the_mask_is_wrong_only_where_the_mask_is_known(self):
        middle = [{"point_2d": [250, 250]}]
        assert self.kind(DROPOUT, middle) == ("wrong", 0.0)
        assert self.kind(DROPOUT, middle, with_layers=False) == ("partial", 0.5)
        assert self.kind(DROPOUT, [{"point_2d": [50, 400]}]) == ("partial", 0.5)

    def test_a_point_must_lie_on_its_own_dot(self):
        dot = {"kind": "microaneurysm", "objects": [{"point_2d": [215, 415]}]}
        assert self.kind(dot, [{"point_2d": [228, 402]}]) == ("exact", 1.0)
        assert self.kind(dot, [{"point_2d": [295, 415]}]) == ("wrong", 0.0)
        both = {"kind": "microaneurysm", "objects": [{"point_2d": [215, 415]}, {"point_2d": [295, 415]}]}
        assert self.kind(both, [{"point_2d": [295, 415]}, {"point_2d": [215, 415]}])[0] == "exact"
        assert self.kind(both, [{"point_2d": [215, 415]}, {"point_2d": [216, 416]}]) == ("partial", 0.5)

    def test_x_comes_first(self):
        dot = {"kind": "microaneurysm", "objects": [{"point_2d": [215, 415]}]}
        assert self.kind(dot, [{"point_2d": [415, 215]}])[0] == "wrong"

    def test_a_layer_of_another_size_or_shape_than_the_picture_serves_as_well(self):
        layers = {"microaneurysms": np.kron(self.layers()["microaneurysms"], np.ones((1, 3), np.uint16))}
        dot = json.dumps({"kind": "microaneurysm", "objects": [{"point_2d": [215, 415]}]})
        assert score("locate", dot, '[{"point_2d": [215, 415]}]', layers=layers).kind == "exact"

    def test_every_kind_has_its_layer(self):
        from octa_svr_dataset.row import LAYER_NAMES

        assert set(LAYER_OF_KIND.values()) <= set(LAYER_NAMES)
