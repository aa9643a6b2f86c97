from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import CLASS_FOLDERS, open_image_folder
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
