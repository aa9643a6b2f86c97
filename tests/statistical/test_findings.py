"""What the words of the findings rest on, over many eyes and their healthy twins."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from octa_svr_dataset.example import Example, make_example
from octa_svr_dataset.findings.beading import LEAST_SWING, bead_swing
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.visibility import View
from octa_svr_dataset.pathology.courses import arc_over_chord

pytestmark = pytest.mark.slow

NUM_EYES = 60

LARGER_MM, PIECE_MM = 0.010, 0.4
"""Radius from which vessels are larger ones, and the pieces by which they wind."""


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Example, Example]]:
    """Eyes of all severities and their healthy twins, in the same exposures."""
    return [
        (
            make_example("dr_staging", seed=51, split="test", index=index),
            make_example("dr_staging", seed=51, split="test", index=index, lesions=False),
        )
        for index in range(NUM_EYES)
    ]


def alone(example: Example) -> PictureAlone:
    return PictureAlone.of(View.of(example.scene, example.rendering))


@pytest.mark.parametrize("name", ["vessel_gray", "noise_share", "edge_um", "line_share"])
def test_what_quality_is_told_by_does_not_tell_disease(pairs, name):
    diseased, healthy = (
        np.array([getattr(alone(pair[side]).exposure, name) for pair in pairs if pair[0].findings.severity >= 1], float)
        for side in (0, 1)
    )
    known = np.isfinite(diseased) & np.isfinite(healthy)
    auc = mannwhitneyu(diseased[known], healthy[known]).statistic / known.sum() ** 2
    print(f"\n{name}: AUC {auc:.2f}, known of {known.mean():.2f}")
    assert 0.42 <= auc <= 0.58
    assert known.mean() >= 0.98


def test_tortuosity_agrees_with_the_course_of_the_vessels_and_not_with_noise(pairs):
    eyes = [example for pair in pairs for example in pair]
    measured = np.array([example.findings.vessel_shape.tortuosity for example in eyes], float)
    true = np.array([arc_over_chord(example.scene.graph, LARGER_MM, PIECE_MM) for example in eyes])
    noise = np.array([alone(example).exposure.noise_share for example in eyes], float)
    known = np.isfinite(measured) & np.isfinite(noise)
    of_truth, of_noise = (float(np.corrcoef(measured[known], other[known])[0, 1]) for other in (true, noise))
    print(f"\ntortuosity: r {of_truth:.2f} with the truth, {of_noise:.2f} with noise")
    assert of_truth >= 0.35
    assert abs(of_noise) <= 0.3


def test_words_of_diffuse_loss_overlap_between_severities():
    overrides = {"pathology.severity_shares": [0, 0.25, 0.25, 0.25, 0.25]}
    eyes = (make_example("dr_staging", seed=51, split="test", index=index, overrides=overrides) for index in range(60))
    said = {
        (example.findings.severity, example.findings.diffuse_loss.degree)
        for example in eyes
        if example.findings.diffuse_loss.is_visible
    }
    for degree in ("mild", "moderate", "marked"):
        assert len([severity for severity, word in said if word == degree]) >= 2, degree


def test_most_beaded_eyes_are_seen_to_bead_and_healthy_twins_at_the_same_places_are_not():
    overrides = {"pathology.severity_shares": [0, 0, 0, 1, 0], "pathology.veins.probability": [0, 0, 1, 1]}
    swings = []
    for index in range(40):
        eye, twin = (
            make_example("dr_staging", seed=52, split="test", index=index, overrides=overrides, lesions=lesions)
            for lesions in (True, False)
        )
        swings.append([bead_swing(View.of(found.scene, found.rendering), eye.scene, alone(found).vessels)
                       for found in (eye, twin)])  # fmt: skip
    seen, mistaken = (np.array(swings, float) >= LEAST_SWING).mean(axis=0)
    print(f"\nbeading: seen in {seen:.2f}, in twins {mistaken:.2f}")
    assert seen >= 0.6
    assert mistaken <= 0.03


def test_healthy_eyes_are_hardly_ever_called_beaded_tortuous_or_poor(pairs):
    twins = [twin.findings for _, twin in pairs]
    assert not any(found.vessel_shape.is_beaded for found in twins)
    assert np.mean([found.vessel_shape.is_tortuous for found in twins]) <= 0.15
    assert np.mean([found.quality.grade == "poor" for found in twins]) <= 0.3
