from dataclasses import replace

import numpy as np
import pytest

from octa_svr_dataset.example import Example, make_example
from octa_svr_dataset.findings import observe
from octa_svr_dataset.findings.beading import LEAST_SWING

BEADED = {
    "pathology.severity_shares": [0, 0, 0, 1, 0],
    "pathology.veins.probability": [0, 0, 1, 1],
}

NUM_EYES = 6


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Example, Example]]:
    """Eyes whose veins bead, and their healthy twins."""
    return [
        tuple(
            make_example("dr_staging", seed=41, index=index, overrides=BEADED, lesions=lesions)
            for lesions in (True, False)
        )
        for index in range(NUM_EYES)
    ]


def test_the_picture_of_beaded_veins_swings_with_them_and_that_of_the_healthy_twin_does_not(pairs):
    beaded = np.array([eye.findings.vessel_shape.beading for eye, _ in pairs])
    no_new_vessels = {"irma": (), "neovascularization": ()}
    elsewhere = np.array([
        observe(replace(eye.scene, lesions=replace(eye.scene.lesions, **no_new_vessels)), twin.rendering)
        .vessel_shape.beading
        for eye, twin in pairs
    ])  # fmt: skip
    assert (beaded > elsewhere).all()
    assert (beaded >= LEAST_SWING).mean() >= 0.5
    assert (elsewhere < LEAST_SWING).all()


def test_without_beads_nothing_is_said_of_them(pairs):
    for _, twin in pairs:
        assert twin.findings.vessel_shape.beading is None
        assert not twin.findings.vessel_shape.is_beaded


def test_beaded_veins_and_wide_dropout_make_an_eye_severe(pairs):
    eye = pairs[0][0].findings
    bare = replace(eye, irma=(), neovascularization=())
    for is_beaded, severity in ((True, 3), (False, 2)):
        assert replace(bare, vessel_shape=replace(eye.vessel_shape, is_beaded=is_beaded)).severity == severity


def test_eyes_whose_vessels_wind_are_called_tortuous_more_often():
    found = []
    for gain in (1.0, 1.15):
        overrides = {
            "pathology.severity_shares": [0, 1, 0, 0, 0],
            "pathology.tortuosity.probability": [1, 1, 1, 1],
            "pathology.tortuosity.gain": [gain, gain],
        }
        eyes = [make_example("dr_staging", seed=43, index=index, overrides=overrides) for index in range(NUM_EYES)]
        found.append([eye.findings.vessel_shape for eye in eyes])
    straight, winding = ([shape.tortuosity for shape in shapes] for shapes in found)
    assert (np.array(winding) > straight).all()
    assert sum(shape.is_tortuous for shape in found[0]) <= 1
    assert sum(shape.is_tortuous for shape in found[1]) >= NUM_EYES // 2


@pytest.mark.parametrize("lesions", [True, False])
def test_in_the_deep_layer_nothing_is_said_of_the_shape_of_larger_vessels(lesions):
    overrides = BEADED | {"imaging.projection": "deep"}
    for index in range(2):
        shape = make_example("dr_staging", seed=44, index=index, overrides=overrides, lesions=lesions)
        assert (shape.findings.vessel_shape.tortuosity, shape.findings.vessel_shape.calibre_um) == (None, None)
        assert not shape.findings.vessel_shape.is_tortuous
        assert not shape.findings.vessel_shape.is_beaded
