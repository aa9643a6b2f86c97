import sys

import numpy as np
import pytest

from octa_svr_dataset.findings.facts import QualityFinding
from octa_svr_dataset.findings.measured import PictureAlone
from octa_svr_dataset.findings.quality import observe_quality
from octa_svr_dataset.findings.reference import HealthyRanges
from octa_svr_dataset.measurement.exposure import ExposureMeasures

TABLES = [(projection, width) for projection in ("full", "superficial", "deep") for width in (3.0, 6.0)]

USUAL = {"vessel_gray": 160.0, "noise_share": 0.05, "edge_um": 10.0, "line_share": 0.03}


@pytest.fixture
def script(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    sys.modules.pop("healthy_ranges", None)
    import healthy_ranges

    return healthy_ranges


@pytest.mark.parametrize(("projection", "width_mm"), TABLES)
def test_percentiles_ascend(projection, width_mm):
    for values in HealthyRanges.of(projection, width_mm).percentiles.values():
        assert list(values) == [2, 5, 10, 25, 50, 75, 90, 95, 98]
        assert list(values.values()) == sorted(values.values())


@pytest.mark.parametrize(("preset", "width_mm", "projection", "num"), [
    ("dr_staging", 3.0, "full", 12), ("dr_staging", 3.0, "superficial", 6), ("dr_staging_6mm", 6.0, "full", 3),
])  # fmt: skip
def test_the_file_holds_what_its_script_measures(script, preset, width_mm, projection, num):
    """Medians of few eyes lie within the middle of the distribution; none is beyond what eyes in hundreds measure."""
    found = script.percentiles(preset, projection, num)
    table = HealthyRanges.of(projection, width_mm).percentiles
    assert set(found) == set(table)
    for name, values in found.items():
        spread = table[name][98] - table[name][2]
        assert table[name][10] - 0.1 * spread <= values[50] <= table[name][90] + 0.1 * spread, name
        assert values[2] >= table[name][2] - spread, name
        assert values[98] <= table[name][98] + spread, name


def quality_of(**changes) -> QualityFinding:
    measured = USUAL | changes
    picture = PictureAlone(
        vessels=None, faz=None, quality=None, exposure=ExposureMeasures(**measured), branches=None,
    )  # fmt: skip
    percentiles = np.array([2, 10, 50, 90, 98])
    healthy = HealthyRanges(
        percentiles={
            name: dict(zip(percentiles.tolist(), (value * (1 + (percentiles - 50) / 100)).tolist(), strict=True))
            for name, value in USUAL.items()
        }
    )
    return observe_quality(picture, healthy)


def test_a_usual_picture_is_good():
    assert quality_of() == QualityFinding(
        grade="good", is_noisy=False, is_blurred=False, has_motion=False, is_dark=False
    )


@pytest.mark.parametrize(
    ("name", "word", "factor"),
    [("noise_share", "is_noisy", 1.42), ("edge_um", "is_blurred", 1.42), ("line_share", "has_motion", 1.42),
     ("vessel_gray", "is_dark", 0.58)],
)  # fmt: skip
def test_a_measure_beyond_the_90th_percentile_is_a_fault_and_beyond_the_98th_enough_for_a_poor_picture(
    name, word, factor
):
    just_below, just_above, extreme = (
        quality_of(**{name: USUAL[name] * (1 + (factor - 1) * share)}) for share in (0.93, 1.0, 1.2)
    )
    assert (getattr(just_below, word), just_below.grade) == (False, "good")
    assert (getattr(just_above, word), just_above.grade) == (True, "fair")
    assert (getattr(extreme, word), extreme.grade) == (True, "poor")


def test_two_faults_make_a_poor_picture():
    assert quality_of(noise_share=0.07, edge_um=14.2).grade == "poor"


def test_without_larger_vessels_nothing_is_said_of_the_exposure():
    assert quality_of(**dict.fromkeys(USUAL)).grade == "good"
