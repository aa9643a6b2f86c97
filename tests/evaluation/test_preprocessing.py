"""Pictures of a folder come to look like those of training, and nothing else happens to them."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.preprocessing import MATCHED_QUANTILES, Preprocessing, gray_levels

USUAL: dict[str, Any] = {
    "field_of_view_mm": None,
    "training_field_mm": 3.0,
    "crop": False,
    "contrast": "none",
    "size_px": 304,
}


def steps(**changes: Any) -> Preprocessing:
    return Preprocessing(**USUAL | changes)


def disks(size_px: int, *, field_mm: float, width_px: int | None = None) -> Image.Image:
    """Bright disks of 0.3 mm in a dark square field, 1 mm apart, one in the center; wider pictures are padded black."""
    position_mm = (np.arange(size_px) + 0.5) * field_mm / size_px - field_mm / 2
    distance_mm = np.abs((position_mm + 0.5) % 1.0 - 0.5)
    is_disk = np.hypot(distance_mm[:, None], distance_mm[None]) < 0.15
    gray = np.where(is_disk, 220, 30).astype(np.uint8)
    padding_px = (width_px or size_px) - size_px
    return Image.fromarray(np.pad(gray, ((0, 0), (padding_px // 2, padding_px - padding_px // 2))))


def disk_share(picture: Image.Image) -> float:
    return float((np.asarray(picture) > 125).mean())


@pytest.mark.parametrize("size_px", [200, 304, 400, 1024])
def test_a_scan_of_the_training_field_gets_the_training_resolution(size_px: int) -> None:
    made = steps().apply(disks(size_px, field_mm=3.0), 3.0)
    assert made.size == (304, 304)
    assert np.abs(np.asarray(made, int) - np.asarray(disks(304, field_mm=3.0), int)).mean() < 4


@pytest.mark.parametrize("size_px", [400, 608, 800])
def test_a_wider_scan_that_is_cropped_shows_its_central_part_at_the_same_scale(size_px: int) -> None:
    made = steps(crop=True).apply(disks(size_px, field_mm=6.0), 6.0)
    assert made.size == (304, 304)
    assert np.abs(np.asarray(made, int) - np.asarray(disks(304, field_mm=3.0), int)).mean() < 6


def test_a_wider_scan_that_is_not_cropped_keeps_its_field_and_gets_more_pixels() -> None:
    made = steps().apply(disks(400, field_mm=6.0), 6.0)
    assert made.size == (608, 608)
    assert np.abs(np.asarray(made, int) - np.asarray(disks(608, field_mm=6.0), int)).mean() < 6


def test_a_narrower_scan_is_never_stretched_to_the_training_field() -> None:
    for crop in (False, True):
        assert steps(training_field_mm=6.0, size_px=400, crop=crop).apply(disks(304, field_mm=3.0), 3.0).size == (
            200,
            200,
        )


def test_a_scan_of_unknown_field_is_resized_alone() -> None:
    assert steps().apply(disks(400, field_mm=6.0)).size == (304, 304)


def test_the_folder_says_the_field_where_a_picture_does_not() -> None:
    wide = steps(field_of_view_mm=6.0, crop=True)
    picture = disks(400, field_mm=6.0)
    assert np.array_equal(wide.apply(picture), wide.apply(picture, 6.0))
    assert not np.array_equal(wide.apply(picture), wide.apply(picture, 3.0))


def test_an_oblong_picture_gives_its_central_square() -> None:
    oblong = disks(304, field_mm=3.0, width_px=500)
    for picture in (oblong, oblong.transpose(Image.Transpose.ROTATE_90)):
        made = np.asarray(steps().apply(picture, 3.0))
        assert np.array_equal(made if picture is oblong else np.rot90(made, -1), np.asarray(disks(304, field_mm=3.0)))


def test_without_changes_every_pixel_stays() -> None:
    picture = disks(304, field_mm=3.0)
    assert np.array_equal(steps().apply(picture, 3.0), picture)


@pytest.mark.parametrize(("gain", "offset"), [(0.4, 10), (0.6, 60), (0.8, 0)])
@pytest.mark.parametrize("seed", range(3))
def test_contrast_of_another_scanner_becomes_that_of_training(gain: float, offset: int, seed: int) -> None:
    gray = np.clip(np.random.default_rng(seed).gamma(4.0, 22.0, (304, 304)), 0, 255)
    training_levels = gray_levels([gray])
    other = Image.fromarray(np.round(gain * gray + offset).astype(np.uint8))
    made = np.asarray(steps(contrast="quantiles", training_levels=training_levels).apply(other, 3.0), int)
    assert np.quantile(made, MATCHED_QUANTILES) == pytest.approx(training_levels, abs=3)
    assert np.abs(made - gray).mean() < 3


def test_contrast_normalization_keeps_the_order_of_brightness() -> None:
    gray = np.random.default_rng(0).integers(60, 120, (64, 64), np.uint8)
    made = np.asarray(
        steps(contrast="quantiles", training_levels=(12.0, 240.0), size_px=64).apply(Image.fromarray(gray))
    )
    order = np.argsort(gray, axis=None, kind="stable")
    assert (np.diff(made.ravel()[order].astype(int)) >= 0).all()


def test_a_picture_without_contrast_is_left_as_it_is() -> None:
    flat = Image.fromarray(np.full((304, 304), 80, np.uint8))
    assert np.array_equal(steps(contrast="quantiles", training_levels=(10.0, 240.0)).apply(flat), flat)


def test_the_levels_of_training_come_from_its_pictures(stumps_only: SceneConfig) -> None:
    made = Preprocessing.for_training(stumps_only, field_of_view_mm=3.0, crop=True, contrast="quantiles")
    assert made.training_levels is not None
    low, high = made.training_levels
    assert 0 <= low < high <= 255
    assert (made.training_field_mm, made.size_px) == (stumps_only.field_of_view_mm, stumps_only.imaging.size_px)
    plain = Preprocessing.for_training(stumps_only, field_of_view_mm=3.0, crop=True, contrast="none")
    assert plain.training_levels is None


def test_the_record_holds_every_step() -> None:
    record = steps(contrast="quantiles", training_levels=(12.0, 240.0), crop=True, field_of_view_mm=6.0).as_record()
    assert json.loads(json.dumps(record)) == {
        "field_of_view_mm": 6.0,
        "training_field_mm": 3.0,
        "crop": True,
        "contrast": "quantiles",
        "size_px": 304,
        "training_levels": [12.0, 240.0],
        "matched_quantiles": [0.01, 0.99],
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"field_of_view_mm": 0.3}, "field_of_view_mm: must be a number from 1 to 24, got 0.3"),
        ({"training_field_mm": 300.0}, "training_field_mm: must be a number from 1 to 24, got 300"),
        ({"contrast": "clahe"}, "contrast: unknown name 'clahe'; allowed: none, quantiles"),
        ({"size_px": 8}, "size_px: must be a whole number of at least 32, got 8"),
        ({"contrast": "quantiles"}, "training_levels: are given with the contrast 'quantiles', and only with it"),
        ({"contrast": "quantiles", "training_levels": (9.0, 9.0)}, "training_levels: must rise within 0 and 255"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        steps(**changes)


def test_a_crop_needs_a_known_field() -> None:
    with pytest.raises(
        InputError, match="crop: a picture can be cut to the field of training only where its own is known"
    ):
        steps(crop=True).apply(disks(400, field_mm=6.0))
