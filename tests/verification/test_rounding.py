"""Numbers that a text may write for what was measured: just up to the edge of rounding, and not beyond."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from octa_svr_dataset.verification.checks import contradiction
from octa_svr_dataset.verification.comparison import AREA_DIGITS, DIAMETER_DIGITS, PERCENT_DIGITS, is_rounded
from octa_svr_dataset.verification.instances import Instance
from octa_svr_dataset.verification.reader import read_dialogue
from octa_svr_dataset.verification.rows import Row
from octa_svr_dataset.verification.truth import Truth, truth_of

BEYOND = 1e-6
"""Further off than any sum of floats, and less than a pixel."""

DESCRIBE = "What do you see in this OCTA image?"


@pytest.mark.parametrize(("width_mm", "size_px"), [(3.0, 304), (6.0, 400), (12.0, 512)])
@pytest.mark.parametrize("kept", sorted({*AREA_DIGITS.values()}))
def test_every_area_of_whole_pixels_may_be_written_as_findings_round_it(
    width_mm: float, size_px: int, kept: int
) -> None:
    for area_px in range(1, 12_000):
        area_mm2 = area_px * (width_mm / size_px) ** 2
        written = float(f"{round(area_mm2, kept):.2f}")
        assert is_rounded(area_mm2, (written, 2), kept)
        assert not is_rounded(area_mm2, (round(written + 0.02, 2), 2), kept)
        assert not is_rounded(area_mm2, (round(written - 0.02, 2), 2), kept)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_rounded_twice_may_be_written_and_seldom_anything_else(seed: int) -> None:
    values = np.random.default_rng(seed).uniform(0.0, 100.0, 4000)
    for kept, digits in ((3, 2), (2, 2), (DIAMETER_DIGITS, 0), (PERCENT_DIGITS, 0)):
        numbers = [round(round(value, kept), digits) for value in values]
        assert all(is_rounded(value, (number, digits), kept) for value, number in zip(values, numbers, strict=True))
        step = 10.0**-digits
        others = [
            is_rounded(value, (number + way * step, digits), kept)
            for value, number in zip(values, numbers, strict=True)
            for way in (-1, 1)
        ]
        assert np.mean(others) < 0.08 if kept > digits else not any(others)


@pytest.mark.parametrize(
    ("value", "number", "is_so"),
    [(0.4545, 0.46, True), (0.4545 - BEYOND, 0.46, False), (0.4555, 0.45, True), (0.4555 + BEYOND, 0.45, False)],
)
def test_a_tuft_half_way_may_be_rounded_up_and_down(value: float, number: float, is_so: bool) -> None:
    assert is_rounded(value, (number, 2), AREA_DIGITS["neovascularization"]) is is_so


def test_a_sum_is_off_by_half_a_digit_of_each_addend() -> None:
    assert is_rounded(0.315, (0.30, 2), 2, addends=3)
    assert not is_rounded(0.315 + BEYOND, (0.30, 2), 2, addends=3)


def _with_lesion(kind: str, truth: Truth, **changes: float) -> Truth:
    first: Instance = replace(truth.lesions["dropout"][0], **changes)  # type: ignore[arg-type]
    return replace(truth, lesions={**truth.lesions, kind: (first,)})


EDGES: tuple[tuple[str, float, Callable[[Truth, float], Truth]], ...] = (
    (
        "The foveal avascular zone measures 0.28 mm².",
        0.285,
        lambda truth, value: replace(truth, zone=replace(truth.zone, area_mm2=value)),
    ),
    (
        "One area of capillary dropout of 0.49 mm² lies to the lower right of the fovea.",
        0.495,
        lambda truth, value: _with_lesion("dropout", truth, area_mm2=value),
    ),
    (
        "The dropout covers 0.49 mm² in all.",
        0.495,
        lambda truth, value: _with_lesion("dropout", truth, area_mm2=value),
    ),
    (
        "One tuft of new vessels of 0.49 mm² lies to the lower right of the fovea.",
        0.4955,
        lambda truth, value: _with_lesion("neovascularization", truth, area_mm2=value),
    ),
    (
        "One microaneurysm, 63 µm wide, lies to the lower right of the fovea.",
        63.55,
        lambda truth, value: _with_lesion("microaneurysm", truth, diameter_um=value),
    ),
    (
        "Diffuse capillary loss affects 12% of the bed.",
        12.55,
        lambda truth, value: replace(
            truth, diffuse_loss=replace(truth.diffuse_loss, is_visible=True, share=value / 100.0)
        ),
    ),
    (
        "About 12% of the superior quadrant is lost.",
        12.55,
        lambda truth, value: replace(truth, lost_share={**truth.lost_share, "superior": value / 100.0}),
    ),
    (
        "Vessels cover 12% of the superior quadrant.",
        12.5,
        lambda truth, value: replace(truth, density={**truth.density, "superior": value / 100.0}),
    ),
    ("The larger vessels are 12 µm wide.", 12.5, lambda truth, value: replace(truth, calibre_um=value)),
)
"""A sentence, the largest value that it may be written for, and an eye in which just that is measured."""


@pytest.mark.parametrize(("sentence", "edge", "eye_of"), EDGES)
def test_a_number_is_refuted_just_beyond_the_edge_of_rounding(
    sentence: str, edge: float, eye_of: Callable[[Truth, float], Truth], picture_row: Row
) -> None:
    truth = truth_of(picture_row)
    (reading,) = read_dialogue([(DESCRIBE, sentence)], "od")
    assert reading.is_mapped
    for value, is_right in ((edge, True), (edge + BEYOND, False)):
        wrong = [claim for claim in reading.claims if contradiction(claim, eye_of(truth, value))]
        assert bool(wrong) is not is_right


def test_of_two_areas_the_larger_is_larger_by_a_pixel(picture_row: Row) -> None:
    truth = truth_of(picture_row)
    first, second = truth.lesions["dropout"]
    near = replace(second, area_mm2=first.area_mm2 - 1e-4)
    (reading,) = read_dialogue([(DESCRIBE, "The larger of the areas of dropout lies above the fovea.")], "od")
    for other, is_right in ((near, False), (replace(near, area_mm2=first.area_mm2), True)):
        eye = replace(truth, lesions={**truth.lesions, "dropout": (first, other)})
        assert any(contradiction(claim, eye) for claim in reading.claims) is not is_right
