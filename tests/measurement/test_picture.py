import json
from pathlib import Path

import numpy as np
import pytest
from measurement.shapes import SIZE_PX, zone_in_mesh
from PIL import Image

from octa_svr_dataset.measurement.picture import PictureMeasures, measure_picture
from octa_svr_dataset.measurement.table import MeasuredFile, as_json, as_table


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return zone_in_mesh(np.random.default_rng(0))[0]


def values(measures: PictureMeasures) -> dict[str, float | None]:
    return {measure.name: measure.value for measure in measures.listed()}


@pytest.mark.parametrize("size_px", [16, 64, 200, 304])
@pytest.mark.parametrize("gray", [0, 100, 255])
def test_a_flat_picture_shows_nothing_and_fails_nothing(gray, size_px):
    measures = measure_picture(np.full((size_px, size_px), gray, np.uint8), 3.0)
    assert measures.faz is None
    assert measures.branches is None
    assert measures.area_density == 0
    assert measures.mesh.skeleton_density_per_mm == 0
    assert all(value is None or np.isfinite(value) for value in values(measures).values())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size_px", [16, 64, 304])
def test_noise_is_measured_without_failing(size_px, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (size_px, size_px), dtype=np.uint8)
    for width_mm in (None, 1.0, 3.0, 12.0):
        assert all(value is None or np.isfinite(value) for value in values(measure_picture(noise, width_mm)).values())


def test_a_tiny_picture_still_shows_its_avascular_zone(picture):
    tiny = np.asarray(Image.fromarray(picture).resize((64, 64), Image.Resampling.BOX))
    found = measure_picture(tiny, 3.0).faz
    assert found is not None
    assert found.area_mm2 == pytest.approx(measure_picture(picture, 3.0).faz.area_mm2, rel=0.2)


def test_the_same_picture_gives_the_same_numbers(picture):
    assert values(measure_picture(picture, 3.0)) == values(measure_picture(picture.copy(), 3.0))


def test_without_a_field_of_view_nothing_is_said_in_millimeters(picture):
    unscaled, scaled = measure_picture(picture), measure_picture(picture, 3.0)
    assert not any("mm" in measure.unit or "um" in measure.unit for measure in unscaled.listed())
    assert values(unscaled)["FAZ area"] == pytest.approx(100 * values(scaled)["FAZ area"] / 9)
    assert values(unscaled)["vessel skeleton density"] == pytest.approx(
        values(scaled)["vessel skeleton density"] * 3 / SIZE_PX
    )
    assert [measure.name for measure in unscaled.listed()] == [measure.name for measure in scaled.listed()]


@pytest.mark.parametrize("bad", [np.zeros((64, 80), np.uint8), np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64))])
def test_what_is_no_square_gray_picture_is_refused(bad):
    with pytest.raises(ValueError, match="square, gray and uint8"):
        measure_picture(bad)


def test_table_and_json_hold_every_measure(picture):
    measured = [
        MeasuredFile(path=Path(path), size_px=(SIZE_PX, SIZE_PX), measures=measure_picture(shown, 3.0))
        for path, shown in (("a/scan.png", picture), ("flat.png", np.zeros_like(picture)))
    ]
    names = list(values(measured[0].measures))
    table = as_table(measured)
    assert list(table.columns[0].cells) == names
    assert [column.header for column in table.columns] == ["measure", "scan.png", "flat.png", "unit"]
    assert list(table.columns[2].cells)[names.index("FAZ area")] == "-"
    read = json.loads(as_json(measured[0]))
    assert read["image"] == "a/scan.png"
    assert {measure["name"]: measure["value"] for measure in read["measures"]} == values(measured[0].measures)
    assert json.loads(as_json(measured[1]))["measures"][0] == {
        "name": "FAZ area",
        "value": None,
        "unit": "mm2",
    }


def test_files_of_one_name_are_told_apart_by_their_folders(picture):
    measured = [
        MeasuredFile(path=Path(path), size_px=(SIZE_PX, SIZE_PX), measures=measure_picture(picture, 3.0))
        for path in ("left/scan.png", "right/scan.png")
    ]
    assert [column.header for column in as_table(measured).columns][1:3] == ["left/scan.png", "right/scan.png"]
