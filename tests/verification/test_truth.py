from dataclasses import replace

import numpy as np
import pytest

from octa_svr_dataset.verification.instances import directions_of, quadrants_of
from octa_svr_dataset.verification.rows import Row
from octa_svr_dataset.verification.truth import truth_of


def test_lesions_have_the_places_and_areas_that_were_drawn(picture_row: Row) -> None:
    truth = truth_of(picture_row)
    large, small = truth.lesions["dropout"]
    assert (large.directions, small.directions) == ({"lower right"}, {"upper"})
    assert small.quadrants == {"superior"}
    assert large.area_mm2 == pytest.approx(np.pi * (40 * 3 / 304) ** 2, rel=0.01)
    assert len(truth.lesions["microaneurysm"]) == 3
    assert not truth.lesions["irma"]
    assert truth.zone.is_delimited
    assert not truth.zone.is_open
    assert truth.zone.places == {"centered"}
    assert (truth.label, truth.severity) == ("npdr", 2)


def test_a_dot_that_does_not_outshine_its_surroundings_is_not_there(picture_row: Row) -> None:
    image = picture_row.image.copy()
    image[picture_row.layers["microaneurysms"] == 2] = 120
    numbers = [dot.number for dot in truth_of(_with(picture_row, image)).lesions["microaneurysm"]]
    assert sorted(numbers) == [1, 3]


def test_the_grade_falls_without_dropout_and_rises_with_new_vessels(picture_row: Row) -> None:
    truth = truth_of(picture_row)
    assert truth.grades_with((), ("dropout",)) == {1}
    assert truth.grades_with((), ("dropout", "microaneurysm")) == {0}
    assert truth.grades_with(("neovascularization",), ()) == {4}


@pytest.mark.parametrize(
    ("angle_deg", "name"), [(0, "right"), (44, "lower right"), (-90, "upper"), (-136, "upper left")]
)
def test_directions_go_clockwise_from_the_right(angle_deg: float, name: str) -> None:
    assert directions_of(angle_deg, 0.5) == {name}


def test_near_a_border_both_names_are_right() -> None:
    assert directions_of(22.4, 0.5) == {"right", "lower right"}
    assert quadrants_of(45.1, 0.5, "os") == {"temporal", "inferior"}


def test_nasal_is_at_the_right_of_a_right_eye() -> None:
    assert quadrants_of(0.0, 0.5, "od") == {"nasal"}
    assert quadrants_of(0.0, 0.5, "os") == {"temporal"}


def _with(row: Row, image: np.ndarray) -> Row:
    return replace(row, image=image)
