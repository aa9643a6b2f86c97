from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import CLASS_FOLDERS, open_image_folder, read_image
from octa_svr_dataset.grading import Label

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.fixture
def labeled(tmp_path: Path) -> Path:
    for name in ("Normal", "NPDR", "non-proliferative", "DR"):
        (tmp_path / name).mkdir()
        Image.fromarray(RAMP).save(tmp_path / name / "eye.png")
    return tmp_path


def test_a_subfolder_gives_its_pictures_their_class(labeled: Path) -> None:
    truths = {image.path.as_posix(): image.truth for image in open_image_folder(labeled).images}
    assert truths["Normal/eye.png"] == CLASS_FOLDERS["healthy"]
    assert truths["NPDR/eye.png"] == truths["non-proliferative/eye.png"] == CLASS_FOLDERS["npdr"]
    assert truths["DR/eye.png"].is_diseased
    assert truths["DR/eye.png"].label is None


def test_every_class_has_a_subfolder_of_its_own_name() -> None:
    assert {CLASS_FOLDERS[label].label for label in Label} == set(Label)


def test_pictures_in_the_folder_itself_have_no_label(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "eye.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    folder = open_image_folder(tmp_path)
    assert [(image.path.name, image.truth) for image in folder.images] == [("eye.png", None)]


def test_a_folder_says_itself_that_its_pictures_are_synthetic(labeled: Path) -> None:
    assert not open_image_folder(labeled).is_synthetic
    (labeled / "SYNTHETIC.txt").write_text("made here")
    assert open_image_folder(labeled).is_synthetic


def test_a_subfolder_that_names_no_class_is_refused(labeled: Path) -> None:
    (labeled / "mystery").mkdir()
    Image.fromarray(RAMP).save(labeled / "mystery" / "eye.png")
    with pytest.raises(InputError, match="real_dir: the subfolder 'mystery' names no class"):
        open_image_folder(labeled)


def test_pictures_beside_class_folders_are_refused(labeled: Path) -> None:
    Image.fromarray(RAMP).save(labeled / "eye.png")
    with pytest.raises(InputError, match="both in itself and in subfolders"):
        open_image_folder(labeled)


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no picture"):
        open_image_folder(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        open_image_folder(tmp_path / "missing")


@pytest.mark.parametrize("name", ["eye.png", "eye.bmp", "eye.tif", "eye.TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_lossless_8_bit_files_keep_their_pixels(tmp_path: Path, name: str, mode: str) -> None:
    Image.fromarray(RAMP).convert(mode).save(tmp_path / name)
    assert np.array_equal(np.asarray(read_image(tmp_path / name)), RAMP)


def test_jpeg_files_nearly_keep_their_pixels(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "eye.jpg", quality=95)
    assert np.abs(np.asarray(read_image(tmp_path / "eye.jpg"), int) - RAMP).max() < 10


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_pictures_are_scaled_by_their_brightest_pixel(tmp_path: Path, bits: int) -> None:
    deep = (RAMP.astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "gray.png")
    tifffile.imwrite(tmp_path / "gray.tif", deep)
    tifffile.imwrite(tmp_path / "rgb.tif", np.stack([deep] * 3, axis=-1), photometric="rgb")
    tifffile.imwrite(tmp_path / "float.tif", deep.astype(np.float32))
    for path in sorted(tmp_path.iterdir()):
        assert np.abs(np.asarray(read_image(path), int) - RAMP).max() <= 1, path.name


def test_a_black_deep_picture_stays_black(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((16, 16), np.uint16)).save(tmp_path / "eye.png")
    assert not np.asarray(read_image(tmp_path / "eye.png")).any()


def test_files_that_are_no_whole_picture_are_refused_by_name(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:-40])
    (tmp_path / "text.png").write_text("no picture")
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([RAMP] * 5), photometric="minisblack")
    tifffile.imwrite(tmp_path / "negative.tif", -np.ones((16, 16), np.float32))
    for name in ("cut.png", "text.png", "stack.tif", "negative.tif"):
        with pytest.raises(InputError, match=f"image: .*{name}"):
            read_image(tmp_path / name)


@pytest.mark.parametrize(("width_px", "height_px"), [(15, 200), (200, 15), (16, 321), (1, 1)])
def test_a_strip_is_no_picture(tmp_path: Path, width_px: int, height_px: int) -> None:
    Image.fromarray(np.zeros((height_px, width_px), np.uint8)).save(tmp_path / "eye.png")
    with pytest.raises(
        InputError, match=rf"image: .*eye\.png' has {width_px} x {height_px} px; allowed: sides of at least 16"
    ):
        read_image(tmp_path / "eye.png")


def test_the_narrowest_picture_allowed_is_read(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((320, 16), np.uint8)).save(tmp_path / "eye.png")
    assert read_image(tmp_path / "eye.png").size == (16, 320)


@pytest.mark.parametrize("folder", [".", "NPDR"])
def test_a_broken_link_among_the_pictures_is_refused(labeled: Path, folder: str) -> None:
    (labeled / folder / "lost.png").symlink_to("nowhere.png")
    with pytest.raises(InputError, match=r"real_dir: '.*lost\.png' is a link that leads to no file; allowed"):
        open_image_folder(labeled)


@pytest.mark.parametrize("folder", [".", "NPDR"])
def test_a_folder_named_like_a_picture_is_refused(labeled: Path, folder: str) -> None:
    (labeled / folder / "eye.tif").mkdir()
    with pytest.raises(InputError, match=r"real_dir: '.*eye\.tif' is a folder; allowed"):
        open_image_folder(labeled)


def test_a_link_to_a_picture_is_a_picture(labeled: Path) -> None:
    (labeled / "NPDR" / "linked.png").symlink_to("eye.png")
    assert Path("NPDR/linked.png") in {image.path for image in open_image_folder(labeled).images}
