"""Numbers that a text may write for what was measured: just up to the edge of rounding, and not beyond."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from octa_svr_dataset.example import make_example
from octa_svr_dataset.verification.checks import contradiction
from octa_svr_dataset.verification.comparison import is_percentage, is_rounded
from octa_svr_dataset.verification.instances import Instance
from octa_svr_dataset.verification.reader import read_dialogue
from octa_svr_dataset.verification.rows import Row
from octa_svr_dataset.verification.truth import Truth, truth_of

BEYOND = 3e-5
"""Further off than the digits that findings keep, and less than a pixel."""

DESCRIBE = "What do you see in this OCTA image?"


@pytest.mark.parametrize(("width_mm", "size_px"), [(3.0, 304), (6.0, 400), (12.0, 512)])
def test_an_area_of_whole_pixels_may_be_written_as_the_nearest_number_alone(width_mm: float, size_px: int) -> None:
    for area_px in range(1, 12_000):
        area_mm2 = area_px * (width_mm / size_px) ** 2
        nearest = float(f"{area_mm2:.2f}")
        assert is_rounded(area_mm2, (nearest, 2))
        for step in (-0.01, 0.01):
            is_half_way = abs(abs(nearest + step - area_mm2) - 0.005) < BEYOND
            assert is_half_way or not is_rounded(area_mm2, (round(nearest + step, 2), 2))


@pytest.mark.parametrize(
    ("value", "number", "is_so"),
    [(0.4545, 0.45, True), (0.4545, 0.46, False), (0.0945, 0.10, False), (0.455, 0.45, True), (0.455, 0.46, True)],
)
def test_what_was_rounded_twice_is_refuted(value: float, number: float, is_so: bool) -> None:
    assert is_rounded(value, (number, 2)) is is_so


def test_a_percentage_is_the_nearest_too() -> None:
    assert is_percentage(0.1249, (12.0, 0))
    assert not is_percentage(0.1249, (13.0, 0))
    assert is_percentage(0.1249, (12.5, 1))


@pytest.mark.parametrize("seed", range(3))
def test_every_number_of_findings_is_kept_closer_than_it_is_written(seed: int) -> None:
    example = make_example(
        "dr_staging", seed=seed, index=seed, overrides={"pathology.severity_shares": [0, 0, 0, 0, 1]}
    )
    findings, fov = example.findings, example.rendering.fov
    assert findings.neovascularization
    for layer, found in (
        ("dropout", findings.dropouts),
        ("irma", findings.irma),
        ("neovascularization", findings.neovascularization),
    ):
        for one in found:
            area_px = (getattr(example.rendering.layers, layer) == one.instance_id).sum()
            assert abs(one.area_mm2 - fov.area_mm2(float(area_px))) <= 0.51e-6


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
        0.495,
        lambda truth, value: _with_lesion("neovascularization", truth, area_mm2=value),
    ),
    (
        "One microaneurysm, 63 µm wide, lies to the lower right of the fovea.",
        63.5,
        lambda truth, value: _with_lesion("microaneurysm", truth, diameter_um=value),
    ),
    (
        "Diffuse capillary loss affects 12% of the bed.",
        12.5,
        lambda truth, value: replace(
            truth, diffuse_loss=replace(truth.diffuse_loss, is_visible=True, share=value / 100.0)
        ),
    ),
    (
        "About 12% of the superior quadrant is lost.",
        12.5,
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
    beyond = 100.0 * BEYOND if "%" in sentence else BEYOND
    for value, is_right in ((edge, True), (edge + beyond, False)):
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
