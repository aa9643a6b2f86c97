"""Claims of descriptions against measures: truth is supported, clear untruth contradicted, the rest left alone."""

import numpy as np
import pytest

from octa_svr_dataset import make_example
from octa_svr_dataset.evaluation.explained import CheckedClaim, Explanation
from octa_svr_dataset.explanation.explain import Described, explain
from octa_svr_dataset.measurement.picture import PictureMeasures, measure_picture


@pytest.fixture(scope="module")
def eyes() -> list[tuple[PictureMeasures, str, str]]:
    """Measures of 48 eyes of every severity, with true texts and which eye it is."""
    found = []
    for index in range(48):
        example = make_example("dr_staging", split="validation", index=index, overrides={"text.form": "prose"})
        texts = [message.content for message in example.dialogue.messages if message.role == "assistant"]
        found.append((measure_picture(example.rendering.image, 3.0), "\n".join(texts), example.scene.laterality))
    return found


@pytest.fixture(scope="module")
def healthy() -> PictureMeasures:
    """An eye with a closed avascular zone of usual size."""
    measures = measure_picture(make_example("healthy", index=0).rendering.image, 3.0)
    assert measures.faz is not None
    assert measures.faz.is_delimited
    return measures


def explained(*pairs: tuple[PictureMeasures, str], patient: str | None = None) -> Explanation:
    described = [
        Described(path=f"{number}", patient=patient, eye="od", output=output, measures=measures)
        for number, (measures, output) in enumerate(pairs)
    ]
    return explain(described, "full", np.random.default_rng(0))


def outcomes(measures: PictureMeasures, output: str) -> dict[str, str]:
    """By aspect."""
    return {claim.claim.split(": ")[1].split()[0]: claim.outcome for claim in explained((measures, output)).claims}


def test_true_texts_are_supported_and_more_so_than_by_other_pictures(eyes):
    explanation = explained(*((measures, text) for measures, text, _ in eyes))
    assert explanation.num_understood > 0.85 * explanation.num_sentences
    assert sum(explanation.counts.values()) == len(explanation.claims)
    assert explanation.supported.value >= 0.88
    assert explanation.supported.value > explanation.elsewhere.value + 0.1
    assert explanation.supported.low < explanation.supported.value < explanation.supported.high
    assert 0.0 < explanation.lead.low < explanation.lead.value < explanation.lead.high
    both = [claim for claim in explanation.claims if "not checkable" not in (claim.outcome, claim.elsewhere)]
    lead = np.mean([(claim.outcome == "supported") - (claim.elsewhere == "supported") for claim in both])
    assert explanation.lead.value == pytest.approx(lead)


def test_what_is_said_of_any_eye_has_no_lead(eyes):
    explanation = explained(*((measures, "A foveal avascular zone is seen.") for measures, _, _ in eyes))
    assert explanation.lead.value == pytest.approx(explanation.supported.value - explanation.elsewhere.value)
    assert explanation.lead.low <= 0.0 <= explanation.lead.high


def test_the_other_eye_of_a_patient_is_no_other_picture(eyes):
    two = [(measures, "A foveal avascular zone is seen.") for measures, _, _ in eyes[:2]]
    assert explained(*two, patient="p1").lead is None
    assert explained(*two).lead is not None


def test_numbers_are_right_within_their_tolerance(healthy):
    area_mm2 = healthy.faz.area_mm2
    for factor, outcome in ((1.0, "supported"), (1.2, "supported"), (1.6, "contradicted"), (0.5, "contradicted")):
        said = f"The foveal avascular zone covers {factor * area_mm2:.3f} mm²."
        assert outcomes(healthy, said)["zone_area"] == outcome, factor
    density = 100 * healthy.area_density
    for factor, outcome in ((1.0, "supported"), (1.6, "contradicted")):
        assert outcomes(healthy, f"Vessel density is about {factor * density:.0f}%.")["overall_density"] == outcome


def test_what_is_denied_of_a_picture_that_shows_it_is_contradicted(healthy):
    assert outcomes(healthy, "A foveal avascular zone is seen.") == {"zone_visible": "supported"}
    assert outcomes(healthy, "No foveal avascular zone can be seen.") == {"zone_visible": "contradicted"}


def test_places_are_those_of_the_picture(healthy):
    """Of the eight directions, at most three in a row are passed, and the opposite one never."""
    row, column = healthy.faz.center_px
    half = healthy.fov.size_px / 2
    passed = [
        direction
        for direction in ("right", "lower right", "lower", "lower left", "left", "upper left", "upper", "upper right")
        if outcomes(healthy, f"The foveal avascular zone lies to the {direction} of the image center.")["zone_place"]
        == "supported"
    ]
    assert len(passed) <= 3
    assert passed or np.hypot(row - half, column - half) * healthy.fov.mm_per_px <= 0.05
    for direction in passed:
        assert ("right" not in direction) or column > half - 5
        assert ("lower" not in direction) or row > half - 5


def test_lesions_and_classes_are_left_alone(healthy):
    text = "Three microaneurysms are seen. There is capillary dropout.\nConclusion: proliferative retinopathy (PDR)."
    assert set(outcomes(healthy, text).values()) == {"not checkable"}


def test_millimeters_are_not_judged_where_the_field_is_not_known():
    image = make_example("healthy", index=0).rendering.image
    found = outcomes(measure_picture(image), "The foveal avascular zone covers 5.0 mm² and is enlarged.")
    assert (found["zone_area"], found["zone_size"], found["zone_visible"]) == (
        "not checkable",
        "not checkable",
        "supported",
    )


def test_what_is_said_twice_counts_once(healthy):
    once = "A foveal avascular zone is seen."
    assert len(explained((healthy, once)).claims) == len(explained((healthy, f"{once} {once}")).claims) == 1


@pytest.mark.parametrize("output", ["", "{}", "]][", "I cannot tell.", "\N{SNOWMAN} 3 mm² % <b>"])
def test_babble_claims_nothing(healthy, output):
    explanation = explained((healthy, output))
    assert explanation.claims == ()
    assert explanation.supported is None


def test_intervals_heed_patients():
    """Twenty claims of one patient tell no more than one picture does."""

    def made(patients: list[str]) -> Explanation:
        claims = [
            CheckedClaim(
                path=f"{number}",
                patient=patient,
                sentence="",
                claim="",
                outcome="supported" if number % 4 else "contradicted",
                fact="",
                elsewhere="not checkable",
            )
            for number, patient in enumerate(patients)
        ]
        counts = {"num_pictures": 40, "num_sentences": 40, "num_understood": 40}
        return Explanation.of(claims, np.random.default_rng(0), **counts)

    many, one = made([f"p{number}" for number in range(40)]), made(["p"] * 40)
    assert many.supported.value == one.supported.value == 0.75
    assert one.supported.high - one.supported.low > 2 * (many.supported.high - many.supported.low)
    assert many.elsewhere is None
